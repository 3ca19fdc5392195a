"""`saiken audit`: every service's books against every other's, and every open case against its process."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, write_to_textfile
from temporalio.client import Client as Temporal
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from chassis.auth import attested
from chassis.books import BUCKETS, bucket_of
from chassis.metrics import CHAINS_BROKEN, DIFFERENCES
from chassis.sealer import heads_of
from chassis.settings import transport
from cli.books import Books, ids_in
from cli.client import SERVICES, Away, Client
from cli.plumbing import decoded, lowest_watermarks
from cli.quiet import Positions, read_positions, unrest
from proto.billing.v1 import api_pb2 as billing
from proto.chassis.v1 import admin_pb2 as chassis
from proto.chassis.v1.admin_pb2 import GetPositionResponse
from proto.collections.v1 import api_pb2 as collections
from proto.payments.v1 import api_pb2 as payments

# Who keeps books, and how they are asked for.
BOOKS = {"billing": billing.GetBooksRequest, "payments": payments.GetBooksRequest, "collections": collections.GetBooksRequest}
# What events under way explain is compared again so often; what they explain then is listed and is no difference.
TRIES, TRY_SECONDS = 20, 0.25
# Exported heads that an audit compares with the chains: the newest, about a day of each service.
HEADS = 1_000
# Questions to Temporal at once.
ASK_AT_ONCE = 16


async def audit(client: Client, services: Sequence[str] = tuple(SERVICES)) -> dict[str, Any]:
    """The audit in the shape of the command line's contract; it needs no rest: what is under way is told from what is wrong."""
    keepers = [name for name in BOOKS if name in services]
    before = await read_positions(client, services)
    books = await read_books(client, keepers)
    for _ in range(TRIES):
        after = await read_positions(client, services)
        books.judge(await _touched(client, before, after))
        if not books.undecided:
            break
        await asyncio.sleep(TRY_SECONDS)
        before = after
        books.again(await read_books(client, keepers))
    lost = _lost(before, after)
    cases = await _cases(client, after) if "collections" in services else {"open": 0, "without_next_action": 0, "without_workflow": 0}
    return {
        "as_of": max(position.now.ToJsonString() for position in after.values()),
        "differences": books.differences + len(lost),
        "books": [*books.rows(unrest(after)), *lost],
        "cases": cases,
        "chain": "; ".join(await trails(client, services)) or "ok",
        "parked": sum(position.parked for position in after.values()),
    }


async def read_books(client: Client, keepers: Sequence[str]) -> Books:
    """Every keeper's books of every unit, at about the same time."""
    asked = [(unit, name) for unit in client.units.by_id for name in keepers]
    answers = await asyncio.gather(*(client.ask(name, "GetBooks", BOOKS[name](), unit) for unit, name in asked))
    read = Books(keepers)
    for (_, name), answer in zip(asked, answers, strict=True):
        for book in answer.books:
            read.add(name, book)
    return read


async def _touched(client: Client, before: Positions, after: Positions) -> frozenset[int]:
    """The buckets of all ids in events that some subscriber had not heard before the books were read, or that came meanwhile."""
    found: set[int] = set()
    for publisher in before:
        lowest = lowest_watermarks(publisher, before)
        wanted = {partition: min(mark, before[publisher].numbers[partition]) for partition, mark in lowest.items()}
        # A partition that got its first event while the books were read.
        wanted |= {partition: 0 for partition in after[publisher].numbers if partition >= 0 and partition not in before[publisher].numbers}
        if not wanted:
            continue
        answer = await client.admin(publisher, "ListEvents", chassis.ListEventsRequest(after=wanted))
        if answer.cut:
            return frozenset(range(BUCKETS))
        found.update(bucket_of(id_) for event in answer.events for id_ in ids_in(decoded(event.type, event.payload)))
    return frozenset(found)


def _lost(before: Positions, after: Positions) -> list[dict[str, Any]]:
    """Subscribers that have heard more than their publisher knows of: it was set back, and its next events would be taken for old."""
    rows = []
    for name, position in before.items():
        for mark in position.watermarks:
            if mark.publisher in after and mark.number > (known := after[mark.publisher].numbers.get(mark.partition, 0)):
                said = {mark.publisher: str(known), name: str(mark.number)}
                book = f"events:{mark.publisher}/{mark.partition}"
                rows.append({"business_unit": "", "currency": "", "book": book, "by_service": said, "in_flight": []})
    return rows


async def _cases(client: Client, positions: Mapping[str, GetPositionResponse]) -> dict[str, int]:
    answers = await asyncio.gather(
        *(client.ask("collections", "GetFigures", collections.GetFiguresRequest(), unit) for unit in client.units.by_id)
    )
    running = [id_ for position in positions.values() for id_ in position.running]
    return {
        "open": sum(answer.open for answer in answers),
        "without_next_action": sum(answer.without_next_action for answer in answers),
        "without_workflow": await _without_workflow(client.environment, running),
    }


async def _without_workflow(environment: Mapping[str, str], processes: Sequence[str]) -> int:
    """How many processes that have not ended have no running workflow."""
    tls = transport("SAIKEN_TEMPORAL_TLS", environment)
    try:
        temporal, slots = await Temporal.connect(environment["SAIKEN_TEMPORAL"], tls=tls.temporal()), asyncio.Semaphore(ASK_AT_ONCE)
    except RuntimeError as error:  # what its client raises when nobody answers
        raise Away(f"Temporal: {error}", service="temporal") from error

    async def runs(id_: str) -> bool:
        async with slots:
            try:
                status = (await temporal.get_workflow_handle(id_).describe()).status
            except RPCError as error:
                if error.status == RPCStatusCode.NOT_FOUND:
                    return False
                raise Away(f"Temporal: {error.message}", service="temporal") from error
            return status == WorkflowExecutionStatus.RUNNING

    return sum(not found for found in await asyncio.gather(*map(runs, processes)))


async def trails(client: Client, services: Sequence[str] = tuple(SERVICES)) -> list[str]:
    """What is wrong with the sealed audit trails, chain by chain; empty when every link of every service holds."""
    problems = []
    for service in services:
        request = chassis.VerifyTrailRequest(heads=exported_heads(client.environment, service))
        answer = await client.admin(service, "VerifyTrail", request)
        problems += [f"{service}/{chain.head.chain or 'group'}: {chain.problem}" for chain in answer.chains if chain.problem]
    return problems


def exported_heads(environment: Mapping[str, str], service: str) -> list[chassis.Head]:
    """The newest heads that a service has exported. Refuses: UNAUTHENTICATED when one is not signed by it."""
    path = heads_of(Path(environment["SAIKEN_FILES"]), service)
    if not path.exists():
        return []
    stated = [attested(Path(environment["SAIKEN_KEYS"]), service, line) for line in path.read_text("utf-8").splitlines()[-HEADS:]]
    return [chassis.Head(chain=str(head["chain"]), number=int(head["number"]), hash=bytes.fromhex(str(head["hash"]))) for head in stated]


def write_metrics(proof: Mapping[str, Any], path: Path) -> None:
    """The audit's gauges alone, whole or not at all."""
    DIFFERENCES.set(proof["differences"])
    CHAINS_BROKEN.set(0 if proof["chain"] == "ok" else len(proof["chain"].split("; ")))
    registry = CollectorRegistry()
    for gauge in (DIFFERENCES, CHAINS_BROKEN):
        registry.register(gauge)
    write_to_textfile(str(path), registry)
