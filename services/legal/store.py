"""Legal's tables and questions."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from chassis.database import Transaction
from chassis.plumbing import INSTANT, add_plumbing
from chassis.tenancy import UNIT
from services.legal.domain import Matter

METADATA = MetaData()
add_plumbing(METADATA)

Table(
    "accounts",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("business_unit", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),  # JSON {name, address: [], is_business}
    Column("address_index", Text, nullable=False),  # blind; empty without an address
    Column("version", BigInteger, nullable=False),
    info={"scope": UNIT},
)
Table(
    "items",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("business_unit", Text, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("currency", Text, nullable=False),
    Column("open_minor", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Index("items_account", "business_unit", "account_id"),
    info={"scope": UNIT},
)
Table(
    "matters",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("business_unit", Text, nullable=False),
    Column("case_id", Uuid, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("currency", Text, nullable=False),
    Column("procedure", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("stage_on", Date, nullable=False),
    Column("letter_id", Uuid, nullable=True),  # the current one
    Column("asked", Integer, nullable=False),  # how often the gate or the balance kept the letter back
    Column("obstacle", Text, nullable=False),
    Column("not_before", INSTANT, nullable=True),
    Column("court", Text, nullable=False),
    Column("document_sha256", Text, nullable=False),
    Column("prepared_by", Text, nullable=False),
    Column("approved_by", Text, nullable=False),
    Column("approved_on", Date, nullable=True),
    Column("court_file_number", Text, nullable=False),
    Column("filed_on", Date, nullable=True),
    Column("cost_minor", BigInteger, nullable=False),
    Column("next_action", Text, nullable=False),
    Column("next_action_at", INSTANT, nullable=True),
    Column("owner", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("opened_at", INSTANT, nullable=False),
    # No matter falls silent: an open one has a next action, its time and its owner.
    CheckConstraint("stage = 'closed' OR (next_action <> '' AND next_action_at IS NOT NULL AND owner <> '')", name="matter_speaks"),
    CheckConstraint("approved_by = '' OR approved_by <> prepared_by", name="four_eyes"),
    # One open matter for a case.
    Index("matters_open", "business_unit", "case_id", unique=True, postgresql_where=text("stage <> 'closed'")),
    Index("matters_account", "business_unit", "account_id", postgresql_where=text("stage <> 'closed'")),
    UniqueConstraint("business_unit", "id"),
    info={"scope": UNIT},
)
Table(
    "matter_items",
    METADATA,
    Column("business_unit", Text, primary_key=True),
    Column("matter_id", Uuid, primary_key=True),
    Column("item_id", Uuid, primary_key=True),
    info={"scope": UNIT},
)
Table(
    "letters",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("business_unit", Text, nullable=False),
    Column("matter_id", Uuid, nullable=False),
    Column("carrier", Text, nullable=False),
    Column("tracking_number", Text, nullable=False),
    Column("state", Text, nullable=False),  # posting, posted, delivered, returned
    Column("address_index", Text, nullable=False),
    Column("reserved_at", INSTANT, nullable=False),
    Column("posted_on", Date, nullable=True),
    Column("document_sha256", Text, nullable=False),
    Column("document", LargeBinary, nullable=True),  # sealed
    Column("answers", Text, nullable=False),  # JSON: what billing and payments answered right before posting
    Column("looked_on", Date, nullable=True),
    Column("doubt", Text, nullable=False),
    Column("delivered_on", Date, nullable=True),
    Column("returned_on", Date, nullable=True),
    Column("proof_sha256", Text, nullable=False),
    Column("proof", LargeBinary, nullable=True),  # sealed
    # Carriers use numbers again: evidence is found by carrier, number and day.
    UniqueConstraint("business_unit", "carrier", "tracking_number", "posted_on"),
    Index("letters_matter", "business_unit", "matter_id"),
    info={"scope": UNIT},
)
Table(
    "documents",
    METADATA,
    Column("business_unit", Text, primary_key=True),
    Column("matter_id", Uuid, primary_key=True),
    Column("sha256", Text, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("prepared_by", Text, nullable=False),
    Column("prepared_at", INSTANT, nullable=False),
    info={"scope": UNIT},
)
Table(
    "serials",
    METADATA,
    Column("business_unit", Text, primary_key=True),
    Column("carrier", Text, primary_key=True),
    Column("last", BigInteger, nullable=False),
    info={"scope": UNIT},
)

# Open items of a matter's claim, and open credits of its account: credits net before anything is claimed.
_CLAIMED = (
    "i.account_id = m.account_id AND i.currency = m.currency AND (i.open_minor < 0 OR EXISTS "
    "(SELECT FROM matter_items c WHERE c.business_unit = m.business_unit AND c.matter_id = m.id AND c.item_id = i.id))"
)
_MATTER = (
    "SELECT m.*, coalesce(a.number, '') AS account_number, l.carrier, coalesce(l.tracking_number, '') AS tracking_number, "
    "l.state AS letter_state, l.posted_on, l.looked_on, coalesce(l.doubt, '') AS doubt, l.returned_on, l.delivered_on, l.reserved_at, "
    "(a.address_index <> '' AND a.address_index <> l.address_index) IS TRUE AS has_new_address, "
    f"(SELECT coalesce(sum(i.open_minor), 0)::bigint FROM items i WHERE {_CLAIMED}) AS claim_minor "
    "FROM matters m LEFT JOIN letters l ON l.business_unit = m.business_unit AND l.id = m.letter_id LEFT JOIN accounts a ON a.id = m.account_id "
)


def matter_of(row: Row[Any]) -> Matter:
    """The part of a row that the rules read."""
    return Matter(**{name: getattr(row, name) for name in Matter.__slots__})


async def lock_matter(tx: Transaction, matter_id: UUID) -> Row[Any] | None:
    """A matter with its current letter and the amount of its claim, locked."""
    # First the lock, then the question: what is read must be no older than the lock.
    await tx.execute("SELECT FROM matters WHERE id = :id FOR UPDATE", {"id": matter_id})
    return await get_matter(tx, matter_id)


async def get_matter(tx: Transaction, matter_id: UUID) -> Row[Any] | None:
    """A matter with its current letter and the amount of its claim."""
    return await tx.first(_MATTER + "WHERE m.id = :id", id=matter_id)


async def list_matters(tx: Transaction, after: UUID | None, limit: int, *, open_only: bool) -> Sequence[Row[Any]]:
    """A page of matters in the order of their ids."""
    return await tx.all(
        _MATTER + "WHERE (CAST(:after AS uuid) IS NULL OR m.id > :after) AND (NOT :open_only OR m.stage <> 'closed') "
        "ORDER BY m.id LIMIT :limit",
        after=after,
        limit=limit,
        open_only=open_only,
    )


async def update_matter(tx: Transaction, matter_id: UUID, **changes: object) -> None:
    """Change named columns of a matter."""
    await tx.execute(f"UPDATE matters SET {_assignments(changes)} WHERE id = :id", {"id": matter_id, **changes})


async def update_letter(tx: Transaction, letter_id: UUID, **changes: object) -> None:
    """Change named columns of a letter."""
    await tx.execute(f"UPDATE letters SET {_assignments(changes)} WHERE id = :id", {"id": letter_id, **changes})


def _assignments(changes: dict[str, object]) -> str:
    return ", ".join(f"{name} = :{name}" for name in changes)


async def find_open_matter(tx: Transaction, case_id: UUID) -> UUID | None:
    """The case's matter that is not closed, locked."""
    row = await tx.first("SELECT id FROM matters WHERE case_id = :id AND stage <> 'closed' FOR UPDATE", id=case_id)
    return row.id if row else None


