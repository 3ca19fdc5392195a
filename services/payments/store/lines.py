"""Lines: as they are stored, as matching reads them, and where their money is."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row

from chassis.database import Transaction
from services.payments.domain.distribution import Slice, words
from services.payments.domain.matching import Line

# A line that was rejected by an item this often is a person's.
MAX_REJECTIONS = 2
# Waiting lines that are tried again when an item opens, the newest: a unit with more has a desk that is not manned.
MAX_WAITING = 5_000
SEALED_LINE = "lines.sealed"
_SLICE = "kind, item_id, account_id, amount_minor, difference_minor, reason"


@dataclass(frozen=True, slots=True)
class Said:
    """What the bank says of a line and its payer; sealed at rest."""

    texts: tuple[str, ...]
    payer_name: str = ""
    end_to_end_id: str = ""
    bank_reference: str = ""
    return_reason: str | None = None

    def sealed(self, tx: Transaction) -> bytes:
        """As a column keeps it."""
        said = [self.texts, self.payer_name, self.end_to_end_id, self.bank_reference, self.return_reason]
        return tx.vault.seal(tx.unit.id, json.dumps(said, ensure_ascii=False).encode(), SEALED_LINE)


def said(tx: Transaction, row: Row[Any]) -> Said:
    """What the bank says of a stored line. Lines of the first release have an object with their texts alone."""
    found = json.loads(tx.vault.open(tx.unit.id, row.sealed, SEALED_LINE))
    if isinstance(found, dict):
        return Said(tuple(found["texts"]), return_reason=found["return_reason"])
    return Said(tuple(found[0]), *found[1:])


async def lock_matching(tx: Transaction) -> None:
    """One matching of a unit at a time: an item's money is claimed once."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))", {"name": f"matching/{tx.unit.id}"})


async def pending_lines(tx: Transaction, import_id: UUID, limit: int) -> Sequence[Row[Any]]:
    """The next lines of an import that have no distribution yet, in file order."""
    return await tx.all(
        "SELECT * FROM lines WHERE import_id = :id AND state = 'pending' ORDER BY id LIMIT :limit FOR UPDATE", id=import_id, limit=limit
    )


async def waiting_lines(tx: Transaction) -> Sequence[Row[Any]]:
    """Credit lines without any item on which no person has decided, oldest first."""
    rows = await tx.all(
        "SELECT * FROM lines WHERE amount_minor > 0 AND returned_by IS NULL AND NOT by_person AND state IN ('unidentified', 'on_account') "
        "ORDER BY booked_on DESC, id DESC LIMIT :limit FOR UPDATE",
        limit=MAX_WAITING,
    )
    return rows[::-1]


async def lines_on_account(tx: Transaction, account_id: UUID) -> Sequence[Row[Any]]:
    """Credit lines with money on an account that no item has, oldest first."""
    return await tx.all(
        "SELECT * FROM lines l WHERE amount_minor > 0 AND returned_by IS NULL AND EXISTS (SELECT FROM slices s WHERE s.line_id = l.id "
        "AND s.business_unit = l.business_unit AND s.account_id = :id AND s.kind = 'on_account') ORDER BY value_on, id FOR UPDATE",
        id=account_id,
    )


async def read_lines(tx: Transaction, rows: Sequence[Row[Any]], versions: Mapping[UUID, int] = MappingProxyType({})) -> list[Line]:
    """Stored lines as matching reads them, with the items that are not offered to them; `versions` of items that are not stored yet."""
    barred: dict[UUID, set[str]] = defaultdict(set)
    if tried := [row.id for row in rows if row.version]:
        for found in await tx.all(
            "SELECT r.line_id, r.item_id, r.item_version, r.times, i.version FROM rejections r JOIN items i ON i.id = r.item_id "
            "WHERE r.line_id = ANY(:ids)",
            ids=tried,
        ):
            if found.times >= MAX_REJECTIONS or versions.get(found.item_id, found.version) <= found.item_version:
                barred[found.line_id].add(str(found.item_id))
    return [_line(tx, row, frozenset(barred.get(row.id, ()))) for row in rows]


def _line(tx: Transaction, row: Row[Any], barred: frozenset[str]) -> Line:
    known = said(tx, row)
    return Line(
        str(row.id),
        row.amount_minor,
        row.currency,
        known.texts,
        known.payer_name,
        tuple(row.tokens.split()),
        row.booked_on,
        row.value_on,
        known.bank_reference,
        barred=barred,
        end_to_end_id=known.end_to_end_id,
    )


