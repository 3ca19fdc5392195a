"""What tests of every service stand on: a clock that stands still, a transaction that leaves nothing, a witness of events."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Self

from aiokafka import AIOKafkaConsumer
from google.protobuf.message import Message

from chassis.auth import Caller
from chassis.database import Database, Transaction
from chassis.subscriptions import Received, received


class StandingClock:
    """Business time that moves only when a test says so."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    async def now(self) -> datetime:
        return self._now

    def in_temporal(self, instant: datetime) -> datetime:
        return instant

    def advance(self, by: timedelta) -> None:
        """Move on."""
        self._now += by


class _RollBack(Exception):
    """Ends a test's transaction."""


@asynccontextmanager
async def rolled_back(database: Database, caller: Caller, unit: str | None) -> AsyncIterator[Transaction]:
    """A transaction whose outbox is written and that is then rolled back."""
    try:
        async with database.begin(caller, unit) as tx:
            yield tx
            await tx.flush()
            raise _RollBack
    except _RollBack:
        return


def announced(tx: Transaction, *types: type[Message]) -> list[Any]:
    """The events of some types that a transaction will publish, in order."""
    known = {type_.DESCRIPTOR.full_name: type_ for type_ in types}
    return [known[row["type"]].FromString(row["payload"]) for row in tx.outbox if row["type"] in known]


class Witness:
    """Hears everything that is published, like a service that does nothing."""

    def __init__(self, kafka: str, topics: Sequence[str]) -> None:
        self._consumer = AIOKafkaConsumer(
            *topics, bootstrap_servers=kafka, auto_offset_reset="earliest", enable_auto_commit=False, fetch_max_wait_ms=30
        )
        self.heard: list[Received] = []

    async def __aenter__(self) -> Self:
        await self._consumer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()

    async def listen(self, seconds: float = 1.0) -> list[Received]:
        """Take what has come; returns all that was heard so far, each event once."""
        known = {event.id for event in self.heard}
        for records in (await self._consumer.getmany(timeout_ms=int(seconds * 1000))).values():
            for event in map(received, records):
                if event.id not in known:
                    known.add(event.id)
                    self.heard.append(event)
        return self.heard
