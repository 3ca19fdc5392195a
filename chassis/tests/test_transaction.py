"""A transaction: all of a command's effect or none, once, for one unit at one instant."""

import asyncio
from datetime import timedelta
from itertools import pairwise
from uuid import UUID

import pytest

from chassis.auth import Caller
from chassis.database import new_id, partition_of
from chassis.plumbing import NUDGES, Process
from chassis.tenancy import UnknownUnit
from chassis.testing import announced, rolled_back
from kernel.errors import Forbidden, Refused
from proto.billing.v1.events_pb2 import ItemChanged

from .conftest import UNIT, change, mark

TRIAL = Process("Trial", "trial")


async def test_a_commit_leaves_the_effect_the_events_and_the_nudges(bench):
    async with bench.database.begin(bench.caller, UNIT) as tx:
        await mark(tx, new_id())
        tx.publish(change("one"), "key")
        await tx.nudge(TRIAL, 7)

    rows = await bench.super.fetch("SELECT * FROM outbox ORDER BY id")
    assert await bench.value("SELECT count(*) FROM party_units") == 1
    assert [(row["type"], row["key"], row["partition"]) for row in rows] == [
        ("billing.v1.ItemChanged", "key", partition_of("key", 4)),
        ("Trial", f"{UNIT}/trial/7", NUDGES),
    ]
    assert all(row["number"] is None and row["published_at"] is None and row["business_unit"] == UNIT for row in rows)
    assert bench.database.committed.is_set()


async def test_a_refusal_leaves_nothing_at_all(bench):
    async def command() -> None:
        async with bench.database.begin(bench.caller, UNIT) as tx:
            await tx.once("a key")
            await mark(tx, new_id())
            tx.publish(change("one"), "key")
            await tx.nudge(TRIAL, 7)
            raise Refused("no")

    with pytest.raises(Refused):
        await command()

    for table in ("party_units", "outbox", "inbox", "processes"):
        assert await bench.value(f"SELECT count(*) FROM {table}") == 0, table
    assert not bench.database.committed.is_set()


async def test_a_key_counts_once_and_is_forgotten_with_what_it_guarded(bench):
    async with rolled_back(bench.database, bench.caller, UNIT) as tx:
        assert await tx.once("a key")
        assert not await tx.once("a key")
    async with bench.database.begin(bench.caller, UNIT) as tx:
        assert await tx.once("a key")
    async with bench.database.begin(bench.caller, UNIT) as tx:
        assert not await tx.once("a key")


async def test_of_two_at_the_same_time_one_is_the_first(bench):
    both_began = asyncio.Barrier(5)

    async def attempt() -> bool:
        async with bench.database.begin(bench.caller, UNIT) as tx:
            await both_began.wait()
            return await tx.once("a key")

    assert sorted(await asyncio.gather(*(attempt() for _ in range(5)))) == [False] * 4 + [True]


async def test_each_nudge_counts_and_wakes_a_process_that_had_ended(bench):
    for _ in range(2):
        async with bench.database.begin(bench.caller, UNIT) as tx:
            await tx.nudge(TRIAL, 7)
    async with bench.database.begin(bench.caller, UNIT) as tx:
        seen = await tx.look(TRIAL, 7)
        await tx.end(TRIAL, 7, seen)
    assert tuple(await bench.super.fetchrow("SELECT nudged, seen, ended FROM processes")) == (2, 2, 1)

    async with bench.database.begin(bench.caller, UNIT) as tx:
        await tx.nudge(TRIAL, 7)
    assert tuple(await bench.super.fetchrow("SELECT nudged, seen, ended FROM processes")) == (3, 2, 0)


async def test_a_process_notes_what_it_waits_for(bench):
    async with bench.database.begin(bench.caller, UNIT) as tx:
        await tx.nudge(TRIAL, 7)
        seen = await tx.look(TRIAL, 7)
        due_at = tx.now + timedelta(days=3)

        assert await tx.wait(TRIAL, 7, seen, None) is None
        assert await tx.wait(TRIAL, 7, seen, due_at) == due_at.timestamp()
        assert (await tx.first("SELECT due_at FROM processes")).due_at == due_at


async def test_a_nudge_during_a_look_is_not_seen_by_it(bench):
    async with bench.database.begin(bench.caller, UNIT) as tx:
        await tx.nudge(TRIAL, 7)
    looked = asyncio.Event()

    async def nudge() -> None:
        await looked.wait()
        async with bench.database.begin(bench.caller, UNIT) as tx:
            await tx.nudge(TRIAL, 7)

    other = asyncio.create_task(nudge())
    async with bench.database.begin(bench.caller, UNIT) as tx:
        seen = await tx.look(TRIAL, 7)
        looked.set()
        await asyncio.sleep(0)
        await tx.wait(TRIAL, 7, seen, None)
    await other

    assert tuple(await bench.super.fetchrow("SELECT nudged, seen FROM processes")) == (2, 1), "it must look again"


async def test_looking_at_a_process_that_nobody_nudged_finds_nothing(bench):
    async with rolled_back(bench.database, bench.caller, UNIT) as tx:
        assert await tx.look(TRIAL, "unknown") == 0


async def test_all_of_a_transaction_is_at_one_instant(bench):
    async with rolled_back(bench.database, bench.caller, UNIT) as tx:
        before = tx.now
        bench.database.clock.advance(timedelta(days=1))
        tx.publish(change("one"), "key")

        assert tx.now == before
        assert tx.outbox[0]["occurred_at"] == before


async def test_events_tell_the_state_when_they_were_published(bench):
    async with rolled_back(bench.database, bench.caller, UNIT) as tx:
        event = change("one", 1)
        tx.publish(event, "key")
        event.version = 2

        assert [heard.version for heard in announced(tx, ItemChanged)] == [1]


async def test_a_fact_of_the_group_carries_no_unit(bench):
    async with bench.database.begin(bench.caller, UNIT) as tx:
        tx.publish(change("one"), "key", group=True)

    assert await bench.column("SELECT business_unit FROM outbox") == [None]


@pytest.mark.parametrize(("units", "unit", "refusal"), [({"naniwa"}, UNIT, Forbidden), (set(), UNIT, Forbidden), ({"*"}, "", UnknownUnit)])
async def test_a_unit_that_the_caller_may_not_choose_is_refused_before_anything_happens(bench, units, unit, refusal):
    caller = Caller("somebody", "cli", frozenset(units), frozenset({"clerk"}))

    with pytest.raises(refusal):
        async with bench.database.begin(caller, unit):
            pytest.fail("it began")


async def test_ids_are_in_the_order_of_writing():
    ids = [new_id() for _ in range(20_000)]

    assert all(one < two for one, two in pairwise(ids)), "events of one transaction must not overtake each other"
    assert all((id_.version, id_.variant) == (7, "specified in RFC 4122") for id_ in ids[:100])


async def test_the_partition_of_a_key_is_stable_for_the_life_of_a_database():
    assert [partition_of(key, 4) for key in ("a", "b", "", "債権")] == [3, 1, 0, 3]
    assert {partition_of(str(UUID(int=number)), 4) for number in range(100)} == {0, 1, 2, 3}
