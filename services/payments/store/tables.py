"""Payments' tables, each with its scope."""

from sqlalchemy import BigInteger, Boolean, Column, Date, Index, Integer, LargeBinary, MetaData, Table, Text, UniqueConstraint, Uuid, text

from chassis.plumbing import INSTANT, add_plumbing
from chassis.tenancy import UNIT

METADATA = MetaData()
add_plumbing(METADATA)

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
    Column("received_at", INSTANT, nullable=False),
    UniqueConstraint("business_unit", "sha256"),
    info={"scope": UNIT},
)
Table(
    "imports",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("business_unit", Text, nullable=False),
    Column("file_id", Uuid, nullable=False),
    Column("state", Text, nullable=False),  # matching or done
    Column("note", Text, nullable=False),
    info={"scope": UNIT},
)
Table(
    "statements",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("business_unit", Text, nullable=False),
    Column("bank_account_id", Text, nullable=False),
    Column("file_id", Uuid, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("opening_minor", BigInteger, nullable=True),
    Column("closing_minor", BigInteger, nullable=True),
    Column("from_on", Date, nullable=True),
    Column("to_on", Date, nullable=True),
    UniqueConstraint("business_unit", "bank_account_id", "fingerprint"),
    info={"scope": UNIT},
)
Table(
    "lines",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("business_unit", Text, nullable=False),
    Column("identity", Text, nullable=False),
    Column("bank_account_id", Text, nullable=False),
    Column("statement_id", Uuid, nullable=False),
    Column("import_id", Uuid, nullable=False),
    Column("place", Integer, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),  # negative: money that left
    Column("currency", Text, nullable=False),
    Column("booked_on", Date, nullable=False),
    Column("value_on", Date, nullable=False),
    Column("returned", Boolean, nullable=False),  # the bank says that an earlier payment comes back
    Column("sealed", LargeBinary, nullable=False),  # JSON: what the bank says, see store.lines.Said
    Column("marks", Text, nullable=False),  # blind indexes of the payer, separated by spaces
    Column("tokens", Text, nullable=False, server_default=""),  # the same as matching reads them: kind:index
    Column("state", Text, nullable=False),  # pending, matched, on_account, unidentified, not_receivable, returned
    Column("reason", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("returned_by", Uuid, nullable=True),
    Column("by_person", Boolean, nullable=False, server_default=text("false")),  # the engine does not decide it again
    UniqueConstraint("business_unit", "identity"),
    Index("lines_import", "business_unit", "import_id"),
    Index("lines_state", "business_unit", "state"),
    info={"scope": UNIT},
)
Table(
    "slices",
    METADATA,
    Column("business_unit", Text, primary_key=True),
    Column("line_id", Uuid, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("item_id", Uuid, nullable=True),
    Column("account_id", Uuid, nullable=True),
    Column("amount_minor", BigInteger, nullable=False),
    Column("difference_minor", BigInteger, nullable=False, server_default="0"),  # granted beside the money
    Column("reason", Text, nullable=False, server_default=""),  # of the difference
    Index("slices_account", "business_unit", "account_id"),
    Index("slices_item", "business_unit", "item_id"),
    info={"scope": UNIT},
)
Table(
    "rejections",
    METADATA,
    Column("business_unit", Text, primary_key=True),
    Column("line_id", Uuid, primary_key=True),
    Column("item_id", Uuid, primary_key=True),
    Column("item_version", BigInteger, nullable=False),
    Column("times", Integer, nullable=False),
    info={"scope": UNIT},
)
Table(
    "items",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("business_unit", Text, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("invoice_number", Text, nullable=False),
    Column("structured_reference", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("open_minor", BigInteger, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("issued_on", Date, nullable=True),
    Column("discount_percent", Text, nullable=False, server_default=""),
    Column("discount_until", Date, nullable=True),
    info={"scope": UNIT},
)
Table(
    "payers",
    METADATA,
    Column("account_id", Uuid, primary_key=True),
    Column("business_unit", Text, nullable=False),
    Column("marks", Text, nullable=False),  # blind indexes, separated by spaces
    Column("version", BigInteger, nullable=False),
    Column("tokens", Text, nullable=False, server_default=""),  # the same as matching reads them: kind:index
    Column("sealed", LargeBinary, nullable=True),  # JSON: the payer's names
    info={"scope": UNIT},
)
Table(
    "decisions",
    METADATA,
    Column("business_unit", Text, primary_key=True),
    Column("line_id", Uuid, primary_key=True),
    Column("version", BigInteger, primary_key=True),  # of the line
    Column("status", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("score", Integer, nullable=False),  # millionths
    Column("model", Text, nullable=False),
    Column("account_id", Uuid, nullable=True),
    Column("verdict", Text, nullable=False),  # right, wrong, or empty while nobody has said
    Column("by", Text, nullable=False),
    Column("at", INSTANT, nullable=False),
    Column("request", Text, nullable=False),  # a person's command, so that its repetition is known; else empty
    Column("learned", Boolean, nullable=False),
    Column("sealed", LargeBinary, nullable=False),  # JSON: evidence, suggestions, what stood before
    Index("decisions_applied", "business_unit", "at", postgresql_where=text("status = 'applied' AND NOT learned AND verdict = ''")),
    info={"scope": UNIT},
)
Table(
    "refund_questions",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("business_unit", Text, nullable=False),
    Column("line_id", Uuid, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("state", Text, nullable=False),  # open or closed
    Column("opened_at", INSTANT, nullable=False),
    UniqueConstraint("business_unit", "line_id"),
    info={"scope": UNIT},
)
Table(
    "payer_lessons",
    METADATA,
    Column("business_unit", Text, primary_key=True),
    Column("sign", Text, primary_key=True),  # kind:blind index
    Column("account_id", Uuid, primary_key=True),
    Column("times", Integer, nullable=False),
    Column("last_on", Date, nullable=False),
    Index("payer_lessons_account", "business_unit", "account_id"),
    info={"scope": UNIT},
)
Table(
    "habit_lessons",
    METADATA,
    Column("business_unit", Text, primary_key=True),
    Column("account_id", Uuid, primary_key=True),
    Column("habit", Text, primary_key=True),
    Column("times", Integer, nullable=False),
    Column("last_on", Date, nullable=False),
    info={"scope": UNIT},
)
Table(
    "knowledge",
    METADATA,
    Column("business_unit", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    info={"scope": UNIT},
)
