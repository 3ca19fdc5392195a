"""Payments' tables and questions."""

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Column, Date, Index, Integer, LargeBinary, MetaData, Row, Table, Text, UniqueConstraint, Uuid

from chassis.books import bucket
from chassis.database import Transaction
from chassis.plumbing import INSTANT, add_plumbing
from chassis.tenancy import UNIT
from services.payments.domain.distribution import Book, Line, OpenItem, Slice, words

METADATA = MetaData()
add_plumbing(METADATA)

Table(
    "files",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("business_unit", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),  # imported or quarantined
    Column("reason", Text, nullable=False),
    Column("received_at", INSTANT, nullable=False),
    UniqueConstraint("business_unit", "sha256"),
    info={"scope": UNIT},
)
Table(
    "imports",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("business_unit", Text, nullable=False),
    Column("file_id", Uuid, nullable=False),
    Column("state", Text, nullable=False),  # matching or done
    Column("note", Text, nullable=False),
    info={"scope": UNIT},
)
Table(
    "statements",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("business_unit", Text, nullable=False),
    Column("bank_account_id", Text, nullable=False),
    Column("file_id", Uuid, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("opening_minor", BigInteger, nullable=True),
    Column("closing_minor", BigInteger, nullable=True),
    Column("from_on", Date, nullable=True),
    Column("to_on", Date, nullable=True),
    UniqueConstraint("business_unit", "bank_account_id", "fingerprint"),
    info={"scope": UNIT},
)
Table(
    "lines",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("business_unit", Text, nullable=False),
    Column("identity", Text, nullable=False),
    Column("bank_account_id", Text, nullable=False),
    Column("statement_id", Uuid, nullable=False),
    Column("import_id", Uuid, nullable=False),
    Column("place", Integer, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),  # negative: money that left
    Column("currency", Text, nullable=False),
    Column("booked_on", Date, nullable=False),
    Column("value_on", Date, nullable=False),
    Column("returned", Boolean, nullable=False),  # the bank says that an earlier payment comes back
    Column("sealed", LargeBinary, nullable=False),  # JSON {texts, end_to_end_id, return_reason}
    Column("marks", Text, nullable=False),  # blind indexes of the payer, separated by spaces
    Column("state", Text, nullable=False),  # pending, matched, on_account, unidentified, not_receivable, returned
    Column("reason", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("returned_by", Uuid, nullable=True),
    UniqueConstraint("business_unit", "identity"),
    Index("lines_import", "business_unit", "import_id"),
    Index("lines_state", "business_unit", "state"),
    info={"scope": UNIT},
)
Table(
    "slices",
    METADATA,
    Column("business_unit", Text, primary_key=True),
    Column("line_id", Uuid, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("item_id", Uuid, nullable=True),
    Column("account_id", Uuid, nullable=True),
    Column("amount_minor", BigInteger, nullable=False),
    Index("slices_account", "business_unit", "account_id"),
    info={"scope": UNIT},
)
Table(
    "rejections",
    METADATA,
    Column("business_unit", Text, primary_key=True),
    Column("line_id", Uuid, primary_key=True),
    Column("item_id", Uuid, primary_key=True),
    Column("item_version", BigInteger, nullable=False),
    Column("times", Integer, nullable=False),
    info={"scope": UNIT},
)
Table(
    "items",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("business_unit", Text, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("invoice_number", Text, nullable=False),
    Column("structured_reference", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("open_minor", BigInteger, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("version", BigInteger, nullable=False),
    info={"scope": UNIT},
)
Table(
    "payers",
    METADATA,
    Column("account_id", Uuid, primary_key=True),
    Column("business_unit", Text, nullable=False),
    Column("marks", Text, nullable=False),  # blind indexes, separated by spaces
    Column("version", BigInteger, nullable=False),
    info={"scope": UNIT},
)

# A line that was rejected by an item this often is a person's.
MAX_REJECTIONS = 2
SEALED_LINE = "lines.sealed"


async def lock_matching(tx: Transaction) -> None:
    """One matching of a unit at a time: an item's money is claimed once."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))", {"name": f"matching/{tx.unit.id}"})


async def load_book(tx: Transaction) -> Book:
    """All items and payers of the unit, oldest due date first."""
    items = await tx.all(
        "SELECT id, account_id, invoice_number, structured_reference, currency, open_minor FROM items ORDER BY due_on, invoice_number"
    )
    accounts: dict[str, set[UUID]] = defaultdict(set)
    for row in await tx.all("SELECT account_id, marks FROM payers"):
        for mark in row.marks.split():
            accounts[mark].add(row.account_id)
    return Book({row.id: OpenItem(**row._mapping) for row in items}, {mark: frozenset(ids) for mark, ids in accounts.items()})


async def pending_lines(tx: Transaction, import_id: UUID, limit: int) -> Sequence[Row[Any]]:
    """The next lines of an import that have no distribution yet, in file order."""
    return await tx.all(
        "SELECT * FROM lines WHERE import_id = :id AND state = 'pending' ORDER BY place LIMIT :limit FOR UPDATE", id=import_id, limit=limit
    )


async def unapplied_lines(tx: Transaction, account_id: UUID) -> Sequence[Row[Any]]:
    """Credit lines without any item, unidentified or on this account, oldest first."""
    return await tx.all(
        "SELECT l.* FROM lines l WHERE l.amount_minor > 0 AND l.returned_by IS NULL AND (l.state = 'unidentified' OR (l.state = 'on_account' "
        "AND EXISTS (SELECT FROM slices s WHERE s.business_unit = l.business_unit AND s.line_id = l.id AND s.account_id = :id))) "
        "ORDER BY l.booked_on, l.place FOR UPDATE",
        id=account_id,
    )


async def line_of(tx: Transaction, row: Row[Any]) -> Line:
    """A stored line as matching reads it."""
    said = json.loads(tx.vault.open(tx.unit.id, row.sealed, SEALED_LINE))
    barred = await tx.all(
        "SELECT r.item_id FROM rejections r JOIN items i ON i.id = r.item_id "
        "WHERE r.line_id = :id AND (i.version <= r.item_version OR r.times >= :most)",
        id=row.id,
        most=MAX_REJECTIONS,
    )
    return Line(
        row.id, row.amount_minor, row.currency, tuple(said["texts"]), tuple(row.marks.split()), frozenset(r.item_id for r in barred)
    )


async def find_original(tx: Transaction, row: Row[Any], line: Line) -> Row[Any] | None:
    """The newest earlier credit line that a return undoes: same amount, and the same payer or a word in common."""
    candidates = await tx.all(
        "SELECT * FROM lines WHERE amount_minor = :minor AND currency = :currency AND booked_on <= :on AND returned_by IS NULL "
        "AND state IN ('matched', 'on_account', 'unidentified') ORDER BY booked_on DESC, place DESC",
        minor=-row.amount_minor,
        currency=row.currency,
        on=row.booked_on,
    )
    said = words(line.texts)
    for candidate in candidates:
        texts = json.loads(tx.vault.open(tx.unit.id, candidate.sealed, SEALED_LINE))["texts"]
        if set(candidate.marks.split()) & set(line.marks) or words(texts) & said:
            return candidate
    return None


async def slices_of(tx: Transaction, line_id: UUID) -> list[Slice]:
    """A line's slices."""
    rows = await tx.all("SELECT kind, item_id, account_id, amount_minor FROM slices WHERE line_id = :id ORDER BY place", id=line_id)
    return [Slice(**row._mapping) for row in rows]


async def save_slices(tx: Transaction, line_id: UUID, slices: Sequence[Slice]) -> None:
    """Replace a line's slices."""
    await tx.execute("DELETE FROM slices WHERE line_id = :id", {"id": line_id})
    await tx.execute(
        "INSERT INTO slices VALUES (:unit, :line, :place, :kind, :item, :account, :minor)",
        [
            {
                "unit": tx.unit.id,
                "line": line_id,
                "place": n,
                "kind": s.kind,
                "item": s.item_id,
                "account": s.account_id,
                "minor": s.amount_minor,
            }
            for n, s in enumerate(slices)
        ],
    )


async def import_counts(tx: Transaction, import_id: UUID) -> Row[Any] | None:
    """How the lines of an import stand."""
    return await tx.first(
        "SELECT i.id, i.state, i.note, count(l.id) AS lines, count(*) FILTER (WHERE l.state = 'matched') AS matched, "
        "count(*) FILTER (WHERE l.state IN ('on_account', 'unidentified')) AS unapplied, "
        "count(*) FILTER (WHERE l.state = 'not_receivable') AS not_receivable "
        "FROM imports i LEFT JOIN lines l ON l.import_id = i.id WHERE i.id = :id GROUP BY i.id",
        id=import_id,
    )


async def cash_in_flight(tx: Transaction, account_id: UUID) -> Row[Any]:
    """Money of an account's payer that is here but not on its items, in minor units."""
    row = await tx.first(
        "WITH marks AS (SELECT string_to_array(marks, ' ') AS known FROM payers WHERE account_id = :id), "
        "his AS (SELECT l.* FROM lines l, marks WHERE string_to_array(l.marks, ' ') && marks.known AND l.marks <> '') "
        "SELECT (SELECT coalesce(sum(amount_minor), 0)::bigint FROM slices WHERE account_id = :id AND kind = 'on_account') AS on_account, "
        "(SELECT coalesce(sum(amount_minor), 0)::bigint FROM his WHERE state = 'pending' AND amount_minor > 0) AS pending, "
        "(SELECT coalesce(sum(amount_minor), 0)::bigint FROM his WHERE state = 'unidentified' AND amount_minor > 0) AS unidentified, "
        "(SELECT coalesce(sum(version), 0)::bigint FROM lines) AS version",
        id=account_id,
    )
    assert row is not None
    return row


async def figures(tx: Transaction) -> Row[Any]:
    """Counts and sums of the unit's lines, in minor units."""
    row = await tx.first(
        "SELECT (SELECT count(*) FROM lines) AS lines, (SELECT count(*) FROM lines WHERE state = 'matched') AS matched, "
        "(SELECT coalesce(sum(s.amount_minor), 0)::bigint FROM slices s JOIN lines l ON l.id = s.line_id "
        "WHERE l.state = 'matched' AND s.kind = 'item') AS matched_minor, "
        "coalesce(sum(amount_minor) FILTER (WHERE kind = 'item'), 0)::bigint AS applied, "
        "coalesce(sum(amount_minor) FILTER (WHERE kind IN ('on_account', 'unidentified')), 0)::bigint AS unapplied FROM slices"
    )
    assert row is not None
    return row


async def books(tx: Transaction) -> Sequence[Row[Any]]:
    """Totals by currency, book and the last ten bits of the item's or line's id."""
    return await tx.all(
        f"SELECT currency, 'receivables' AS book, {bucket('id')} AS bucket, sum(open_minor)::bigint AS minor FROM items GROUP BY 1, 3 "
        "UNION ALL SELECT l.currency, CASE s.kind WHEN 'item' THEN 'applied' WHEN 'not_receivable' THEN s.kind ELSE 'unapplied' END, "
        f"{bucket('l.id')}, sum(s.amount_minor)::bigint FROM slices s JOIN lines l ON l.id = s.line_id GROUP BY 1, 2, 3"
    )