async def find_original(tx: Transaction, row: Row[Any]) -> Row[Any] | None:
    """The newest earlier credit line that a return undoes: same amount, and the same payer or a word in common."""
    candidates = await tx.all(
        "SELECT * FROM lines WHERE amount_minor = :minor AND currency = :currency AND booked_on <= :on AND returned_by IS NULL "
        "AND state IN ('matched', 'on_account', 'unidentified') ORDER BY booked_on DESC, place DESC",
        minor=-row.amount_minor,
        currency=row.currency,
        on=row.booked_on,
    )
    mine, marks = _named(said(tx, row)), set(row.marks.split())
    for candidate in candidates:
        if set(candidate.marks.split()) & marks or _named(said(tx, candidate)) & mine:
            return candidate
    return None


def _named(known: Said) -> frozenset[str]:
    return words((*known.texts, known.end_to_end_id))


async def slices_of(tx: Transaction, line_ids: Collection[UUID]) -> dict[UUID, tuple[Slice, ...]]:
    """The slices of lines, each in its order."""
    found: dict[UUID, list[Slice]] = defaultdict(list)
    if line_ids:
        for row in await tx.all(f"SELECT line_id, {_SLICE} FROM slices WHERE line_id = ANY(:ids) ORDER BY line_id, place", ids=[*line_ids]):
            found[row.line_id].append(Slice(*tuple(row)[1:]))
    return {line_id: tuple(slices) for line_id, slices in found.items()}


class LineRow(NamedTuple):
    """A new line as it is stored."""

    id: UUID
    identity: str
    bank_account_id: str
    statement_id: UUID
    import_id: UUID
    place: int
    amount_minor: int
    currency: str
    booked_on: date
    value_on: date
    returned: bool
    sealed: bytes
    marks: str
    tokens: str


async def add_lines(tx: Transaction, rows: Sequence[LineRow]) -> int:
    """Write new lines; how many were not known before."""
    types = "uuid text text uuid uuid int bigint text date date bool bytea text text"
    columns = dict(zip(LineRow._fields, types.split(), strict=True))
    result = await tx.execute(
        f"INSERT INTO lines (business_unit, state, reason, evidence, version, {', '.join(columns)}) "
        f"SELECT :unit, 'pending', '', '', 0, * FROM {unnest(columns)} ON CONFLICT (business_unit, identity) DO NOTHING",
        {"unit": tx.unit.id, **arrays(columns, rows)},
    )
    return int(result.rowcount)


async def save_slices(tx: Transaction, slices: Iterable[tuple[UUID, Sequence[Slice]]], known: Sequence[UUID]) -> None:
    """Replace the slices of lines; `known` are those that have some."""
    if known:
        await tx.execute("DELETE FROM slices WHERE line_id = ANY(:ids)", {"ids": list(known)})
    columns = {
        "line_id": "uuid", "place": "int", "kind": "text", "item_id": "uuid", "account_id": "uuid", "amount_minor": "bigint",
        "difference_minor": "bigint", "reason": "text",
    }  # fmt: skip
    rows = [
        (line_id, place, one.kind, one.item_id, one.account_id, one.amount_minor, one.difference_minor, one.reason)
        for line_id, parts in slices
        for place, one in enumerate(parts)
    ]
    await tx.execute(
        f"INSERT INTO slices (business_unit, {', '.join(columns)}) SELECT :unit, * FROM {unnest(columns)}",
        {"unit": tx.unit.id, **arrays(columns, rows)},
    )


async def bar(tx: Transaction, line_id: UUID, item_id: UUID, item_version: int, times: int = 1) -> None:
    """Note that an item was refused to a line: until it changes, or for good when that often."""
    await tx.execute(
        "INSERT INTO rejections AS r VALUES (:unit, :line, :item, :version, :times) ON CONFLICT (business_unit, line_id, item_id) "
        "DO UPDATE SET item_version = excluded.item_version, times = r.times + excluded.times",
        {"unit": tx.unit.id, "line": line_id, "item": item_id, "version": item_version, "times": times},
    )


def unnest(columns: dict[str, str]) -> str:
    """Arrays as rows: many rows in one statement cost a fifth of a statement each."""
    return f"unnest({', '.join(f'CAST(:{name} AS {type_}[])' for name, type_ in columns.items())})"


def arrays(columns: dict[str, str], rows: Sequence[Sequence[Any]]) -> dict[str, list[Any]]:
    """The rows as one array a column."""
    return {name: list(values) for name, values in zip(columns, zip(*rows, strict=True), strict=True)} if rows else {n: [] for n in columns}
