"""Billing's tables, each with its scope."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from chassis.plumbing import INSTANT, add_plumbing
from chassis.tenancy import GROUP, UNIT

METADATA = MetaData()
add_plumbing(METADATA)

Table(
    "parties",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("registration", Text, nullable=True),  # VAT id or corporate number: one party over all units
    Column("debtor_type", Text, nullable=False),
    Column("stop_states", ARRAY(Text), nullable=False),
    Column("version", BigInteger, nullable=False),
    info={"scope": GROUP},
)
Table(
    "party_units",
    METADATA,
    Column("business_unit", Text, primary_key=True),
    Column("party_id", Uuid, primary_key=True),
    info={"scope": UNIT},
)
Table(
    "accounts",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("business_unit", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("party_id", Uuid, nullable=False),
    Column("debtor_type", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("country", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),  # JSON {name, name_kana, email, address}
    Column("iban_index", Text, nullable=False),
    Column("payer_code", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),  # blind index of all of the above: tells a change
    Column("version", BigInteger, nullable=False),
    UniqueConstraint("business_unit", "number"),
    UniqueConstraint("business_unit", "id"),
    info={"scope": UNIT},
)
Table(
    "files",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("business_unit", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),  # imported or quarantined
    Column("reason", Text, nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("business_unit", "sha256"),
    info={"scope": UNIT},
)
Table(
    "invoices",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("business_unit", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("type_code", Text, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("file_id", Uuid, nullable=False),
    Column("issued_on", Date, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("currency", Text, nullable=False),
    Column("payable_minor", BigInteger, nullable=False),
    Column("content_hash", Text, nullable=False),
    UniqueConstraint("business_unit", "number"),
    UniqueConstraint("business_unit", "id"),
    ForeignKeyConstraint(["business_unit", "account_id"], ["accounts.business_unit", "accounts.id"]),
    info={"scope": UNIT},
)
Table(
    "items",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("business_unit", Text, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("party_id", Uuid, nullable=False),
    Column("invoice_id", Uuid, nullable=False),
    Column("invoice_number", Text, nullable=False),
    Column("structured_reference", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("open_minor", BigInteger, nullable=False),
    Column("issued_on", Date, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("overdue", Boolean, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("discount_percent", Text, nullable=False, server_default=""),  # as agreed: 2, 1.5; empty without one
    Column("discount_until", Date, nullable=True),
    CheckConstraint("open_minor BETWEEN least(0, amount_minor) AND greatest(0, amount_minor)", name="item_open"),
    ForeignKeyConstraint(["business_unit", "invoice_id"], ["invoices.business_unit", "invoices.id"]),
    Index("items_account", "business_unit", "account_id"),
    Index("items_due", "business_unit", "due_on", postgresql_where=text("NOT overdue AND open_minor > 0")),
    info={"scope": UNIT},
)
Table(
    "transfers",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("business_unit", Text, nullable=False),
    Column("journal", Uuid, nullable=False),
    Column("debit", Text, nullable=False),
    Column("credit", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("account_id", Uuid, nullable=True),
    Column("item_id", Uuid, nullable=True),
    Column("line_id", Uuid, nullable=True),
    Column("posted_on", Date, nullable=False),
    Column("posted_at", INSTANT, nullable=False),
    CheckConstraint("amount_minor > 0", name="transfer_positive"),
    CheckConstraint("debit <> credit", name="transfer_moves"),
    info={"scope": UNIT},
)
Table(
    "posted_slices",
    METADATA,
    Column("business_unit", Text, primary_key=True),
    Column("line_id", Uuid, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("item_id", Uuid, nullable=True),
    Column("account_id", Uuid, nullable=True),
    Column("amount_minor", BigInteger, nullable=False),
    info={"scope": UNIT},
)
