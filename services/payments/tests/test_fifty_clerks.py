"""Fifty workers on one account at once: an item's money and a line's money are each given out once."""

import asyncio
from collections import Counter

import pytest
import pytest_asyncio

from chassis.database import new_id
from chassis.testing import rolled_back
from kernel.errors import Refused
from services.payments import commands, store
from services.payments.domain.distribution import ITEM, ON_ACCOUNT, UNIDENTIFIED, Slice
from services.payments.tests.desk import UNIT, Desk

WORKERS = 50


@pytest_asyncio.fixture
async def shop(database_of):
    """A customer with one open item, and fifty lines that each could pay it; committed, and removed afterwards."""
    payments = database_of("payments")
    name = f"Shop {new_id()}"
    async with payments.database.begin(payments.caller, UNIT) as tx:
        desk = Desk(tx)
        account = await desk.customer(name, iban=name)
        lines = await desk.lines(*((100, f"Rate {place}") for place in range(WORKERS)), iban="", name="")
        item = await desk.item(account, "RE-2026-555001", 1000)
        more = await desk.item(account, "RE-2026-555002", 700)
    yield payments, account, item, more, lines
    async with payments.database.begin(payments.caller, UNIT) as tx:
        for table in (
            "lines",
            "slices",
            "items",
            "payers",
            "decisions",
            "rejections",
            "refund_questions",
            "imports",
            "payer_lessons",
            "knowledge",
        ):
            await tx.execute(f"DELETE FROM {table}")


async def attempt(work) -> str:
    try:
        await work
    except Refused as refused:
        return refused.code
    return "done"


@pytest.mark.usefixtures("database_of")
async def test_fifty_workers_never_allocate_a_cent_twice(shop):
    payments, account, item, more, lines = shop

    async def split(line) -> None:
        async with payments.database.begin(payments.caller, UNIT) as tx:
            await commands.split_line(tx, line, 1, [Slice(ITEM, item, None, 100)])

    async def pay_more(line) -> None:
        async with payments.database.begin(payments.caller, UNIT) as tx:
            await commands.split_line(tx, line, 1, [Slice(ITEM, more, None, 60), Slice(ON_ACCOUNT, None, account, 40)])

    async def use_cash() -> None:
        async with payments.database.begin(payments.caller, UNIT) as tx:
            await commands.apply_on_account(tx, account, [], "first_in_first_out", "")

    work = [attempt(split(line)) for line in lines] + [attempt(pay_more(line)) for line in lines] + [attempt(use_cash()) for _ in range(10)]
    outcomes = Counter(await asyncio.gather(*work))

    async with rolled_back(payments.database, payments.caller, UNIT) as tx:
        rows = {row.id: row for row in await tx.all("SELECT id, open_minor FROM items")}
        slices = await store.slices_of(tx, lines)
        settled = Counter()
        for parts in slices.values():
            assert sum(part.amount_minor for part in parts) == 100
            for part in parts:
                if part.item_id:
                    settled[part.item_id] += part.settled_minor
        assert 0 < settled[item] <= 1000
        assert settled[more] <= 700
        assert (rows[item].open_minor, rows[more].open_minor) == (1000 - settled[item], 700 - settled[more])
        assert outcomes["done"] >= 10
        assert set(outcomes) <= {"done", "LINE_CHANGED", "ITEM_OVERPAID"}
        assert UNIDENTIFIED in {part.kind for parts in slices.values() for part in parts}
