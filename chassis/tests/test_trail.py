"""The audit trail: every announcement has its entry; a row that is changed, removed or inserted is found."""

from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from chassis.audit import Chain, moment, verify
from chassis.auth import Signer, Unauthenticated, attested
from chassis.clock import wall_now
from chassis.database import new_id
from chassis.sealer import Sealer, heads_of
from chassis.testing import rolled_back

from .conftest import UNIT, Bench, change


async def entries(bench: Bench, count: int) -> None:
    for number in range(count):
        await bench.publish((change(f"item {number}"), f"key {number}"))


async def seal(bench: Bench, folder) -> Sealer:
    sealer = Sealer(bench.url("sealer"), Signer(bench.server.keys, "billing"), folder)
    connection = await asyncpg.connect(bench.url("sealer"))
    await sealer.seal(connection)
    await connection.close()
    return sealer


async def verified(bench: Bench, heads=None) -> Chain:
    connection = await asyncpg.connect(bench.url("auditor"))
    chains = await verify(connection, heads or {})
    await connection.close()
    return chains[UNIT]


async def test_an_entry_says_who_announced_what_and_carries_no_contents(bench, tmp_path):
    async with bench.database.begin(bench.caller, UNIT) as tx:
        tx.publish(change("item 1"), "key 1")
        tx.note("approved", second="someone")

    (entry,) = await bench.column("SELECT convert_from(entry, 'UTF8')::jsonb ->> 'facts' FROM trail")
    assert entry == '{"billing.v1.ItemChanged": ["key 1"]}'
    assert await bench.column("SELECT convert_from(entry, 'UTF8')::jsonb #>> '{notes,0,second}' FROM trail") == ["someone"]
    assert await bench.column("SELECT convert_from(entry, 'UTF8')::jsonb ->> 'subject' FROM trail") == ["billing"]


async def test_a_transaction_that_is_rolled_back_leaves_no_entry(bench):
    async with rolled_back(bench.database, bench.caller, UNIT) as tx:
        tx.publish(change("item 1"), "key 1")

    assert await bench.value("SELECT count(*) FROM trail") == 0


async def test_a_sealed_chain_holds_and_goes_on_where_it_was(bench, tmp_path):
    await entries(bench, 3)
    await seal(bench, tmp_path)
    first = await verified(bench)
    await entries(bench, 2)
    waiting = await verified(bench)
    sealer = Sealer(bench.url("sealer"), Signer(bench.server.keys, "billing"), tmp_path)
    sealer._heads = {UNIT: (first.number, first.hash)}
    connection = await asyncpg.connect(bench.url("sealer"))
    await sealer.seal(connection)
    await connection.close()
    second = await verified(bench)

    assert (first.number, first.waiting, first.problem) == (3, 0, "")
    assert (waiting.number, waiting.waiting, waiting.problem) == (3, 2, "")
    assert (second.number, second.waiting, second.problem) == (5, 0, "")


@pytest.mark.parametrize(
    ("tampering", "problem"),
    [
        ("UPDATE trail SET entry = 'other' WHERE id = (SELECT id FROM seals WHERE number = 2)", "2 was changed"),
        ("UPDATE trail SET at = at + interval '1 day' WHERE id = (SELECT id FROM seals WHERE number = 2)", "2 was changed"),
        ("UPDATE trail SET business_unit = 'naniwa' WHERE id = (SELECT id FROM seals WHERE number = 1)", "the entry of 1 belongs to another"),
        ("DELETE FROM trail WHERE id = (SELECT id FROM seals WHERE number = 3)", "the entry of 3 was removed"),
        ("DELETE FROM seals WHERE number = 2", "2 is missing"),
        ("WITH gone AS (DELETE FROM seals WHERE number = 2 RETURNING id) DELETE FROM trail USING gone WHERE gone.id = trail.id", "2 is missing"),
        ("UPDATE seals SET hash = sha256('other') WHERE number = 4", "4 was changed"),
    ],
)  # fmt: skip
async def test_what_was_changed_or_removed_is_found(bench, tmp_path, tampering, problem):
    await entries(bench, 4)
    await seal(bench, tmp_path)

    await bench.super.execute(tampering)

    assert (await verified(bench)).problem.startswith(problem)


async def test_an_entry_that_is_inserted_among_old_ones_is_found_and_never_sealed(bench, tmp_path):
    await entries(bench, 2)
    await seal(bench, tmp_path)
    old = UUID(int=moment(wall_now() - timedelta(hours=2)).int + 1)

    await bench.super.execute("INSERT INTO trail VALUES ($1, $2, now(), 'forged')", old, UNIT)
    await seal(bench, tmp_path)

    chain = await verified(bench)
    assert (chain.number, chain.problem) == (2, "1 entries were inserted afterwards")


async def test_a_chain_that_was_cut_or_written_anew_differs_from_what_was_exported(bench, tmp_path):
    await entries(bench, 3)
    sealer = await seal(bench, tmp_path)
    sealer.export()
    (statement,) = heads_of(tmp_path, "billing").read_text("utf-8").splitlines()
    head = attested(bench.server.keys, "billing", statement)
    heads = {(str(head["chain"]), int(head["number"])): bytes.fromhex(str(head["hash"]))}
    assert (await verified(bench, heads)).problem == ""

    await bench.super.execute("DELETE FROM trail WHERE id = (SELECT id FROM seals WHERE number = 3)")
    await bench.super.execute("DELETE FROM seals WHERE number = 3")
    assert (await verified(bench, heads)).problem == "ends at 2, but 3 was exported"

    await entries(bench, 1)
    await bench.super.execute("DELETE FROM seals")
    await seal(bench, tmp_path)
    assert (await verified(bench, heads)).problem == "3 is not what was exported"


async def test_an_exported_head_is_no_access_token_and_nobody_else_can_state_it(bench, tmp_path):
    statement = Signer(bench.server.keys, "payments").attest({"chain": UNIT, "number": 1, "hash": "00"})

    with pytest.raises(Unauthenticated):
        attested(bench.server.keys, "billing", statement)


async def test_the_application_and_the_sealer_can_neither_change_nor_remove_an_entry(bench, tmp_path):
    await entries(bench, 1)
    await seal(bench, tmp_path)

    for role in ("app", "sealer", "auditor", "relay"):
        connection = await asyncpg.connect(bench.url(role))
        for statement in ("UPDATE trail SET entry = ''", "DELETE FROM trail", "UPDATE seals SET number = 9", "DELETE FROM seals"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
        await connection.close()


async def test_entries_with_ids_of_one_instant_are_told_apart(bench):
    ids = [new_id() for _ in range(1_000)]

    assert ids == sorted(ids)
    assert moment(wall_now() - timedelta(minutes=1)) < ids[0] < moment(wall_now() + timedelta(minutes=1))
