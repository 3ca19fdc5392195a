"""What an operator does to the plumbing of a running suite: publish again, look at parked messages, try them again, forget."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from cli.client import SERVICES, Client
from cli.quiet import read_positions
from kernel.errors import NotFound
from proto.chassis.v1.admin_pb2 import (
    GetPositionResponse,
    ListParkedRequest,
    Parked,
    PruneRequest,
    RebuildRequest,
    ReplayParkedRequest,
    ResendRequest,
)


async def parked(client: Client, services: Sequence[str] = tuple(SERVICES)) -> list[dict[str, str]]:
    """All parked messages, service by service, in the order of replay."""
    answers = {service: await client.admin(service, "ListParked", ListParkedRequest()) for service in services}
    return [_line(service, message) for service, answer in answers.items() for message in answer.parked]


async def show_parked(client: Client, id_: str, services: Sequence[str] = tuple(SERVICES)) -> dict[str, Any]:
    """One parked message with what it says. Refuses: NOT_FOUND."""
    for service in services:
        answer = await client.admin(service, "ListParked", ListParkedRequest(ids=[id_], contents=True))
        for message in answer.parked:
            about = {"publisher": message.publisher, "partition": message.partition, "number": message.number}
            parked_at = message.parked_at.ToJsonString()
            return {
                **_line(service, message),
                **about,
                "business_unit": message.business_unit,
                "parked_at": parked_at,
                "event": said(message),
            }
    raise NotFound("no such parked message", id=id_)


def said(message: Parked) -> Mapping[str, Any]:
    """The parked event in JSON."""
    return MessageToDict(decoded(message.type, message.payload), preserving_proto_field_name=True)


def decoded(type_: str, payload: bytes) -> Message:
    """An event by its type, whose package is where its contract is kept."""
    package, _, name = type_.rpartition(".")
    event: Message = getattr(import_module(f"proto.{package}.events_pb2"), name).FromString(payload)
    return event


def _line(service: str, message: Parked) -> dict[str, str]:
    return {"service": service, "id": message.id, "type": message.type, "key": message.key, "reason": message.reason}


async def replay(client: Client, services: Sequence[str] = tuple(SERVICES)) -> dict[str, int]:
    """Publish again, for each publisher and partition, what lies above the lowest watermark of its subscribers."""
    positions = await read_positions(client, services)
    sent: dict[str, int] = {}
    for publisher, position in positions.items():
        for partition, heard in lowest_watermarks(publisher, positions).items():
            if heard < position.numbers[partition]:
                answer = await client.admin(publisher, "Resend", ResendRequest(partition=partition, after=heard))
                sent[f"{publisher}/{partition}"] = answer.rows
    return sent


def lowest_watermarks(publisher: str, positions: Mapping[str, GetPositionResponse]) -> dict[int, int]:
    """For each partition of events, the last number that every subscriber has heard; what nobody hears is not in it."""
    subscribers = [position for position in positions.values() if publisher in position.publishers]
    marks = [{mark.partition: mark.number for mark in other.watermarks if mark.publisher == publisher} for other in subscribers]
    return {
        partition: min(mark.get(partition, 0) for mark in marks) for partition in positions[publisher].numbers if partition >= 0 and marks
    }


async def rebuild(client: Client, service: str) -> dict[str, int]:
    """Let a service ask for all states that it keeps of others; how many it read, by type."""
    answer = await client.admin(service, "Rebuild", RebuildRequest())
    return dict(answer.states)


async def prune(client: Client, keep_days: int, services: Sequence[str] = tuple(SERVICES)) -> dict[str, dict[str, int]]:
    """Forget what is older, published, and heard by every subscriber. Refuses: KEPT_TOO_SHORT."""
    positions, removed = await read_positions(client, services), {}
    for service in services:
        heard = lowest_watermarks(service, positions)
        unheard = {partition: number for partition, number in positions[service].numbers.items() if partition not in heard}
        answer = await client.admin(service, "Prune", PruneRequest(keep_days=keep_days, heard={**unheard, **heard}))
        removed[service] = {"outbox": answer.outbox_rows, "inbox": answer.inbox_rows}
    return removed


async def replay_parked(client: Client, services: Sequence[str] = tuple(SERVICES)) -> list[dict[str, str]]:
    """Try all parked messages again; the ones that failed again, with the new reason."""
    answers = {service: await client.admin(service, "ReplayParked", ReplayParkedRequest()) for service in services}
    return [_line(service, message) for service, answer in answers.items() for message in answer.failed]
