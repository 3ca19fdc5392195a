"""Kills: SIGKILL between any two durable lines, under load; the books are equal and nothing happened twice."""

import asyncio
import itertools
from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest

from proto.notifications.v1.api_pb2 import ListMessagesRequest
from tests.integration.conftest import UNIT, Story, clean, until_it_works
from tests.integration.papers import Payment

numbers = itertools.count(1)

RELAYED = ("after_commit_before_publish", "after_numbering_before_publish", "after_publish_before_mark")
BUSY = ("billing", "payments", "collections")
# Every point, with the services that pass it while a debtor is reminded and pays.
POINTS: dict[str, tuple[str, ...]] = {
    **{f"events.{line}": (*BUSY, "notifications") for line in RELAYED},
    **{f"nudges.{line}": (*BUSY, "notifications") for line in RELAYED},
    # What billing and payments commit announces something, too.
    "nudges.after_commit_before_publish": ("collections", "notifications"),
    "inside_effect": (*BUSY, "notifications", "legal"),
    "after_effect_before_offset": (*BUSY, "notifications", "legal"),
    "activity.before_completion": (*BUSY, "notifications"),
    "after_reservation_before_send": ("notifications",),
}
# Each point once in `make test`, twenty times in `make soak`, the services in turn.
REPEATS = 20
ONCE = [(services[place % len(services)], point) for place, (point, services) in enumerate(POINTS.items())]
OFTEN = [(services[repeat % len(services)], point, repeat) for point, services in POINTS.items() for repeat in range(1, REPEATS + 1)]
# Other debtors' papers that come in at the same time.
LOAD = 5
# The first reminder leaves within that time.
REMINDED_DAYS = 9


async def kill_at(story: Story, service: str, point: str, passing: int = 1) -> None:
    """One debtor is billed, reminded and pays while a service dies at a point and papers of others come in."""
    number = f"X-{next(numbers)}"
    restarts = story.suite.restarts(service)
    await story.settle()
    before = {row["book"]: row["by_service"] for row in (await story.audit())["books"] if row["business_unit"] == UNIT}
    story.suite.kill_at(service, point, passing)

    begun = await until_it_works(story.time.now)
    today = begun.date().isoformat()
    await asyncio.gather(
        until_it_works(lambda: story.invoice(number, f"K-{number}", "10.00", issued=today, due=today)),
        *(
            until_it_works(lambda n=n: story.invoice(f"{number}-{n}", f"L-{n}", "7.00", issued=today, due="2030-01-01"))
            for n in range(LOAD)
        ),
    )
    await until_it_works(lambda: story.time.advance(begun + timedelta(days=REMINDED_DAYS)))
    today = (await until_it_works(story.time.now)).date().isoformat()
    paid = [Payment("10.00", today, f"R {number}"), *(Payment("7.00", today, f"{number}-{n}") for n in range(LOAD))]
    await until_it_works(lambda: story.statement(f"S-{number}", *paid))

    proof = await until_it_works(story.audit)
    assert story.suite.restarts(service) == restarts + 1, "the fail point was never reached"
    assert clean(proof)
    after = {row["book"]: row["by_service"] for row in proof["books"] if row["business_unit"] == UNIT}
    was = before.get("applied", {"billing": "0.00"})["billing"]
    now = f"{Decimal(was) + 10 + 7 * LOAD:.2f}"
    assert after["applied"] == {"billing": now, "payments": now}
    assert after["receivables"]["billing"] == "0.00"
    assert await reminders(story) == {1}, "nobody is reminded twice"


async def reminders(story: Story) -> set[int]:
    """How often one case was sent one text."""
    answer = await story.client.ask("notifications", "ListMessages", ListMessagesRequest(page_size=1_000), UNIT)
    sent = [path.read_text("utf-8", "replace") for path in story.suite.mail.glob("*.eml")]
    ids = Counter(line for mail in sent for line in mail.splitlines() if line.lower().startswith("message-id:"))
    delivered = [message for message in answer.messages if message.state == "delivered"]
    assert len(ids) == len(delivered), "as many mails as messages, a repeated one under the same id"
    return set(Counter(message.message_id for message in delivered).values())


@pytest.mark.parametrize(("service", "point"), ONCE, ids=lambda value: value)
async def test_a_service_is_killed_at(story: Story, service: str, point: str) -> None:
    await kill_at(story, service, point)


@pytest.mark.soak
@pytest.mark.parametrize(("service", "point", "repeat"), OFTEN, ids=str)
async def test_a_service_is_killed_again_at(story: Story, service: str, point: str, repeat: int) -> None:
    # Effects come in numbers; what else a service does may happen only once while one debtor is reminded and pays.
    await kill_at(story, service, point, passing=1 + repeat % 2 if "effect" in point and service in BUSY else 1)
