"""Questions about items."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from chassis.database import Transaction
from services.billing.domain.items import Item

_ITEM = (
    "id, account_id, party_id, invoice_id, invoice_number, structured_reference, currency, amount_minor, open_minor, "
    "issued_on, due_on, overdue, version, discount_percent, discount_until"
)


def _item(row: Row[Any]) -> Item:
    return Item(**row._mapping)


async def find_items(tx: Transaction, ids: Iterable[UUID]) -> dict[UUID, Item]:
    """Items by id, locked in one order so that two postings cannot wait for each other."""
    rows = await tx.all(f"SELECT {_ITEM} FROM items WHERE id = ANY(:ids) ORDER BY id FOR UPDATE", ids=sorted(ids))
    return {row.id: _item(row) for row in rows}


async def find_open_items(tx: Transaction, account_id: UUID) -> list[Item]:
    """An account's open items, oldest due date first."""
    rows = await tx.all(
        f"SELECT {_ITEM} FROM items WHERE account_id = :id AND open_minor <> 0 ORDER BY due_on, invoice_number", id=account_id
    )
    return [_item(row) for row in rows]


async def find_items_of(tx: Transaction, invoice_numbers: Sequence[str]) -> list[Item]:
    """The items of invoices by number, locked."""
    rows = await tx.all(
        f"SELECT {_ITEM} FROM items WHERE invoice_number = ANY(:numbers) ORDER BY id FOR UPDATE", numbers=list(invoice_numbers)
    )
    return [_item(row) for row in rows]


async def list_items(tx: Transaction, after: UUID | None, limit: int) -> list[Item]:
    """A page of all items in the order of their ids."""
    rows = await tx.all(
        f"SELECT {_ITEM} FROM items WHERE CAST(:after AS uuid) IS NULL OR id > :after ORDER BY id LIMIT :limit", after=after, limit=limit
    )
    return [_item(row) for row in rows]


async def mark_overdue(tx: Transaction, today: date) -> list[Item]:
    """Mark everything that was due before today, in one statement."""
    rows = await tx.all(
        "UPDATE items SET overdue = true, version = version + 1 "
        f"WHERE due_on < :today AND open_minor > 0 AND NOT overdue RETURNING {_ITEM}",
        today=today,
    )
    return sorted(map(_item, rows), key=lambda item: (item.due_on, item.invoice_number))


async def next_due_on(tx: Transaction) -> date | None:
    """The earliest due date of an open item that is not marked yet."""
    row = await tx.first("SELECT min(due_on) AS due_on FROM items WHERE NOT overdue AND open_minor > 0")
    return row.due_on if row else None


async def save_items(tx: Transaction, items: Sequence[Item]) -> None:
    """Write the new state of items."""
    if items:
        await tx.execute(
            "UPDATE items SET open_minor = new.open_minor, overdue = new.overdue, version = new.version "
            "FROM unnest(CAST(:ids AS uuid[]), CAST(:opens AS bigint[]), CAST(:overdues AS boolean[]), CAST(:versions AS bigint[])) "
            "AS new (id, open_minor, overdue, version) WHERE items.id = new.id",
            {
                "ids": [item.id for item in items],
                "opens": [item.open_minor for item in items],
                "overdues": [item.overdue for item in items],
                "versions": [item.version for item in items],
            },
        )


async def add_items(tx: Transaction, items: Sequence[Item]) -> None:
    """Write new items."""
    names = _ITEM.split(", ")
    if items:
        await tx.execute(
            f"INSERT INTO items (business_unit, {_ITEM}) VALUES (:business_unit, {', '.join(':' + name for name in names)})",
            [{"business_unit": tx.unit.id} | {name: getattr(item, name) for name in names} for item in items],
        )
