"""Losses: the broker forgets everything, PostgreSQL dies, a process freezes, time leaps; nothing is lost and nothing parked."""

import asyncio
import itertools
import os
import signal
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from tests.integration.conftest import PAUSE, UNIT, Story, clean, until_it_works
from tests.integration.papers import Payment

numbers = itertools.count(1)
# Longer than a consumer may be silent before its group gives its partitions away.
FROZEN_SECONDS = 30.0
# Every message is tried for a minute at most before it is parked for a bug; an outage is none, however long.
OUTAGE_SECONDS = 300.0


async def bill_and_pay(story: Story, meanwhile: Callable[[], Awaitable[None]]) -> None:
    """An invoice, something that goes wrong, its payment: and the books are equal."""
    number = f"Y-{next(numbers)}"
    today = (await until_it_works(story.time.now)).date().isoformat()
    await until_it_works(lambda: story.invoice(number, "K-8", "10.00", issued=today, due=today))
    await meanwhile()
    await until_it_works(lambda: story.statement(f"S-{number}", Payment("10.00", today, f"R {number}")))

    proof = await until_it_works(story.audit)
    assert clean(proof)
    books = {row["book"]: row["by_service"] for row in proof["books"] if row["business_unit"] == UNIT}
    assert books["receivables"] == {"billing": "0.00", "payments": "0.00", "collections": "0.00"}
    assert books["applied"]["billing"] == f"{int(number[2:]) * 10}.00" == books["applied"]["payments"]


async def test_an_emptied_broker_is_refilled(story: Story) -> None:
    await bill_and_pay(story, lambda: asyncio.to_thread(story.suite.restart_broker))


async def test_a_database_that_is_killed_comes_back_with_all_that_was_acknowledged(story: Story) -> None:
    await bill_and_pay(story, lambda: asyncio.to_thread(story.suite.infrastructure.postgres.child.kill))


async def test_a_leap_of_time_makes_everything_happen_once(story: Story) -> None:
    await bill_and_pay(story, lambda: leap(story))


async def leap(story: Story) -> None:
    await story.settle()
    await story.time.leap(await story.time.now() + timedelta(days=3))


@pytest.mark.soak
@pytest.mark.parametrize("service", ["payments", "billing", "collections", "notifications"])
async def test_a_process_that_is_frozen_goes_on_where_it_was(story: Story, service: str) -> None:
    async def freeze() -> None:
        pid = story.suite.state()["children"][service]["pid"]
        os.kill(pid, signal.SIGSTOP)
        try:
            await asyncio.to_thread(PAUSE.wait, FROZEN_SECONDS)
        finally:
            os.kill(pid, signal.SIGCONT)

    await bill_and_pay(story, freeze)


@pytest.mark.soak
async def test_an_outage_of_five_minutes_parks_nothing(story: Story) -> None:
    async def outage() -> None:
        postgres = story.suite.infrastructure.postgres.child
        assert postgres.pid is not None
        os.kill(postgres.pid, signal.SIGSTOP)
        try:
            await asyncio.to_thread(PAUSE.wait, OUTAGE_SECONDS)
        finally:
            os.kill(postgres.pid, signal.SIGCONT)

    await bill_and_pay(story, outage)
