"""R9: workflows started by nudges against bare starts on the same server; R9b: how many a book of invoices starts."""

import asyncio
import time

from temporalio.client import Client

from benchmarks.hot.method import Result, Target, compare
from benchmarks.hot.stand import UNIT, Stand, demand, ended
from chassis.database import new_id
from chassis.plumbing import NUDGES, Process
from chassis.relay import NUDGES_AT_ONCE, Relay, ToTemporal

# Nobody works on this queue: what is measured is starting.
QUEUE = "bench"
TRIAL = Process("Trial", "trial")
INVOICES, PER_ACCOUNT, OVERDUE = 10_000, 5, 0.03


async def throughput(stand: Stand) -> Result:
    """R9."""
    await stand.migrate("legal")
    behind, database, chosen = await stand.behind("legal"), stand.database("legal"), stand.settings("legal")
    client, count = await Client.connect(stand.suite.temporal_address), stand.size(100, 500)

    async def ours() -> float:
        await behind.execute("TRUNCATE outbox, positions, processes")
        async with database.begin(stand.caller("legal"), UNIT) as tx:
            for _ in range(count):
                await tx.nudge(TRIAL, new_id())
        changed = asyncio.Event()
        relay = Relay(chosen.relay_database_url, [NUDGES], ToTemporal(client, QUEUE), asyncio.Event(), changed)
        began = time.perf_counter()
        task = asyncio.create_task(relay.run())
        while await behind.fetchval("SELECT count(*) FROM outbox WHERE published_at IS NOT NULL") < count:
            changed.clear()
            async with asyncio.timeout(60):
                await changed.wait()
        seconds = time.perf_counter() - began
        await ended(task)
        key = await behind.fetchval("SELECT key FROM outbox LIMIT 1")
        demand((await client.get_workflow_handle(key).describe()).id == key, "the nudged workflow runs")
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
    await database.close()
    await behind.close()
    return result
