"""The relay's producer: it waits for the broker, and begins anew after a failure."""

import asyncio
from collections.abc import Mapping
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

RETRY_SECONDS = 0.5
REQUEST_MILLISECONDS = 5_000
LINGER_MILLISECONDS = 2
# An idempotent producer offers a batch until the broker takes it; what is left at the end is in the outbox.
STOP_SECONDS = 5.0


class Producer:
    """aiokafka's producer, acknowledged by all replicas in sync.

    Idempotent, it numbers the batches of a partition. One that fails for good leaves a gap, after which a broker refuses
    all that follow; so after a failure a new producer, with numbers of its own, takes over. Order is the relay's business:
    it sends again from the first event that did not arrive.
    """

    def __init__(self, kafka: Mapping[str, Any], *, idempotent: bool) -> None:
        self._options = {
            **kafka,
            "acks": "all",
            "linger_ms": LINGER_MILLISECONDS,
            "request_timeout_ms": REQUEST_MILLISECONDS,
            "enable_idempotence": idempotent,
        }
        self._idempotent = idempotent
        self._pending = 0
        self._failed = False
        self._producer: AIOKafkaProducer | None = None

    async def start(self) -> None:
        """Returns when the broker has answered; waits for it as long as it takes."""
        while self._producer is None:
            producer = AIOKafkaProducer(**self._options)
            try:
                await producer.start()
            except (KafkaError, OSError):
                await producer.stop()
                await asyncio.sleep(RETRY_SECONDS)
            else:
                self._producer = producer

    async def send(self, topic: str, value: bytes, **rest: Any) -> asyncio.Future[Any]:
        """Queue one message; the future is done when the broker has it. Raises KafkaError, also through the future."""
        if self._failed and not self._pending:
            await self.stop()
            self._failed = False
        await self.start()
        assert self._producer is not None, "started"
        sent: asyncio.Future[Any] = await self._producer.send(topic, value, **rest)
        self._pending += 1
        sent.add_done_callback(self._look)
        return sent

    def _look(self, sent: asyncio.Future[Any]) -> None:
        self._pending -= 1
        self._failed |= self._idempotent and (sent.cancelled() or sent.exception() is not None)

    async def stop(self) -> None:
        """Hand over what is queued, and disconnect."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await _stop(producer)


async def _stop(producer: AIOKafkaProducer) -> None:
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await producer.stop()
    except TimeoutError:
        return  # the broker is away; what was not taken is still in the outbox
