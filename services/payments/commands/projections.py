"""What payments keeps of items and payers, so that matching is local."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from chassis.database import Transaction
from services.payments.commands.distribution import rematch
from services.payments.domain.distribution import (
    normalise_name,
)


@dataclass(frozen=True)
class ItemState:
    """An item as billing announced it."""

    id: UUID
    account_id: UUID
    invoice_number: str
    structured_reference: str
    currency: str
    open_minor: int
    due_on: date
    version: int


async def take_item(tx: Transaction, item: ItemState) -> None:
    """Keep an item's state; one that opens or grows is tried against the money that waits unapplied."""
    before = await tx.first("SELECT open_minor, version FROM items WHERE id = :id FOR UPDATE", id=item.id)
    if before is not None and before.version >= item.version:
        return
    await tx.execute(
        "INSERT INTO items VALUES (:id, :unit, :account, :number, :reference, :currency, :open, :due_on, :version) "
        "ON CONFLICT (id) DO UPDATE SET open_minor = excluded.open_minor, version = excluded.version",
        {
            "id": item.id,
            "unit": tx.unit.id,
            "account": item.account_id,
            "number": item.invoice_number,
            "reference": item.structured_reference,
            "currency": item.currency,
            "open": item.open_minor,
            "due_on": item.due_on,
            "version": item.version,
        },
    )
    if item.open_minor > (before.open_minor if before else 0):
        await rematch(tx, item.account_id)


async def take_payer(tx: Transaction, account_id: UUID, marks: Sequence[str], version: int) -> None:
    """Keep by what an account's payer is known; an older version is silent."""
    await tx.execute(
        "INSERT INTO payers AS p VALUES (:id, :unit, :marks, :version) ON CONFLICT (account_id) "
        "DO UPDATE SET marks = excluded.marks, version = excluded.version WHERE excluded.version > p.version",
        {"id": account_id, "unit": tx.unit.id, "marks": " ".join(sorted(set(marks))), "version": version},
    )


def payer_marks(tx: Transaction, names: Sequence[str], iban_index: str, payer_code: str) -> list[str]:
    """The blind indexes of a payer: as billing gave them, and of the names."""
    marks = [tx.vault.blind(tx.unit.id, f"name:{normalise_name(name)}") for name in names if name]
    marks += [tx.vault.blind(tx.unit.id, f"code:{payer_code}")] if payer_code else []
    return marks + ([iban_index] if iban_index else [])
