"""Notifications' tables and questions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
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
from chassis.tenancy import GROUP, UNIT

METADATA = MetaData()
add_plumbing(METADATA)

Table(
    "accounts",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("business_unit", Text, nullable=False),
    Column("party_id", Uuid, nullable=False),
    Column("number", Text, nullable=False),
    Column("debtor_type", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("country", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("contact", LargeBinary, nullable=False),  # sealed JSON: name, name_kana, email, address
    Column("version", BigInteger, nullable=False),
    Index("accounts_party", "party_id"),
    info={"scope": UNIT},
)
Table(
    "party_states",
    METADATA,
    Column("party_id", Uuid, primary_key=True),
    Column("debtor_type", Text, nullable=False),
    Column("stop_states", ARRAY(Text), nullable=False),
    Column("version", BigInteger, nullable=False),
    info={"scope": GROUP},
)
Table(
    "contact_ledger",
    METADATA,
    # The reservation. No unit, account or amount: what one unit does must not show through the count of another.
    Column("id", Uuid, primary_key=True),
    Column("party_id", Uuid, nullable=False),
    Column("channel", Text, nullable=False),
    Column("at", INSTANT, nullable=False),
    Column("kind", Text, nullable=False),  # reserved, made, received (the debtor's own call)
    Column("debt_key", Text, nullable=False),  # a blind index: the same debt, and nothing else
    Column("expires_at", DateTime(timezone=True), nullable=True),  # None once the contact was made
    Column("outcome", Text, nullable=False, server_default=""),
    Index("contact_ledger_party", "party_id", "at"),
    info={"scope": GROUP},
)
Table(
    "contact_preferences",
    METADATA,
    # What the person asked of the group, or who speaks for it. Written by functions alone: no unit clears one by itself.
    Column("id", Uuid, primary_key=True),
    Column("party_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),  # opt_out, inconvenient, represented, represented_objected, cease
    Column("value", Text, nullable=False),
    Column("set_at", INSTANT, nullable=False),
    Column("cleared_at", DateTime(timezone=True), nullable=True),
    Column("clearing_asked_by", Text, nullable=False),  # a blind index: another unit is told apart, not named
    Index("contact_preferences_live", "party_id", "kind", "value", unique=True, postgresql_where=text("cleared_at IS NULL")),
    info={"scope": GROUP},
)
Table(
    "gate_decisions",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("business_unit", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("message_id", Uuid, nullable=True),
    Column("channel", Text, nullable=False),
    Column("allowed", Boolean, nullable=False),
    Column("rules", ARRAY(Text), nullable=False),
    Column("citations", ARRAY(Text), nullable=False),
    Column("bases", ARRAY(Text), nullable=False),  # statute or policy
    Column("next_at", DateTime(timezone=True), nullable=True),
    Column("rules_version", Text, nullable=False),
    Column("inputs", JSON, nullable=False),
    Column("state", Text, nullable=False),  # denied, reserved, made, released
    Column("expires_at", DateTime(timezone=True), nullable=True),
    Column("decided_at", INSTANT, nullable=False),
    Index("gate_decisions_key", "business_unit", "key", "id"),
    Index("gate_decisions_message", "business_unit", "message_id"),
    info={"scope": UNIT},
)
Table(
    "contact_stops",
    METADATA,
    # While a row is there nothing of its unit leaves; kept apart from the configuration, so that it holds at once.
    Column("business_unit", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("stopped_at", INSTANT, nullable=False),
    info={"scope": UNIT},
)
Table(
    "messages",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("business_unit", Text, nullable=False),
    Column("notice_id", Uuid, nullable=False),
    Column("case_id", Uuid, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("template", Text, nullable=False),
    Column("channels", ARRAY(Text), nullable=False),  # those not tried yet; the first is `channel`
    Column("channel", Text, nullable=False),
    Column("pay_within_days", Integer, nullable=False),
    Column("pay_by", Date, nullable=True),  # as printed
    Column("state", Text, nullable=False),  # queued, sending, sent, delivered, skipped
    Column("reason", Text, nullable=False),
    Column("citation", Text, nullable=False),
    Column("next_try_at", DateTime(timezone=True), nullable=True),  # sent: when it counts as delivered
    Column("holds", Integer, nullable=False),
    Column("language", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("answers", JSON, nullable=True),  # billing's and payments', with their versions and instants
    Column("contact_version", BigInteger, nullable=True),
    Column("rendered_hash", Text, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("sent_at", DateTime(timezone=True), nullable=True),
    Column("delivered_on", Date, nullable=True),
    UniqueConstraint("business_unit", "notice_id"),
    Index("messages_due", "business_unit", "channel", "next_try_at", postgresql_where=text("state IN ('queued', 'sending', 'sent')")),
    Index("messages_account", "business_unit", "account_id"),
    info={"scope": UNIT},
)


async def find_account(tx: Transaction, account_id: UUID) -> Row[Any] | None:
    """An account with its party's state; a party not heard of yet has no stop state."""
    return await tx.first(
        "SELECT a.*, coalesce(p.stop_states, '{}') AS stop_states FROM accounts a LEFT JOIN party_states p USING (party_id) WHERE a.id = :id",
        id=account_id,
    )


