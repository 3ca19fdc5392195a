"""Items that fall due."""

from datetime import datetime, time, timedelta

from chassis.database import Transaction
from chassis.plumbing import Process
from chassis.wire import iso
from kernel.calendar import local_date, local_instant
from proto.billing.v1 import events_pb2 as events
from services.billing import store
from services.billing.commands.announcements import announce_item

DUE_WATCH = Process("DueWatch", "due-watch")
DAILY = "daily"
# Due items are marked before the offices open, so that the day's steps know them.
MARKED_AT = time(6, 0)


async def mark_due(tx: Transaction) -> float | None:
    """Mark and announce what fell due before today; the instant of the next local morning with something due."""
    seen = await tx.look(DUE_WATCH, DAILY)
    for item in await store.mark_overdue(tx, local_date(tx.now, tx.unit.time_zone)):
        announce_item(tx, item)
        tx.publish(
            events.InvoiceOverdue(
                invoice_id=str(item.invoice_id),
                item_id=str(item.id),
                account_id=str(item.account_id),
                number=item.invoice_number,
                due_on=iso(item.due_on),
                currency=item.currency,
                open_minor=item.open_minor,
            ),
            key=str(item.account_id),
        )
    return await tx.wait(DUE_WATCH, DAILY, seen, await _next_morning(tx))


async def _next_morning(tx: Transaction) -> datetime | None:
    due_on = await store.next_due_on(tx)
    return local_instant(due_on + timedelta(days=1), MARKED_AT, tx.unit.time_zone) if due_on else None
