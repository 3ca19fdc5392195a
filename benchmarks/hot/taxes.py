"""R10: what row-level security, traces, the audit trail and encryption cost. The switches are here alone; the product has none."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from opentelemetry import trace

from benchmarks.hot import book
from benchmarks.hot.ledger import Ours
from benchmarks.hot.method import Result, Target, compare
from benchmarks.hot.stand import UNIT, Stand, demand
from chassis import telemetry
from chassis.auth import service_caller
from chassis.database import Database, Transaction
from chassis.tenancy import Vault
from services.billing import commands
from services.billing.api import load_profiles
from services.billing.domain.formats import read

_HEADER = "Invoice Number,Invoice Date,Due Date,Currency,Customer Number,Customer Name,Country,Email,Net,Tax,Total"
LIMIT = Target(0.20, 0.10, at_most=True)


class _OpenVault(Vault):
    """Seals nothing."""

    def seal(self, unit: str, plain: bytes, purpose: str) -> bytes:
        return plain

    def blind(self, unit: str, text: str) -> str:
        return text


@contextmanager
def _replaced(owner: Any, name: str, value: Any) -> Any:
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


async def _no_trail(self: Transaction) -> None:
    """In place of the trail's entry."""


@asynccontextmanager
async def _prepared(stand: Stand) -> AsyncIterator[tuple[Ours, Any, Database, Database]]:
    await stand.migrate("billing")
    await stand.forget_events()
    behind, producer = await stand.behind("billing"), await stand.producer()
    bound, unbound = stand.database("billing"), stand.database("billing", superuser=True)
    await book.empty(behind)
    try:
        yield Ours(stand, behind, producer, bound), behind, bound, unbound
    finally:
        await producer.stop()
        await bound.close()
        await unbound.close()
        await behind.close()


async def on_events(stand: Stand) -> Sequence[Result]:
    """Three taxes on R5: events a second with it, and without it."""
    count, found = stand.size(3_000, 10_000), []
    async with _prepared(stand) as (ours, behind, bound, unbound), ours:

        async def run() -> float:
            return await ours.run(await book.write_invoices(behind, count))

        async def without(owner: Any, name: str, value: Any) -> float:
            with _replaced(owner, name, value):
                return await run()

        switches: dict[str, Callable[[], Awaitable[float]]] = {
            "row-level security": lambda: without(bound, "_pool", unbound._pool),  # noqa: SLF001
            "traces": lambda: without(telemetry, "_tracer", trace.NoOpTracer()),
            "audit trail": lambda: without(Transaction, "_keep_trail", _no_trail),
        }
        for name, off in switches.items():
            metric, what = f"R10 {name.split('-', maxsplit=1)[0].split(' ', maxsplit=1)[0]}", f"{name}: part of R5's speed that it costs"
            found.append(
                await compare(metric, what, LIMIT, "events/s", run, off, stand.pairs, ("each event once", "ledger equals items"), tax=True)
            )
        await ours.check()
    return found


async def on_imports(stand: Stand) -> Result:
    """Encryption on an import of new accounts: neither R5 nor R8 touches a sealed column."""
    count, number = stand.size(150, 1_000), 0
    async with _prepared(stand) as (_, behind, bound, _unbound):
        profiles = load_profiles()

        async def run() -> float:
            nonlocal number
            rows = [_HEADER]
            for _ in range(count):
                number += 1
                rows.append(
                    f"B-{number},2026-06-01,2026-07-01,EUR,K-{number},Kunde {number} GmbH,DE,k{number}@example.de,100.00,19.00,119.00"
                )
            content = "\n".join([*rows, ""]).encode()
            file = read(content, "bench.csv", profiles)
            began = time.perf_counter()
            async with bound.begin(service_caller("billing"), UNIT) as tx:
                file_id = await commands.keep_file(tx, "bench.csv", content)
                await commands.import_invoices(tx, file, file_id)
            return count / (time.perf_counter() - began)

        async def off() -> float:
            with _replaced(bound, "vault", _OpenVault(stand.settings("billing").keys)):
                return await run()

        result = await compare(
            "R10 encryption", "encryption: part of an import's speed that it costs", LIMIT, "invoices/s", run, off, stand.pairs,
            ("every invoice is stored",), tax=True,
        )  # fmt: skip
        demand(await behind.fetchval("SELECT count(*) FROM invoices") == number, "every invoice is stored")
    return result
