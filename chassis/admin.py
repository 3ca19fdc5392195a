"""The admin door of every service: where it stands, resending, parked messages."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from chassis.consumer import Consumer, Received
from chassis.errors import is_outage
from chassis.runtime import Runtime
from chassis.subscriptions import Subscriptions
from chassis.telemetry import logger
from kernel.errors import Refused
from proto.chassis.v1 import admin_pb2 as pb
from proto.chassis.v1.admin_pb2_grpc import AdminServicer

# A listing of parked messages; more than this means an alarm was not heard.
MAX_PARKED = 1_000
# Auditor and relay each answer one question at a time; two more for a resend beside an audit.
CONNECTIONS = 4

ROLES = {
    "GetPosition": frozenset({"operator", "auditor"}),
    "Resend": frozenset({"operator"}),
    "ListParked": frozenset({"operator", "auditor"}),
    "ReplayParked": frozenset({"operator"}),
}


class Admin(AdminServicer):
    """Reads the plumbing as the auditor, resends as the relay; the application role can do neither."""

    def __init__(self, runtime: Runtime, consumer: Consumer, subscriptions: Subscriptions) -> None:
        self._service, self._clock, self._consumer = runtime.service, runtime.clock, consumer
        self._auditor_url, self._relay_url = runtime.settings.auditor_database_url, runtime.settings.relay_database_url
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
        """One consistent reading: everything in one snapshot of the database."""
        now = await self._clock.now()
        async with self._auditor.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
            numbers = await connection.fetch("SELECT partition, number FROM positions")
            waiting = await connection.fetchval("SELECT count(*) FROM outbox WHERE published_at IS NULL")
            marks = await connection.fetch("SELECT publisher, partition, number FROM watermarks")
            parked = await connection.fetchval("SELECT count(*) FROM parked")
            processes = await connection.fetch("SELECT id, due_at, nudged, seen FROM processes WHERE ended = 0")
        answer = pb.GetPositionResponse(
            service=self._service,
            numbers={row["partition"]: row["number"] for row in numbers},
            unpublished=waiting,
            watermarks=[pb.Watermark(**dict(row)) for row in marks],
            parked=parked,
            publishers=self._publishers,
            running=[row["id"] for row in processes],
            behind=[row["id"] for row in processes if _is_behind(row, now)],
        )
        answer.now.FromDatetime(now)
        due = [row["due_at"] for row in processes if row["due_at"] is not None]
        if due:
            answer.next_due_at.FromDatetime(min(due))
        return answer

    async def Resend(self, request: pb.ResendRequest, context: Any) -> pb.ResendResponse:
        """Unmark, and the relay publishes again in order."""
        status = await self._relay.execute(
            "UPDATE outbox SET published_at = NULL WHERE partition = $1 AND number > $2 AND published_at IS NOT NULL",
            request.partition,
            request.after,
        )
        return pb.ResendResponse(rows=int(status.split()[-1]))

    async def ListParked(self, request: pb.ListParkedRequest, context: Any) -> pb.ListParkedResponse:
        """In the order of replay."""
        return pb.ListParkedResponse(parked=[_parked(row, row["reason"]) for row in await self._parked_rows([])])

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

    async def _parked_rows(self, ids: Sequence[UUID]) -> Sequence[asyncpg.Record]:
        rows: Sequence[asyncpg.Record] = await self._auditor.fetch(
            "SELECT * FROM parked WHERE $1 OR id = ANY($2) ORDER BY publisher, partition, number LIMIT $3", not ids, list(ids), MAX_PARKED
        )
        return rows


def _is_behind(row: asyncpg.Record, now: datetime) -> bool:
    return row["nudged"] > row["seen"] or (row["due_at"] is not None and row["due_at"] <= now)


def _parked(row: asyncpg.Record, reason: str) -> pb.Parked:
    message = pb.Parked(id=str(row["id"]), type=row["type"], key=row["key"], reason=reason)
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
