"""The admin door of every service: where it stands, resending, parked messages."""

import asyncio
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg

from chassis.audit import moment, verify
from chassis.clock import wall_now
from chassis.consumer import Consumer
from chassis.errors import is_outage
from chassis.runtime import Runtime
from chassis.subscriptions import Received, Subscriptions
from chassis.telemetry import logger
from kernel.errors import Refused
from proto.chassis.v1 import admin_pb2 as pb
from proto.chassis.v1.admin_pb2_grpc import AdminServicer

# How long a position is waited for at most, and how often it is read meanwhile although this process changed nothing.
MAX_PATIENCE_SECONDS = 5.0
LOOK_SECONDS = 0.1
# A listing of parked messages; more than this means an alarm was not heard.
MAX_PARKED = 1_000
# Auditor and relay each answer one question at a time; two more for a resend beside an audit.
CONNECTIONS = 4

# One statement, so that all of it is one snapshot.
_POSITION = """
SELECT coalesce((SELECT json_object_agg(partition, number) FROM positions), '{}') AS numbers,
    coalesce((SELECT json_agg(json_build_array(publisher, partition, number)) FROM watermarks), '[]') AS watermarks,
    (SELECT count(*) FROM outbox WHERE published_at IS NULL) AS unpublished,
    (SELECT count(*) FROM parked) AS parked,
    array(SELECT id FROM processes WHERE ended = 0) AS running,
    array(SELECT id FROM processes WHERE ended = 0 AND (nudged > seen OR due_at <= $1)) AS behind,
    (SELECT min(due_at) FROM processes WHERE ended = 0) AS next_due_at
"""

ROLES = {
    "GetPosition": frozenset({"operator", "auditor"}),
    "Resend": frozenset({"operator"}),
    "ListEvents": frozenset({"operator", "auditor"}),
    "ListParked": frozenset({"operator", "auditor"}),
    "ReplayParked": frozenset({"operator"}),
    "Rebuild": frozenset({"operator"}),
    "VerifyTrail": frozenset({"operator", "auditor"}),
    "Prune": frozenset({"operator"}),
}
# A service that was away for a month is still refilled from the outboxes of the others.
MIN_KEPT_DAYS = 35
# Rows removed in one statement: less than a second of locks.
PRUNED_AT_ONCE = 10_000

# Of each partition in one answer: some megabytes.
MAX_EVENTS = 10_000
_EVENTS = "SELECT type, payload FROM outbox WHERE partition = $1 AND (number > $2 OR number IS NULL) LIMIT $3"
_PRUNE_OUTBOX = """
DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE partition = $1 AND number <= $2 AND id < $3 AND published_at IS NOT NULL LIMIT $4)
"""
_PRUNE_INBOX = "DELETE FROM inbox WHERE id IN (SELECT id FROM inbox WHERE id < $1 LIMIT $2)"


class KeptTooShort(Refused):
    """What is asked to be forgotten may still be needed."""

    code = "KEPT_TOO_SHORT"


