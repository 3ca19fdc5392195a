"""What the unit's lines are matched against: open items, payers, and what was learnt."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row

from chassis.database import Transaction
from services.payments.domain.matching import NOTHING, Account, Book, Item, Knowledge, Line
from services.payments.domain.matching.knowledge import Lesson, signs_of
from services.payments.store.lines import arrays, unnest

SEALED_PAYER = "payers.sealed"
_ITEM = (
    "id, business_unit, account_id, invoice_number, currency, open_minor, structured_reference, issued_on, due_on, "
    "discount_percent, discount_until"
)
_WIDTH = len(_ITEM.split(", "))


async def load_book(tx: Transaction) -> Book:
    """All items and payers of the unit, also what is paid: a payment of it then goes on account."""
    rows = await tx.all(f"SELECT {_ITEM} FROM items")
    return Book(map(item_of, rows), await load_accounts(tx))


def item_of(row: Row[Any]) -> Item:
    """An item as matching reads it."""
    (id_, unit, account, number, currency, minor, reference, issued_on, due_on, percent, until) = tuple(row)[:_WIDTH]
    return Item(str(id_), unit, str(account), number, currency, minor, reference, "", issued_on, due_on, _percent(percent), until)


def _percent(text: str) -> Decimal | None:
    return Decimal(text) if text else None


async def load_accounts(tx: Transaction, ids: Collection[UUID] | None = None) -> list[Account]:
    """The unit's payers, by what their payments are known; all, or these."""
    rows = await tx.all(
        "SELECT account_id, tokens, sealed FROM payers WHERE CAST(:ids AS uuid[]) IS NULL OR account_id = ANY(:ids)",
        ids=None if ids is None else list(ids),
    )
    return [_account(tx, row) for row in rows]


def _account(tx: Transaction, row: Row[Any]) -> Account:
    names = json.loads(tx.vault.open(tx.unit.id, row.sealed, SEALED_PAYER)) if row.sealed else []
    return Account(str(row.account_id), tx.unit.id, tuple(names), tuple(row.tokens.split()))


class ItemState(NamedTuple):
    """An item as billing announced it; its fields are the columns of the projection."""

    id: UUID
    account_id: UUID
    invoice_number: str
    structured_reference: str
    currency: str
    open_minor: int
    due_on: date
    version: int
    issued_on: date | None = None
    discount_percent: str = ""
    discount_until: date | None = None


async def keep_items(tx: Transaction, items: Sequence[ItemState]) -> None:
    """Write the states of items, each id once; an older or equal version is silent."""
    names = ItemState._fields
    types = "uuid uuid text text text bigint date bigint date text date"
    columns = dict(zip(names, types.split(), strict=True))
    await tx.execute(
        f"INSERT INTO items AS i (business_unit, {', '.join(names)}) SELECT :unit, * FROM {unnest(columns)} "
        f"ON CONFLICT (id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in names[1:])} WHERE excluded.version > i.version",
        {"unit": tx.unit.id, **arrays(columns, items)},
    )


async def find_items(tx: Transaction, ids: Iterable[UUID]) -> dict[UUID, Row[Any]]:
    """Items of the projection by id, locked, with their versions."""
    rows = await tx.all(f"SELECT {_ITEM}, version FROM items WHERE id = ANY(:ids) ORDER BY id FOR UPDATE", ids=sorted(set(ids)))
    return {row.id: row for row in rows}


async def open_items_of(tx: Transaction, account_id: UUID, currency: str) -> Sequence[Row[Any]]:
    """What an account owes, oldest due date first."""
    return await tx.all(
        "SELECT id, due_on, open_minor FROM items WHERE account_id = :id AND currency = :currency AND open_minor > 0 ORDER BY due_on, id",
        id=account_id,
        currency=currency,
    )


async def lower_items(tx: Transaction, taken: Mapping[UUID, int]) -> None:
    """Take off the projection what a distribution settles; billing's answer corrects it."""
    changed = {item_id: minor for item_id, minor in taken.items() if minor}
    if changed:
        await tx.execute(
            "UPDATE items SET open_minor = open_minor - t.minor FROM unnest(CAST(:ids AS uuid[]), CAST(:minors AS bigint[])) AS t (id, minor) "
            "WHERE items.id = t.id",
            {"ids": list(changed), "minors": list(changed.values())},
        )


