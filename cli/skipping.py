"""The driver's side of Temporal's time-skipping server: its time, and the one way to advance it."""

from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self, cast

import grpc
import grpc.aio
from google.protobuf.duration_pb2 import Duration
from google.protobuf.empty_pb2 import Empty
from temporalio.api.testservice.v1 import GetCurrentTimeResponse, SleepRequest
from temporalio.api.testservice.v1.service_pb2_grpc import TestServiceStub

# A proxy of the environment must not carry calls to this machine's own address.
OPTIONS = (("grpc.enable_http_proxy", 0),)
# One advance takes a millisecond, one that fires timers some tens; longer means that the server hangs.
ADVANCE_TIMEOUT_SECONDS = 60.0
# The server counts in milliseconds of a 64-bit integer, a workflow in timestamps up to the year 9999.
MAX_ADVANCE_SECONDS = 100 * 366 * 86_400


class SkippingTime:
    """Reads and advances the server's time; the server's own skipping stays locked, so nobody else moves it.

    Advance only when nothing is under way: the time-outs of a running activity or workflow task are measured in
    the server's time and pass with it. Use as an asynchronous context manager, or call `close`.
    """

    def __init__(self, address: str) -> None:
        self._channel = grpc.aio.insecure_channel(address, options=OPTIONS)
        # The stub's types know only synchronous channels.
        self._service: Any = TestServiceStub(cast("grpc.Channel", self._channel))

    async def now(self) -> datetime:
        """The server's time, aware, in UTC."""
        answer = await self._service.GetCurrentTime(Empty(), timeout=ADVANCE_TIMEOUT_SECONDS)
        return _instant(answer)

    async def advance(self, seconds: int) -> datetime:
        """Skips this many whole seconds, fires the timers that lie in between, and gives the time reached.

        Returns when the timers have fired, not when the workers have done what follows from them.
        """
        if not 0 <= seconds <= MAX_ADVANCE_SECONDS:
            raise ValueError(f"{seconds} s cannot be skipped: 0 to {MAX_ADVANCE_SECONDS}")
        request = SleepRequest(duration=Duration(seconds=seconds))
        await self._service.UnlockTimeSkippingWithSleep(request, timeout=ADVANCE_TIMEOUT_SECONDS)
        return await self.now()

    async def close(self) -> None:
        await self._channel.close(grace=None)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()


def server_time(address: str, timeout_seconds: float) -> datetime:
    """The same time for a caller without an event loop."""
    with grpc.insecure_channel(address, options=OPTIONS) as channel:
        return _instant(TestServiceStub(channel).GetCurrentTime(Empty(), timeout=timeout_seconds))


def _instant(answer: GetCurrentTimeResponse) -> datetime:
    return answer.time.ToDatetime(tzinfo=UTC)
