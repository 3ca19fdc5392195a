"""Kills: SIGKILL between two durable lines, or the broker emptied; the books are equal and nothing happened twice."""

import asyncio
import itertools
import threading

import pytest

from chassis.clock import wall_now
from cli.client import Away
from cli.quiet import NotQuiet
from tests.integration.conftest import Story, clean
from tests.integration.papers import Payment

numbers = itertools.count(1)

# Each point once here; every service at every point in `make soak`.
POINTS = [
    ("billing", "events.after_commit_before_publish"),
    ("payments", "events.after_publish_before_mark"),
    ("billing", "after_effect_before_offset"),
    ("collections", "inside_effect"),
    *(
        pytest.param(service, point, marks=pytest.mark.soak)
        for service, point in (
            ("billing", "events.after_publish_before_mark"),
            ("billing", "events.after_numbering_before_publish"),
            ("billing", "inside_effect"),
            ("payments", "events.after_commit_before_publish"),
            ("payments", "events.after_numbering_before_publish"),
            ("payments", "after_effect_before_offset"),
            ("payments", "inside_effect"),
            ("collections", "after_effect_before_offset"),
        )
    ),
]
# An import that a kill cut off is tried again by whoever sent it; a service is back within seconds.
PATIENCE_SECONDS = 60.0
LOOK_SECONDS = 0.2
PAUSE = threading.Event()


async def until_it_works(action) -> object:
    deadline = wall_now().timestamp() + PATIENCE_SECONDS
    while True:
        try:
            return await action()
        except (Away, NotQuiet):
            if wall_now().timestamp() > deadline:
                raise
            await asyncio.to_thread(PAUSE.wait, LOOK_SECONDS)


@pytest.mark.parametrize(("service", "point"), POINTS, ids=lambda value: value)
async def test_a_service_is_killed_at(story: Story, service: str, point: str) -> None:
    number = f"X-{next(numbers)}"
    restarts = story.suite.restarts(service)
    await story.settle()
    await asyncio.to_thread(story.suite.restart, service, {"SAIKEN_FAIL_AT": point})

    today = (await story.time.now()).date().isoformat()
    await until_it_works(lambda: story.invoice(number, "K-9", "10.00", issued=today, due=today))
    await until_it_works(lambda: story.statement(f"S-{number}", Payment("10.00", today, f"R {number}")))

    proof = await until_it_works(story.audit)
    assert story.suite.restarts(service) == restarts + 1, "the fail point was never reached"
    assert clean(proof)
    books = {row["book"]: row["by_service"] for row in proof["books"] if row["business_unit"] == "rheintel"}
    paid = f"{int(number[2:]) * 10}.00"
    assert books["applied"] == {"billing": paid, "payments": paid}
    assert books["receivables"]["billing"] == "0.00"


async def test_an_emptied_broker_is_refilled(story: Story) -> None:
    number = f"X-{next(numbers)}"
    today = (await story.time.now()).date().isoformat()
    await story.invoice(number, "K-9", "10.00", issued=today, due=today)
    await asyncio.to_thread(story.suite.restart_broker)

    await until_it_works(lambda: story.statement(f"S-{number}", Payment("10.00", today, f"R {number}")))

    proof = await until_it_works(story.audit)
    assert clean(proof)
    books = {row["book"]: row["by_service"] for row in proof["books"] if row["business_unit"] == "rheintel"}
    paid = f"{int(number[2:]) * 10}.00"
    assert books["applied"] == {"billing": paid, "payments": paid}
