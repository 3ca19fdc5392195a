"""A suite of real processes for each file of stories, and a person who tells the story."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from chassis.clock import wall_now
from chassis.testing import Witness
from cli.audit import audit
from cli.client import Away, Client
from cli.demo import CLERK
from cli.imports import import_invoices, import_statements
from cli.quiet import NotQuiet, Time, settle
from cli.suite import Suite
from tests.integration.papers import Payment, invoice, statement

UNIT = "rheintel"
BERLIN = ZoneInfo("Europe/Berlin")
TOPICS = [f"{service}.events" for service in ("billing", "payments", "collections", "legal", "notifications")]
# What tells people and workflows; the states that projections are made of would only blur a story.
TOLD = {
    "InvoiceIssued", "InvoiceOverdue", "InvoicePaid", "LineDistributed", "PaymentReturned", "SliceMoved", "CaseOpened", "CaseClosed",
    "NoticeRequested", "CaseHandedOver", "MessageDelivered", "MessageSkipped", "MatterOpened", "LetterPosted", "LetterDelivered",
    "FilingApproved", "FilingRecorded", "MatterClosed",
}  # fmt: skip


@dataclass
class Story:
    """What a person does to the suite, and what is heard of it."""

    suite: Suite
    client: Client
    time: Time
    witness: Witness
    folder: Path

    async def until(self, local: str) -> None:
        """Move on to a local time in Berlin; all that is due before happens."""
        await self.time.advance(datetime.fromisoformat(local).replace(tzinfo=BERLIN))

    async def invoice(self, number: str, account: str, amount: str, issued: str, due: str, name: str = "Erna Muster") -> list[dict]:
        path = self.folder / f"{number}.xml"
        path.write_bytes(invoice(number, account, amount, issued, due, name))
        return await import_invoices(self.client, UNIT, [path])

    async def statement(self, id_: str, *lines: Payment) -> list[dict]:
        path = self.folder / f"{id_}.xml"
        path.write_bytes(statement(id_, list(lines)))
        return await import_statements(self.client, UNIT, [path])

    async def settle(self) -> None:
        await settle(self.client)

    async def heard(self) -> list[str]:
        """The names of the events so far, in the order in which they were written."""
        await settle(self.client)
        before = -1
        while len(self.witness.heard) != before:
            before = len(self.witness.heard)
            await self.witness.listen(0.3)
        events = sorted(self.witness.heard, key=lambda event: event.id)
        names = [event.type.rpartition(".")[2] for event in events]
        return [name for name in names if name in TOLD]

    async def audit(self) -> dict:
        await settle(self.client)
        return await audit(self.client)


# The time-skipping server leaves the tasks of a worker that was restarted with nobody, unless workers keep no state.
RESTARTS = {"SAIKEN_CACHED_WORKFLOWS": "0", "SAIKEN_FAIL_AT": "{data}/fail-at.{service}"}


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    with Suite.start(tmp_path_factory.mktemp("suite"), throwaway=True, clock_start="2026-06-01T06:00:00Z", settings=RESTARTS) as running:
        yield running


@pytest_asyncio.fixture
async def story(suite: Suite, tmp_path: Path) -> AsyncIterator[Story]:
    environment = suite.client_environment()
    async with Client(environment, "story", CLERK) as client, Witness(suite.kafka_address, TOPICS) as witness:
        time = Time(client)
        yield Story(suite, client, time, witness, tmp_path)
        await time.close()


# An import that a kill cut off is tried again by whoever sent it; a service is back within seconds.
PATIENCE_SECONDS = 60.0
LOOK_SECONDS = 0.2
PAUSE = threading.Event()
Answer = TypeVar("Answer")


async def until_it_works(action: Callable[[], Awaitable[Answer]]) -> Answer:
    """What a client does while a service is away."""
    deadline = wall_now().timestamp() + PATIENCE_SECONDS
    while True:
        try:
            return await action()
        except (Away, NotQuiet):
            if wall_now().timestamp() > deadline:
                raise
            await asyncio.to_thread(PAUSE.wait, LOOK_SECONDS)


def clean(proof: dict) -> bool:
    """No difference, no parked message, no silent case, every link of the audit trail in its place."""
    cases = proof["cases"]
    return proof["chain"] == "ok" and not (
        proof["differences"] or proof["parked"] or cases["without_next_action"] or cases["without_workflow"]
    )
