"""When the suite has nothing left to do at this instant, and how its time is moved on."""

import asyncio
import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from chassis.clock import SkippingClock, wall_now
from cli.client import SERVICES, Client
from cli.skipping import SkippingTime
from kernel.errors import Refused
from proto.chassis.v1.admin_pb2 import GetPositionRequest, GetPositionResponse, Watermark

Positions = Mapping[str, GetPositionResponse]
# Work that follows from one instant takes well under a second; this is for a service that is being restarted.
PATIENCE_SECONDS = 90.0
# How long a service is given, in one question, to finish what it has before it.
ROUND_MILLISECONDS = 1_000
# A timer is reached a little after its instant, never before.
MARGIN_SECONDS = 1


class NotQuiet(Refused):
    """The suite did not come to rest."""

    code = "NOT_QUIET"


class NoSkipping(Refused):
    """The suite runs on the wall clock; its time cannot be moved."""

    code = "WALL_CLOCK"


async def read_positions(client: Client, services: Sequence[str], before: Positions | None = None) -> Positions:
    """Where every service stands; after an earlier reading, when each has done what followed from that."""

    def request(service: str) -> GetPositionRequest:
        if before is None:
            return GetPositionRequest()
        heard = [
            Watermark(publisher=publisher, partition=partition, number=number)
            for publisher in before[service].publishers
            if publisher in before
            for partition, number in before[publisher].numbers.items()
            if partition >= 0
        ]
        return GetPositionRequest(patience_milliseconds=ROUND_MILLISECONDS, heard=heard)

    answers = await asyncio.gather(*(client.admin(service, "GetPosition", request(service)) for service in services))
    return dict(zip(services, answers, strict=True))


def unrest(positions: Positions) -> list[str]:
    """What is under way, in words; nothing when all is quiet."""
    found = []
    for name, position in positions.items():
        if position.unpublished:
            found.append(f"{name}: {position.unpublished} outbox rows")
        if position.behind:
            found.append(f"{name}: {len(position.behind)} processes, {position.behind[0]}")
        marks = {(mark.publisher, mark.partition): mark.number for mark in position.watermarks}
        for publisher in position.publishers:
            if publisher in positions:
                for partition, number in positions[publisher].numbers.items():
                    if partition >= 0 and marks.get((publisher, partition), 0) < number:
                        found.append(f"{name}: events of {publisher}/{partition} up to {number}")
    return found


def _counters(positions: Positions) -> list[tuple[str, dict[int, int]]]:
    return [(name, dict(position.numbers)) for name, position in positions.items()]


async def settle(client: Client, services: Sequence[str] = tuple(SERVICES)) -> Positions:
    """Wait until nothing is under way: a quiet reading in which nobody has written since the one before. Refuses: NOT_QUIET."""
    deadline = wall_now() + timedelta(seconds=PATIENCE_SECONDS)
    before = await read_positions(client, services)
    while True:
        positions = await read_positions(client, services, before)
        reasons = unrest(positions)
        if not reasons and _counters(positions) == _counters(before):
            return positions
        before = positions
        if wall_now() > deadline:
            raise NotQuiet(f"still busy after {PATIENCE_SECONDS:.0f} s: {'; '.join(reasons[:5])}")


class Time:
    """The suite's business time, and moving it on step by step: every due thing happens at its own instant."""

    def __init__(self, client: Client, services: Sequence[str] = tuple(SERVICES)) -> None:
        environment = client.environment
        if environment.get("SAIKEN_CLOCK") != "skipping":
            raise NoSkipping("this suite runs on the wall clock; start one with `saiken up --temporal skipping`")
        self._client, self._services = client, services
        self._server = SkippingTime(environment["SAIKEN_TEMPORAL"])
        origin, start = (datetime.fromisoformat(environment[f"SAIKEN_CLOCK_{name}"]) for name in ("ORIGIN", "START"))
        self._clock = SkippingClock(environment["SAIKEN_TEMPORAL"], origin, start)

    async def now(self) -> datetime:
        """Business time."""
        return await self._clock.now()

    async def step(self, limit: datetime) -> Positions:
        """Settle, then skip to the next due instant, at most to `limit`. The positions before the skip."""
        positions = await settle(self._client, self._services)
        due = [p.next_due_at.ToDatetime(tzinfo=limit.tzinfo) for p in positions.values() if p.HasField("next_due_at")]
        target, now = min([limit, *due]), await self.now()
        if target > now:
            await self._server.advance(math.ceil((target - now).total_seconds()) + (MARGIN_SECONDS if target < limit else 0))
        return positions

    async def advance(self, until: datetime) -> None:
        """Move to an instant, letting everything that is due before happen in its order."""
        while await self.now() < until:
            await self.step(until)
        await settle(self._client, self._services)

    async def leap(self, until: datetime) -> None:
        """Move to an instant in one leap, as a clock that was set: what was due before comes late, all at once."""
        await self._server.advance(math.ceil((until - await self.now()).total_seconds()))

    async def close(self) -> None:
        """Disconnect."""
        await self._server.close()
