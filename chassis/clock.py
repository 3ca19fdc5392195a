"""The clock: the only place that asks what time it is."""

from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import grpc.aio
from google.protobuf.empty_pb2 import Empty
from temporalio.api.testservice.v1.service_pb2_grpc import TestServiceStub

from chassis.settings import MissingSetting, Settings


class Clock(Protocol):
    """Business time. Doors ask once per transaction and pass the instant on."""

    async def now(self) -> datetime:
        """The instant, in UTC."""

    def in_temporal(self, instant: datetime) -> datetime:
        """The instant at which Temporal's server reaches a business instant: what a workflow's timer is set to."""


class WallClock:
    """Production: business time is wall time."""

    async def now(self) -> datetime:
        return wall_now()

    def in_temporal(self, instant: datetime) -> datetime:
        return instant


class SkippingClock:
    """Demo, stories, simulations: a fixed start plus the time that the time-skipping server has run.

    Only the driver advances that server, so every process agrees on the date.
    """

    def __init__(self, address: str, origin: datetime, start: datetime) -> None:
        self._server = TestServiceStub(grpc.aio.insecure_channel(address))  # type: ignore[arg-type]
        self._origin, self._start = origin, start

    async def now(self) -> datetime:
        answer: Any = await self._server.GetCurrentTime(Empty())  # type: ignore[misc]
        ran: timedelta = answer.time.ToDatetime(tzinfo=UTC) - self._origin
        return self._start + ran

    def in_temporal(self, instant: datetime) -> datetime:
        return self._origin + (instant - self._start)


def wall_now() -> datetime:
    """Wall time in UTC: for tokens, leases and time-outs, never for business dates."""
    return datetime.now(UTC)


def make_clock(settings: Settings) -> Clock:
    """The clock that the settings name."""
    if settings.clock == "wall":
        return WallClock()
    if settings.clock_origin is None or settings.clock_start is None:
        raise MissingSetting("SAIKEN_CLOCK=skipping needs SAIKEN_CLOCK_ORIGIN and SAIKEN_CLOCK_START")
    return SkippingClock(settings.temporal, settings.clock_origin, settings.clock_start)
