"""Metrics: each says what it is, counts only what was committed, and the state is read from the database."""

import asyncio
import re

import asyncpg
from prometheus_client import REGISTRY

from chassis import metrics
from chassis.clock import WallClock
from chassis.metrics import Gauges
from chassis.plumbing import Process
from chassis.testing import rolled_back

from .conftest import UNIT, change, soon

LABELS = (UNIT, "matched")


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def declared() -> list:
    return [metric for metric in vars(metrics).values() if hasattr(metric, "_documentation")]


def test_every_metric_has_a_sentence_and_stands_in_one_file():
    assert len(declared()) > 10
    assert [metric._name for metric in declared() if not re.fullmatch(r"[A-Z].{20,}\.", metric._documentation)] == []


async def test_what_is_rolled_back_is_not_counted(bench):
    before = value("saiken_lines_total", business_unit=UNIT, state="matched")
    async with rolled_back(bench.database, bench.caller, UNIT) as tx:
        tx.count(metrics.DISTRIBUTED, *LABELS)
    assert value("saiken_lines_total", business_unit=UNIT, state="matched") == before

    async with bench.database.begin(bench.caller, UNIT) as tx:
        tx.count(metrics.DISTRIBUTED, *LABELS)
    assert value("saiken_lines_total", business_unit=UNIT, state="matched") == before + 1


async def test_the_state_of_the_plumbing_is_what_the_database_holds(bench):
    async with bench.database.begin(bench.caller, UNIT) as tx:
        tx.publish(change("item 1"), "key")
        await tx.nudge(Process("DueWatch", "due-watch"), "all")

    connection = await asyncpg.connect(bench.url("auditor"))
    metrics.show(await connection.fetchrow(metrics._STATE, await WallClock().now()))
    await connection.close()

    assert value("saiken_outbox_unpublished") == 2
    assert 0 <= value("saiken_outbox_oldest_seconds") < 60
    assert value("saiken_trail_unsealed") == 1
    assert value("saiken_processes", workflow="DueWatch") == 1
    assert value("saiken_processes_behind") == 1


async def test_the_gauges_are_read_as_the_auditor(bench):
    async with bench.database.begin(bench.caller, UNIT) as tx:
        tx.publish(change("item 2"), "key")
    task = asyncio.create_task(Gauges(bench.url("auditor"), WallClock()).run())

    async def shown() -> bool:
        return value("saiken_outbox_unpublished") == 1

    await soon(shown)
    task.cancel()
