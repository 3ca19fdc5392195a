"""A transaction: a command's only side effect; events and nudges leave through the outbox in it."""

import asyncio
import json
import os
import time
import zlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import cache
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from google.protobuf.message import Message
from opentelemetry import trace
from prometheus_client import Counter
from sqlalchemy import Executable, Row

from chassis.audit import entry
from chassis.auth import Caller
from chassis.clock import Clock
from chassis.plumbing import NUDGES, Process
from chassis.session import Pool, Result, Rows, Session, Values, uuid_of
from chassis.settings import fail_point
from chassis.telemetry import trace_headers, trace_id
from chassis.tenancy import Unit, Units, Vault

_OUTBOX = Rows(
    "outbox",
    id="uuid",
    business_unit="text",
    partition="smallint",
    type="text",
    key="text",
    payload="bytea",
    headers="text",
    occurred_at="timestamptz",
)
_KNOWN = "INSERT INTO inbox (id) SELECT unnest(CAST(:keys AS uuid[])) ON CONFLICT DO NOTHING"
_TRAIL = "INSERT INTO trail (id, business_unit, at, entry) VALUES (:id, :business_unit, :at, :entry)"
_NUDGED = (
    "INSERT INTO processes AS p (id, business_unit, workflow, nudged, seen, ended) VALUES (:id, :unit, :workflow, 1, 0, 0) "
    "ON CONFLICT (id) DO UPDATE SET nudged = p.nudged + 1, ended = 0"
)


_last_tick = 0
# Asked of the system for many ids at once.
_dice = b""
_RANDOM_BYTES = 8


def new_id() -> UUID:
    """UUIDv7 (RFC 9562, 5.7 and 6.2, method 3): milliseconds, 4096ths of one, then 62 random bits.

    Ids of one process are in the order of writing: the relay numbers events by them, so those of one transaction
    must not overtake each other.
    """
    global _last_tick, _dice  # noqa: PLW0603 - one clock per process
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    _last_tick = max(_last_tick + 1, milliseconds << 12 | rest * 4096 // 1_000_000)
    if len(_dice) < _RANDOM_BYTES:
        _dice = os.urandom(_RANDOM_BYTES * 256)
    random, _dice = int.from_bytes(_dice[:_RANDOM_BYTES], "big") >> 2, _dice[_RANDOM_BYTES:]
    return uuid_of((_last_tick >> 12 << 80 | 0x7 << 76 | (_last_tick & 0xFFF) << 64 | 0x2 << 62 | random).to_bytes(16, "big"))


def partition_of(key: str, partitions: int) -> int:
    """The partition of a key: stable for the life of a database."""
    return zlib.crc32(key.encode()) % partitions


class Transaction:
    """One unit of work for one business unit (or for the group), at one instant."""

    def __init__(self, session: Session, now: datetime, caller: Caller, unit: Unit | None, database: "Database") -> None:
        self.now, self.caller, self._unit = now, caller, unit
        self.units, self.vault = database.units, database.vault
        self._in_temporal = database.clock.in_temporal
        self._session, self._partitions = session, database.partitions
        self.outbox: list[dict[str, Any]] = []
        self._notes: list[dict[str, str]] = []
        self.counted: list[Counter] = []
        self._span: trace.Span | None = None
        self._headers = ""

    @property
    def unit(self) -> Unit:
        """The business unit this transaction acts for."""
        assert self._unit is not None, "this transaction acts for the group"
        return self._unit

    async def execute(self, statement: Executable | str, values: Values | Sequence[Values] | None = None) -> Result:
        """Run one statement; with a list of values, once for each."""
        return await self._session.execute(statement, values)

    async def add(self, rows: Rows, values: Sequence[Values]) -> None:
        """Insert many rows in one statement."""
        if values:
            await self._session.add(rows, values)

    async def all(self, statement: str, **values: Any) -> Sequence[Row[Any]]:
        """All rows of a question."""
        return (await self._session.execute(statement, values)).all()

    async def first(self, statement: str, **values: Any) -> Row[Any] | None:
        """The first row of a question, or None."""
        return (await self._session.execute(statement, values)).first()

    async def once(self, key: UUID | str) -> bool:
        """True the first time this key is seen; the row is part of the transaction, so a crash forgets both."""
        id_ = key if isinstance(key, UUID) else uuid5(NAMESPACE_URL, key)
        result = await self.execute("INSERT INTO inbox (id) VALUES (:id) ON CONFLICT DO NOTHING", {"id": id_})
        return bool(result.rowcount)

    async def fresh(self, keys: Sequence[UUID]) -> set[UUID]:
        """Those of different keys that are seen for the first time.

        The inbox can be written but not read: a part of the keys of which some are known is halved until all or none are.
        """
        if len(keys) == 1:
            return set(keys) if await self.once(keys[0]) else set()
        await self.execute("SAVEPOINT inbox")
        added = (await self.execute(_KNOWN, {"keys": keys})).rowcount
        if added in {0, len(keys)}:
            return set(keys) if added else set()
        await self.execute("ROLLBACK TO SAVEPOINT inbox")
        middle = len(keys) // 2
        return await self.fresh(keys[:middle]) | await self.fresh(keys[middle:])

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
                "headers": self._trace(),
                "occurred_at": self.now,
            }
        )

    def _trace(self) -> str:
        """The headers of the current span, made once for it."""
        if (span := trace.get_current_span()) is not self._span:
            self._span, self._headers = span, json.dumps(trace_headers())
        return self._headers

    @property
    def announces(self) -> bool:
        """Whether this transaction publishes a fact (and not only nudges)."""
        return any(row["partition"] != NUDGES for row in self.outbox)

    async def flush(self) -> bool:
        """Write the outbox rows and the trail's entry; the edge calls it right before it commits. True when there were any rows."""
        await self.add(_OUTBOX, self.outbox)
        if self.announces or self._notes:
            await self._keep_trail()
        return bool(self.outbox)

    async def _keep_trail(self) -> None:
        facts = [row for row in self.outbox if row["partition"] != NUDGES]
        stored = entry(self.caller, facts, self._notes, trace_id())
        unit = self._unit.id if self._unit else None
        await self.execute(_TRAIL, {"id": new_id(), "business_unit": unit, "at": self.now, "entry": stored})


class Database:
    """A service's own database, entered through `begin` alone: the edge commits, nobody else."""

    def __init__(self, url: str, clock: Clock, units: Units, vault: Vault, partitions: int) -> None:
        self._pool = Pool(url)
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
        async with self._pool.begin(_acts_for(unit)) as session:
            tx = Transaction(session, now, caller, chosen, self)
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
    async def plumbing(self) -> AsyncIterator[Session]:
        """A transaction for watermarks alone: it acts for nobody, sees no row of any unit and needs no clock."""
        async with self._pool.begin() as session:
            yield session
        self.changed.set()

    async def close(self) -> None:
        """Give all connections back."""
        await self._pool.close()


@cache
def _acts_for(unit: str | None) -> str:
    """What the policies of row-level security ask for; units are those of the group, so their number is small."""
    quoted = (unit or "").replace("'", "''")
    return f"SELECT set_config('app.unit', '{quoted}', true), set_config('app.scope', '{'unit' if unit else 'group'}', true)"
