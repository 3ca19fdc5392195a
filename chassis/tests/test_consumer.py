"""The consumer with a real database and hand-made records: exactly the next event, three roads for what fails."""

import asyncio
from uuid import UUID

import pytest

from chassis.consumer import TRIES
from chassis.database import Transaction
from chassis.errors import is_outage
from chassis.subscriptions import Subscriptions
from kernel.errors import Refused
from proto.billing.v1.events_pb2 import InvoiceOverdue, ItemChanged

from .conftest import UNIT, change, mark, paid
from .trial import Trial, items, record


@pytest.fixture
def trial(bench):
    return Trial(bench)


async def test_effect_and_watermark_are_there_before_the_offset_moves(trial):
    await trial.take(*items(1, 2, 3))

    assert await trial.effects() == [1, 2, 3]
    assert await trial.watermark() == 3
    assert trial.log.committed == [104]


async def test_behind_a_gap_nothing_is_taken_and_the_rest_is_asked_for(trial):
    await trial.take(*items(1, 2, 4, 5))

    assert await trial.effects() == [1, 2]
    assert await trial.watermark() == 2
    assert trial.asked.resent == [("billing", 0, 2)]

    await trial.take(*items(3, 4, 5))
    assert await trial.effects() == [1, 2, 3, 4, 5]
    assert await trial.parked() == []


async def test_a_gap_at_the_start_is_a_gap(trial):
    await trial.take(*items(7))

    assert await trial.effects() == []
    assert trial.asked.resent == [("billing", 0, 0)]


async def test_a_gap_whose_publisher_is_away_is_tried_again_from_its_first_record(trial):
    trial.asked.away = True
    await trial.take(*items(1, 3))

    assert trial.log.sought == [101]
    assert trial.log.committed == []


async def test_repetition_is_silent(trial):
    await trial.take(*items(1, 2))
    await trial.take(*items(1, 2, 3))
    await trial.take(*items(2, 1))

    assert trial.tries == ["1", "2", "3"]
    assert await trial.effects() == [1, 2, 3]
    assert (await trial.watermark(), await trial.parked(), trial.asked.resent) == (3, [], [])


async def test_what_nobody_handles_moves_the_watermark(trial):
    class Unknown(Subscriptions):
        pass

    trial.consumer._subscriptions = Unknown()
    await trial.take(*items(1, 2))

    assert (await trial.effects(), await trial.watermark()) == ([], 2)


async def test_a_refusal_is_parked_at_once_with_its_reason_and_without_its_effect(trial):
    trial.failures["2"] = Refused("no such thing")
    await trial.take(*items(1, 2, 3))

    assert trial.tries == ["1", "2", "1", "2", "3"]  # together, then each by itself
    assert await trial.effects() == [1, 3]
    assert await trial.parked() == [(2, "REFUSED: no such thing")]
    assert await trial.watermark() == 3
    assert await trial.bench.value("SELECT payload FROM parked") == change("2").SerializeToString()


async def test_bytes_that_are_no_event_and_a_unit_that_is_none_are_parked(trial):
    await trial.take(record(1, change("1"), payload=b"\xff\xff\xff"), record(2, change("2"), unit="nobody"), *items(3))

    assert [number for number, _ in await trial.parked()] == [1, 2]
    assert (await trial.parked())[1][1].startswith("UNKNOWN_UNIT")
    assert await trial.effects() == [3]


async def test_an_unknown_failure_is_tried_five_times_and_then_parked(trial):
    trial.failures["1"] = ZeroDivisionError("a bug")
    await trial.take(*items(1, 2))

    assert trial.tries == ["1"] * (1 + TRIES) + ["2"]  # once together with the next, then by itself
    assert await trial.parked() == [(1, "ZeroDivisionError: a bug")]
    assert await trial.effects() == [2]


