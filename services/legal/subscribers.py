"""What legal hears."""

import json
from uuid import UUID

from chassis.database import Transaction
from chassis.subscriptions import Subscriptions
from proto.billing.v1.events_pb2 import AccountChanged, ItemChanged
from proto.collections.v1.events_pb2 import CaseHandedOver
from services.legal import commands

subscriptions = Subscriptions()


@subscriptions.on(AccountChanged)
async def know_account(event: AccountChanged, tx: Transaction) -> None:
    """Keep name and address, sealed."""
    sealed = json.loads(tx.vault.open(tx.unit.id, event.sealed, "event.account"))
    state = commands.AccountState(
        id=UUID(event.account_id),
        number=event.number,
        name=sealed["name"],
        address=sealed["address"],
        is_business=event.debtor_type == "business",
        version=event.version,
    )
    await commands.take_account(tx, state)


@subscriptions.on(ItemChanged)
async def know_item(event: ItemChanged, tx: Transaction) -> None:
    """Keep the item's state; a payment may end a matter."""
    state = commands.ItemState(UUID(event.item_id), UUID(event.account_id), event.currency, event.open_minor, event.version)
    await commands.take_item(tx, state)


@subscriptions.on(CaseHandedOver)
async def take_over(event: CaseHandedOver, tx: Transaction) -> None:
    """Chasing has failed: a matter is opened."""
    account_id = UUID(event.account_id)
    claim = [commands.ItemState(UUID(item.item_id), account_id, event.currency, item.open_minor, item.version) for item in event.items]
    await commands.open_matter(tx, UUID(event.case_id), account_id, event.currency, claim)
