"""What payments hears."""

import json
from datetime import date
from uuid import UUID

from chassis.database import Transaction
from chassis.subscriptions import Subscriptions
from proto.billing.v1.events_pb2 import AccountChanged, ItemChanged, SliceMoved
from services.payments import commands

subscriptions = Subscriptions()


@subscriptions.on(ItemChanged)
async def know_item(event: ItemChanged, tx: Transaction) -> None:
    """Keep the open item, so that matching is local and works while billing is away."""
    await commands.take_item(
        tx,
        commands.ItemState(
            id=UUID(event.item_id),
            account_id=UUID(event.account_id),
            invoice_number=event.invoice_number,
            structured_reference=event.structured_reference,
            currency=event.currency,
            open_minor=event.open_minor,
            due_on=date.fromisoformat(event.due_on),
            version=event.version,
        ),
    )


@subscriptions.on(AccountChanged)
async def know_payer(event: AccountChanged, tx: Transaction) -> None:
    """Keep by what the account's payer is known."""
    said = json.loads(tx.vault.open(tx.unit.id, event.sealed, "event.account"))
    marks = commands.payer_marks(tx, [said["name"], said["name_kana"]], event.iban_index, event.payer_code)
    await commands.take_payer(tx, UUID(event.account_id), marks, event.version)


@subscriptions.on(SliceMoved)
async def move_slice(event: SliceMoved, tx: Transaction) -> None:
    """An item could not take its slice."""
    await commands.move_slice(tx, UUID(event.line_id), UUID(event.item_id), event.item_version, event.open_minor)
