"""R5: events through inbox, ledger, open items and outbox by the product's consumer, against a set-based ledger of the same postings."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any, Self

import asyncpg
from aiokafka import AIOKafkaProducer

from benchmarks.hot import book
from benchmarks.hot.book import AMOUNT_MINOR, Payment
from benchmarks.hot.method import Result, Target, compare
from benchmarks.hot.stand import CURRENCY, UNIT, Nobody, Stand, demand, ended
from chassis.auth import service_caller
from chassis.consumer import FETCH, Consumer
from chassis.database import Database, new_id
from chassis.metrics import CONSUMED
from services.billing import store
from services.billing.subscribers import subscriptions

TOPIC, TYPE = "payments.events", "payments.v1.LineDistributed"
# So many events come a second time.
REPEATED = 0.05
# The reference: the same tables and indexes, no policy, nothing but the postings.
_REFERENCE = """
CREATE SCHEMA IF NOT EXISTS bench;
CREATE TABLE IF NOT EXISTS bench.transfers (LIKE transfers INCLUDING ALL);
CREATE TABLE IF NOT EXISTS bench.items (LIKE items INCLUDING ALL);
TRUNCATE bench.transfers, bench.items;
"""
_STAGING = "CREATE TEMP TABLE IF NOT EXISTS staging (id uuid, line_id uuid, item_id uuid, account_id uuid, amount_minor bigint) ON COMMIT DELETE ROWS"
_POST = f"""
INSERT INTO bench.transfers SELECT id, '{UNIT}', id, 'cash', 'receivables', amount_minor, '{CURRENCY}', account_id, item_id, line_id,
    current_date, now() FROM staging
"""  # noqa: S608 - names of ours
_SETTLE = "UPDATE bench.items i SET open_minor = i.open_minor - s.amount_minor, version = version + 1 FROM staging s WHERE i.id = s.item_id"


def record(payment: Payment, number: int) -> dict[str, Any]:
    """What payments' relay sends of a payment."""
    headers = {
        "ce_id": str(payment.line_id),
        "ce_type": TYPE,
        "ce_number": str(number),
        "ce_businessunit": UNIT,
        "ce_time": "2026-07-01T00:00:00+00:00",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    }
    return {
        "key": str(payment.line_id).encode(),
        "value": payment.event().SerializeToString(),
        "headers": [(name, value.encode()) for name, value in headers.items()],
    }


