"""The consumer: inbox, watermark and effect in one transaction, the offset after; three roads for what fails."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, Protocol

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from google.protobuf.message import DecodeError

from chassis.auth import service_caller
from chassis.clock import wall_now
from chassis.database import Database, Transaction
from chassis.errors import is_outage
from chassis.metrics import CONSUMED, DISTANCE, HEARD_SECONDS, PARKED
from chassis.settings import fail_point
from chassis.subscriptions import Handler, Received, Subscriptions, carries_version, received
from chassis.telemetry import continued, logger
from kernel.errors import Refused

# One fetch of a partition; also the most events one batch handler is given.
FETCH = 500
# How long the broker may hold a fetch that has nothing to give: some answer only then, so it bounds the delay of an event.
FETCH_WAIT_MILLISECONDS = 30
# How soon the partitions of a process that died are somebody else's (brokers allow no less than 6 s by default).
SESSION_MILLISECONDS = 6_000
# What fails for no known reason is tried this often, within a minute, below the broker's poll interval; then parked.
TRIES = 5
FIRST_WAIT_SECONDS = 0.5
# Between two comparisons with the publishers while nothing comes.
COMPARE_SECONDS = 2.0
# How long a partition rests while something it needs is away.
OUTAGE_SECONDS = 1.0


_WATERMARK = "SELECT watermark(:publisher, :partition)"
_ADVANCE = "SELECT advance_watermark(:publisher, :partition, :number)"


class Publishers(Protocol):
    """What a consumer asks of those it hears."""

    async def published(self, publisher: str) -> Mapping[int, int]:
        """The last published number of each partition."""

    async def resend(self, publisher: str, partition: int, after: int) -> None:
        """Publish again what comes after a number."""


class Consumer:
    """Runs a service's subscriptions.

    A publisher's numbers are contiguous per partition, so the consumer takes exactly the next one: earlier ones are
    repetitions, later ones mean that the broker lost something, and the publisher is asked to send again from there.
    """

    def __init__(
        self, service: str, kafka: Mapping[str, Any], subscriptions: Subscriptions, database: Database, publishers: Publishers
    ) -> None:
        self._subscriptions, self._database, self._publishers = subscriptions, database, publishers
        self._caller = service_caller(service)
        # Explicit acknowledgement from the earliest event: the library's defaults lose events.
        self.options: dict[str, Any] = {
            **kafka,
            "group_id": service,
            "enable_auto_commit": False,
            "auto_offset_reset": "earliest",
            "fetch_max_wait_ms": FETCH_WAIT_MILLISECONDS,
            "session_timeout_ms": SESSION_MILLISECONDS,
            "heartbeat_interval_ms": SESSION_MILLISECONDS // 4,
        }
        # Partitions that wait for the end of an outage: while there is one, the service is not ready.
        self.waiting: set[TopicPartition] = set()
        self._behind: dict[tuple[str, int], int] = {}
        self._marks: dict[tuple[str, int], int] = {}

    async def run(self) -> None:
        """Consume until cancelled; a lost broker only makes it wait and join anew."""
        while True:
            consumer = AIOKafkaConsumer(**self.options)
            consumer.subscribe(self._subscriptions.topics(), listener=_Forget(self._marks))
            try:
                await consumer.start()
                await self._consume(consumer)
            except (KafkaError, OSError) as error:
                logger().warning("consumer_waits", reason=type(error).__name__)
                await asyncio.sleep(OUTAGE_SECONDS)
            finally:
                await consumer.stop()

    async def _consume(self, consumer: AIOKafkaConsumer) -> None:
        loop = asyncio.get_running_loop()
        compare_at = loop.time()
        while True:
            fetched = await _fetch(consumer)
            if fetched:
                await asyncio.gather(*(self._partition(consumer, place, records) for place, records in fetched.items()))
            elif loop.time() >= compare_at:
                await self._compare()
                compare_at = loop.time() + COMPARE_SECONDS

    async def _compare(self) -> None:
        """Nothing comes: ask the publishers whether something should have, as after the loss of a broker.

        Only what was behind at the last comparison too, at the same place, is asked for: the rest is on its way.
        """
        behind: dict[tuple[str, int], int] = {}
        for publisher in {topic.split(".")[0] for topic in self._subscriptions.topics()}:
            try:
                for partition, number in (await self._publishers.published(publisher)).items():
                    mark = await self._watermark(publisher, partition)
                    DISTANCE.labels(publisher, str(partition)).set(number - mark)
                    if number > mark:
                        behind[publisher, partition] = mark
                        if self._behind.get((publisher, partition)) == mark:
                            await self._publishers.resend(publisher, partition, mark)
            except Exception as error:
                if not is_outage(error):
                    raise
                logger().info("publisher_away", publisher=publisher)
        self._behind = behind

    async def _partition(self, consumer: AIOKafkaConsumer, place: TopicPartition, records: Sequence[ConsumerRecord]) -> None:
        """A partition's records in order; an outage rewinds to the first one that has no effect yet."""
        done = 0
        try:
            events = await self._contiguous([received(record) for record in records])
            for unit, run in groupby(events, key=lambda event: event.unit):
                same = list(run)
                await self._run_of(unit, same)
                done += len(same)
            done = len(records)
            self.waiting.discard(place)
        except Exception as error:
            if not is_outage(error):
                raise
            logger().warning("partition_waits", topic=place.topic, partition=place.partition, reason=type(error).__name__)
            self.waiting.add(place)
            consumer.seek(place, records[done].offset)
            await asyncio.sleep(OUTAGE_SECONDS)
        fail_point("after_effect_before_offset")
        if done:
            await consumer.commit({place: records[done - 1].offset + 1})

    async def _contiguous(self, events: Sequence[Received]) -> Sequence[Received]:
        """The events up to the first gap; behind it nothing is taken, all of it comes again."""
        mark = await self._watermark(events[0].publisher, events[0].partition)
        for place, event in enumerate(events):
            if event.number > mark + 1:
                logger().warning("gap", publisher=event.publisher, partition=event.partition, after=mark, found=event.number)
                await self._publishers.resend(event.publisher, event.partition, mark)
                return events[:place]
            mark = max(mark, event.number)
        return events

    async def _watermark(self, publisher: str, partition: int) -> int:
        """Asked of the database once; after that this process alone moves it, until its consumer joins anew."""
        place = publisher, partition
        if place not in self._marks:
            async with self._database.plumbing() as session:
                answer = await session.execute(_WATERMARK, {"publisher": publisher, "partition": partition})
                self._marks[place] = answer.scalar_one()
        return self._marks[place]

    async def _run_of(self, unit: str | None, events: Sequence[Received]) -> None:
        """Events of one unit, next to each other: in one transaction, or each in its own when something fails."""
        if not any(event.type in self._subscriptions.handlers for event in events):
            async with self._database.plumbing() as session:
                await session.execute(_ADVANCE, _mark(events[-1]))
            self._passed(events[-1])
            return
        if len(events) > 1:
            try:
                await self._effect(unit, events)
                return
            except Exception as error:
                if is_outage(error):
                    raise
                logger().info("one_by_one", reason=type(error).__name__, events=len(events))
        for event in events:
            await self._single(event)

    def _passed(self, event: Received) -> None:
        self._marks[event.publisher, event.partition] = event.number

    async def _single(self, event: Received) -> None:
        for attempt in range(TRIES):
            try:
                await self._effect(event.unit, [event])
                return
            except (Refused, DecodeError, _BehindParked) as error:
                await self.park(event, error)
                return
            except Exception as error:
                if is_outage(error):
                    raise
                logger().exception("handler_failed", type=event.type, id=str(event.id), attempt=attempt)
                if attempt == TRIES - 1:
                    await self.park(event, error)
                    return
                await asyncio.sleep(FIRST_WAIT_SECONDS * 2**attempt)

    async def _effect(self, unit: str | None, events: Sequence[Received]) -> None:
        """Inbox, watermark and effect, in one transaction."""
        async with self._database.begin(self._caller, unit) as tx:
            heard = [event for event in events if event.type in self._subscriptions.handlers]
            for type_, run in groupby(heard, key=lambda event: event.type):
                handler, same = self._subscriptions.handlers[type_], list(run)
                if not carries_version(handler.type) and await _is_parked(tx, same):
                    raise _BehindParked("behind a parked message of its key")
                await self.apply(tx, handler, same)
            await tx.execute(_ADVANCE, _mark(events[-1]))
            fail_point("inside_effect")
        self._passed(events[-1])
        for event in events:
            CONSUMED.labels(event.type).inc()
        if said := events[-1].headers.get("ce_time"):
            HEARD_SECONDS.labels(events[-1].publisher).set((tx.now - datetime.fromisoformat(said)).total_seconds())

    async def apply(self, tx: Transaction, handler: Handler, events: Sequence[Received]) -> None:
        """The effect of those events that were not seen before; what they cause goes on in their trace."""
        by_id = {event.id: event for event in reversed(events)}
        new = await tx.fresh([event.id for event in events if by_id[event.id] is event])
        fresh = [event for event in events if event.id in new and by_id[event.id] is event]
        alone = [[event] for event in fresh]
        for together in [fresh] if handler.many is not None and fresh else alone:
            with continued(f"handle {together[0].type}", together[0].headers):
                await handler.take([handler.type.FromString(event.payload) for event in together], tx)

    async def replay(self, event: Received) -> None:
        """Try a parked message again; its effect and its leaving are one transaction. Raises what it failed with."""
        handler = self._subscriptions.handlers[event.type]
        async with self._database.begin(self._caller, event.unit) as tx:
            await tx.execute("SELECT unpark(:id)", {"id": event.id})
            await self.apply(tx, handler, [event])

    async def park(self, event: Received, error: BaseException) -> None:
        """Put a message aside with its reason; the watermark goes on."""
        reason = f"{error.code}: {error.message}" if isinstance(error, Refused) else f"{type(error).__name__}: {error}"
        logger().error("message_parked", type=event.type, id=str(event.id), reason=reason)
        PARKED.labels(event.type).inc()
        async with self._database.begin(self._caller, None) as tx:
            await tx.execute(
                "INSERT INTO parked (id, publisher, partition, number, key, type, business_unit, payload, headers, reason, parked_at) "
                "VALUES (:id, :publisher, :partition, :number, :key, :type, :unit, :payload, :headers, :reason, :parked_at) "
                "ON CONFLICT DO NOTHING",
                {**vars(event), "headers": json.dumps(dict(event.headers)), "reason": reason, "parked_at": wall_now()},
            )
            await tx.execute(_ADVANCE, _mark(event))
        self._passed(event)


