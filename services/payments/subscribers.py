"""What payments hears."""

import json
from collections.abc import AsyncIterator, Sequence
from datetime import date
from uuid import UUID

from chassis.database import Transaction
from chassis.subscriptions import Subscriptions
from chassis.wire import MAX_PAGE, Peers, parse_date
from proto.billing.v1.api_pb2 import ListItemsRequest
from proto.billing.v1.api_pb2_grpc import BillingStub
from proto.billing.v1.events_pb2 import AccountChanged, ItemChanged, SliceMoved
from services.payments import commands, store

subscriptions = Subscriptions()


@subscriptions.on_many(ItemChanged)
async def know_items(events: Sequence[ItemChanged], tx: Transaction) -> None:
    """Keep the open items, so that matching is local and works while billing is away."""
    await commands.take_items(tx, [_item(event) for event in events])


@subscriptions.rebuilt_from(ItemChanged)
async def all_items(peers: Peers, unit: str) -> AsyncIterator[Sequence[ItemChanged]]:
    """Every item of the unit as billing has it now, page by page."""
    listing = BillingStub(peers.channel("billing")).ListItems
    async for answer in peers.pages("billing", listing, ListItemsRequest(page_size=MAX_PAGE), unit):
        yield answer.items


def _item(event: ItemChanged) -> store.ItemState:
    return store.ItemState(
        id=UUID(event.item_id),
        account_id=UUID(event.account_id),
        invoice_number=event.invoice_number,
        structured_reference=event.structured_reference,
        currency=event.currency,
        open_minor=event.open_minor,
        due_on=date.fromisoformat(event.due_on),
        version=event.version,
        issued_on=parse_date(event.issued_on),
        discount_percent=event.discount_percent,
        discount_until=parse_date(event.discount_until),
    )


@subscriptions.on(AccountChanged)
async def know_payer(event: AccountChanged, tx: Transaction) -> None:
    """Keep by what the account's payer is known."""
    said = json.loads(tx.vault.open(tx.unit.id, event.sealed, "event.account"))
    names = tuple(filter(None, (said["name"], said["name_kana"])))
    await commands.take_payer(tx, commands.PayerState(UUID(event.account_id), names, event.iban_index, event.payer_code, event.version))


@subscriptions.on(SliceMoved)
async def move_slice(event: SliceMoved, tx: Transaction) -> None:
    """An item could not take its slice."""
    await commands.move_slice(tx, UUID(event.line_id), UUID(event.item_id), event.item_version, event.open_minor)