async def test_an_outage_rewinds_to_what_has_no_effect_yet_and_is_never_parked(trial):
    trial.failures["2"] = ConnectionResetError("away")
    records = [record(1, change("1")), record(2, paid("2")), record(3, paid("3"))]
    for _ in range(2):
        await trial.take(*records)

    assert trial.log.sought == [101, 101]
    assert trial.log.committed == []
    assert (await trial.effects(), await trial.parked(), await trial.watermark()) == ([], [], 0)

    trial.failures.clear()
    await trial.take(*records)
    assert await trial.effects() == [1, 2, 3]


async def test_a_database_that_ends_the_session_is_an_outage(trial):
    class Broken(Subscriptions):
        pass

    async def die(event: ItemChanged, tx: Transaction) -> None:
        await mark(tx, UUID(int=1))
        await tx.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    trial.consumer._subscriptions = Broken()
    trial.consumer._subscriptions.on(ItemChanged)(die)
    await trial.take(*items(1))

    assert trial.log.sought == [101]
    assert (await trial.effects(), await trial.parked()) == ([], [])


@pytest.mark.parametrize(("statement", "values"), [("SELECT :x::int", {"x": "no"}), ("SELECT nothing", {}), ("SELECT 1/0", {})])
async def test_a_mistake_in_a_statement_is_no_outage(bench, statement, values):
    async def ask() -> None:
        async with bench.database.begin(bench.caller, UNIT) as tx:
            await tx.execute(statement.replace(":x::int", "CAST(:x AS int)"), values)

    with pytest.raises(Exception) as raised:  # noqa: PT011 - any
        await ask()
    assert not is_outage(raised.value)


async def test_a_happening_waits_behind_a_parked_one_of_its_key_and_a_state_does_not(trial):
    trial.failures["1"] = Refused("not yet")
    await trial.take(
        record(1, paid("1"), key="a"),
        record(2, paid("2"), key="a"),
        record(3, paid("3"), key="b"),
        record(4, change("4"), key="a"),
    )

    assert [number for number, _ in await trial.parked()] == [1, 2]
    assert "behind" in (await trial.parked())[1][1]
    assert await trial.effects() == [3, 4]


async def test_a_batch_is_one_transaction_and_its_bad_one_is_parked_alone(trial):
    late = [record(number, InvoiceOverdue(number=str(number)), key=str(number)) for number in range(1, 9)]
    await trial.take(*late[:4])
    assert trial.batches == [4]

    trial.failures["6"] = Refused("no")
    await trial.take(*late[4:])

    assert await trial.effects() == [1, 2, 3, 4, 5, 7, 8]
    assert await trial.parked() == [(6, "REFUSED: no")]


async def test_a_batch_is_split_by_unit(trial):
    late = [
        record(number, InvoiceOverdue(number=str(number)), unit=unit) for number, unit in enumerate((UNIT, UNIT, "naniwa", "naniwa"), 1)
    ]
    await trial.take(*late)

    assert trial.batches == [2, 2]
    assert sorted(await trial.bench.column("SELECT business_unit FROM party_units")) == ["naniwa"] * 2 + [UNIT] * 2


async def test_silence_is_compared_with_what_the_publishers_have_published(trial):
    await trial.take(*items(1, 2, 3))
    trial.asked.numbers = {0: 3, 1: 0}
    await trial.consumer._compare()
    assert trial.asked.resent == []

    trial.asked.numbers = {0: 5, 2: 1}
    await trial.consumer._compare()
    assert trial.asked.resent == []  # it may be on its way
    await trial.consumer._compare()
    assert trial.asked.resent == [("billing", 0, 3), ("billing", 2, 0)]

    trial.asked.away = True
    await trial.consumer._compare()


async def test_an_effect_that_meets_itself_happens_once(trial):
    """Two consumers of one partition for a moment, as in a rebalance."""
    other = Trial(trial.bench)
    other.failures = trial.failures
    await asyncio.gather(trial.take(*items(1, 2)), other.take(*items(1, 2)))

    assert await trial.effects() == [1, 2]
    assert sorted(trial.tries + other.tries) == ["1", "2"]
    assert await trial.bench.value("SELECT count(*) FROM inbox") == 2
