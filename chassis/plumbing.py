"""The tables every service has: outbox, positions, inbox, watermarks, parked messages, processes over time."""

from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, DateTime, Index, LargeBinary, MetaData, SmallInteger, Table, Text, Uuid, text

from chassis.audit import add_trail
from chassis.tenancy import PLUMBING, UNIT, protect

INSTANT = DateTime(timezone=True)
# Nudges to workflows travel in a partition of their own, so that Temporal's outage holds up no event.
NUDGES = -1


@dataclass(frozen=True)
class Process:
    """A process over time: its workflow's name, and the noun in its id `<unit>/<noun>/<id>`.

    Every workflow takes `(unit, id)`, so that a sweep can start any of them.
    """

    workflow: str
    noun: str


def add_plumbing(metadata: MetaData) -> None:
    """Declare the tables in a service's metadata; each carries its scope."""
    plumbing = {"scope": PLUMBING}
    Table(
        "outbox",
        metadata,
        Column("id", Uuid, primary_key=True),  # UUIDv7: in the order of writing
        Column("business_unit", Text, nullable=True),
        Column("partition", SmallInteger, nullable=False),
        Column("number", BigInteger, nullable=True),  # the relay's, contiguous per partition
        Column("type", Text, nullable=False),
        Column("key", Text, nullable=False),
        Column("payload", LargeBinary, nullable=False),
        Column("headers", Text, nullable=False),
        Column("occurred_at", INSTANT, nullable=False),
        Column("published_at", INSTANT, nullable=True),
        Index("outbox_fresh", "partition", "id", postgresql_where=text("number IS NULL")),
        Index("outbox_waiting", "partition", "number", postgresql_where=text("published_at IS NULL")),
        Index("outbox_numbered", "partition", "number", unique=True),
        info=plumbing,
    )
    Table(
        "positions",
        metadata,
        Column("partition", SmallInteger, primary_key=True),
        Column("number", BigInteger, nullable=False),
        info=plumbing,
    )
    Table("inbox", metadata, Column("id", Uuid, primary_key=True), info=plumbing)
    Table(
        "watermarks",
        metadata,
        Column("publisher", Text, primary_key=True),
        Column("partition", SmallInteger, primary_key=True),
        Column("number", BigInteger, nullable=False),
        info=plumbing,
    )
    Table(
        "parked",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("publisher", Text, nullable=False),
        Column("partition", SmallInteger, nullable=False),
        Column("number", BigInteger, nullable=False),
        Column("key", Text, nullable=False),
        Column("type", Text, nullable=False),
        Column("business_unit", Text, nullable=True),
        Column("payload", LargeBinary, nullable=False),
        Column("headers", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("parked_at", INSTANT, nullable=False),
        Index("parked_keys", "key"),
        info=plumbing,
    )
    Table(
        "processes",
        metadata,
        Column("id", Text, primary_key=True),  # the workflow's id, `<unit>/<noun>/<id>`
        Column("business_unit", Text, nullable=False),
        Column("workflow", Text, nullable=False),
        Column("due_at", INSTANT, nullable=True),  # what its timer waits for
        Column("nudged", BigInteger, nullable=False),
        Column("seen", BigInteger, nullable=False),
        Column("ended", SmallInteger, nullable=False),
        Index("processes_due", "due_at", postgresql_where=text("ended = 0")),
        info={"scope": UNIT},
    )
    add_trail(metadata)


def protect_plumbing(service: str) -> list[str]:
    """Grants, policies and the few functions through which the application touches what it may not read."""
    auditor = f"{service}_auditor"
    lines = [line for name in ("outbox", "positions", "inbox", "watermarks", "parked") for line in protect(service, name, PLUMBING)]
    lines += protect(service, "processes", UNIT)
    lines += [
        f"GRANT SELECT ON processes TO {auditor}",
        f"CREATE POLICY audited ON processes FOR SELECT TO {auditor} USING (true)",
    ]
    functions = {
        "advance_watermark(publisher_ text, partition_ int, number_ bigint) RETURNS void": (
            "INSERT INTO watermarks AS w VALUES (publisher_, partition_, number_) ON CONFLICT (publisher, partition) "
            "DO UPDATE SET number = greatest(w.number, excluded.number)"
        ),
        "watermark(publisher_ text, partition_ int) RETURNS bigint": (
            "SELECT coalesce(max(number), 0) FROM watermarks WHERE publisher = publisher_ AND partition = partition_"
        ),
        "is_parked(key_ text) RETURNS boolean": "SELECT EXISTS (SELECT FROM parked WHERE key = key_)",
        "unpark(id_ uuid) RETURNS void": "DELETE FROM parked WHERE id = id_",
    }
    for signature, body in functions.items():
        lines += definer_function(service, signature, body)
    return lines


def definer_function(service: str, signature: str, body: str, language: str = "sql") -> list[str]:
    """A function that acts as the service's definer role: what the application may do without being able to read."""
    name, _, rest = signature.partition("(")
    types = f"{name}({', '.join(part.split()[-1] for part in rest[: rest.index(')')].split(','))})"
    definer = f"{service}_definer"
    return [
        f"CREATE FUNCTION {signature} LANGUAGE {language} SECURITY DEFINER SET search_path = public, pg_temp AS $$ {body} $$",
        # Only for the moment: a role that owns a function must have been able to create it.
        f"GRANT CREATE ON SCHEMA public TO {definer}",
        f"ALTER FUNCTION {types} OWNER TO {definer}",
        f"REVOKE CREATE ON SCHEMA public FROM {definer}",
        f"REVOKE ALL ON FUNCTION {types} FROM PUBLIC",
        f"GRANT EXECUTE ON FUNCTION {types} TO {service}_app",
    ]
