"""A consumer to be tried: real database, hand-made records, handlers that fail as they are told."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from aiokafka import ConsumerRecord, TopicPartition

from chassis.consumer import Consumer
from chassis.database import Transaction
from chassis.subscriptions import Subscriptions
from proto.billing.v1.events_pb2 import InvoiceOverdue, InvoicePaid, ItemChanged

from .conftest import UNIT, change, mark

PLACE = TopicPartition("billing.events", 0)


class Log:
    """What a consumer tells its broker."""

    def __init__(self) -> None:
        self.committed: list[int] = []
        self.sought: list[int] = []

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        self.committed += offsets.values()

    def seek(self, place: TopicPartition, offset: int) -> None:
        self.sought.append(offset)


class Asked:
    """Publishers that note what they are asked to send again."""

    def __init__(self) -> None:
        self.resent: list[tuple[str, int, int]] = []
        self.numbers: dict[int, int] = {}
        self.away = False

    async def published(self, publisher: str) -> Mapping[int, int]:
        if self.away:
            raise ConnectionRefusedError
        return self.numbers

    async def resend(self, publisher: str, partition: int, after: int) -> None:
        if self.away:
            raise ConnectionRefusedError
        self.resent.append((publisher, partition, after))


class Trial:
    """A consumer whose handlers leave a row for each event and fail as they are told."""

    def __init__(self, bench: Any) -> None:
        self.bench, self.log, self.asked = bench, Log(), Asked()
        self.failures: dict[str, BaseException] = {}
        self.tries: list[str] = []
        self.batches: list[int] = []
        self.subscriptions = Subscriptions()
        self.subscriptions.on(ItemChanged)(self.know)
        self.subscriptions.on(InvoicePaid)(self.note)
        self.subscriptions.on_many(InvoiceOverdue)(self.many)
        self.consumer = Consumer("billing", {"bootstrap_servers": "127.0.0.1:1"}, self.subscriptions, bench.database, self.asked)

    async def know(self, event: ItemChanged, tx: Transaction) -> None:
        await self._effect(event.item_id, tx)

    async def note(self, event: InvoicePaid, tx: Transaction) -> None:
        await self._effect(event.number, tx)

    async def many(self, events: Sequence[InvoiceOverdue], tx: Transaction) -> None:
        self.batches.append(len(events))
        for event in events:
            await self._effect(event.number, tx)

    async def _effect(self, name: str, tx: Transaction) -> None:
        self.tries.append(name)
        await mark(tx, UUID(int=int(name)))
        if name in self.failures:
            raise self.failures[name]

    async def take(self, *records: ConsumerRecord) -> None:
        await self.consumer._partition(self.log, PLACE, records)

    async def effects(self) -> list[int]:
        return [id_.int for id_ in await self.bench.column("SELECT party_id FROM party_units ORDER BY party_id")]

    async def parked(self) -> list[tuple[int, str]]:
        rows = await self.bench.super.fetch("SELECT number, reason FROM parked ORDER BY number")
        return [(row["number"], row["reason"]) for row in rows]

    async def watermark(self) -> int:
        return await self.bench.value("SELECT coalesce(max(number), 0) FROM watermarks")


def record(number: int, event: Any, key: str = "key", unit: str | None = UNIT, payload: bytes | None = None) -> ConsumerRecord:
    """The event as the relay would have sent it; its offset is a hundred more than its number."""
    headers = {"ce_id": str(UUID(int=10**6 + number)), "ce_type": event.DESCRIPTOR.full_name, "ce_number": str(number)}
    headers |= {"ce_businessunit": unit} if unit else {}
    return ConsumerRecord(
        topic=PLACE.topic,
        partition=PLACE.partition,
        offset=100 + number,
        timestamp=0,
        timestamp_type=0,
        key=key.encode(),
        value=event.SerializeToString() if payload is None else payload,
        checksum=None,
        serialized_key_size=0,
        serialized_value_size=0,
        headers=[(name, value.encode()) for name, value in headers.items()],
    )


def items(*numbers: int) -> list[ConsumerRecord]:
    return [record(number, change(str(number))) for number in numbers]
