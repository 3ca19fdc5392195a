"""What collections hears."""

from collections.abc import AsyncIterator, Sequence
from datetime import date
from uuid import UUID

from chassis.database import Transaction
from chassis.subscriptions import Subscriptions
from chassis.wire import MAX_PAGE, Peers
from proto.billing.v1.api_pb2 import ListItemsRequest
from proto.billing.v1.api_pb2_grpc import BillingStub
from proto.billing.v1.events_pb2 import AccountChanged, ItemChanged
from proto.notifications.v1.events_pb2 import MessageDelivered, MessageSkipped
from services.collections import commands
from services.collections.domain import Item

subscriptions = Subscriptions()


@subscriptions.on(AccountChanged)
async def know_account(event: AccountChanged, tx: Transaction) -> None:
    """Keep the account's number and party."""
    await commands.take_account(tx, UUID(event.account_id), UUID(event.party_id), event.number, event.version)


@subscriptions.on(ItemChanged)
async def know_item(event: ItemChanged, tx: Transaction) -> None:
    """Keep the item's state; open, extend, resume or nudge the case."""
    item = Item(
        id=UUID(event.item_id),
        invoice_number=event.invoice_number,
        currency=event.currency,
        open_minor=event.open_minor,
        issued_on=date.fromisoformat(event.issued_on),
        due_on=date.fromisoformat(event.due_on),
        overdue=event.overdue,
        version=event.version,
    )
    await commands.take_item(tx, commands.ItemState(item, UUID(event.account_id), UUID(event.party_id)))


@subscriptions.rebuilt_from(ItemChanged)
async def all_items(peers: Peers, unit: str) -> AsyncIterator[Sequence[ItemChanged]]:
    """Every item of the unit as billing has it now, page by page."""
    listing = BillingStub(peers.channel("billing")).ListItems
    async for answer in peers.pages("billing", listing, ListItemsRequest(page_size=MAX_PAGE), unit):
        yield answer.items


@subscriptions.on(MessageDelivered)
async def step_delivered(event: MessageDelivered, tx: Transaction) -> None:
    """The next step may count from here."""
    await commands.note_delivery(tx, UUID(event.case_id), UUID(event.notice_id), date.fromisoformat(event.delivered_on))


@subscriptions.on(MessageSkipped)
async def step_skipped(event: MessageSkipped, tx: Transaction) -> None:
    """The step was not taken, and why."""
    await commands.note_skipped(tx, UUID(event.case_id), UUID(event.notice_id), event.reason)
