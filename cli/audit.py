"""`saiken audit`: every service's books against every other's, and every open case against its process."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, write_to_textfile
from temporalio.client import Client as Temporal
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from chassis.auth import attested
from chassis.metrics import CHAINS_BROKEN, DIFFERENCES
from chassis.sealer import heads_of
from cli.client import SERVICES, Client
from cli.quiet import read_positions, unrest
from kernel.money import format_minor
from proto.billing.v1 import api_pb2 as billing
from proto.chassis.v1 import admin_pb2 as chassis
from proto.chassis.v1.admin_pb2 import GetPositionResponse
from proto.collections.v1 import api_pb2 as collections
from proto.payments.v1 import api_pb2 as payments

# Who keeps books, and how they are asked for.
BOOKS = {"billing": billing.GetBooksRequest, "payments": payments.GetBooksRequest, "collections": collections.GetBooksRequest}
# Events under way are waited for so often; what is then still under way is listed and left out.
TRIES, TRY_SECONDS = 100, 0.1
# Exported heads that an audit compares with the chains: the newest, about a day of each service.
HEADS = 1_000
# Questions to Temporal at once.
ASK_AT_ONCE = 16


async def audit(client: Client, services: Sequence[str] = tuple(SERVICES)) -> dict[str, Any]:
    """The audit in the shape of the command line's contract."""
    positions, in_flight = await _rest(client, services)
    rows = []
    for unit in client.units.by_id:
        rows += await _books_of(client, unit, [name for name in BOOKS if name in services], in_flight)
    cases = await _cases(client, positions) if "collections" in services else {"open": 0, "without_next_action": 0, "without_workflow": 0}
    wrong = sum(len(set(row["by_service"].values())) > 1 for row in rows) + sum(row["book"].startswith("ledger:") for row in rows)
    now = max(position.now.ToJsonString() for position in positions.values())
    return {
        "as_of": now,
        "differences": wrong,
        "books": rows,
        "cases": cases,
        "chain": "; ".join(await trails(client, services)) or "ok",
        "parked": sum(position.parked for position in positions.values()),
    }


async def _rest(client: Client, services: Sequence[str]) -> tuple[Mapping[str, GetPositionResponse], list[str]]:
    for _ in range(TRIES):
        positions = await read_positions(client, services)
        reasons = unrest(positions)
        if not reasons:
            return positions, []
        await asyncio.sleep(TRY_SECONDS)
    return positions, reasons


async def _books_of(client: Client, unit: str, keepers: Sequence[str], in_flight: list[str]) -> list[dict[str, Any]]:
    totals: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    answers = await asyncio.gather(*(client.ask(name, "GetBooks", BOOKS[name](), unit) for name in keepers))
    for name, answer in zip(keepers, answers, strict=True):
        for book in answer.books:
            totals[book.book, book.total.currency][name] = format_minor(book.total.minor, book.total.currency)
    rows = []
    for (book, currency), by_service in sorted(totals.items()):
        zero = format_minor(0, currency)
        keepers_of = keepers if book == "receivables" else [name for name in keepers if name != "collections"]
        complete = by_service if book.startswith("ledger:") else {name: by_service.get(name, zero) for name in keepers_of}
        rows.append({"business_unit": unit, "currency": currency, "book": book, "by_service": complete, "in_flight": in_flight})
    return rows


async def _cases(client: Client, positions: Mapping[str, GetPositionResponse]) -> dict[str, int]:
    answers = await asyncio.gather(
        *(client.ask("collections", "GetFigures", collections.GetFiguresRequest(), unit) for unit in client.units.by_id)
    )
    running = [id_ for position in positions.values() for id_ in position.running]
    return {
        "open": sum(answer.open for answer in answers),
        "without_next_action": sum(answer.without_next_action for answer in answers),
        "without_workflow": await _without_workflow(client.environment["SAIKEN_TEMPORAL"], running),
    }


async def _without_workflow(address: str, processes: Sequence[str]) -> int:
    """How many processes that have not ended have no running workflow."""
    temporal, slots = await Temporal.connect(address), asyncio.Semaphore(ASK_AT_ONCE)

    async def runs(id_: str) -> bool:
        async with slots:
            try:
                status = (await temporal.get_workflow_handle(id_).describe()).status
            except RPCError as error:
                if error.status == RPCStatusCode.NOT_FOUND:
                    return False
                raise
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