async def live_preferences(tx: Transaction, party_id: UUID) -> Sequence[Row[Any]]:
    """What a person has asked for and nobody has cleared."""
    return await tx.all("SELECT * FROM contact_preferences WHERE party_id = :party AND cleared_at IS NULL ORDER BY id", party=party_id)


async def contacts_stopped(tx: Transaction) -> bool:
    """Whether somebody has stopped the unit's contacts; what is under way waits until this transaction ends."""
    return await tx.first("SELECT 1 FROM contact_stops FOR SHARE") is not None


async def find_due_messages(tx: Transaction, channel: str, limit: int) -> Sequence[UUID]:
    """Messages of a channel whose time has come, the longest waiting first."""
    rows = await tx.all(
        "SELECT id FROM messages WHERE channel = :channel AND state IN ('queued', 'sending', 'sent') AND next_try_at <= :now "
        "ORDER BY next_try_at, id LIMIT :limit",
        channel=channel,
        now=tx.now,
        limit=limit,
    )
    return [row.id for row in rows]


async def next_due_at(tx: Transaction, channel: str) -> datetime | None:
    """When the next message of a channel is due."""
    row = await tx.first(
        "SELECT min(next_try_at) AS at FROM messages WHERE channel = :channel AND state IN ('queued', 'sending', 'sent')", channel=channel
    )
    return row.at if row else None


async def lock_message(tx: Transaction, message_id: UUID) -> Row[Any] | None:
    """A message, kept from others until the transaction ends."""
    return await tx.first("SELECT * FROM messages WHERE id = :id FOR UPDATE", id=message_id)


async def update_message(tx: Transaction, message_id: UUID, **changes: Any) -> None:
    """Change columns of a message."""
    columns = METADATA.tables["messages"]
    await tx.execute(columns.update().where(columns.c.id == message_id).values(**changes))


async def find_decision(tx: Transaction, key: str) -> Row[Any] | None:
    """The newest decision under a key."""
    return await tx.first("SELECT * FROM gate_decisions WHERE key = :key ORDER BY id DESC LIMIT 1", key=key)


async def lock_party(tx: Transaction, party_id: UUID) -> None:
    """Whatever is decided or noted about contacts with a person happens one after the other, over all units."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended(:party, 0))", {"party": f"contact:{party_id}"})


async def add_contact(
    tx: Transaction,
    id_: UUID,
    party_id: UUID,
    channel: str,
    kind: str,
    debt_key: str,
    *,
    outcome: str = "",
    expires_at: datetime | None = None,
) -> None:
    """Write a row of the group's ledger, which only its functions read."""
    await tx.execute(
        "INSERT INTO contact_ledger (id, party_id, channel, at, kind, debt_key, expires_at, outcome) "
        "VALUES (:id, :party, :channel, :at, :kind, :debt_key, :expires_at, :outcome)",
        {
            "id": id_,
            "party": party_id,
            "channel": channel,
            "at": tx.now,
            "kind": kind,
            "debt_key": debt_key,
            "expires_at": expires_at,
            "outcome": outcome,
        },
    )


async def add_decision(tx: Transaction, values: Mapping[str, Any]) -> None:
    """Keep a decision of the gate."""
    await tx.execute(METADATA.tables["gate_decisions"].insert().values(business_unit=tx.unit.id, decided_at=tx.now, **values))


async def list_messages(tx: Transaction, after: UUID | None, limit: int) -> Sequence[Row[Any]]:
    """A page in the order of their ids."""
    return await tx.all(
        "SELECT * FROM messages WHERE CAST(:after AS uuid) IS NULL OR id > :after ORDER BY id LIMIT :limit", after=after, limit=limit
    )


async def figures(tx: Transaction) -> Mapping[str, Sequence[tuple[str, int]]]:
    """Counts of messages by channel, of skipped ones by reason, of deferring decisions by rule."""
    delivered = await tx.all("SELECT channel AS name, count(*) AS n FROM messages WHERE state = 'delivered' GROUP BY 1 ORDER BY 1")
    skipped = await tx.all("SELECT reason AS name, count(*) AS n FROM messages WHERE state = 'skipped' GROUP BY 1 ORDER BY 1")
    deferred = await tx.all(
        "SELECT rule AS name, count(*) AS n FROM gate_decisions, unnest(rules) AS rule "
        "WHERE message_id IS NOT NULL AND NOT allowed AND next_at IS NOT NULL GROUP BY 1 ORDER BY 1"
    )
    pairs = {"messages": delivered, "skipped": skipped, "deferred": deferred}
    return {name: [(row.name, row.n) for row in rows] for name, rows in pairs.items()}
