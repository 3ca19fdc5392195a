"""The admin door: positions, resending, parked messages in the order of their keys."""

from datetime import timedelta
from uuid import UUID

import pytest

from chassis.admin import Admin
from chassis.audit import moment
from chassis.clock import wall_now
from chassis.runtime import Runtime
from chassis.settings import load
from cli.plumbing import said
from kernel.errors import Refused
from proto.chassis.v1 import admin_pb2 as pb

from .conftest import change, paid
from .trial import Trial, items, record


@pytest.fixture
def trial(bench):
    return Trial(bench)


async def test_parked_messages_are_tried_again_in_the_order_of_their_key(trial, tmp_path):
    trial.failures = {"1": Refused("not yet"), "3": Refused("never")}
    await trial.take(
        *(record(number, paid(str(number)), key="a") for number in (1, 2)),
        *(record(number, paid(str(number)), key="b") for number in (3, 4)),
    )
    assert [number for number, _ in await trial.parked()] == [1, 2, 3, 4]

    del trial.failures["1"]
    trial.tries.clear()
    door = await opened_admin(trial, tmp_path)
    listed = await door.ListParked(pb.ListParkedRequest(), None)
    (shown,) = (await door.ListParked(pb.ListParkedRequest(ids=[listed.parked[1].id], contents=True), None)).parked
    answer = await door.ReplayParked(pb.ReplayParkedRequest(), None)
    await door.close()
    assert (shown.number, shown.publisher, listed.parked[1].payload) == (2, "billing", b"")
    assert said(shown) == {"number": "2"}

    assert next((parked.key, parked.reason) for parked in listed.parked) == ("a", "REFUSED: not yet")
    assert trial.tries == ["1", "2", "3"], "the fourth waits behind the third"
    assert (answer.replayed, [parked.reason for parked in answer.failed]) == (2, ["REFUSED: never"])
    assert [number for number, _ in await trial.parked()] == [3, 4]
    assert await trial.effects() == [1, 2]


async def opened_admin(trial, folder) -> Admin:
    bench = trial.bench
    environment = {
        "SAIKEN_DATABASE_URL": bench.url("app"),
        "SAIKEN_RELAY_DATABASE_URL": bench.url("relay"),
        "SAIKEN_AUDITOR_DATABASE_URL": bench.url("auditor"),
        "SAIKEN_SEALER_DATABASE_URL": bench.url("sealer"),
        "SAIKEN_KEYS": str(bench.server.keys),
        "SAIKEN_UNITS": "samples/units.yaml",
        "SAIKEN_FILES": str(folder),
    }
    database = bench.database
    runtime = Runtime("billing", load("billing", environment), database, None, database.clock, database.units, database.vault, bench.caller)
    door = Admin(runtime, trial.consumer, trial.subscriptions)
    await door.open()
    return door


async def test_a_position_counts_what_waits_and_a_resend_unmarks_only_what_comes_after(trial, tmp_path):
    await trial.bench.publish(*((change(str(number)), "key") for number in range(3)))
    await trial.bench.super.execute("UPDATE outbox SET partition = 0, published_at = now(), number = n FROM "
        "(SELECT id, row_number() OVER (ORDER BY id) AS n FROM outbox) AS o WHERE o.id = outbox.id")  # fmt: skip
    await trial.bench.super.execute("INSERT INTO positions VALUES (0, 3)")
    await trial.take(*items(1, 2))

    door = await opened_admin(trial, tmp_path)
    before = await door.GetPosition(pb.GetPositionRequest(), None)
    resent = await door.Resend(pb.ResendRequest(partition=0, after=1), None)
    after = await door.GetPosition(pb.GetPositionRequest(), None)
    await door.close()

    assert (before.unpublished, dict(before.numbers), before.publishers) == (0, {0: 3}, ["billing"])
    assert [(mark.publisher, mark.partition, mark.number) for mark in before.watermarks] == [("billing", 0, 2)]
    assert (resent.rows, after.unpublished) == (2, 2)


async def test_what_is_old_published_and_heard_is_forgotten_and_nothing_else(trial, tmp_path):
    old, young = (UUID(int=moment(wall_now() - timedelta(days=days)).int + 1) for days in (36, 34))
    for place, (id_, number, published) in enumerate(((old, 1, True), (old, 2, False), (old, 3, True), (young, 4, True))):
        await trial.bench.super.execute(
            "INSERT INTO outbox VALUES ($1, 'rheintel', 0, $2, 'type', 'key', '', '{}', now(), CASE WHEN $3 THEN now() END)",
            UUID(int=id_.int + place), number, published,
        )  # fmt: skip
    await trial.bench.super.executemany("INSERT INTO inbox VALUES ($1)", [(old,), (young,)])

    door = await opened_admin(trial, tmp_path)
    with pytest.raises(Refused, match="at least 35 days"):
        await door.Prune(pb.PruneRequest(keep_days=34), None)
    answer = await door.Prune(pb.PruneRequest(keep_days=35, heard={0: 2}), None)
    await door.close()

    assert (answer.outbox_rows, answer.inbox_rows) == (1, 1)
    assert await trial.bench.column("SELECT number FROM outbox ORDER BY number") == [2, 3, 4]
