"""R4: the relay against a bare producer of the same bytes; R4b: from a commit to the broker's acknowledgement."""

import asyncio
import statistics
import time
from collections.abc import Callable, Sequence

import asyncpg

from benchmarks.hot.method import Load, Result, Target, compare, load, percentile, quartiles
from benchmarks.hot.stand import UNIT, Stand, demand, ended
from chassis.database import new_id, partition_of
from chassis.relay import Relay, ToBroker, headers_of, partitions
from proto.billing.v1.events_pb2 import ItemChanged

TOPIC = "legal.events"
LATENCY_RATE = 50
_COLUMNS = ("id", "business_unit", "partition", "type", "key", "payload", "headers", "occurred_at")
_TRACE = '{"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}'


def event(number: int) -> ItemChanged:
    """An event of the usual size."""
    id_ = str(new_id())
    return ItemChanged(
        item_id=id_, version=2, account_id=id_, party_id=id_, invoice_id=id_, invoice_number=f"R-{number}", currency="EUR",
        amount_minor=11900, open_minor=0, issued_on="2026-06-01", due_on="2026-07-01", overdue=True,
    )  # fmt: skip


async def fill(connection: asyncpg.Connection, count: int, parts: int) -> None:
    """Committed rows that nobody has numbered yet."""
    now = await connection.fetchval("SELECT now()")
    rows = []
    for number in range(count):
        made = event(number)
        rows.append(
            (
                *(new_id(), UNIT, partition_of(made.account_id, parts), "billing.v1.ItemChanged"),
                *(made.account_id, made.SerializeToString(), _TRACE, now),
            )
        )
    await connection.copy_records_to_table("outbox", records=rows, columns=_COLUMNS)


async def throughput(stand: Stand) -> Result:
    """R4."""
    await stand.migrate("legal")
    chosen, connection, producer = stand.settings("legal"), await stand.behind("legal"), await stand.producer()
    count, delivery = stand.size(6_000, 40_000), ToBroker(producer, TOPIC)
    sent: list[Sequence[asyncpg.Record]] = []

    async def ours() -> float:
        await connection.execute("TRUNCATE outbox, positions")
        await fill(connection, count, chosen.partitions)
        await connection.execute("VACUUM ANALYZE outbox")
        changed = asyncio.Event()
        relay = Relay(chosen.relay_database_url, partitions(chosen.partitions), delivery, asyncio.Event(), changed)
        began = time.perf_counter()
        task = asyncio.create_task(relay.run())
        while await connection.fetchval("SELECT count(*) FROM outbox WHERE published_at IS NOT NULL") < count:
            changed.clear()
            async with asyncio.timeout(60):
                await changed.wait()
        seconds = time.perf_counter() - began
        await ended(task)
        sent[:] = [await _without_hole(connection, chosen.partitions)]
        return count / seconds

    async def reference() -> float:
        made = [(row["payload"], row["key"].encode(), row["partition"], headers_of(row)) for row in sent[0]]
        began = time.perf_counter()
        waiting = [await producer.send(TOPIC, value, key=key, partition=place, headers=headers) for value, key, place, headers in made]
        await asyncio.gather(*waiting)
        return count / (time.perf_counter() - began)

    result = await compare(
        "R4", "outbox relay ÷ a bare producer of the same bytes", Target(0.50, 0.75), "events/s", ours, reference, stand.pairs,
        ("each partition's numbers have no hole", "every row is marked as published"),
    )  # fmt: skip
    await producer.stop()
    await connection.close()
    return result


async def _without_hole(connection: asyncpg.Connection, parts: int) -> Sequence[asyncpg.Record]:
    rows: Sequence[asyncpg.Record] = await connection.fetch("SELECT * FROM outbox ORDER BY partition, number")
    for partition in partitions(parts):
        numbers = [row["number"] for row in rows if row["partition"] == partition]
        demand(numbers == list(range(1, len(numbers) + 1)), "numbers have no hole")
    return rows


class _Watched:
    """The relay's own delivery; it notes when each row was acknowledged."""

    name = "events"

    def __init__(self, inner: ToBroker) -> None:
        self._inner = inner
        self.at: dict[str, float] = {}

    async def deliver(self, rows: Sequence[asyncpg.Record]) -> Sequence[asyncpg.Record]:
        arrived = await self._inner.deliver(rows)
        now = time.perf_counter()
        self.at.update({row["key"]: now for row in arrived})
        return arrived


async def latency(stand: Stand) -> Result:
    """R4b: at 50 commits a second, whether or not the last one has arrived."""
    await stand.migrate("legal")
    before, connection, producer = load(), await stand.behind("legal"), await stand.producer()
    await connection.execute("TRUNCATE outbox, positions")
    chosen, database, watched = stand.settings("legal"), stand.database("legal"), _Watched(ToBroker(producer, TOPIC))
    relay = Relay(chosen.relay_database_url, partitions(chosen.partitions), watched, database.committed, database.changed)
    task = asyncio.create_task(relay.run())
    committed: dict[str, float] = {}
    caller, hops, commits = stand.caller("legal"), [], []

    async def commit(number: int) -> None:
        made = event(number)
        async with database.begin(caller, UNIT) as tx:
            tx.publish(made, key=made.item_id)
        committed[made.item_id] = time.perf_counter()

    await connection.execute("CREATE TABLE IF NOT EXISTS bench_commits (id uuid PRIMARY KEY)")
    running, began = [], time.perf_counter()
    for number in range(LATENCY_RATE * stand.size(10, 60)):
        await asyncio.sleep(max(0.0, began + number / LATENCY_RATE - time.perf_counter()))
        running.append(asyncio.create_task(commit(number)))
        if number % 5 == 0:
            commits.append(await _timed(connection.execute("INSERT INTO bench_commits VALUES ($1)", new_id())))
            hops.append(await _timed(producer.send_and_wait(TOPIC, b"hop", partition=0)))
    await asyncio.gather(*running)
    await _until(lambda: len(watched.at) == len(committed))
    await ended(task)
    late = [watched.at[key] - at for key, at in committed.items()]
    await producer.stop()
    await database.close()
    await connection.close()
    return _result(late, statistics.median(commits), statistics.median(hops), before)


def _result(late: Sequence[float], commit: float, hop: float, before: Load) -> Result:
    limit, high = commit + hop, percentile(late, 99)
    return Result(
        "R4b", "p99 from commit to acknowledgement at 50/s ÷ (a commit + a bare send)", high / limit, Target(40, 15, at_most=True),
        quartiles([one / limit for one in late]), high * 1e3, limit * 1e3, "ms", 1, ("every commit is acknowledged once",), (before, load()),
        [{"p50_ms": percentile(late, 50) * 1e3, "p99_ms": high * 1e3, "commit_ms": commit * 1e3, "send_ms": hop * 1e3}],
    )  # fmt: skip


async def _until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not done():  # noqa: ASYNC110 - the last ones are under way
            await asyncio.sleep(0.01)


async def _timed(work: object) -> float:
    began = time.perf_counter()
    await work  # type: ignore[misc]
    return time.perf_counter() - began
