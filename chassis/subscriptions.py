"""What a service hears: handlers by event type, declared; `chassis.consumer` runs them."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from aiokafka import ConsumerRecord
from google.protobuf.message import Message

from chassis.database import Transaction
from chassis.session import uuid_of
from chassis.wire import Peers

Event = TypeVar("Event", bound=Message)
One = Callable[[Event, Transaction], Awaitable[None]]
Many = Callable[[Sequence[Event], Transaction], Awaitable[None]]
Source = Callable[[Peers, str], AsyncIterator[Sequence[Event]]]


@dataclass(frozen=True)
class Handler:
    """What is done with events of one type: for each, or for all of one unit in a batch."""

    type: type[Message]
    one: One[Message] | None
    many: Many[Message] | None

    async def take(self, events: Sequence[Message], tx: Transaction) -> None:
        """Handle events of one unit that lie side by side."""
        if self.many is not None:
            await self.many(events, tx)
        elif self.one is not None:
            for event in events:
                await self.one(event, tx)


@dataclass
class Subscriptions:
    """The handlers of one service; topics follow from the types."""

    handlers: dict[str, Handler] = field(default_factory=dict)
    sources: dict[str, Source[Any]] = field(default_factory=dict)

    def on(self, event: type[Event]) -> Callable[[One[Event]], One[Event]]:
        """Handle each event of a type: `async def handler(event, tx)`."""

        def register(function: One[Event]) -> One[Event]:
            self._add(Handler(event, function, None))  # type: ignore[arg-type]
            return function

        return register

    def on_many(self, event: type[Event]) -> Callable[[Many[Event]], Many[Event]]:
        """Handle all events of a type and unit in a batch at once; must equal one by one."""

        def register(function: Many[Event]) -> Many[Event]:
            self._add(Handler(event, None, function))  # type: ignore[arg-type]
            return function

        return register

    def rebuilt_from(self, event: type[Event]) -> Callable[[Source[Event]], Source[Event]]:
        """Where all present states of a type can be asked for: `async def pages(peers, unit)` yields lists of events."""

        def register(function: Source[Event]) -> Source[Event]:
            self.sources[event.DESCRIPTOR.full_name] = function
            return function

        return register

    def topics(self) -> list[str]:
        """The topics to read: `billing.v1.ItemChanged` is in `billing.events`."""
        return sorted({topic_of(name) for name in self.handlers})

    def _add(self, handler: Handler) -> None:
        name = handler.type.DESCRIPTOR.full_name
        assert name not in self.handlers, f"two handlers of {name}"
        self.handlers[name] = handler


def topic_of(type_name: str) -> str:
    """One topic per service."""
    return f"{type_name.split('.', maxsplit=1)[0]}.events"


def carries_version(event: type[Message]) -> bool:
    """True when an event tells a state with its version: later ones need not wait for a parked one."""
    return "version" in event.DESCRIPTOR.fields_by_name


@dataclass(frozen=True)
class Received:
    """One event as it came: its bytes are kept, so that parking loses nothing."""

    id: UUID
    type: str
    unit: str | None
    publisher: str
    partition: int
    number: int
    key: str
    payload: bytes
    headers: Mapping[str, str]


def received(record: ConsumerRecord) -> Received:
    """Read CloudEvents headers of a Kafka record."""
    headers = {name: value.decode() for name, value in record.headers}
    return Received(
        id=uuid_of(headers["ce_id"]),
        type=headers["ce_type"],
        unit=headers.get("ce_businessunit"),
        publisher=headers["ce_type"].split(".")[0],
        partition=record.partition,
        number=int(headers["ce_number"]),
        key=(record.key or b"").decode(),
        payload=record.value or b"",
        headers=headers,
    )
