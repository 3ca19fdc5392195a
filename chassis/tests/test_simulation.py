"""A seeded world: brokers repeat, delay, reorder and forget, processes die at any await; each event has one effect, in order.

Relay, consumer and database are the real ones, the broker between them is simulated. A failing seed is in the test's name; keep
it in KEPT when it has found something.
"""

import asyncio
import random
import types
from collections.abc import AsyncIterator, Coroutine, Generator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from aiokafka import ConsumerRecord, TopicPartition

from chassis.consumer import Consumer
from chassis.database import Database, Transaction
from chassis.relay import Relay, headers_of
from chassis.subscriptions import Subscriptions
from proto.billing.v1.events_pb2 import InvoiceOverdue, InvoicePaid, ItemChanged

from .conftest import UNIT, Bench

PARTITIONS = range(4)
EVENTS = 60
# Of what is published so much comes twice (as after a death between publishing and marking), and so much is forgotten.
REPEATED, FORGOTTEN = 0.05, 0.03
# A process lives for so many awaits at most.
LONGEST_LIFE = 120
# More lives than this, and the world stands still.
MOST_LIVES = 600
# Seeds that have found something.
KEPT: tuple[int, ...] = ()
SEEDS = [*KEPT, *range(1, 9)]
MANY = range(100, 300)


class World:
    """One publisher, one broker, one subscriber; all dice are of one seed."""

    def __init__(self, bench: Bench, seed: int) -> None:
        self.bench, self.dice = bench, random.Random(seed)
        self.log: dict[int, list[ConsumerRecord]] = {partition: [] for partition in PARTITIONS}
        self.committed = dict.fromkeys(PARTITIONS, 0)
        self.place = dict.fromkeys(PARTITIONS, 0)
        self.name = "events"

    # The broker, as the relay sees it.

    async def deliver(self, rows: Sequence[asyncpg.Record]) -> Sequence[asyncpg.Record]:
        """Takes some, tells of some; what it took may be repeated, what it told of may be forgotten."""
        arrived = []
        failed: set[int] = set()
        for row in rows:
            await asyncio.sleep(0)
            if row["partition"] in failed or self.dice.random() < REPEATED:
                failed.add(row["partition"])
                continue
            if self.dice.random() >= FORGOTTEN:
                self._append(row)
            if self.dice.random() < REPEATED:
                self._append(row)
            arrived.append(row)
        return arrived

    def _append(self, row: asyncpg.Record) -> None:
        log = self.log[row["partition"]]
        headers = [(name, value) for name, value in headers_of(row)]
        key = row["key"].encode()
        log.append(ConsumerRecord("billing.events", row["partition"], len(log), 0, 0, key, row["payload"], 0, 0, 0, headers))

    # The broker, as the consumer sees it.

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        for place, offset in offsets.items():
            self.committed[place.partition] = offset

    def seek(self, place: TopicPartition, offset: int) -> None:
        self.place[place.partition] = offset

    async def fetch(self, consumer: Consumer) -> None:
        """Some partitions, in any order, as much of each as may come."""
        for partition in self.dice.sample(PARTITIONS, len(PARTITIONS)):
            begin = self.place[partition]
            records = self.log[partition][begin : begin + self.dice.randint(0, 12)]
            if records:
                self.place[partition] = begin + len(records)
                await consumer._partition(self, TopicPartition("billing.events", partition), records)  # type: ignore[arg-type]

    # The publisher, as the consumer asks it.

    async def published(self, publisher: str) -> Mapping[int, int]:
        async with self.asking() as connection:
            rows = await connection.fetch("SELECT partition, number FROM positions WHERE partition >= 0")
            waiting = await connection.fetchval("SELECT count(*) FROM outbox WHERE published_at IS NULL")
        return {} if waiting else {row["partition"]: row["number"] for row in rows}

    async def resend(self, publisher: str, partition: int, after: int) -> None:
        async with self.asking() as connection:
            await connection.execute("UPDATE outbox SET published_at = NULL WHERE partition = $1 AND number > $2", partition, after)

    @asynccontextmanager
    async def asking(self) -> AsyncIterator[asyncpg.Connection]:
        """A call to the publisher; whoever asks may die meanwhile."""
        connection = await asyncpg.connect(self.bench.url("relay"))
        try:
            yield connection
        finally:
            connection.terminate()

    # Processes and their deaths.

    async def life(self, process: Coroutine[Any, Any, None]) -> None:
        """Let it run up to some await, and let it die there; its transaction dies with it."""
        await dying(process, self.dice.randint(1, LONGEST_LIFE))

    async def relaying(self) -> None:
        connection = await asyncpg.connect(self.bench.url("relay"))
        try:
            while await Relay("", PARTITIONS, self, asyncio.Event())._round(connection, list(PARTITIONS)):
                pass
        finally:
            connection.terminate()

    async def consuming(self) -> None:
        """A process that begins where the last one committed, and knows nothing else."""
        self.place = dict(self.committed)
        consumer = Consumer("billing", {}, self.subscriptions(), self.bench.database, self)
        while True:
            await self.fetch(consumer)
            await consumer._compare()

    def subscriptions(self) -> Subscriptions:
        made = Subscriptions()
        made.on(InvoicePaid)(note)
        made.on(ItemChanged)(note)
        made.on_many(InvoiceOverdue)(note_all)
        return made


