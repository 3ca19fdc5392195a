"""A transaction: a command's only side effect; events and nudges leave through the outbox in it."""

import asyncio
import json
import os
import time
import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import asyncpg
from google.protobuf.message import Message
from prometheus_client import Counter
from sqlalchemy import Executable, Row, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from chassis.audit import entry
from chassis.auth import Caller
from chassis.clock import Clock
from chassis.plumbing import NUDGES, Process
from chassis.settings import fail_point
from chassis.telemetry import trace_headers, trace_id
from chassis.tenancy import Unit, Units, Vault

# Two cores serve a service; more connections only queue in PostgreSQL instead of here.
POOL_SIZE = 8

_OUTBOX = text(
    "INSERT INTO outbox (id, business_unit, partition, type, key, payload, headers, occurred_at) "
    "VALUES (:id, :business_unit, :partition, :type, :key, :payload, :headers, :occurred_at)"
)
_TRAIL = text("INSERT INTO trail (id, business_unit, at, entry) VALUES (:id, :business_unit, :at, :entry)")
_NUDGED = text(
    "INSERT INTO processes AS p (id, business_unit, workflow, nudged, seen, ended) VALUES (:id, :unit, :workflow, 1, 0, 0) "
    "ON CONFLICT (id) DO UPDATE SET nudged = p.nudged + 1, ended = 0"
)


_last_tick = 0