class Ours:
    """Billing's consumer and handlers on billing's database; the figure is of one round of events."""

    def __init__(self, stand: Stand, behind: asyncpg.Connection, producer: AIOKafkaProducer, database: Database) -> None:
        self._behind, self._producer, self._database = behind, producer, database
        self._kafka = {"bootstrap_servers": stand.suite.kafka_address}
        self._partitions = stand.settings("billing").partitions
        self._numbers: dict[int, int] = {}
        self.paid = 0

    async def __aenter__(self) -> Self:
        consumer = Consumer("billing", self._kafka, subscriptions, self._database, Nobody())
        self._consuming = asyncio.create_task(consumer.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        await ended(self._consuming)

    def _records(self, payments: Sequence[Payment]) -> list[dict[str, Any]]:
        """What payments' relay would send, the last of each partition twice."""
        rows = book.numbered(payments, self._numbers, self._partitions)
        twice = int(len(rows) * REPEATED / self._partitions)
        rows += [row for place in range(self._partitions) for row in [row for row in rows if row[1] == place][-twice:]]
        return [record(payment, number) | {"partition": place} for payment, place, number in rows]

    async def run(self, payments: Sequence[Payment]) -> float:
        """Events a second, from the first that is sent until all are committed."""
        records, heard = self._records(payments), CONSUMED.labels(TYPE)
        until, began = _value(heard) + len(records), time.perf_counter()
        for made in records:
            await self._producer.send(TOPIC, **made)
        async with asyncio.timeout(120):
            while _value(heard) < until:
                self._database.changed.clear()
                await self._database.changed.wait()
        self.paid += len(payments)
        return len(payments) / (time.perf_counter() - began)

    async def check(self) -> None:
        """Everything paid once, told once, booked once."""
        async with self._database.begin(service_caller("billing"), UNIT) as tx:
            demand(await store.ledger_differences(tx) == [], "the ledger agrees with its items")
        row = await self._behind.fetchrow(
            "SELECT (SELECT count(*) FROM inbox) AS inbox, (SELECT count(*) FROM transfers WHERE line_id IS NOT NULL) AS transfers, "
            "(SELECT sum(amount_minor) FROM posted_slices)::bigint AS applied, (SELECT count(*) FROM items WHERE open_minor = 0) AS paid, "
            "(SELECT count(*) FROM outbox) AS outbox, (SELECT count(*) FROM parked) AS parked"
        )
        found, wanted = tuple(row), (self.paid, self.paid, self.paid * AMOUNT_MINOR, self.paid, 2 * self.paid, 0)
        demand(found == wanted, f"inbox, transfers, applied, paid, outbox, parked: {found}, not {wanted}")


class SetBased:
    """The same postings in the same batches on as many connections as there are partitions."""

    def __init__(self, pool: asyncpg.Pool, lanes: int) -> None:
        self._pool, self._lanes = pool, lanes

    async def run(self, payments: Sequence[Payment]) -> float:
        """Postings a second."""
        async with self._pool.acquire() as connection:
            await connection.execute(_REFERENCE)
            await connection.execute("INSERT INTO bench.items SELECT * FROM items WHERE id = ANY($1)", [p.item_id for p in payments])
            await connection.execute("UPDATE bench.items SET open_minor = amount_minor; ANALYZE bench.items")
        rows = [(new_id(), p.line_id, p.item_id, p.account_id, AMOUNT_MINOR) for p in payments]
        batches = [rows[first : first + FETCH] for first in range(0, len(rows), FETCH)]
        began = time.perf_counter()
        await asyncio.gather(*(self._lane(batches[lane :: self._lanes]) for lane in range(self._lanes)))
        seconds = time.perf_counter() - began
        async with self._pool.acquire() as connection:
            done = await connection.fetchval("SELECT count(*) FROM bench.items WHERE open_minor = 0")
            demand(done == len(payments), f"the reference settles {len(payments)} items, not {done}")
        return len(payments) / seconds

    async def _lane(self, batches: Sequence[Sequence[tuple[Any, ...]]]) -> None:
        async with self._pool.acquire() as connection:
            await connection.execute(_STAGING)
            for batch in batches:
                async with connection.transaction():
                    await connection.copy_records_to_table("staging", records=batch)
                    await connection.execute(_POST)
                    await connection.execute(_SETTLE)


async def throughput(stand: Stand) -> Result:
    """R5."""
    await stand.migrate("billing")
    await stand.forget_events()
    behind, producer, database = await stand.behind("billing"), await stand.producer(), stand.database("billing")
    lanes, count = stand.settings("billing").partitions, stand.size(6_000, 20_000)
    pool = await stand.pool("billing", lanes)
    await book.empty(behind)
    ours, reference = Ours(stand, behind, producer, database), SetBased(pool, lanes)
    last: list[Sequence[Payment]] = []

    async def a() -> float:
        payments = await book.write_invoices(behind, count)
        await behind.execute("ANALYZE items")
        last[:] = [payments]
        return await ours.run(payments)

    async def b() -> float:
        return await reference.run(last[0])

    async with ours:
        result = await compare(
            "R5", "event → inbox → ledger → item → outbox ÷ a set-based ledger of the same postings", Target(0.20, 0.35), "events/s", a, b,
            stand.pairs, ("ledger equals items", "each event once in spite of 5 % repetitions", "nothing is parked"),
        )  # fmt: skip
    await ours.check()
    await producer.stop()
    await database.close()
    await pool.close()
    await behind.close()
    return result


def _value(counter: Any) -> int:
    return int(counter._value.get())  # noqa: SLF001 - prometheus has no other way to read one
