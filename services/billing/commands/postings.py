"""Bank lines, posted as payments distributed them."""

from collections.abc import Sequence

from chassis.database import Transaction
from kernel.calendar import local_date
from proto.billing.v1 import events_pb2 as events
from services.billing import store
from services.billing.commands.announcements import announce_item, announce_paid
from services.billing.commands.due import DAILY, DUE_WATCH
from services.billing.domain.ledger import Books, Line


async def post_lines(tx: Transaction, lines: Sequence[Line]) -> Books:
    """Post bank lines as payments distributed them; what cannot stand is moved on account and told.

    Refuses: NOT_FOUND (an item that billing does not know).
    """
    books = await store.load_books(tx, lines)
    opened = {id_: item.open_minor for id_, item in books.items.items()}
    for line in lines:
        books.post(line)
    await store.save_books(tx, books, local_date(tx.now, tx.unit.time_zone))
    for id_ in sorted(books.changed):
        announce_item(tx, books.items[id_])
        announce_paid(tx, books.items[id_])
    for moved in books.moved:
        tx.publish(
            events.SliceMoved(
                line_id=str(moved.line.id),
                line_version=moved.line.version,
                item_id=str(moved.item.id),
                account_id=str(moved.item.account_id),
                currency=moved.line.currency,
                amount_minor=moved.amount_minor,
                reason=moved.reason,
                item_version=books.items[moved.item.id].version,
                open_minor=books.items[moved.item.id].open_minor,
            ),
            key=str(moved.line.id),
        )
    if any(books.items[id_].open_minor > opened[id_] and not books.items[id_].overdue for id_ in books.changed):
        await tx.nudge(DUE_WATCH, DAILY)
    return books
