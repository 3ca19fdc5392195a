"""Which line pays what, as the engine decides it: an import's lines, money that comes back, lines that wait for an item."""

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from chassis.database import Transaction
from chassis.wire import iso
from kernel.errors import NotFound
from proto.common.v1.common_pb2 import Money as MoneyMessage
from proto.payments.v1 import events_pb2 as events
from services.payments import store
from services.payments.commands.distribution import Change, save
from services.payments.commands.learning import learn_unreversed
from services.payments.commands.policies import todays_policy
from services.payments.commands.statements import IMPORT_STATEMENT
from services.payments.domain import matching
from services.payments.domain.distribution import RETURNED, moved, slices_of, undo_slices, waiting
from services.payments.domain.matching import Book, Decision, Item, Line
from services.payments.domain.reading import may_concern

# Decided together, as `saiken match` decides a file: one transaction of a second or two holds the unit's matching lock.
LINES_AT_ONCE = 5_000


async def match_lines(tx: Transaction, import_id: UUID) -> int:
    """Distribute the next lines of an import; how many were there. 0: the import is done."""
    await store.lock_matching(tx)
    seen = await tx.look(IMPORT_STATEMENT, import_id)
    rows = await store.pending_lines(tx, import_id, LINES_AT_ONCE)
    # What comes back of earlier statements opens its items before this one's lines are decided.
    returned = [row for row in rows if row.returned and row.amount_minor <= 0]
    left = [row for row in returned if not await _take_back(tx, row)]
    others = [row for row in rows if not (row.returned and row.amount_minor <= 0)]
    if others:
        await _decide(tx, others)
    for row in left:
        if not await _take_back(tx, row):
            await _keep_unknown_return(tx, row)
    if len(rows) < LINES_AT_ONCE:
        await learn_unreversed(tx)
        await tx.execute("UPDATE imports SET state = 'done' WHERE id = :id", {"id": import_id})
        await tx.end(IMPORT_STATEMENT, import_id, seen)
        return 0
    return len(rows)


@contextmanager
def _nothing_is_garbage() -> Iterator[None]:
    """Looking for garbage among a hundred thousand items costs a quarter of the time and finds none."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def _decide(tx: Transaction, rows: Sequence[Row[Any]]) -> None:
    with _nothing_is_garbage():
        book, lines = await store.load_book(tx), await store.read_lines(tx, rows)
        decisions = matching.match_lines(lines, book, todays_policy(tx), await store.load_knowledge(tx, lines))
        await save(tx, [decided(row, decision, book) for row, decision in zip(rows, decisions, strict=True)])


def decided(row: Row[Any], decision: Decision, book: Book) -> Change:
    """What a decision of the engine makes of a line."""
    return Change(row, slices_of(decision, row.amount_minor, book.items), record_of(decision))


def record_of(decision: Decision) -> store.Record:
    """A decision of the engine as it is kept."""
    return store.Record(
        decision.status, decision.rule, decision.score, decision.model, decision.account_id, decision.evidence, decision.suggestions
    )


async def _take_back(tx: Transaction, row: Row[Any]) -> bool:
    """Money that comes back undoes the payment it was; False when that is not found among what is distributed."""
    original = await store.find_original(tx, row)
    if original is None:
        return False
    paid = (await store.slices_of(tx, [original.id])).get(original.id, ())
    undone = undo_slices(row.amount_minor, paid)
    if undone is None:
        return False
    await tx.execute("UPDATE lines SET returned_by = :by WHERE id = :id", {"by": row.id, "id": original.id})
    account = next((str(part.account_id) for part in paid if part.account_id), "")
    tx.publish(
        events.PaymentReturned(
            line_id=str(row.id),
            original_line_id=str(original.id),
            account_id=account,
            amount=MoneyMessage(minor=-row.amount_minor, currency=row.currency),
            reason=store.said(tx, row).return_reason or "",
            booked_on=iso(row.booked_on),
        ),
        key=str(row.id),
    )
    await save(tx, [Change(row, undone, store.Record(RETURNED, RETURNED, account_id=account or None), RETURNED)])
    await store.settle_refund_questions(tx, [original.id])
    return True


async def _keep_unknown_return(tx: Transaction, row: Row[Any]) -> None:
    record = store.Record(RETURNED, "return_without_original")
    await save(tx, [Change(row, (waiting(row.amount_minor, None),), record, RETURNED)])


@dataclass(frozen=True, slots=True)
class Waiting:
    """Lines that wait and that changed items may be for: the book as it was before the change, and for each item its lines' places."""

    rows: Sequence[Row[Any]]
    lines: Sequence[Line]
    places: Sequence[Sequence[int]]
    book: Book


async def find_waiting(tx: Transaction, changed: Sequence[tuple[Item, bool]], versions: Mapping[UUID, int]) -> Waiting | None:
    """The waiting lines that items which open or grow (True) may be for; None when there are none. Call it before the items are stored."""
    opened = {UUID(item.account_id) for item, opens in changed if opens}
    rows = await store.waiting_lines(tx) if opened else []
    if not rows:
        return None
    lines = await store.read_lines(tx, rows, versions)
    accounts = {one.id: one for one in await store.load_accounts(tx, opened)}
    places = [
        [place for place, line in enumerate(lines) if opens and may_concern(line, item, accounts.get(item.account_id))]
        for item, opens in changed
    ]
    return Waiting(rows, lines, places, await store.load_book(tx)) if any(places) else None


async def rematch(tx: Transaction, changed: Sequence[tuple[Item, bool]], waiting_lines: Waiting) -> None:
    """Try waiting lines against items, one change after another; a line moves only when items now take of it."""
    rows, lines, book = waiting_lines.rows, waiting_lines.lines, waiting_lines.book
    policy, knowledge = todays_policy(tx), await store.load_knowledge(tx, lines)
    taken, changes = set[int](), []
    for (item, _), places in zip(changed, waiting_lines.places, strict=True):
        book.put(item)
        again = [place for place in places if place not in taken]
        found = matching.match_lines([lines[place] for place in again], book, policy, knowledge) if again else []
        for place, decision in zip(again, found, strict=True):
            if decision.status == "applied" and decision.allocations:
                taken.add(place)
                changes.append(decided(rows[place], decision, book))
    await save(tx, changes)


async def move_slice(tx: Transaction, line_id: UUID, item_id: UUID, item_version: int, open_minor: int) -> None:
    """Billing moved a slice on account: do likewise, and offer that item to this line only when it has changed.

    Refuses: NOT_FOUND.
    """
    await store.lock_matching(tx)
    row = await tx.first("SELECT * FROM lines WHERE id = :id FOR UPDATE", id=line_id)
    if row is None:
        raise NotFound("no such line", line_id=str(line_id))
    await store.bar(tx, line_id, item_id, item_version)
    slices = moved((await store.slices_of(tx, [line_id]))[line_id], item_id)
    await save(tx, [Change(row, slices, store.Record("moved", "moved_by_billing"), by_person=row.by_person)])
    # The answer carries the item's state; a later ItemChanged with a higher version goes over it.
    await tx.execute(
        "UPDATE items SET open_minor = :open, version = :version WHERE id = :id AND version <= :version",
        {"id": item_id, "open": open_minor, "version": item_version},
    )
