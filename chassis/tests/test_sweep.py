"""The sweep: what is behind twice at the same place is nudged again, what moves on is left alone."""

from datetime import timedelta

from chassis.plumbing import Process
from chassis.runtime import Runtime
from chassis.sweep import Sweep

from .conftest import UNIT

CASE = Process("CollectionCase", "case")


def sweep(bench) -> Sweep:
    database = bench.database
    return Sweep(Runtime("billing", None, database, None, database.clock, database.units, database.vault, bench.caller), None, {})


async def nudges(bench) -> list[str]:
    keys = await bench.column("SELECT key FROM outbox ORDER BY id")
    await bench.super.execute("DELETE FROM outbox")
    return keys


async def waiting(bench, id_: str, due_at) -> None:
    """A process that was nudged once, looked, and waits."""
    async with bench.database.begin(bench.caller, UNIT) as tx:
        await tx.nudge(CASE, id_)
    async with bench.database.begin(bench.caller, UNIT) as tx:
        await tx.wait(CASE, id_, await tx.look(CASE, id_), due_at)
    await nudges(bench)


async def test_a_process_whose_time_has_come_and_that_does_not_look_is_nudged_at_the_second_look(bench):
    now = await bench.database.clock.now()
    await waiting(bench, "late", now - timedelta(minutes=1))
    await waiting(bench, "early", now + timedelta(minutes=1))
    sweeping = sweep(bench)

    assert (await sweeping.forgotten(), await nudges(bench)) == (0, [])
    assert (await sweeping.forgotten(), await nudges(bench)) == (1, [f"{UNIT}/case/late"])


async def test_a_nudge_that_temporal_forgot_is_given_again(bench):
    async with bench.database.begin(bench.caller, UNIT) as tx:
        await tx.nudge(CASE, "forgotten")
    await nudges(bench)
    sweeping = sweep(bench)
    await sweeping.forgotten()

    assert (await sweeping.forgotten(), await nudges(bench)) == (1, [f"{UNIT}/case/forgotten"])


async def test_a_process_that_looked_in_between_is_left_alone(bench):
    now = await bench.database.clock.now()
    await waiting(bench, "slow", now - timedelta(minutes=1))
    sweeping = sweep(bench)
    await sweeping.forgotten()
    async with bench.database.begin(bench.caller, UNIT) as tx:
        await tx.nudge(CASE, "slow")
        await tx.wait(CASE, "slow", await tx.look(CASE, "slow"), now)
    await nudges(bench)

    assert (await sweeping.forgotten(), await nudges(bench)) == (0, [])


async def test_all_that_has_not_ended_is_nudged_and_nothing_else(bench):
    await waiting(bench, "waits", None)
    async with bench.database.begin(bench.caller, UNIT) as tx:
        await tx.nudge(CASE, "ended")
        await tx.end(CASE, "ended", await tx.look(CASE, "ended"))
    await nudges(bench)

    await sweep(bench).all()
    assert await nudges(bench) == [f"{UNIT}/case/waits"]