def new_id() -> UUID:
    """UUIDv7 (RFC 9562, 5.7 and 6.2, method 3): milliseconds, 4096ths of one, then 62 random bits.

    Ids of one process are in the order of writing: the relay numbers events by them, so those of one transaction
    must not overtake each other.
    """
    global _last_tick  # noqa: PLW0603 - one clock per process
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    _last_tick = max(_last_tick + 1, milliseconds << 12 | rest * 4096 // 1_000_000)
    random = int.from_bytes(os.urandom(8), "big") >> 2
    return UUID(int=_last_tick >> 12 << 80 | 0x7 << 76 | (_last_tick & 0xFFF) << 64 | 0x2 << 62 | random)


def partition_of(key: str, partitions: int) -> int:
    """The partition of a key: stable for the life of a database."""
    return zlib.crc32(key.encode()) % partitions


class Transaction:
    """One unit of work for one business unit (or for the group), at one instant."""

    def __init__(self, connection: AsyncConnection, now: datetime, caller: Caller, unit: Unit | None, database: "Database") -> None:
        self.now, self.caller, self._unit = now, caller, unit
        self.units, self.vault = database.units, database.vault
        self._in_temporal = database.clock.in_temporal
        self._connection, self._partitions = connection, database.partitions
        self.outbox: list[dict[str, Any]] = []
        self._notes: list[dict[str, str]] = []
        self.counted: list[Counter] = []

    @property
    def unit(self) -> Unit:
        """The business unit this transaction acts for."""
        assert self._unit is not None, "this transaction acts for the group"
        return self._unit

    async def execute(self, statement: Executable | str, values: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None) -> Any:
        """Run one statement; with a list of values, once for each."""
        return await self._connection.execute(text(statement) if isinstance(statement, str) else statement, values)

    async def all(self, statement: Executable | str, **values: Any) -> Sequence[Row[Any]]:
        """All rows of a question."""
        return (await self.execute(statement, values or None)).all()  # type: ignore[no-any-return]

    async def first(self, statement: Executable | str, **values: Any) -> Row[Any] | None:
        """The first row of a question, or None."""
        return (await self.execute(statement, values or None)).first()  # type: ignore[no-any-return]

    async def once(self, key: UUID | str) -> bool:
        """True the first time this key is seen; the row is part of the transaction, so a crash forgets both."""
        id_ = key if isinstance(key, UUID) else uuid5(NAMESPACE_URL, key)
        result = await self.execute("INSERT INTO inbox (id) VALUES (:id) ON CONFLICT DO NOTHING", {"id": id_})
        return bool(result.rowcount)

    def publish(self, event: Message, key: str, group: bool = False) -> None:
        """Announce a fact; it leaves if and only if this transaction commits. A group's fact carries no unit."""
        self._write(event.DESCRIPTOR.full_name, key, event.SerializeToString(), partition_of(key, self._partitions), group)

    def note(self, what: str, **details: object) -> None:
        """Put into the audit trail what no event tells: ids, codes and reasons, never names or texts."""
        self._notes.append({"what": what, **{name: str(value) for name, value in details.items()}})

    def count(self, metric: Counter, *labels: str) -> None:
        """Count one when, and only when, this transaction has committed."""
        self.counted.append(metric.labels(*labels))

    async def nudge(self, process: Process, id_: object) -> None:
        """Tell a process to look again; it is started when it does not run."""
        name = self._name(process, id_)
        await self.execute(_NUDGED, {"id": name, "unit": self.unit.id, "workflow": process.workflow})
        self._write(process.workflow, name, json.dumps([self.unit.id, str(id_)]).encode(), NUDGES)

    async def look(self, process: Process, id_: object) -> int:
        """How often a process was nudged so far; it gives the number back to `wait` or `end`."""
        row = await self.first("SELECT nudged FROM processes WHERE id = :id FOR UPDATE", id=self._name(process, id_))
        return row.nudged if row else 0

    async def wait(self, process: Process, id_: object, seen: int, due_at: datetime | None) -> float | None:
        """Note what a process waits for. The instant in Temporal's time, as seconds since 1970; None: for a nudge alone.

        An instant, not a duration: should time pass before the workflow sets its timer, the timer fires at once.
        """
        await self.execute(
            "UPDATE processes SET seen = :seen, due_at = :due_at, ended = 0 WHERE id = :id",
            {"id": self._name(process, id_), "seen": seen, "due_at": due_at},
        )
        return None if due_at is None else self._in_temporal(due_at).timestamp()

    async def end(self, process: Process, id_: object, seen: int) -> None:
        """Note that a process has nothing left to do."""
        await self.execute(
            "UPDATE processes SET seen = :seen, due_at = NULL, ended = 1 WHERE id = :id", {"id": self._name(process, id_), "seen": seen}
        )

    def _name(self, process: Process, id_: object) -> str:
        return f"{self.unit.id}/{process.noun}/{id_}"

    def _write(self, type_: str, key: str, payload: bytes, partition: int, group: bool = False) -> None:
        self.outbox.append(
            {
                "id": new_id(),
                "business_unit": self._unit.id if self._unit and not group else None,
                "partition": partition,
                "type": type_,
                "key": key,
                "payload": payload,
                "headers": json.dumps(trace_headers()),
                "occurred_at": self.now,
            }
        )

    @property
    def announces(self) -> bool:
        """Whether this transaction publishes a fact (and not only nudges)."""
        return any(row["partition"] != NUDGES for row in self.outbox)

    async def flush(self) -> bool:
        """Write the outbox rows and the trail's entry; the edge calls it right before it commits. True when there were any rows."""
        if self.outbox:
            await self._connection.execute(_OUTBOX, self.outbox)
        if self.announces or self._notes:
            facts = [row for row in self.outbox if row["partition"] != NUDGES]
            stored = entry(self.caller, facts, self._notes, trace_id())
            unit = self._unit.id if self._unit else None
            await self._connection.execute(_TRAIL, {"id": new_id(), "business_unit": unit, "at": self.now, "entry": stored})
        return bool(self.outbox)


class Database:
    """A service's own database, entered through `begin` alone: the edge commits, nobody else."""

    def __init__(self, url: str, clock: Clock, units: Units, vault: Vault, partitions: int) -> None:
        # The driver reads the URL itself: it knows `sslmode` and its files, which SQLAlchemy does not pass on.
        self.engine: AsyncEngine = create_async_engine(
            "postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(url), pool_size=POOL_SIZE
        )
        self.clock, self.units, self.vault, self.partitions = clock, units, vault, partitions
        # They wake the relays of this process.
        self.committed, self.nudged = asyncio.Event(), asyncio.Event()
        # It tells whoever waits for this service's position that something was committed or published.
        self.changed = asyncio.Event()

    @asynccontextmanager
    async def begin(self, caller: Caller, unit: str | None) -> AsyncIterator[Transaction]:
        """Begin for one unit, or with None for the group; commits at the end, rolls back on any exception.

        Refuses: UNKNOWN_UNIT, FORBIDDEN (the caller's token does not list the unit).
        """
        chosen = self.units.get(caller.for_unit(unit)) if unit is not None else None
        now = await self.clock.now()
        async with self.engine.connect() as connection, connection.begin():
            await connection.execute(
                text("SELECT set_config('app.unit', :unit, true), set_config('app.scope', :scope, true)"),
                {"unit": unit or "", "scope": "unit" if unit else "group"},
            )
            tx = Transaction(connection, now, caller, chosen, self)
            yield tx
            wrote = await tx.flush()
        for metric in tx.counted:
            metric.inc()
        if wrote:
            fail_point(f"{'events' if tx.announces else 'nudges'}.after_commit_before_publish")
            self.committed.set()
            self.nudged.set()
        self.changed.set()

    @asynccontextmanager
    async def plumbing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction for watermarks alone: it acts for nobody, sees no row of any unit and needs no clock."""
        async with self.engine.connect() as connection, connection.begin():
            yield connection
        self.changed.set()

    async def close(self) -> None:
        """Give all connections back."""
        await self.engine.dispose()
