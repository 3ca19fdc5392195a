"""On the real broker: what it loses is found by comparison and comes again."""

import asyncio
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer

from chassis.consumer import Consumer
from chassis.relay import Relay, ToBroker, partitions
from chassis.subscriptions import Subscriptions
from cli.infrastructure.broker import Broker
from cli.infrastructure.ports import free_ports
from proto.billing.v1.events_pb2 import ItemChanged

from .conftest import change, mark, soon


class Outbox:
    """Billing's answers about its outbox, without the wire between."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self.resent = 0

    async def close(self):
        await self._connection.close()

    async def published(self, publisher):
        if await self._connection.fetchval("SELECT count(*) FROM outbox WHERE published_at IS NULL"):
            return {}
        return {row["partition"]: row["number"] for row in await self._connection.fetch("SELECT * FROM positions")}

    async def resend(self, publisher, partition, after):
        self.resent += 1
        await self._connection.execute("UPDATE outbox SET published_at = NULL WHERE partition = $1 AND number > $2", partition, after)


@pytest.fixture
def broker(tmp_path):
    (port,) = free_ports(1)
    broker = Broker(tmp_path, tmp_path, port, partitions=4)
    broker.child.start()
    broker.wait()
    yield broker
    broker.child.kill()


@asynccontextmanager
async def running(*loops):
    tasks = [asyncio.create_task(loop.run()) for loop in loops]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def marking(tries: list[int]) -> Subscriptions:
    """Leaves a row for each event."""
    subscriptions = Subscriptions()

    @subscriptions.on(ItemChanged)
    async def know(event, tx):
        tries.append(int(event.item_id))
        await mark(tx, UUID(int=int(event.item_id)))

    return subscriptions


@pytest_asyncio.fixture
async def relay(bench, broker):
    producer = AIOKafkaProducer(bootstrap_servers=broker.address, acks="all", linger_ms=2, request_timeout_ms=5_000)
    await producer.start()
    yield Relay(bench.url("relay"), partitions(4), ToBroker(producer, "billing.events"), bench.database.committed)
    await producer.stop()


async def test_an_emptied_broker_is_refilled_from_the_outbox_and_the_repetition_is_silent(bench, broker, relay):
    tries: list[int] = []
    outbox = Outbox(await asyncpg.connect(bench.url("postgres")))
    consumer = Consumer("billing", {"bootstrap_servers": broker.address}, marking(tries), bench.database, outbox)

    async def publish(numbers: range) -> None:
        await bench.publish(*((change(str(number)), f"key {number}") for number in numbers))

    async def published() -> bool:
        return not await bench.value("SELECT count(*) FROM outbox WHERE published_at IS NULL")

    async def heard() -> bool:
        return await bench.value("SELECT count(*) FROM party_units") == await bench.value("SELECT count(*) FROM outbox")

    async with running(relay):
        async with running(consumer):
            await publish(range(20))
            await soon(heard, 60)
        await publish(range(20, 30))
        await soon(published)
        broker.child.kill()
        broker.child.start()
        broker.wait()
        # Ten events are marked as published, and no broker has them.
        async with running(consumer):
            await soon(heard, 60)
    await outbox.close()

    assert outbox.resent > 0
    assert sorted(tries) == list(range(30)), "each once"
    assert await bench.value("SELECT count(*) FROM parked") == 0
