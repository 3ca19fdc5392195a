"""Concurrent clients under kills, a lost broker and a killed database: what they were told is what is there at the end."""

import asyncio
import itertools
import random
from collections.abc import Awaitable

import pytest

from cli.client import Away, Client
from cli.demo import CLERK
from cli.imports import import_invoices
from kernel.errors import Refused
from proto.billing.v1 import api_pb2 as billing
from proto.payments.v1 import api_pb2 as payments
from tests.history import Call, Outcome, violations
from tests.integration.conftest import PAUSE, UNIT, Story, clean, until_it_works
from tests.integration.papers import Payment, invoice, statement

CLIENTS = 4
# Calls that were answered, of each client.
CALLS = 60
MOMENT_SECONDS = 0.25
# Amounts tell calls apart in the final state: no two are equal.
amounts = itertools.count(10_001)
POINTS = ("events.after_commit_before_publish", "inside_effect", "after_effect_before_offset", "events.after_publish_before_mark")
PARTS = ("billing", "payments", "collections", "postgres", "broker")
# A run in which nothing died proves nothing.
LEAST_TROUBLE = 2
SEEDS = [1, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(2, 12))]


class Clients:
    """Several at once; each logs what it was told."""

    def __init__(self, story: Story, dice: random.Random) -> None:
        self.story, self.dice = story, dice
        self.invoices: list[Call] = []
        self.lines: list[Call] = []
        self.papers: dict[str, bytes] = {}
        self.answered = [0] * CLIENTS

    async def run(self, number: int) -> None:
        async with Client(self.story.suite.client_environment(), f"client-{number}", CLERK) as client:
            while self.answered[number] < CALLS:
                await self.dice.choice((self.bill, self.bill, self.bill_again, self.bill_badly, self.pay, self.pay_twice))(client, number)

    async def bill(self, client: Client, number: int) -> None:
        minor = next(amounts)
        await self._bill(client, number, f"H-{minor}", minor)

    async def bill_again(self, client: Client, number: int) -> None:
        """The same paper, perhaps of another client, perhaps while that one waits for its answer."""
        if self.invoices:
            call = self.dice.choice(self.invoices)
            await self._bill(client, number, call.key, call.minor)

    async def bill_badly(self, client: Client, number: int) -> None:
        await self._bill(client, number, f"H-{next(amounts)}", 0, broken=True)

    async def _bill(self, client: Client, number: int, key: str, minor: int, *, broken: bool = False) -> None:
        path = self.story.folder / f"{key}-{number}-{len(self.invoices)}.xml"
        paper = invoice(key, f"C-{minor % 5}", f"{minor / 100:.2f}", "2026-06-01", "2030-06-01", "Erna Muster")
        path.write_bytes(paper[: len(paper) // 2] if broken else paper)
        self.invoices.append(Call(number, key, minor, await self.told(number, import_invoices(client, UNIT, [path]))))

    async def pay(self, client: Client, number: int) -> None:
        minor = next(amounts)
        key, billed = f"P-{minor}", self.dice.choice(self.invoices).key if self.invoices else "nothing"
        self.papers[key] = statement(key, [Payment(f"{minor / 100:.2f}", "2026-06-02", f"{key} {billed}")])
        await self._pay(client, number, key, minor)

    async def pay_twice(self, client: Client, number: int) -> None:
        """The same statement once more: its lines are known."""
        if self.lines:
            call = self.dice.choice(self.lines)
            await self._pay(client, number, call.key, call.minor)

    async def _pay(self, client: Client, number: int, key: str, minor: int) -> None:
        request = payments.ImportStatementRequest(file_name=f"{key}.xml", content=self.papers[key])
        self.lines.append(Call(number, key, minor, await self.told(number, client.ask("payments", "ImportStatement", request, UNIT))))

    async def told(self, number: int, call: Awaitable[object]) -> Outcome:
        """What a client knows afterwards; one that got no answer waits a moment."""
        try:
            await call
        except Away:
            await asyncio.to_thread(PAUSE.wait, MOMENT_SECONDS)
            return "unknown"
        except Refused:
            self.answered[number] += 1
            return "fail"
        self.answered[number] += 1
        return "ok"


async def trouble(story: Story, dice: random.Random, ended: asyncio.Event) -> int:
    """What goes wrong meanwhile; how often something did."""
    begun = sum(map(story.suite.restarts, PARTS))
    while not ended.is_set():
        fault = dice.randrange(6)
        if fault == 0:
            await asyncio.to_thread(story.suite.restart_broker)
        elif fault == 1:
            await asyncio.to_thread(story.suite.infrastructure.postgres.child.kill)
        else:
            story.suite.kill_at(dice.choice(("billing", "payments", "collections")), dice.choice(POINTS), dice.randint(1, 3))
        await asyncio.to_thread(PAUSE.wait, dice.uniform(0.5, 3.0))
    return sum(map(story.suite.restarts, PARTS)) - begun


@pytest.mark.parametrize("seed", SEEDS)
async def test_what_clients_were_told_is_what_is_there(story: Story, seed: int) -> None:
    dice, ended = random.Random(seed), asyncio.Event()
    clients, before = Clients(story, dice), (await items(story.client), await lines(story.client))
    troubling = asyncio.create_task(trouble(story, dice, ended))
    await asyncio.gather(*map(clients.run, range(CLIENTS)))
    ended.set()
    assert await troubling >= LEAST_TROUBLE
    # A point that nobody passed any more must not wait for the next test.
    for file in story.suite.files.parent.glob("fail-at.*"):
        file.unlink()

    proof = await until_it_works(story.audit)
    assert clean(proof)
    assert violations(clients.invoices, [row for row in await items(story.client) if row not in before[0]]) == []
    assert violations(clients.lines, [row for row in await lines(story.client) if row not in before[1]]) == []


async def items(client: Client) -> list[tuple[str, int]]:
    """Every item that billing has, by its invoice."""
    answer = await client.ask("billing", "ListItems", billing.ListItemsRequest(page_size=1_000), UNIT)
    assert not answer.next_page_token
    return [(item.invoice_number, item.amount_minor) for item in answer.items]


async def lines(client: Client) -> list[tuple[str, int]]:
    """Every line that payments has; its amount tells whose it is."""
    answer = await client.ask("payments", "ListLines", payments.ListLinesRequest(page_size=1_000), UNIT)
    assert not answer.next_page_token
    return [(f"P-{line.amount.minor}", line.amount.minor) for line in answer.lines]