async def load_knowledge(tx: Transaction, lines: Sequence[Line]) -> Knowledge:
    """What was learnt of the payers of these lines, and the habits of all accounts; its version is the unit's."""
    version = await tx.first("SELECT version FROM knowledge")
    if version is None:
        return NOTHING
    signs = {sign: stored_sign(tx, sign) for line in lines for sign in signs_of(line)}
    payers: dict[str, dict[tuple[str, str], Lesson]] = defaultdict(dict)
    rows = await tx.all("SELECT sign, account_id, times, last_on FROM payer_lessons WHERE sign = ANY(:signs)", signs=list(signs.values()))
    known = defaultdict(list)
    for row in rows:
        known[row.sign].append(((tx.unit.id, str(row.account_id)), Lesson(row.times, row.last_on)))
    for sign, stored in signs.items():
        if stored in known:
            payers[sign].update(known[stored])
    habits: dict[tuple[str, str], dict[str, Lesson]] = defaultdict(dict)
    for row in await tx.all("SELECT account_id, habit, times, last_on FROM habit_lessons"):
        habits[tx.unit.id, str(row.account_id)][row.habit] = Lesson(row.times, row.last_on)
    return Knowledge(dict(payers), dict(habits), f"k{version.version}")


def stored_sign(tx: Transaction, sign: str) -> str:
    """A sign as the table keeps it: tokens are blind already, names are not."""
    return f"name:{tx.vault.blind(tx.unit.id, sign)}" if sign.startswith("name:") else sign


async def add_lessons(tx: Transaction, taught: Knowledge, times: int, on: date, oldest_on: date) -> None:
    """Count what a decision teaches, or take it back (`times` < 0); what is older than `oldest_on` is dropped."""
    payers = [(stored_sign(tx, sign), UUID(account), times) for sign, known in taught.payers.items() for _, account in known]
    habits = [(UUID(account), habit, times) for (_, account), known in taught.habits.items() for habit in known]
    for table, key, rows in (("payer_lessons", "sign, account_id", payers), ("habit_lessons", "account_id, habit", habits)):
        names = key.split(", ")
        for row in rows:
            await tx.execute(
                f"INSERT INTO {table} AS t (business_unit, {key}, times, last_on) VALUES (:unit, :{names[0]}, :{names[1]}, :times, :on) "
                f"ON CONFLICT (business_unit, {key}) DO UPDATE SET times = t.times + excluded.times, last_on = greatest(t.last_on, excluded.last_on)",
                {"unit": tx.unit.id, names[0]: row[0], names[1]: row[1], "times": row[2], "on": on},
            )
        await tx.execute(f"DELETE FROM {table} WHERE times <= 0 OR last_on < :oldest", {"oldest": oldest_on})
    if payers or habits:
        await new_knowledge(tx)


async def new_knowledge(tx: Transaction) -> None:
    """What is known has changed: decisions name another version."""
    await tx.execute(
        "INSERT INTO knowledge AS k VALUES (:unit, 1) ON CONFLICT (business_unit) DO UPDATE SET version = k.version + 1",
        {"unit": tx.unit.id},
    )


async def forget_account(tx: Transaction, account_id: UUID) -> int:
    """Drop all that was learnt of an account; how many lessons it was."""
    rows = await tx.all(
        "WITH p AS (DELETE FROM payer_lessons WHERE account_id = :id RETURNING 1), "
        "h AS (DELETE FROM habit_lessons WHERE account_id = :id RETURNING 1) "
        "SELECT 1 FROM p UNION ALL SELECT 1 FROM h",
        id=account_id,
    )
    return len(rows)


async def forget_signs(tx: Transaction, signs: Iterable[str]) -> int:
    """Drop what was learnt of the signs of a payer; how many lessons it was."""
    result = await tx.execute("DELETE FROM payer_lessons WHERE sign = ANY(:signs)", {"signs": [stored_sign(tx, sign) for sign in signs]})
    return int(result.rowcount)
