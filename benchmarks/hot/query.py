"""R8: a question about open items over gRPC, with token, row-level security and traces, against the same SQL over a bare driver."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from benchmarks.hot import book
from benchmarks.hot.method import Result, Target, compare, percentile
from benchmarks.hot.stand import UNIT, Stand, demand
from chassis.auth import Signer
from chassis.wire import Peers
from cli.client import ISSUER
from proto.billing.v1.api_pb2 import GetBalanceRequest
from proto.billing.v1.api_pb2_grpc import BillingStub

AT_ONCE, CONNECTIONS = 32, 8
ITEMS = 10
_SQL = (
    "SELECT id, account_id, party_id, invoice_id, invoice_number, structured_reference, currency, amount_minor, open_minor, issued_on, due_on, "
    "overdue, version FROM items WHERE account_id = $1 AND open_minor <> 0 ORDER BY due_on, invoice_number"
)


async def crowd(count: int, ask: Callable[[int], Awaitable[None]], late: list[float]) -> float:
    """So many questions by as many askers as are let in at once; questions a second."""
    left = iter(range(count))

    async def asker() -> None:
        for number in left:
            began = time.perf_counter()
            await ask(number)
            late.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*(asker() for _ in range(AT_ONCE)))
    return count / (time.perf_counter() - began)


async def throughput(stand: Stand) -> Sequence[Result]:
    """R8, as questions a second and as the 99th percentile of one."""
    await stand.migrate("billing")
    behind = await stand.behind("billing")
    await book.empty(behind)
    accounts = sorted({payment.account_id for payment in await book.write_invoices(behind, 20_000, ITEMS)})
    await behind.execute("ANALYZE items; ANALYZE accounts")
    await asyncio.to_thread(stand.suite.start_service, "billing")
    chosen, pool = stand.settings("billing"), await stand.pool("billing", CONNECTIONS)
    peers = Peers(chosen.peers, Signer(chosen.keys, ISSUER), "clerk", frozenset({UNIT}), frozenset({"clerk"}))
    stub, count = BillingStub(peers.channel("billing")), stand.size(1_500, 10_000)
    ours_late: list[float] = []
    bare_late: list[float] = []

    async def ask(number: int) -> None:
        account = str(accounts[number % len(accounts)])
        answer = await stub.GetBalance(GetBalanceRequest(account_id=account), metadata=peers.identity("billing", UNIT))
        demand(len(answer.items) == ITEMS and answer.open_minor == ITEMS * book.AMOUNT_MINOR, "the account's items and their sum")

    async def bare(number: int) -> None:
        rows = await pool.fetch(_SQL, accounts[number % len(accounts)])
        demand(len(rows) == ITEMS, "the account's items")

    result = await compare(
        "R8", "gRPC question about an account's open items ÷ the same SQL over asyncpg", Target(0.20, 0.40), "requests/s",
        lambda: crowd(count, ask, ours_late), lambda: crowd(count, bare, bare_late), stand.pairs,
        ("each answer has all items of its account and their sum",),
    )  # fmt: skip
    ours, reference = percentile(ours_late, 99) * 1e3, percentile(bare_late, 99) * 1e3
    slow = replace(
        result, metric="R8 p99", what="99th percentile of one question ÷ that of the bare driver", ratio=ours / reference,
        target=Target(5, 3, at_most=True), quartiles=(ours / reference, ours / reference), ours=ours, reference=reference, unit="ms", rows=(),
    )  # fmt: skip
    await asyncio.to_thread(stand.suite.stop_service, "billing")
    await peers.close()
    await pool.close()
    await behind.close()
    return result, slow