class _Forget(ConsumerRebalanceListener):  # type: ignore[misc]
    """Another process may have moved the watermarks of partitions that change hands."""

    def __init__(self, marks: dict[tuple[str, int], int]) -> None:
        self._marks = marks

    def on_partitions_revoked(self, revoked: object) -> None:
        self._marks.clear()

    def on_partitions_assigned(self, assigned: object) -> None:
        self._marks.clear()


class _BehindParked(Exception):
    """An earlier message of the same key is parked, and this type tells a change, not a state."""


async def _fetch(consumer: AIOKafkaConsumer) -> Mapping[TopicPartition, Sequence[ConsumerRecord]]:
    """What has come of every partition, so that they are worked on at the same time: one fetch alone is often of one partition."""
    fetched = dict(await consumer.getmany(timeout_ms=100, max_records=FETCH))
    for place in consumer.assignment() - fetched.keys() if fetched else ():
        fetched.update(await consumer.getmany(place, timeout_ms=0, max_records=FETCH))
    return fetched


async def _is_parked(tx: Transaction, events: Sequence[Received]) -> bool:
    keys = list({event.key for event in events})
    return bool(await tx.all("SELECT FROM unnest(CAST(:keys AS text[])) AS key WHERE is_parked(key) LIMIT 1", keys=keys))


def _mark(event: Received) -> dict[str, str | int]:
    return {"publisher": event.publisher, "partition": event.partition, "number": event.number}