async def open_matters_of(tx: Transaction, account_id: UUID) -> list[UUID]:
    """The account's matters that are not closed."""
    rows = await tx.all("SELECT id FROM matters WHERE account_id = :id AND stage <> 'closed' ORDER BY id", id=account_id)
    return [row.id for row in rows]


async def claim_items_of(tx: Transaction, matter_id: UUID) -> frozenset[UUID]:
    """The items that were handed over."""
    rows = await tx.all("SELECT item_id FROM matter_items WHERE matter_id = :id", id=matter_id)
    return frozenset(row.item_id for row in rows)


async def next_serial(tx: Transaction, carrier: str) -> int:
    """The unit's next number at a carrier; a transaction that is rolled back gives it back."""
    row = await tx.first(
        "INSERT INTO serials AS s VALUES (:unit, :carrier, 1) ON CONFLICT (business_unit, carrier) DO UPDATE SET last = s.last + 1 "
        "RETURNING last",
        unit=tx.unit.id,
        carrier=carrier,
    )
    assert row is not None
    return int(row.last)


async def document_of(tx: Transaction, matter_id: UUID, sha256: str) -> bytes:
    """A filing's document, opened; empty when there is none."""
    row = await tx.first("SELECT sealed FROM documents WHERE matter_id = :id AND sha256 = :sha256", id=matter_id, sha256=sha256)
    return tx.vault.open(tx.unit.id, row.sealed, "documents.sealed") if row else b""


async def figures(tx: Transaction) -> Sequence[Row[Any]]:
    """Matters by stage, and how many of them are open and have no next action."""
    return await tx.all(
        "SELECT stage, count(*) AS matters, count(*) FILTER (WHERE stage <> 'closed' AND (next_action = '' OR next_action_at IS NULL)) "
        "AS silent FROM matters GROUP BY stage ORDER BY stage"
    )
