"""What decisions teach of a unit's payers, how it is taken back, and that matching uses it."""

from datetime import date, timedelta

import pytest
import pytest_asyncio

from chassis.testing import rolled_back
from services.payments import commands, store
from services.payments.domain.distribution import ITEM, Slice
from services.payments.domain.precision import wilson
from services.payments.tests.desk import UNIT, Desk


@pytest_asyncio.fixture
async def desk(database_of):
    payments = database_of("payments")
    async with rolled_back(payments.database, payments.caller, UNIT) as tx:
        yield Desk(tx)


async def paid_by_aunt(desk: Desk, account, number: str, minor: int):
    """Somebody whom nobody knows pays, and a clerk says for whom."""
    item = await desk.item(account, number, minor)
    (line,) = await desk.lines((minor, "Rechnung"), iban="DE77", name="Tante Erna")
    state, version = await desk.state(line)
    assert state == "unidentified"
    await commands.split_line(desk.tx, line, version, [Slice(ITEM, item, None, minor)])
    return line


async def test_a_payer_is_known_after_people_have_said_so_until_it_is_forgotten(desk):
    account = await desk.customer()
    for place in range(3):
        line = await paid_by_aunt(desk, account, f"RE-2026-00010{place}", 5000 + place)

    item = await desk.item(account, "RE-2026-000201", 7777)
    (known,) = await desk.lines((7777, "Rechnung"), iban="DE77", name="Tante Erna")

    decision = await desk.last(known)
    assert (decision.status, decision.model.rpartition("/")[2]) == ("applied", "k3")
    assert [one.kind for one in store.grounds(desk.tx, decision).evidence] == ["learned", "amount"]
    assert await desk.open_minor(item) == 0

    assert await commands.forget(desk.tx, None, line) > 0
    await desk.item(account, "RE-2026-000202", 8888)
    (unknown,) = await desk.lines((8888, "Rechnung"), iban="DE77", name="Tante Erna")
    assert (await desk.last(unknown)).status != "applied"


async def test_an_account_is_forgotten_whole_and_what_was_undone_has_never_been_learnt(desk):
    account = await desk.customer()
    line = await paid_by_aunt(desk, account, "RE-2026-000101", 5000)
    await commands.undo_match(desk.tx, line, 2, "mistake")
    assert (await desk.tx.first("SELECT count(*) AS n FROM payer_lessons")).n == 0

    await paid_by_aunt(desk, account, "RE-2026-000102", 5001)
    assert await commands.forget(desk.tx, account, None) > 0
    assert (await desk.tx.first("SELECT count(*) AS n FROM payer_lessons")).n == 0


async def test_no_sign_lies_open_in_the_table(desk):
    account = await desk.customer()
    await paid_by_aunt(desk, account, "RE-2026-000101", 5000)

    signs = [row.sign for row in await desk.tx.all("SELECT sign FROM payer_lessons")]
    assert sorted(sign.partition(":")[0] for sign in signs) == ["iban", "name", "name"]
    assert not any("ERNA" in sign.upper() or "DE77" in sign for sign in signs)


async def test_what_the_engine_applied_and_nobody_took_back_teaches_once(database_of):
    payments = database_of("payments")
    async with rolled_back(payments.database, payments.caller, UNIT) as tx:
        desk = Desk(tx)
        account = await desk.customer(iban="")
        await desk.item(account, "RE-2026-000101", 5000)
        (line,) = await desk.lines((5000, "RE-2026-000101"), iban="DE55")
        assert (await desk.last(line)).status == "applied"
        tx.now += timedelta(days=31)

        await desk.lines((1, "nothing"), iban="", name="")
        await desk.lines((2, "nothing"), iban="", name="")

        rows = await tx.all("SELECT times, last_on FROM payer_lessons WHERE sign LIKE 'iban:%'")
        assert [tuple(row) for row in rows] == [(1, date(2026, 5, 20))]


@pytest.mark.parametrize(
    ("right", "of", "low", "high"), [(0, 0, 0, 1_000_000), (9, 10, 595_850, 982_124), (1000, 1000, 996_173, 1_000_000)]
)
def test_the_interval_of_a_share_is_wilsons(right, of, low, high):
    assert wilson(right, of) == pytest.approx((low, high), abs=2)
