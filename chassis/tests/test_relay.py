"""The relay on a real database: numbers without a hole, published in their order, marked after."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from chassis.database import partition_of
from chassis.relay import Relay, _wait, headers_of, partitions

from .conftest import UNIT, change, soon

ALL = partitions(4)


class Post:
    """A delivery that keeps what it is handed; `loses` says what does not arrive, `down` that nothing does."""

    name = "events"

    def __init__(self) -> None:
        self.handed: list[tuple[int, int, Any]] = []
        self.down = False
        self.loses: set[int] = set()
        self._came = asyncio.Condition()

    async def deliver(self, rows: Sequence[asyncpg.Record]) -> Sequence[asyncpg.Record]:
        if self.down:
            raise ConnectionError("the broker is away")
        arrived = [row for row in rows if row["number"] not in self.loses]
        async with self._came:
            self.handed += [(row["partition"], row["number"], row["id"]) for row in arrived]
            self._came.notify_all()
        return arrived

    async def until(self, count: int) -> None:
        """Until so many have come; fails after a while."""
        async with asyncio.timeout(20), self._came:
            await self._came.wait_for(lambda: len(self.handed) >= count)

    def numbers(self, partition: int) -> list[int]:
        return [number for of, number, _ in self.handed if of == partition]


@asynccontextmanager
async def running(bench: Any, post: Post) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(Relay(bench.url("relay"), ALL, post, bench.database.committed).run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def by_hand(bench: Any, post: Post) -> AsyncIterator[Any]:
    """One round at a time."""
    relay, connection = Relay(bench.url("relay"), ALL, post, asyncio.Event()), await asyncpg.connect(bench.url("relay"))
    yield lambda: relay._round(connection, ALL)
    await connection.close()


async def test_numbers_have_no_hole_however_commits_interleave(bench):
    post, dice, kept = Post(), random.Random(7), 0

    async def commit(fails: bool) -> None:
        async with bench.database.begin(bench.caller, UNIT) as tx:
            for _ in range(3):
                tx.publish(change("one"), str(dice.random()))
                await tx.execute("SELECT pg_sleep(:seconds)", {"seconds": dice.random() / 200})
            await tx.flush()
            tx.outbox.clear()
            if fails:
                raise ZeroDivisionError

    async with running(bench, post):
        for _ in range(10):
            plan = [dice.random() < 0.3 for _ in range(8)]
            kept += 3 * plan.count(False)
            await asyncio.gather(*(commit(fails) for fails in plan), return_exceptions=True)
        await post.until(kept)

    assert len(post.handed) == kept
    for partition in ALL:
        assert post.numbers(partition) == list(range(1, len(post.numbers(partition)) + 1)), "no hole, in order, once"
    stored = {(row["partition"], row["number"], row["id"]) for row in await bench.super.fetch("SELECT partition, number, id FROM outbox")}
    assert stored == set(post.handed)


async def test_what_is_written_first_and_committed_last_is_not_lost(bench):
    post = Post()
    async with by_hand(bench, post) as round_:
        async with bench.database.begin(bench.caller, UNIT) as slow:
            slow.publish(change("slow"), "key")
            await slow.flush()
            slow.outbox.clear()
            await bench.publish((change("quick"), "key"))
            await round_()
        await round_()

    assert post.numbers(partition_of("key", 4)) == [1, 2]


async def test_events_of_a_key_keep_the_order_in_which_they_were_published(bench):
    post = Post()
    await bench.publish(*((change(str(place)), "key") for place in range(200)))
    async with by_hand(bench, post) as round_:
        await round_()

    payloads = await bench.column("SELECT payload FROM outbox ORDER BY number")
    assert payloads == [change(str(place)).SerializeToString() for place in range(200)]
    assert post.numbers(partition_of("key", 4)) == list(range(1, 201))


async def test_a_crash_between_numbering_and_publishing_changes_no_number(bench):
    post = Post()
    await bench.publish((change("one"), "key"), (change("two"), "key"))
    post.down = True
    async with by_hand(bench, post) as round_:
        with pytest.raises(ConnectionError):
            await round_()
    numbered = await bench.column("SELECT (number, id) FROM outbox ORDER BY number")
    assert await bench.column("SELECT number FROM outbox WHERE published_at IS NULL ORDER BY number") == [1, 2]

    post.down = False
    await bench.publish((change("three"), "key"))
    async with by_hand(bench, post) as successor:
        await successor()

    assert await bench.column("SELECT (number, id) FROM outbox WHERE number < 3 ORDER BY number") == numbered
    assert post.numbers(partition_of("key", 4)) == [1, 2, 3]
    assert await bench.value("SELECT count(*) FROM outbox WHERE published_at IS NULL") == 0


async def test_a_crash_between_publishing_and_marking_only_repeats(bench):
    post = Post()
    await bench.publish((change("one"), "key"))
    async with by_hand(bench, post) as round_:
        await round_()
        await bench.super.execute("UPDATE outbox SET published_at = NULL")
        await round_()

    assert [(number, id_) for _, number, id_ in post.handed] == [(1, post.handed[0][2])] * 2


async def test_only_what_arrived_is_marked_and_the_rest_comes_again_under_its_number(bench):
    post = Post()
    await bench.publish(*((change(str(place)), "key") for place in range(3)))
    post.loses = {2, 3}
    async with by_hand(bench, post) as round_:
        await round_()
        assert await bench.column("SELECT number FROM outbox WHERE published_at IS NULL ORDER BY number") == [2, 3]
        post.loses = set()
        await round_()

    assert post.numbers(partition_of("key", 4)) == [1, 2, 3]
    assert await bench.value("SELECT count(*) FROM outbox") == 3, "nothing is deleted"


async def test_an_outage_of_the_broker_is_waited_for(bench):
    post = Post()
    post.down = True
    async with running(bench, post) as task:
        await bench.publish((change("one"), "key"))

        async def numbered() -> bool:
            return await bench.value("SELECT count(*) FROM outbox WHERE number IS NOT NULL") == 1

        await soon(numbered)
        post.down = False

        async def marked() -> bool:
            return await bench.value("SELECT count(*) FROM outbox WHERE published_at IS NOT NULL") == 1

        await soon(marked)
        assert not task.done()


async def test_two_relays_never_own_one_partition_and_the_second_goes_on_from_the_marks(bench):
    first, second = Post(), Post()
    keys = [str(number) for number in range(40)]

    async def marked() -> bool:
        return await bench.value("SELECT count(*) FROM outbox WHERE published_at IS NULL") == 0

    async with running(bench, second) as waiting:
        async with running(bench, first):
            await bench.publish(*((change("one"), key) for key in keys))
            await soon(marked)
        owners = [{of for of, *_ in post.handed} for post in (first, second)]
        assert not owners[0] & owners[1]
        assert owners[0] | owners[1] == set(ALL)

        # The first one's session is closed: its partitions are free.
        await bench.publish(*((change("two"), key) for key in keys))
        await soon(marked)
        assert not waiting.done()

    for partition in ALL:
        both = sorted(first.numbers(partition) + second.numbers(partition))
        assert both == list(range(1, len(both) + 1))


async def test_a_lost_session_gives_its_partitions_back(bench):
    post = Post()
    async with running(bench, post):
        await bench.publish((change("one"), "key"))
        await post.until(1)
        await bench.super.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'billing_relay'")
        await bench.publish((change("two"), "key"))
        await post.until(2)

    assert {number for _, number, _ in post.handed} == {1, 2}


@pytest.mark.parametrize("turns", range(5))
async def test_a_relay_that_is_told_to_stop_stops_even_when_it_is_woken_at_that_moment(turns):
    wake = asyncio.Event()

    async def relay() -> None:
        while True:
            wake.clear()
            await _wait(wake, 20)

    task = asyncio.create_task(relay())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    wake.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task}, timeout=1)

    assert task.cancelled()


async def test_headers_are_those_of_cloud_events_with_the_trace_and_without_a_unit_for_the_group(bench):
    await bench.publish((change("one"), "key"))
    async with bench.database.begin(bench.caller, UNIT) as tx:
        tx.publish(change("one"), "key", group=True)
    async with by_hand(bench, Post()) as round_:
        await round_()
    unit, group = await bench.super.fetch("SELECT * FROM outbox ORDER BY number")

    headers = {name: value.decode() for name, value in headers_of({**unit, "headers": json.dumps({"traceparent": "00-1-2-01"})})}
    assert headers == {
        "ce_specversion": "1.0",
        "ce_id": str(unit["id"]),
        "ce_type": "billing.v1.ItemChanged",
        "ce_source": "/billing",
        "ce_time": "2026-06-01T10:00:00+00:00",
        "ce_number": "1",
        "ce_businessunit": UNIT,
        "content-type": "application/protobuf",
        "traceparent": "00-1-2-01",
    }
    assert "ce_businessunit" not in dict(headers_of(group))