@types.coroutine
def dying(process: Coroutine[Any, Any, None], awaits: int) -> Generator[Any, Any, None]:
    """Drive a process; at the nth await that really waits it is cancelled instead of being given what it waits for."""
    step, given, dead = process.send, None, False
    try:
        while True:
            waited = step(given)
            awaits -= 1
            if awaits <= 0 and waited is not None and not dead:
                dead = waited.cancel()
            try:
                given = yield waited
                step = process.send
            except BaseException as error:
                step, given = process.throw, error
    except (StopIteration, asyncio.CancelledError):
        return


async def note(event: Any, tx: Transaction) -> None:
    """The effect: a row that says which event it was, in the order of effects."""
    name = event.item_id if isinstance(event, ItemChanged) else event.number
    await tx.execute("INSERT INTO effects (event) VALUES (:event)", {"event": int(name)})


async def note_all(events: Sequence[Any], tx: Transaction) -> None:
    for event in events:
        await note(event, tx)


async def write(database: Database, bench: Bench, dice: random.Random) -> None:
    """Transactions that begin in one order and commit in another."""
    kinds = (lambda n: InvoicePaid(number=n), lambda n: ItemChanged(item_id=n), lambda n: InvoiceOverdue(number=n))

    async def one(number: int) -> None:
        async with database.begin(bench.caller, UNIT) as tx:
            tx.publish(dice.choice(kinds)(str(number)), key=f"key {number % 7}")
            for _ in range(dice.randint(0, 5)):
                await tx.execute("SELECT 1")

    await asyncio.gather(*map(one, range(1, EVENTS + 1)))


async def simulate(bench: Bench, seed: int) -> None:
    world = World(bench, seed)
    await bench.super.execute("CREATE TABLE IF NOT EXISTS effects (place bigserial PRIMARY KEY, event int NOT NULL)")
    await bench.super.execute("GRANT INSERT ON effects TO billing_app; GRANT USAGE ON SEQUENCE effects_place_seq TO billing_app")
    await bench.super.execute("TRUNCATE effects")
    writing = asyncio.create_task(write(bench.database, bench, world.dice))
    try:
        for _ in range(MOST_LIVES):
            await world.life(world.relaying())
            await world.life(world.consuming())
            if writing.done() and await bench.value("SELECT count(*) FROM effects") >= EVENTS and await is_quiet(bench):
                break
        await writing
        await judge(bench)
    finally:
        writing.cancel()
        await bench.super.execute("DROP TABLE effects")


async def is_quiet(bench: Bench) -> bool:
    behind = "SELECT count(*) FROM positions p LEFT JOIN watermarks w USING (partition) WHERE coalesce(w.number, 0) < p.number"
    return not await bench.value(behind) and not await bench.value("SELECT count(*) FROM outbox WHERE number IS NULL")


async def judge(bench: Bench) -> None:
    """Every event one effect, the effects of a partition in the order of its numbers, numbers without a hole, nothing parked."""
    effects = await bench.column("SELECT event FROM effects ORDER BY place")
    assert sorted(effects) == list(range(1, EVENTS + 1))
    assert await bench.value("SELECT count(*) FROM parked") == 0
    for partition in PARTITIONS:
        rows = await bench.super.fetch("SELECT number, type, payload FROM outbox WHERE partition = $1 ORDER BY number", partition)
        assert [row["number"] for row in rows] == list(range(1, len(rows) + 1))
        events = [number_of(row["type"], row["payload"]) for row in rows]
        assert [event for event in effects if event in set(events)] == events
    assert await bench.value("SELECT count(*) FROM inbox") == EVENTS


def number_of(type_: str, payload: bytes) -> int:
    kind = {"billing.v1.InvoicePaid": InvoicePaid, "billing.v1.ItemChanged": ItemChanged, "billing.v1.InvoiceOverdue": InvoiceOverdue}[
        type_
    ]
    event = kind.FromString(payload)
    return int(event.item_id if isinstance(event, ItemChanged) else event.number)


@pytest.mark.parametrize("seed", SEEDS)
async def test_every_event_has_one_effect_in_order_whatever_dies_in_between(bench, seed):
    await simulate(bench, seed)


@pytest.mark.soak
@pytest.mark.parametrize("seed", MANY)
async def test_and_in_many_more_worlds(bench, seed):
    await simulate(bench, seed)
