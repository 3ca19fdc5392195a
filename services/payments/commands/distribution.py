"""Which line pays what: distributed, tried again, moved, undone."""

import json
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from chassis.database import Transaction
from chassis.metrics import DISTRIBUTED
from chassis.wire import iso
from kernel.errors import NotFound
from proto.common.v1.common_pb2 import Money as MoneyMessage
from proto.payments.v1 import events_pb2 as events
from services.payments import store
from services.payments.commands.statements import IMPORT_STATEMENT
from services.payments.domain.distribution import (
    ITEM,
    NOT_RECEIVABLE,
    ON_ACCOUNT,
    UNIDENTIFIED,
    Book,
    Line,
    Match,
    Slice,
    leave,
    match,
    match_return,
)

# One transaction of matching: short enough to hold the unit's matching lock only for a moment.
LINES_AT_ONCE = 200

KINDS = {
    ITEM: events.SliceKind.SLICE_KIND_ITEM,
    ON_ACCOUNT: events.SliceKind.SLICE_KIND_ON_ACCOUNT,
    UNIDENTIFIED: events.SliceKind.SLICE_KIND_UNIDENTIFIED,
    NOT_RECEIVABLE: events.SliceKind.SLICE_KIND_NOT_RECEIVABLE,
}


async def match_lines(tx: Transaction, import_id: UUID) -> int:
    """Distribute the next lines of an import; how many were there. 0: the import is done."""
    await store.lock_matching(tx)
    seen = await tx.look(IMPORT_STATEMENT, import_id)
    rows = await store.pending_lines(tx, import_id, LINES_AT_ONCE)
    book = await store.load_book(tx)
    for row in rows:
        await _distribute(tx, row, book)
    if len(rows) < LINES_AT_ONCE:
        await tx.execute("UPDATE imports SET state = 'done' WHERE id = :id", {"id": import_id})
        await tx.end(IMPORT_STATEMENT, import_id, seen)
        return 0
    return len(rows)


async def _distribute(tx: Transaction, row: Row[Any], book: Book) -> None:
    line = await store.line_of(tx, row)
    if row.amount_minor > 0:
        found = match(line, book)
        state = "matched" if found.matched else found.slices[0].kind
    elif row.returned:
        found, state = await _undo(tx, row, line), "returned"
    else:
        found, state = leave(line), "not_receivable"
    book.take(found)
    await _save(tx, row, found, state)
    tx.count(DISTRIBUTED, tx.unit.id, state)


async def _undo(tx: Transaction, row: Row[Any], line: Line) -> Match:
    original = await store.find_original(tx, row, line)
    slices = await store.slices_of(tx, original.id) if original else []
    found = match_return(line, slices)
    if original is not None and found.reason == "returned":
        await tx.execute("UPDATE lines SET returned_by = :by WHERE id = :id", {"by": row.id, "id": original.id})
        said = json.loads(tx.vault.open(tx.unit.id, row.sealed, store.SEALED_LINE))
        account = next((str(part.account_id) for part in slices if part.account_id), "")
        tx.publish(
            events.PaymentReturned(
                line_id=str(row.id),
                original_line_id=str(original.id),
                account_id=account,
                amount=MoneyMessage(minor=-row.amount_minor, currency=row.currency),
                reason=said["return_reason"] or "",
                booked_on=iso(row.booked_on),
            ),
            key=str(row.id),
        )
    return found


async def _save(tx: Transaction, row: Row[Any], found: Match, state: str) -> None:
    """A new version of a line's distribution: stored, taken off the projection, announced."""
    before = await store.slices_of(tx, row.id) if row.version else []
    await store.save_slices(tx, row.id, found.slices)
    await tx.execute(
        "UPDATE lines SET state = :state, reason = :reason, evidence = :evidence, version = version + 1 WHERE id = :id",
        {"id": row.id, "state": state, "reason": found.reason, "evidence": " ".join(found.evidence)},
    )
    # The projection is lowered at once, so that the next line does not claim the same money; billing's answer corrects it.
    changes = [(part.item_id, part.amount_minor) for part in found.slices] + [(part.item_id, -part.amount_minor) for part in before]
    for item_id, taken in changes:
        if item_id is not None:
            await tx.execute("UPDATE items SET open_minor = open_minor - :taken WHERE id = :id", {"id": item_id, "taken": taken})
    tx.publish(
        events.LineDistributed(
            line_id=str(row.id),
            version=row.version + 1,
            amount=MoneyMessage(minor=row.amount_minor, currency=row.currency),
            booked_on=iso(row.booked_on),
            value_on=iso(row.value_on),
            bank_account_id=row.bank_account_id,
            slices=[_slice_message(part) for part in found.slices],
        ),
        key=str(row.id),
    )


def _slice_message(part: Slice) -> events.Slice:
    return events.Slice(
        kind=KINDS[part.kind],
        item_id=str(part.item_id) if part.item_id else "",
        account_id=str(part.account_id) if part.account_id else "",
        amount_minor=part.amount_minor,
    )


async def rematch(tx: Transaction, account_id: UUID) -> None:
    """Try the unit's unapplied lines again; a line moves only when items now take it whole."""
    await store.lock_matching(tx)
    rows = await store.unapplied_lines(tx, account_id)
    book = await store.load_book(tx) if rows else None
    for row in rows:
        assert book is not None
        found = match(await store.line_of(tx, row), book)
        if found.matched:
            book.take(found)
            await _save(tx, row, found, "matched")


async def move_slice(tx: Transaction, line_id: UUID, item_id: UUID, item_version: int, open_minor: int) -> None:
    """Billing moved a slice on account: do likewise, and offer that item to this line only when it has changed.

    Refuses: NOT_FOUND.
    """
    row = await tx.first("SELECT * FROM lines WHERE id = :id FOR UPDATE", id=line_id)
    if row is None:
        raise NotFound("no such line", line_id=str(line_id))
    await tx.execute(
        "INSERT INTO rejections AS r VALUES (:unit, :line, :item, :version, 1) ON CONFLICT (business_unit, line_id, item_id) "
        "DO UPDATE SET item_version = excluded.item_version, times = r.times + 1",
        {"unit": tx.unit.id, "line": line_id, "item": item_id, "version": item_version},
    )
    slices = [
        Slice(ON_ACCOUNT, None, part.account_id, part.amount_minor) if part.item_id == item_id else part
        for part in await store.slices_of(tx, line_id)
    ]
    found = Match(tuple(slices), "moved_by_billing", ())
    await _save(tx, row, found, "matched" if found.matched else ON_ACCOUNT)
    # The answer carries the item's state; a later ItemChanged with a higher version goes over it.
    await tx.execute(
        "UPDATE items SET open_minor = :open, version = :version WHERE id = :id AND version <= :version",
        {"id": item_id, "open": open_minor, "version": item_version},
    )
