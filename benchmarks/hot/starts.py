"""R9: workflows started by nudges against bare starts on the same server; R9b: how many a book of invoices starts."""

import asyncio
import time

from temporalio.client import Client

from benchmarks.hot import book
from benchmarks.hot.hops import EMPTY
from benchmarks.hot.method import Result, Target, compare, load
from benchmarks.hot.stand import UNIT, Stand, demand, ended
from chassis.database import new_id
from chassis.plumbing import NUDGES, Process
from chassis.relay import NUDGES_AT_ONCE, Relay, ToTemporal

# Nobody works on this queue: what is measured is starting.
QUEUE = "bench"
TRIAL = Process("Trial", "trial")
INVOICES, PER_ACCOUNT, OVERDUE = 10_000, 5, 0.03

_SETTLED = """
SELECT (SELECT count(*) FROM cases) = $1 AND (SELECT count(*) FROM processes WHERE seen > 0) = $1
    AND NOT EXISTS (SELECT FROM outbox WHERE published_at IS NULL)
"""


async def throughput(stand: Stand) -> Result:
    """R9."""
    await stand.migrate("legal")
    behind, database, chosen = await stand.behind("legal"), stand.database("legal"), stand.settings("legal")
    client, count = await Client.connect(stand.suite.temporal_address), stand.size(40, 500)

    async def ours() -> float:
        await behind.execute("TRUNCATE outbox, positions, processes")
        async with database.begin(stand.caller("legal"), UNIT) as tx:
            for _ in range(count):
                await tx.nudge(TRIAL, new_id())
        relay = Relay(chosen.relay_database_url, [NUDGES], ToTemporal(client, QUEUE), asyncio.Event(), changed := asyncio.Event())
        began = time.perf_counter()
        task = asyncio.create_task(relay.run())
        while await behind.fetchval("SELECT count(*) FROM outbox WHERE published_at IS NOT NULL") < count:
            changed.clear()
            async with asyncio.timeout(60):
                await changed.wait()
        seconds = time.perf_counter() - began
        await ended(task)
        await client.get_workflow_handle(await behind.fetchval("SELECT key FROM outbox LIMIT 1")).describe()
        return count / seconds

    async def reference() -> float:
        left = iter(range(count))

        async def starter() -> None:
            for _ in left:
                await client.start_workflow("Trial", args=[UNIT, "1"], id=f"bare/{new_id()}", task_queue=QUEUE)

        began = time.perf_counter()
        await asyncio.gather(*(starter() for _ in range(NUDGES_AT_ONCE)))
        return count / (time.perf_counter() - began)

    result = await compare(
        "R9", f"workflows started by nudges ÷ bare start_workflow, {NUDGES_AT_ONCE} at once", Target(0.7, 0.9), "starts/s", ours, reference,
        stand.pairs, ("every nudge is marked as delivered", "its workflow runs"),
    )  # fmt: skip
    await asyncio.gather(database.close(), behind.close())
    return result


async def economy(stand: Stand) -> Result:
    """R9b: a book in which three of a hundred accounts are overdue, until everything that follows from it is done."""
    await stand.migrate("billing", "collections")
    await stand.forget_events()
    before, billing, collections = load(), await stand.behind("billing"), await stand.behind("collections")
    await book.empty(billing)
    await billing.execute("TRUNCATE processes")
    await collections.execute(EMPTY)
    accounts = list({payment.account_id for payment in await book.write_invoices(billing, INVOICES, PER_ACCOUNT)})
    late = accounts[: int(len(accounts) * OVERDUE)]
    await billing.execute("UPDATE items SET due_on = '2026-07-01' WHERE account_id = ANY($1)", late)
    for service in ("billing", "collections"):
        await asyncio.to_thread(stand.suite.start_service, service)
    async with asyncio.timeout(120):
        while await collections.fetchval(_SETTLED, len(late)) is not True:  # noqa: ASYNC110 - it is the services' work
            await asyncio.sleep(0.5)
    for service in ("billing", "collections"):
        await asyncio.to_thread(stand.suite.stop_service, service)
    started = sum([await connection.fetchval("SELECT count(*) FROM processes") for connection in (billing, collections)])
    demand(await collections.fetchval("SELECT count(*) FROM items WHERE overdue") == len(late) * PER_ACCOUNT, "every overdue item is known")
    await billing.close()
    await collections.close()
    ratio = started / INVOICES
    return Result(
        "R9b", "workflows started for each invoice of a book with 3 % overdue accounts", ratio, Target(0.10, 0.05, at_most=True), (ratio, ratio),
        started, INVOICES, "workflows", 1, ("each overdue account has its case",), (before, load()),
    )  # fmt: skip
