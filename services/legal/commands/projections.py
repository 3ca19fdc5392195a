"""What legal remembers of billing's accounts and items."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from chassis.database import Transaction
from services.legal import store
from services.legal.commands.office import MATTER


@dataclass(frozen=True)
class AccountState:
    """An account as billing announced it."""

    id: UUID
    number: str
    name: str
    address: Sequence[str]
    is_business: bool
    version: int


@dataclass(frozen=True)
class ItemState:
    """What is open of an item, in minor units; negative for a credit item."""

    id: UUID
    account_id: UUID
    currency: str
    open_minor: int
    version: int


async def take_account(tx: Transaction, state: AccountState) -> None:
    """Keep an account's state; an older version is silent. With a new address a letter may go out that could not before."""
    plain = json.dumps({"name": state.name, "address": list(state.address), "is_business": state.is_business}, ensure_ascii=False)
    index = tx.vault.blind(tx.unit.id, plain) if state.address else ""
    before = await tx.first("SELECT address_index FROM accounts WHERE id = :id", id=state.id)
    taken = await tx.execute(
        "INSERT INTO accounts AS a (id, business_unit, number, sealed, address_index, version) "
        "VALUES (:id, :unit, :number, :sealed, :index, :version) ON CONFLICT (id) DO UPDATE SET number = excluded.number, "
        "sealed = excluded.sealed, address_index = excluded.address_index, version = excluded.version WHERE excluded.version > a.version",
        {
            "id": state.id,
            "unit": tx.unit.id,
            "number": state.number,
            "sealed": tx.vault.seal(tx.unit.id, plain.encode(), "accounts.sealed"),
            "index": index,
            "version": state.version,
        },
    )
    if not taken.rowcount or (before is not None and before.address_index == index):
        return
    for matter_id in await store.open_matters_of(tx, state.id):
        await store.update_matter(tx, matter_id, not_before=None)
        await tx.nudge(MATTER, matter_id)


async def take_item(tx: Transaction, state: ItemState) -> None:
    """Keep an item's state; an older version is silent, a newer one lets the account's matters look again."""
    if await keep_item(tx, state):
        for matter_id in await store.open_matters_of(tx, state.account_id):
            await tx.nudge(MATTER, matter_id)


async def keep_item(tx: Transaction, state: ItemState) -> bool:
    """True when the version is new."""
    taken = await tx.execute(
        "INSERT INTO items AS i (id, business_unit, account_id, currency, open_minor, version) "
        "VALUES (:id, :unit, :account, :currency, :open, :version) ON CONFLICT (id) DO UPDATE SET open_minor = excluded.open_minor, "
        "version = excluded.version WHERE excluded.version > i.version",
        {
            "id": state.id,
            "unit": tx.unit.id,
            "account": state.account_id,
            "currency": state.currency,
            "open": state.open_minor,
            "version": state.version,
        },
    )
    return bool(taken.rowcount)
