"""Questions about the ledger, what is posted of bank lines, and the figures over both."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from chassis.books import bucket
from chassis.database import Transaction, new_id
from chassis.session import Rows
from services.billing.domain.ledger import GRANTED, Books, Line, Target, Transfer
from services.billing.store.items import find_items, save_items

_GRANTED = ", ".join(f"'{name}'" for name in sorted(GRANTED))

_TRANSFERS = Rows(
    "transfers",
    id="uuid",
    business_unit="text",
    journal="uuid",
    debit="text",
    credit="text",
    amount_minor="bigint",
    currency="text",
    account_id="uuid",
    item_id="uuid",
    line_id="uuid",
    posted_on="date",
    posted_at="timestamptz",
)
_SLICES = Rows(
    "posted_slices",
    business_unit="text",
    line_id="uuid",
    place="int",
    version="bigint",
    currency="text",
    kind="text",
    item_id="uuid",
    account_id="uuid",
    amount_minor="bigint",
)


async def add_transfers(tx: Transaction, transfers: Sequence[Transfer], posted_on: date) -> None:
    """Write ledger rows of one journal."""
    journal = new_id()
    await tx.add(
        _TRANSFERS,
        [
            {
                "id": new_id(),
                "business_unit": tx.unit.id,
                "journal": journal,
                "debit": t.debit,
                "credit": t.credit,
                "amount_minor": t.amount_minor,
                "currency": t.currency,
                "account_id": t.account_id,
                "item_id": t.item_id,
                "line_id": t.line_id,
                "posted_on": posted_on,
                "posted_at": tx.now,
            }
            for t in transfers
        ],
    )


async def load_books(tx: Transaction, lines: Sequence[Line]) -> Books:
    """What posting these lines may touch. The lock of each line keeps two versions apart."""
    ids = sorted({line.id for line in lines})
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended(id::text, 0)) FROM unnest(CAST(:ids AS uuid[])) AS id", {"ids": ids})
    rows = await tx.all("SELECT * FROM posted_slices WHERE line_id = ANY(:ids)", ids=ids)
    posted: dict[UUID, Line] = {}
    for row in rows:
        line = posted.setdefault(row.line_id, Line(row.line_id, row.version, row.currency, {}))
        line.slices[Target(row.kind, row.item_id, row.account_id)] = row.amount_minor  # type: ignore[index]
    named = {target.item_id for line in [*lines, *posted.values()] for target in line.slices if target.item_id is not None}
    return Books(await find_items(tx, named), posted)


async def save_books(tx: Transaction, books: Books, posted_on: date) -> None:
    """Write what a posting changed."""
    await save_items(tx, [books.items[id_] for id_ in sorted(books.changed)])
    await add_transfers(tx, books.transfers, posted_on)
    if replaced := books.lines & books.known:
        await tx.execute("DELETE FROM posted_slices WHERE line_id = ANY(:ids)", {"ids": list(replaced)})
    rows = [
        _slice_row(tx, books.posted[id_], place, target)
        for id_ in sorted(books.lines)
        for place, target in enumerate(books.posted[id_].slices)
    ]
    await tx.add(_SLICES, rows)


def _slice_row(tx: Transaction, line: Line, place: int, target: Target) -> Mapping[str, Any]:
    return {
        "business_unit": tx.unit.id,
        "line_id": line.id,
        "place": place,
        "version": line.version,
        "currency": line.currency,
        "amount_minor": line.slices[target],
        **target._asdict(),
    }


async def figures(tx: Transaction) -> Row[Any]:
    """Counts and sums of the unit's documents and ledger, in minor units."""
    row = await tx.first(
        "SELECT (SELECT count(*) FROM invoices) AS invoices, (SELECT count(*) FROM accounts) AS accounts, "
        "(SELECT coalesce(sum(payable_minor) FILTER (WHERE payable_minor > 0), 0) FROM invoices)::bigint AS invoiced, "
        "(SELECT coalesce(-sum(payable_minor) FILTER (WHERE payable_minor < 0), 0) FROM invoices)::bigint AS credited, "
        "(SELECT coalesce(sum(open_minor), 0) FROM items)::bigint AS open, "
        "(SELECT coalesce(sum(amount_minor) FILTER (WHERE kind = 'item'), 0) FROM posted_slices)::bigint AS applied, "
        f"(SELECT coalesce(sum(amount_minor) FILTER (WHERE kind IN ({_GRANTED})), 0) FROM posted_slices)::bigint AS granted"
    )
    assert row is not None
    return row


async def open_by_due(tx: Transaction) -> Sequence[Row[Any]]:
    """Open debit amounts by due date."""
    return await tx.all("SELECT due_on, sum(open_minor)::bigint AS minor FROM items WHERE open_minor > 0 GROUP BY due_on ORDER BY due_on")


async def books(tx: Transaction) -> Sequence[Row[Any]]:
    """Totals by currency, book and the last ten bits of the item's or line's id."""
    return await tx.all(
        f"SELECT currency, 'receivables' AS book, {bucket('id')} AS bucket, sum(open_minor)::bigint AS minor FROM items GROUP BY 1, 3 "
        "UNION ALL SELECT currency, CASE WHEN kind = 'item' THEN 'applied' WHEN kind = 'not_receivable' THEN kind "
        f"WHEN kind IN ({_GRANTED}) THEN 'granted' ELSE 'unapplied' END, "
        f"{bucket('line_id')}, sum(amount_minor)::bigint FROM posted_slices GROUP BY 1, 2, 3"
    )


async def ledger_differences(tx: Transaction) -> Sequence[Row[Any]]:
    """Where the ledger disagrees with the items or the posted slices, by currency; none when all is well."""
    return await tx.all(
        "WITH sides AS (SELECT currency, debit AS name, amount_minor AS minor FROM transfers "
        "UNION ALL SELECT currency, credit, -amount_minor FROM transfers), "
        "ledger AS (SELECT currency, name, sum(minor)::bigint AS minor FROM sides WHERE name NOT IN ('revenue', 'tax', 'cash') GROUP BY 1, 2), "
        "state AS (SELECT currency, 'receivables' AS name, sum(open_minor)::bigint AS minor FROM items GROUP BY 1 "
        f"UNION ALL SELECT currency, kind, sum(CASE WHEN kind IN ({_GRANTED}) THEN amount_minor ELSE -amount_minor END)::bigint "
        "FROM posted_slices WHERE kind <> 'item' GROUP BY 1, 2) "
        "SELECT currency, name, coalesce(ledger.minor, 0) AS ledger, coalesce(state.minor, 0) AS state "
        "FROM ledger FULL JOIN state USING (currency, name) WHERE coalesce(ledger.minor, 0) <> coalesce(state.minor, 0)"
    )
