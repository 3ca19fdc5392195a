"""What decisions teach of a unit's payers: learnt from confirmed and unreversed ones, taken back with them, forgotten on request."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from chassis.database import Transaction
from kernel.calendar import local_date
from kernel.errors import NotFound
from services.payments import store
from services.payments.domain.distribution import ITEM, Slice
from services.payments.domain.matching import NOTHING, Allocation, Decision, Difference, learn
from services.payments.domain.matching.knowledge import MEMORY_DAYS, signs_of

# A wrong payment is complained of within a dunning cycle; what nobody took back until then is as good as confirmed.
UNREVERSED = timedelta(days=30)
# One import teaches at most this much at its end: some hundred statements.
LEARNT_AT_ONCE = 500


async def learn_unreversed(tx: Transaction) -> None:
    """Learn from what the engine applied and nobody took back."""
    rows = await store.unreversed(tx, tx.now - UNREVERSED, LEARNT_AT_ONCE)
    slices = await store.slices_of(tx, [row.id for row in rows])
    for row in rows:
        await teach(tx, row, str(row.account_id) if row.account_id else None, slices[row.id])
    if rows:
        await store.mark_learned(tx, [row.id for row in rows])


async def teach(tx: Transaction, row: Row[Any], account_id: str | None, slices: tuple[Slice, ...], times: int = 1) -> None:
    """Count once more (`times` = 1) or once less (-1) what a line's payer and its distribution say of an account."""
    (line,) = await store.read_lines(tx, [row])
    allocations = tuple(
        Allocation(str(part.item_id), part.amount_minor, Difference(part.difference_minor, part.reason) if part.reason else None)  # type: ignore[arg-type]
        for part in slices
        if part.kind == ITEM
    )
    decision = Decision(line.id, "applied", "", 0, line.amount_minor, line.currency, allocations, account_id=account_id)
    taught = learn(NOTHING, line, decision, tx.unit.id, row.booked_on)
    oldest_on = local_date(tx.now, tx.unit.time_zone) - timedelta(MEMORY_DAYS)
    await store.add_lessons(tx, taught, times, row.booked_on, oldest_on)


async def forget(tx: Transaction, account_id: UUID | None, line_id: UUID | None) -> int:
    """Forget what was learnt of an account, and of the payer of a line; how many lessons that were.

    Refuses: NOT_FOUND (no such line).
    """
    forgotten = await store.forget_account(tx, account_id) if account_id else 0
    if line_id:
        row = await tx.first("SELECT * FROM lines WHERE id = :id", id=line_id)
        if row is None:
            raise NotFound("no such line", line_id=str(line_id))
        (line,) = await store.read_lines(tx, [row])
        forgotten += await store.forget_signs(tx, signs_of(line))
    if forgotten:
        await store.new_knowledge(tx)
    tx.note("forgotten", account=account_id or "", line=line_id or "", lessons=forgotten)
    return forgotten
