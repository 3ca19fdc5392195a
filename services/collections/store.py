"""Collections' tables and questions."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    MetaData,
    Row,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from chassis.books import bucket
from chassis.database import Transaction
from chassis.plumbing import INSTANT, add_plumbing
from chassis.tenancy import UNIT
from services.collections.domain import Case, Item

METADATA = MetaData()
add_plumbing(METADATA)

Table(
    "accounts",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("business_unit", Text, nullable=False),
    Column("party_id", Uuid, nullable=False),
    Column("number", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    info={"scope": UNIT},
)
Table(
    "items",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("business_unit", Text, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("invoice_number", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("open_minor", BigInteger, nullable=False),
    Column("issued_on", Date, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("overdue", Boolean, nullable=False),
    Column("version", BigInteger, nullable=False),
    Index("items_account", "business_unit", "account_id"),
    info={"scope": UNIT},
)
Table(
    "cases",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("business_unit", Text, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("party_id", Uuid, nullable=False),
    Column("currency", Text, nullable=False),
    Column("strategy", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("taken", Integer, nullable=False),
    Column("awaiting", Uuid, nullable=True),
    Column("asked_on", Date, nullable=True),
    Column("since_on", Date, nullable=True),
    Column("hold_until", Date, nullable=True),
    Column("hold_reason", Text, nullable=False),
    Column("obstacle", Text, nullable=False),
    Column("handed_over_on", Date, nullable=True),
    Column("next_action", Text, nullable=False),
    Column("next_action_at", INSTANT, nullable=True),
    Column("owner", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("opened_at", INSTANT, nullable=False),
    # No case falls silent: an open one has a next action, its time and its owner.
    CheckConstraint("state = 'closed' OR (next_action <> '' AND next_action_at IS NOT NULL AND owner <> '')", name="case_speaks"),
    # One case for an account.
    Index("cases_open", "business_unit", "account_id", unique=True, postgresql_where=text("state <> 'closed'")),
    UniqueConstraint("business_unit", "id"),
    info={"scope": UNIT},
)
Table(
    "case_items",
    METADATA,
    Column("business_unit", Text, primary_key=True),
    Column("case_id", Uuid, primary_key=True),
    Column("item_id", Uuid, primary_key=True),
    Index("case_items_item", "business_unit", "item_id"),
    info={"scope": UNIT},
)
Table(
    "steps",
    METADATA,
    Column("id", Uuid, primary_key=True),  # also the id of the notice it asked for
    Column("business_unit", Text, nullable=False),
    Column("case_id", Uuid, nullable=False),
    Column("step", Text, nullable=False),
    Column("taken_on", Date, nullable=False),
    Column("outcome", Text, nullable=False),  # requested, delivered, skipped, handed_over
    Column("reason", Text, nullable=False),
    Index("steps_case", "business_unit", "case_id"),
    info={"scope": UNIT},
)

_CASE = "id, account_id, party_id, state, taken, awaiting, asked_on, since_on, hold_until, hold_reason, obstacle, handed_over_on"


def case_of(row: Row[Any]) -> Case:
    """The part of a row that the rules read."""
    return Case(**{name: getattr(row, name) for name in _CASE.split(", ")})


async def lock_case(tx: Transaction, case_id: UUID) -> Row[Any] | None:
    """A case's whole row, locked."""
    return await tx.first("SELECT * FROM cases WHERE id = :id FOR UPDATE", id=case_id)


async def find_open_case(tx: Transaction, account_id: UUID) -> Row[Any] | None:
    """The account's case that is not closed, locked."""
    return await tx.first("SELECT * FROM cases WHERE account_id = :id AND state <> 'closed' FOR UPDATE", id=account_id)


async def find_case_of_item(tx: Transaction, item_id: UUID) -> Row[Any] | None:
    """The newest case that an item was part of."""
    return await tx.first(
        "SELECT c.* FROM cases c JOIN case_items i ON i.business_unit = c.business_unit AND i.case_id = c.id "
        "WHERE i.item_id = :id ORDER BY c.opened_at DESC LIMIT 1",
        id=item_id,
    )


async def items_of(tx: Transaction, account_id: UUID) -> list[Item]:
    """The account's items with something open, oldest due date first."""
    rows = await tx.all(
        "SELECT id, invoice_number, currency, open_minor, issued_on, due_on, overdue, version FROM items "
        "WHERE account_id = :id AND open_minor <> 0 ORDER BY due_on, invoice_number",
        id=account_id,
    )
    return [Item(**row._mapping) for row in rows]


async def update_case(tx: Transaction, case_id: UUID, **changes: object) -> None:
    """Change named columns of a case."""
    columns = ", ".join(f"{name} = :{name}" for name in changes)
    await tx.execute(f"UPDATE cases SET {columns} WHERE id = :id", {"id": case_id, **changes})


async def list_cases(tx: Transaction, after: UUID | None, limit: int, *, open_only: bool) -> Sequence[Row[Any]]:
    """A page of cases in the order of their ids, with account number, last step and amount."""
    return await tx.all(
        "SELECT c.*, coalesce(a.number, '') AS account_number, "
        "coalesce((SELECT step FROM steps s WHERE s.case_id = c.id ORDER BY s.id DESC LIMIT 1), '') AS step, "
        "(SELECT coalesce(sum(i.open_minor), 0)::bigint FROM items i WHERE i.account_id = c.account_id AND i.currency = c.currency "
        "AND (i.overdue OR i.open_minor < 0)) AS chased_minor "
        "FROM cases c LEFT JOIN accounts a ON a.id = c.account_id "
        "WHERE (CAST(:after AS uuid) IS NULL OR c.id > :after) AND (NOT :open_only OR c.state <> 'closed') ORDER BY c.id LIMIT :limit",
        after=after,
        limit=limit,
        open_only=open_only,
    )


async def steps_of(tx: Transaction, case_id: UUID) -> Sequence[Row[Any]]:
    """The steps of a case in the order they were taken."""
    return await tx.all("SELECT * FROM steps WHERE case_id = :id ORDER BY id", id=case_id)


async def books(tx: Transaction) -> Sequence[Row[Any]]:
    """Open amounts by currency and the last ten bits of the item's id."""
    return await tx.all(
        f"SELECT currency, 'receivables' AS book, {bucket('id')} AS bucket, sum(open_minor)::bigint AS minor FROM items GROUP BY 1, 3"
    )
