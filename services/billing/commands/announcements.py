"""What billing tells the others."""

from collections.abc import Sequence
from uuid import UUID

from chassis.database import Transaction
from chassis.wire import iso
from kernel.calendar import local_date
from proto.billing.v1 import events_pb2 as events
from services.billing.domain.items import Item


def item_message(item: Item) -> events.ItemChanged:
    """An item's state as the contract carries it."""
    return events.ItemChanged(
        item_id=str(item.id),
        version=item.version,
        account_id=str(item.account_id),
        party_id=str(item.party_id),
        invoice_id=str(item.invoice_id),
        invoice_number=item.invoice_number,
        structured_reference=item.structured_reference,
        currency=item.currency,
        amount_minor=item.amount_minor,
        open_minor=item.open_minor,
        issued_on=iso(item.issued_on),
        due_on=iso(item.due_on),
        overdue=item.overdue,
        discount_percent=item.discount_percent,
        discount_until=iso(item.discount_until),
    )


def announce_item(tx: Transaction, item: Item) -> None:
    """Announce an item's state."""
    tx.publish(item_message(item), key=str(item.account_id))


def announce_paid(tx: Transaction, item: Item) -> None:
    """Announce that an invoice is paid, when nothing of it is open."""
    if item.open_minor == 0:
        paid_on = iso(local_date(tx.now, tx.unit.time_zone))
        tx.publish(
            events.InvoicePaid(
                invoice_id=str(item.invoice_id), account_id=str(item.account_id), number=item.invoice_number, paid_on=paid_on
            ),
            key=str(item.account_id),
        )


def announce_party(tx: Transaction, party_id: UUID, version: int, debtor_type: str, stop_states: Sequence[str]) -> None:
    """Announce a party's group-wide state; it carries no unit's facts."""
    event = events.PartyChanged(party_id=str(party_id), version=version, debtor_type=debtor_type, stop_states=stop_states)
    tx.publish(event, key=str(party_id), group=True)
