"""The relay: numbers committed outbox rows, publishes them in order, marks them after; it deletes nothing."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from chassis.errors import again_and_again
from chassis.metrics import PUBLISHED
from chassis.plumbing import NUDGES
from chassis.settings import fail_point
from chassis.telemetry import continued

# One round of numbering and publishing: large enough to pipeline, small enough to mark often.
BATCH = 2_000
# A commit of this process wakes the relay at once; this only finds rows of a process that died.
POLL_SECONDS = 0.5
# After an outage: long enough not to hammer, short enough to be unnoticed.
RETRY_SECONDS = 0.5
# Calls to Temporal in flight; its frontend answers no faster with more.
NUDGES_AT_ONCE = 16
# Sequence order is not commit order, so rows are numbered only when they can be seen, and number and row commit together.
_NUMBER = """
WITH fresh AS MATERIALIZED (
    SELECT id, partition, row_number() OVER (PARTITION BY partition ORDER BY id) AS place
    FROM (SELECT id, partition FROM outbox WHERE number IS NULL AND partition = ANY($1) ORDER BY id LIMIT $2) AS waiting
), bump AS (
    INSERT INTO positions AS p (partition, number) SELECT partition, count(*) FROM fresh GROUP BY partition
    ON CONFLICT (partition) DO UPDATE SET number = p.number + excluded.number RETURNING partition, number
), sizes AS (SELECT partition, count(*) AS size FROM fresh GROUP BY partition)
UPDATE outbox SET number = bump.number - sizes.size + fresh.place
FROM fresh JOIN bump USING (partition) JOIN sizes USING (partition) WHERE outbox.id = fresh.id
"""
_WAITING = """
SELECT id, business_unit, partition, number, type, key, payload, headers, occurred_at FROM outbox
WHERE number IS NOT NULL AND published_at IS NULL AND partition = ANY($1) ORDER BY partition, number LIMIT $2
"""


class Delivery(Protocol):
    """Where rows go: the broker, or Temporal."""

    name: str

    async def deliver(self, rows: Sequence[asyncpg.Record]) -> Sequence[asyncpg.Record]:
        """Hand the rows over in their order; the ones that arrived. Raises on an outage."""


class Relay:
    """One process's share of the partitions: it publishes those whose advisory lock its session holds."""

    def __init__(
        self, url: str, partitions: Sequence[int], delivery: Delivery, wake: asyncio.Event, changed: asyncio.Event | None = None
    ) -> None:
        self._url, self._wanted, self._delivery, self._wake = url, partitions, delivery, wake
        self._changed = changed or asyncio.Event()

    async def run(self) -> None:
        """Relay until cancelled; an outage only makes it wait."""
        await again_and_again("relay", self._session, RETRY_SECONDS)

    async def _session(self) -> None:
        connection = await asyncpg.connect(self._url)
        try:
            mine: list[int] = []
            while True:
                self._wake.clear()
                for partition in set(self._wanted) - set(mine):
                    if await connection.fetchval("SELECT pg_try_advisory_lock(1, $1)", partition):
                        mine.append(partition)
                while await self._round(connection, mine):
                    pass
                await _wait(self._wake, POLL_SECONDS)
        finally:
            # Closing the session gives the locks back, so a successor goes on from the marks.
            await connection.close(timeout=1)

    async def _round(self, connection: asyncpg.Connection, mine: Sequence[int]) -> bool:
        await connection.execute(_NUMBER, mine, BATCH)
        rows = await connection.fetch(_WAITING, mine, BATCH)
        if not rows:
            return False
        fail_point(f"{self._delivery.name}.after_numbering_before_publish")
        arrived = await self._delivery.deliver(rows)
        fail_point(f"{self._delivery.name}.after_publish_before_mark")
        await connection.execute("UPDATE outbox SET published_at = clock_timestamp() WHERE id = ANY($1)", [row["id"] for row in arrived])
        self._changed.set()
        return len(arrived) == len(rows) == BATCH


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        # Not wait_for: in Python 3.11 it swallows a cancellation that comes together with the event.
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


class ToBroker:
    """Events: the partition is named here, so that broker and outbox never disagree."""

    name = "events"

    def __init__(self, producer: AIOKafkaProducer, topic: str) -> None:
        self._producer, self._topic = producer, topic

    async def deliver(self, rows: Sequence[asyncpg.Record]) -> Sequence[asyncpg.Record]:
        """Pipelined; a partition's rows go out in the order of their numbers."""
        sent = [
            await self._producer.send(
                self._topic, row["payload"], key=row["key"].encode(), partition=row["partition"], headers=headers_of(row)
            )
            for row in rows
        ]
        failed: set[int] = set()
        arrived = []
        for row, result in zip(rows, await asyncio.gather(*sent, return_exceptions=True), strict=True):
            if isinstance(result, BaseException):
                if not isinstance(result, KafkaError):
                    raise result
                failed.add(row["partition"])
            elif row["partition"] not in failed:
                arrived.append(row)
                PUBLISHED.labels(row["type"]).inc()
        return arrived


def headers_of(row: Mapping[str, Any]) -> list[tuple[str, bytes]]:
    """CloudEvents 1.0 headers (Kafka binding), the row's number, and the trace context."""
    headers = {
        "ce_specversion": "1.0",
        "ce_id": str(row["id"]),
        "ce_type": row["type"],
        "ce_source": "/" + row["type"].split(".")[0],
        "ce_time": row["occurred_at"].isoformat(),
        "ce_number": str(row["number"]),
        "content-type": "application/protobuf",
    } | json.loads(row["headers"])
    if row["business_unit"]:
        headers["ce_businessunit"] = row["business_unit"]
    return [(name, value.encode()) for name, value in headers.items()]


class ToTemporal:
    """Nudges: signal with start, so that no order of start and signal matters and none is lost."""

    name = "nudges"

    def __init__(self, client: Client, task_queue: str) -> None:
        self._client, self._queue = client, task_queue
        self._slots = asyncio.Semaphore(NUDGES_AT_ONCE)

    async def deliver(self, rows: Sequence[asyncpg.Record]) -> Sequence[asyncpg.Record]:
        """Each nudge by itself: one that fails holds up no other."""
        results = await asyncio.gather(*(self._nudge(row) for row in rows), return_exceptions=True)
        failures = [result for result in results if isinstance(result, BaseException)]
        if len(failures) == len(rows):
            raise failures[0]
        return [row for row, result in zip(rows, results, strict=True) if not isinstance(result, BaseException)]

    async def _nudge(self, row: asyncpg.Record) -> None:
        async with self._slots:
            with continued(f"nudge {row['type']}", json.loads(row["headers"])):
                await self._client.start_workflow(
                    row["type"],
                    args=json.loads(row["payload"]),
                    id=row["key"],
                    task_queue=self._queue,
                    start_signal="nudge",
                    id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                    id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                    task_timeout=timedelta(seconds=10),
                )


def partitions(count: int) -> Sequence[int]:
    """The partitions of events; nudges have NUDGES."""
    assert count > NUDGES
    return range(count)
