"""A rolling upgrade: two processes of a service side by side, then the old one leaves; or one process for each door. Books equal."""

import asyncio
import itertools
import json
import os
import subprocess
import sys
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from chassis.service import DOORS
from tests.integration.conftest import UNIT, Story, clean, until_it_works
from tests.integration.papers import Payment
from tests.integration.replicas import replica
from tests.tree import ROOT

numbers = itertools.count(1)
REMINDED_DAYS = 9


async def bill(story: Story, number: str) -> None:
    today = (await until_it_works(story.time.now)).date().isoformat()
    await until_it_works(lambda: story.invoice(number, "K-7", "10.00", issued=today, due=today))


async def remind_and_pay(story: Story, number: str) -> None:
    """The case of the invoice runs until its first reminder, and ends with its payment."""
    now = await until_it_works(story.time.now)
    await until_it_works(lambda: story.time.advance(now + timedelta(days=REMINDED_DAYS)))
    today = (await until_it_works(story.time.now)).date().isoformat()
    await until_it_works(lambda: story.statement(f"S-{number}", Payment("10.00", today, f"R {number}")))


async def proven(story: Story) -> None:
    proof = await until_it_works(story.audit)
    books = {row["book"]: row["by_service"] for row in proof["books"] if row["business_unit"] == UNIT}

    assert clean(proof)
    assert books["receivables"] == {"billing": "0.00", "payments": "0.00", "collections": "0.00"}


@pytest.mark.parametrize("service", ["billing", "collections"])
async def test_a_new_version_comes_beside_the_old_one_which_leaves(story: Story, service: str) -> None:
    number = f"U-{next(numbers)}"
    with ExitStack() as beside:
        await bill(story, number)
        await asyncio.to_thread(lambda: beside.enter_context(replica(story.suite, service)))
        await asyncio.to_thread(story.suite.restart, service)
        await remind_and_pay(story, number)
    await proven(story)


async def test_each_door_is_a_process_of_its_own(story: Story) -> None:
    """As in a cluster: the address is the door `api`'s, and the other doors answer health checks alone."""
    number, suite = f"U-{next(numbers)}", story.suite
    await asyncio.to_thread(suite.stop_service, "payments")
    with ExitStack() as apart:
        for door in DOORS:
            address = suite.address("payments") if door == "api" else ""
            await asyncio.to_thread(lambda door=door, at=address: apart.enter_context(replica(suite, "payments", door, address=at)))
        await bill(story, number)
        await remind_and_pay(story, number)
        await proven(story)
    await asyncio.to_thread(suite.start_service, "payments")
    await proven(story)


async def test_an_operator_elsewhere_proves_the_books(story: Story) -> None:
    """No data folder of a suite, only addresses and keys: as in a cluster."""
    environment = {**os.environ, **story.suite.client_environment()}
    command = [Path(sys.executable).with_name("saiken"), "audit", "--json", "--data", str(story.folder / "nothing")]
    done = await asyncio.to_thread(subprocess.run, command, env=environment, capture_output=True, text=True, check=False, cwd=ROOT)

    assert done.returncode == 0, done.stderr
    assert clean(json.loads(done.stdout))
