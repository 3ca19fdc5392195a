"""R6: from a payment's event to the closed case, at a fixed rate of arrival, against two hops of the broker and four commits."""

import asyncio
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from benchmarks.hot import book
from benchmarks.hot.book import Payment
from benchmarks.hot.ledger import record
from benchmarks.hot.method import Result, Target, load, percentile, quartiles
from benchmarks.hot.stand import CURRENCY, UNIT, Stand, demand
from chassis.database import new_id
from services.collections.commands import strategies

RATES = (50, 200)
PAYMENTS, PROBE = "payments.events", "legal.events"
HOPS, COMMITS = 2, 4
PROBES = 40
# Told in the transaction that closes the case, so heard when it has committed.
_TELL = """
CREATE OR REPLACE FUNCTION bench_tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_notify('closed', NEW.account_id::text); RETURN NEW; END $$;
CREATE OR REPLACE TRIGGER bench_tell AFTER UPDATE ON cases FOR EACH ROW WHEN (NEW.state = 'closed' AND OLD.state <> 'closed')
    EXECUTE FUNCTION bench_tell();
"""
EMPTY = "TRUNCATE outbox, positions, inbox, watermarks, parked, items, accounts, cases, case_items, steps, processes CASCADE"
_ITEMS = """
INSERT INTO items SELECT id, $3, account, id::text, $4, $5, '2026-06-01', '2026-07-01', true, 1
FROM unnest($1::uuid[], $2::uuid[]) AS t (id, account)
"""
_CASES = """
INSERT INTO cases (id, business_unit, account_id, party_id, currency, strategy, state, taken, hold_reason, obstacle, next_action,
    next_action_at, owner, reason, opened_at)
SELECT account, $2, account, account, $3, $4, 'open', 0, '', '', 'reminder', now() + interval '1 day', 'collector', '', now()
FROM unnest($1::uuid[]) AS account
"""


async def open_cases(behind: asyncpg.Connection, payments: Sequence[Payment], strategy: str) -> None:
    """What collections has heard of overdue items, and the case of each account."""
    items, owners = [payment.item_id for payment in payments], [payment.account_id for payment in payments]
    await behind.execute(_ITEMS, items, owners, UNIT, CURRENCY, book.AMOUNT_MINOR)
    await behind.execute(_CASES, owners, UNIT, CURRENCY, strategy)
    await behind.execute(
        "INSERT INTO case_items SELECT $3, account, id FROM unnest($1::uuid[], $2::uuid[]) AS t (id, account)", items, owners, UNIT
    )
    await behind.execute("ANALYZE items; ANALYZE cases")


@dataclass
class Floor:
    """A bare hop and a bare commit, measured before and after each rate: a consumer that polls this eagerly would slow the others down."""

    stand: Stand
    hops: list[float] = field(default_factory=list)
    commits: list[float] = field(default_factory=list)

    async def probe(self) -> None:
        """Some of each."""
        address, connection = self.stand.suite.kafka_address, await self.stand.behind("billing")
        await connection.execute("CREATE TABLE IF NOT EXISTS bench_commits (id uuid PRIMARY KEY)")
        producer = AIOKafkaProducer(bootstrap_servers=address, acks="all")
        consumer = AIOKafkaConsumer(PROBE, bootstrap_servers=address, auto_offset_reset="latest", fetch_max_wait_ms=1)
        await producer.start()
        await consumer.start()
        await consumer.seek_to_end()
        for _ in range(PROBES):
            began = time.perf_counter()
            await producer.send_and_wait(PROBE, b"hop", partition=0)
            await consumer.getone()
            self.hops.append(time.perf_counter() - began)
            began = time.perf_counter()
            await connection.execute("INSERT INTO bench_commits VALUES ($1)", new_id())
            self.commits.append(time.perf_counter() - began)
        await producer.stop()
        await consumer.stop()
        await connection.close()

    @property
    def seconds(self) -> float:
        """Two hops and four commits, as medians."""
        return HOPS * statistics.median(self.hops) + COMMITS * statistics.median(self.commits)


