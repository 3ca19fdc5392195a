"""Clocks: the wall's, and the one that only the driver advances and all processes agree on."""

from datetime import UTC, datetime, timedelta

import pytest

from chassis.clock import SkippingClock, WallClock, wall_now
from chassis.testing import StandingClock
from cli.infrastructure.ports import free_ports
from cli.infrastructure.temporal import Temporal
from cli.skipping import SkippingTime

START = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def temporal(tmp_path):
    (port,) = free_ports(1)
    temporal = Temporal(tmp_path, tmp_path, port, "skipping")
    temporal.child.start()
    temporal.wait()
    yield temporal
    temporal.child.kill()


async def test_two_processes_agree_on_a_date_that_only_the_driver_moves(temporal):
    async with SkippingTime(temporal.address) as driver:
        origin = await driver.now()
        clocks = [SkippingClock(temporal.address, origin, START) for _ in range(2)]
        before = await clocks[0].now()
        reached = await driver.advance(16 * 86_400)
        after = [await clock.now() for clock in clocks]

    assert timedelta(0) <= before - START < timedelta(minutes=1)
    assert all(timedelta(0) <= instant - START - timedelta(days=16) < timedelta(minutes=1) for instant in after)
    assert abs(clocks[0].in_temporal(after[0]) - reached) < timedelta(minutes=1)


async def test_wall_time_is_in_utc_and_is_temporals_own():
    assert (await WallClock().now()).tzinfo is UTC
    assert WallClock().in_temporal(START) == START
    assert wall_now() - await WallClock().now() < timedelta(seconds=5)


async def test_a_standing_clock_moves_only_when_told():
    clock = StandingClock(START)
    assert await clock.now() == await clock.now() == START

    clock.advance(timedelta(days=1))
    assert await clock.now() == START + timedelta(days=1)
