"""A line's money gets a new place: stored with its grounds, taken off the projection, announced."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from chassis.database import Transaction
from chassis.metrics import DISTRIBUTED
from chassis.wire import iso
from proto.common.v1.common_pb2 import Money as MoneyMessage
from proto.payments.v1 import events_pb2 as events
from services.payments import store
from services.payments.domain.distribution import ITEM, NOT_RECEIVABLE, ON_ACCOUNT, REFUND, UNIDENTIFIED, Slice, settled, state_of

KINDS = {
    ITEM: events.SliceKind.SLICE_KIND_ITEM,
    ON_ACCOUNT: events.SliceKind.SLICE_KIND_ON_ACCOUNT,
    UNIDENTIFIED: events.SliceKind.SLICE_KIND_UNIDENTIFIED,
    NOT_RECEIVABLE: events.SliceKind.SLICE_KIND_NOT_RECEIVABLE,
    REFUND: events.SliceKind.SLICE_KIND_REFUND,
}
# The engine's answer to money for something that is paid.
PAID_ALREADY = "paid_already"


@dataclass(frozen=True, slots=True)
class Change:
    """A line's next version: where its money is from now on, and the decision that put it there."""

    row: Row[Any]
    slices: tuple[Slice, ...]
    record: store.Record
    state: str = ""
    by_person: bool = False


async def save(tx: Transaction, changes: Sequence[Change]) -> None:
    """Write the next version of lines. The caller holds the lock of matching and has seen that the items take it."""
    if not changes:
        return
    known = [change.row.id for change in changes if change.row.version]
    before = await store.slices_of(tx, known)
    await store.save_slices(tx, ((change.row.id, change.slices) for change in changes), known)
    await _save_lines(tx, changes)
    records = [replace(change.record, before=before.get(change.row.id, ())) for change in changes]
    await store.add_decisions(tx, [(one.row.id, one.row.version + 1, record) for one, record in zip(changes, records, strict=True)])
    # The projection is lowered at once, so that the next line does not claim the same money; billing's answer corrects it.
    taken = settled(part for change in changes for part in change.slices)
    taken.subtract(settled(part for change in changes for part in before.get(change.row.id, ())))
    await store.lower_items(tx, taken)
    for change in changes:
        _announce(tx, change)
        tx.count(DISTRIBUTED, tx.unit.id, change.state or state_of(change.slices))
    await _ask_refunds(tx, changes, known)


async def _save_lines(tx: Transaction, changes: Sequence[Change]) -> None:
    await tx.execute(
        "UPDATE lines SET state = c.state, reason = c.rule, by_person = c.by_person, version = version + 1 FROM "
        "unnest(CAST(:ids AS uuid[]), CAST(:states AS text[]), CAST(:rules AS text[]), CAST(:people AS bool[])) AS c (id, state, rule, by_person) "
        "WHERE lines.id = c.id",
        {
            "ids": [change.row.id for change in changes],
            "states": [change.state or state_of(change.slices) for change in changes],
            "rules": [change.record.rule for change in changes],
            "people": [change.by_person for change in changes],
        },
    )


async def _ask_refunds(tx: Transaction, changes: Sequence[Change], known: Sequence[UUID]) -> None:
    for change in changes:
        if change.record.rule == PAID_ALREADY and change.record.status == "applied" and change.record.account_id:
            left = sum(part.amount_minor for part in change.slices if part.kind == ON_ACCOUNT)
            await store.ask_refund(tx, change.row.id, UUID(change.record.account_id), left, change.row.currency)
    if known:
        await store.settle_refund_questions(tx, known)


def _announce(tx: Transaction, change: Change) -> None:
    row = change.row
    tx.publish(
        events.LineDistributed(
            line_id=str(row.id),
            version=row.version + 1,
            amount=MoneyMessage(minor=row.amount_minor, currency=row.currency),
            booked_on=iso(row.booked_on),
            value_on=iso(row.value_on),
            bank_account_id=row.bank_account_id,
            slices=[_message(part) for part in change.slices],
        ),
        key=str(row.id),
    )


def _message(part: Slice) -> events.Slice:
    return events.Slice(
        kind=KINDS[part.kind],
        item_id=str(part.item_id) if part.item_id else "",
        account_id=str(part.account_id) if part.account_id else "",
        amount_minor=part.amount_minor,
        difference_minor=part.difference_minor,
        reason=part.reason,
    )