async def latency(stand: Stand) -> Sequence[Result]:
    """R6 at both rates, as median and as 99th percentile."""
    await stand.migrate("billing", "collections")
    await stand.forget_events()
    billing, collections, producer = await stand.behind("billing"), await stand.behind("collections"), await stand.producer()
    await book.empty(billing)
    await collections.execute(f"{_TELL}; {EMPTY}")
    counts = {rate: rate * stand.size(8 if rate == RATES[0] else 4, 30) for rate in RATES}
    payments = await book.write_invoices(billing, sum(counts.values()) + RATES[0], per_account=1)
    await open_cases(collections, payments, _strategy(stand))
    await billing.execute("ANALYZE items")
    for service in ("billing", "collections"):
        await asyncio.to_thread(stand.suite.start_service, service)
    listener, closed = await stand.behind("collections"), dict[UUID, float]()
    await listener.add_listener("closed", lambda *told: closed.setdefault(UUID(told[3]), time.perf_counter()))
    rows = book.numbered(payments, {}, stand.settings("billing").partitions)
    found: list[Result] = []
    floor, first = Floor(stand), RATES[0]
    # Connections, groups and prepared statements are there before anything is measured.
    await _arrivals(RATES[0], rows[:first], producer, closed)
    await floor.probe()
    for rate, count in counts.items():
        before = load()
        late = await _arrivals(rate, rows[first : first + count], producer, closed)
        await floor.probe()
        found += _results(rate, late, floor, (before, load()))
        first += count
    demand(await collections.fetchval("SELECT count(*) FROM cases WHERE state <> 'closed'") == 0, "every case is closed")
    told = await collections.fetchval("SELECT count(*) FROM outbox WHERE type = 'collections.v1.CaseClosed'")
    demand(told == len(payments), f"each case is told closed once: {told} of {len(payments)}")
    for service in ("billing", "collections"):
        await asyncio.to_thread(stand.suite.stop_service, service)
    await producer.stop()
    for connection in (billing, collections, listener):
        await connection.close()
    return found


def _strategy(stand: Stand) -> str:
    return strategies()[stand.database("collections").units.get(UNIT).sections["collections"]["strategy"]].id


async def _arrivals(
    rate: int, rows: Sequence[tuple[Payment, int, int]], producer: AIOKafkaProducer, closed: dict[UUID, float]
) -> list[float]:
    """Seconds from the instant at which each event was due to arrive until its case was closed."""
    due: dict[UUID, float] = {}
    sent, began = [], time.perf_counter()
    for number, (payment, place, place_number) in enumerate(rows):
        at = began + number / rate
        await asyncio.sleep(max(0.0, at - time.perf_counter()))
        due[payment.account_id] = at
        sent.append(await producer.send(PAYMENTS, partition=place, **record(payment, place_number)))
    await asyncio.gather(*sent)
    async with asyncio.timeout(120):
        while any(account not in closed for account in due):  # noqa: ASYNC110 - the last ones are under way
            await asyncio.sleep(0.05)
    return [closed[account] - at for account, at in due.items()]


def _results(rate: int, late: Sequence[float], floor: Floor, loads: tuple[object, object]) -> list[Result]:
    made = []
    for percent, target in ((50, Target(10, 5, at_most=True)), (99, Target(25, 12, at_most=True))):
        value = percentile(late, percent)
        made.append(
            Result(
                f"R6 {rate}/s p{percent}",
                f"p{percent} from a payment's event to the closed case at {rate}/s ÷ (two hops and four commits)",
                value / floor.seconds,
                target,
                quartiles([one / floor.seconds for one in late]),
                value * 1e3,
                floor.seconds * 1e3,
                "ms",
                1,
                ("every case is closed, and told so once",),
                loads,  # type: ignore[arg-type]
                [{"hop_ms": statistics.median(floor.hops) * 1e3, "commit_ms": statistics.median(floor.commits) * 1e3}],
            )
        )
    return made