class Admin(AdminServicer):
    """Reads the plumbing as the auditor, resends as the relay; the application role can do neither."""

    def __init__(self, runtime: Runtime, consumer: Consumer, subscriptions: Subscriptions) -> None:
        self._runtime, self._subscriptions = runtime, subscriptions
        self._service, self._clock, self._consumer = runtime.service, runtime.clock, consumer
        self._auditor_url, self._relay_url = runtime.settings.auditor_database_url, runtime.settings.relay_database_url
        self._changed = runtime.database.changed
        self._publishers = sorted({name.split(".")[0] for name in subscriptions.handlers})

    async def open(self) -> None:
        """Connect."""
        self._auditor = await asyncpg.create_pool(self._auditor_url, min_size=1, max_size=CONNECTIONS)
        self._relay = await asyncpg.create_pool(self._relay_url, min_size=0, max_size=CONNECTIONS)

    async def close(self) -> None:
        """Disconnect."""
        await self._auditor.close()
        await self._relay.close()

    async def GetPosition(self, request: pb.GetPositionRequest, context: Any) -> pb.GetPositionResponse:
        """One consistent reading; with patience, the first one in which this service has nothing left to do."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + min(request.patience_milliseconds / 1000, MAX_PATIENCE_SECONDS)
        while True:
            self._changed.clear()
            answer = await self._read()
            if loop.time() >= deadline or _is_done(answer, request):
                return answer
            await _until(self._changed, LOOK_SECONDS)

    async def _read(self) -> pb.GetPositionResponse:
        """Everything in one snapshot of the database."""
        now = await self._clock.now()
        row = await self._auditor.fetchrow(_POSITION, now)
        answer = pb.GetPositionResponse(
            service=self._service,
            numbers={int(partition): number for partition, number in json.loads(row["numbers"]).items()},
            unpublished=row["unpublished"],
            watermarks=[pb.Watermark(publisher=p, partition=k, number=n) for p, k, n in json.loads(row["watermarks"])],
            parked=row["parked"],
            publishers=self._publishers,
            running=row["running"],
            behind=row["behind"],
        )
        answer.now.FromDatetime(now)
        if row["next_due_at"] is not None:
            answer.next_due_at.FromDatetime(row["next_due_at"])
        return answer

    async def Resend(self, request: pb.ResendRequest, context: Any) -> pb.ResendResponse:
        """Unmark, and the relay publishes again in order."""
        status = await self._relay.execute(
            "UPDATE outbox SET published_at = NULL WHERE partition = $1 AND number > $2 AND published_at IS NOT NULL",
            request.partition,
            request.after,
        )
        return pb.ResendResponse(rows=int(status.split()[-1]))

    async def ListEvents(self, request: pb.ListEventsRequest, context: Any) -> pb.ListEventsResponse:
        """Of each partition, what has a higher number or none yet."""
        answer = pb.ListEventsResponse()
        for partition, number in request.after.items():
            rows = await self._auditor.fetch(_EVENTS, partition, number, MAX_EVENTS + 1)
            answer.events.extend(pb.Event(type=row["type"], payload=row["payload"]) for row in rows[:MAX_EVENTS])
            answer.cut = answer.cut or len(rows) > MAX_EVENTS
        return answer

    async def ListParked(self, request: pb.ListParkedRequest, context: Any) -> pb.ListParkedResponse:
        """In the order of replay."""
        rows = await self._parked_rows([UUID(id_) for id_ in request.ids])
        return pb.ListParkedResponse(parked=[_parked(row, row["reason"], row["payload"] if request.contents else b"") for row in rows])

    async def ReplayParked(self, request: pb.ReplayParkedRequest, context: Any) -> pb.ReplayParkedResponse:
        """Key by key in order; a key stops at its first message that fails again."""
        answer, stopped = pb.ReplayParkedResponse(), set()
        for row in await self._parked_rows([UUID(id_) for id_ in request.ids]):
            if row["key"] in stopped:
                continue
            try:
                await self._consumer.replay(_received(row))
                answer.replayed += 1
            except Refused as refused:
                stopped.add(row["key"])
                answer.failed.append(_parked(row, f"{refused.code}: {refused.message}"))
            except Exception as error:
                if is_outage(error):
                    raise
                logger().exception("replay_failed", type=row["type"], id=str(row["id"]))
                stopped.add(row["key"])
                answer.failed.append(_parked(row, f"{type(error).__name__}: {error}"))
        return answer

    async def Rebuild(self, request: pb.RebuildRequest, context: Any) -> pb.RebuildResponse:
        """Through the handlers that hear the same states as events; what is older than what is known stays silent."""
        states: dict[str, int] = {}
        for type_, pages in self._subscriptions.sources.items():
            handler = self._subscriptions.handlers[type_]
            for unit in self._runtime.units.by_id:
                async for events in pages(self._runtime.peers, unit):
                    async with self._runtime.database.begin(self._runtime.caller, unit) as tx:
                        await handler.take(events, tx)
                    states[type_] = states.get(type_, 0) + len(events)
        return pb.RebuildResponse(states=states)

    async def VerifyTrail(self, request: pb.VerifyTrailRequest, context: Any) -> pb.VerifyTrailResponse:
        """Every chain from its beginning; what was exported must still be in it."""
        heads = {(head.chain, head.number): head.hash for head in request.heads}
        async with self._auditor.acquire() as connection:
            chains = await verify(connection, heads)
        return pb.VerifyTrailResponse(
            chains=[
                pb.VerifiedChain(
                    head=pb.Head(chain=chain.name, number=chain.number, hash=chain.hash), waiting=chain.waiting, problem=chain.problem
                )
                for _, chain in sorted(chains.items())
            ]
        )

    async def Prune(self, request: pb.PruneRequest, context: Any) -> pb.PruneResponse:
        """Rows are deleted by day, not dropped with a partition: no role of a running service may drop tables.

        Refuses: KEPT_TOO_SHORT.
        """
        if request.keep_days < MIN_KEPT_DAYS:
            raise KeptTooShort(f"at least {MIN_KEPT_DAYS} days are kept", keep_days=request.keep_days)
        before = moment(wall_now() - timedelta(days=request.keep_days))
        answer = pb.PruneResponse()
        for partition, number in request.heard.items():
            answer.outbox_rows += await self._prune(_PRUNE_OUTBOX, partition, number, before)
        answer.inbox_rows = await self._prune(_PRUNE_INBOX, before)
        return answer

    async def _prune(self, statement: str, *values: object) -> int:
        rows = 0
        while removed := int((await self._relay.execute(statement, *values, PRUNED_AT_ONCE)).split()[-1]):
            rows += removed
        return rows

    async def _parked_rows(self, ids: Sequence[UUID]) -> Sequence[asyncpg.Record]:
        rows: Sequence[asyncpg.Record] = await self._auditor.fetch(
            "SELECT * FROM parked WHERE $1 OR id = ANY($2) ORDER BY publisher, partition, number LIMIT $3", not ids, list(ids), MAX_PARKED
        )
        return rows


def _is_done(answer: pb.GetPositionResponse, request: pb.GetPositionRequest) -> bool:
    marks = {(mark.publisher, mark.partition): mark.number for mark in answer.watermarks}
    heard = all(marks.get((mark.publisher, mark.partition), 0) >= mark.number for mark in request.heard)
    return heard and not answer.unpublished and not answer.behind


async def _until(changed: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await changed.wait()
    except TimeoutError:
        return


def _parked(row: asyncpg.Record, reason: str, payload: bytes = b"") -> pb.Parked:
    message = pb.Parked(
        id=str(row["id"]),
        type=row["type"],
        key=row["key"],
        reason=reason,
        publisher=row["publisher"],
        partition=row["partition"],
        number=row["number"],
        business_unit=row["business_unit"] or "",
        payload=payload,
    )
    message.parked_at.FromDatetime(row["parked_at"])
    return message


def _received(row: asyncpg.Record) -> Received:
    return Received(
        id=row["id"],
        type=row["type"],
        unit=row["business_unit"],
        publisher=row["publisher"],
        partition=row["partition"],
        number=row["number"],
        key=row["key"],
        payload=row["payload"],
        headers=json.loads(row["headers"]),
    )
