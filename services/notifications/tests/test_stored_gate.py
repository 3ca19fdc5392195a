"""The stored gate on real PostgreSQL: the last slot, what is kept of a decision, and what a unit cannot see."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from chassis.database import new_id
from chassis.testing import rolled_back
from kernel.errors import NotFound
from services.notifications import commands, store
from services.notifications.tests.helpers import OTHER, UNIT, account, asked, notice


async def test_of_twenty_senders_of_two_units_for_the_last_slot_one_is_allowed(database_of):
    opened = database_of("notifications")
    database, who, party = opened.database, opened.caller, new_id()
    accounts = {}
    for unit in (UNIT, OTHER):
        async with database.begin(who, unit) as tx:
            accounts[unit] = await account(tx, party)
    async with database.begin(who, UNIT) as tx:
        first = await commands.reserve_contact(tx, asked(accounts[UNIT], "first"))
        await commands.confirm_contact(tx, first.id)

    async def send(number: int) -> bool:
        unit = (UNIT, OTHER)[number % 2]
        # Both accounts are in Germany, where it is noon: only the cap can say no.
        async with database.begin(who, unit) as tx:
            return (await commands.reserve_contact(tx, asked(accounts[unit], f"sender {number}"))).decision.allowed

    assert sum(await asyncio.gather(*map(send, range(20)))) == 1


async def test_the_same_key_gives_the_same_reservation_while_it_lives(database_of):
    opened = database_of("notifications")
    async with rolled_back(opened.database, opened.caller, UNIT) as tx:
        id_ = await account(tx)
        first = await commands.reserve_contact(tx, asked(id_))
        again = await commands.reserve_contact(tx, asked(id_))
        assert first.id == again.id is not None

        tx.now += timedelta(minutes=16)
        assert (await commands.reserve_contact(tx, asked(id_))).id != first.id


async def test_what_is_released_or_lapsed_does_not_count_and_what_was_made_does(database_of):
    opened = database_of("notifications")
    async with rolled_back(opened.database, opened.caller, UNIT) as tx:
        id_ = await account(tx)
        made = await commands.reserve_contact(tx, asked(id_, "made"))
        await commands.confirm_contact(tx, made.id)
        released = await commands.reserve_contact(tx, asked(id_, "released"))
        assert not (await commands.may_contact(tx, asked(id_))).allowed
        await commands.release_contact(tx, released.id)
        await commands.reserve_contact(tx, asked(id_, "lapsed"))
        assert not (await commands.may_contact(tx, asked(id_))).allowed

        tx.now += timedelta(minutes=16)
        assert (await commands.may_contact(tx, asked(id_))).allowed
        with pytest.raises(NotFound):
            await commands.release_contact(tx, made.id)
        with pytest.raises(NotFound):
            await commands.confirm_contact(tx, released.id)


async def test_a_decision_is_kept_with_its_rules_their_version_and_no_personal_data(database_of):
    opened = database_of("notifications")
    async with rolled_back(opened.database, opened.caller, UNIT) as tx:
        id_ = await account(tx)
        for key in ("a", "b", "c"):
            decided = await commands.reserve_contact(tx, asked(id_, key))
        row = await store.find_decision(tx, "c")
        assert decided.id is None
        assert (row.allowed, row.rules, row.rules_version) == (False, ["group.cap"], commands.rule_book().version)
        assert row.next_at == decided.decision.next_at == datetime(2026, 6, 8, 6, 0, tzinfo=UTC)
        assert row.inputs["usage"]["group.cap"][0] == 2
        assert "Nord" not in json.dumps(row.inputs)


async def test_a_unit_cannot_read_the_ledger_of_contacts(database_of):
    opened = database_of("notifications")
    async with rolled_back(opened.database, opened.caller, UNIT) as tx:
        with pytest.raises(asyncpg.PostgresError, match="permission denied"):
            await tx.all("SELECT * FROM contact_ledger")


async def test_a_unit_sees_neither_accounts_nor_messages_nor_reservations_of_another(database_of):
    opened = database_of("notifications")
    async with opened.database.begin(opened.caller, UNIT) as tx:
        id_ = await account(tx)
        message_id = await notice(tx, id_)
        reserved = await commands.reserve_contact(tx, asked(id_, "mine"))
    async with rolled_back(opened.database, opened.caller, OTHER) as tx:
        assert await store.find_account(tx, id_) is None
        assert await store.list_messages(tx, None, 1000) == []
        assert await store.lock_message(tx, message_id) is None
        with pytest.raises(NotFound):
            await commands.may_contact(tx, asked(id_))
        with pytest.raises(NotFound):
            await commands.release_contact(tx, reserved.id)


async def test_a_partys_state_is_seen_only_where_it_has_an_account_and_an_older_one_is_silent(database_of):
    opened, party = database_of("notifications"), new_id()
    async with opened.database.begin(opened.caller, None) as tx:
        await commands.take_party(tx, party, 2, "business", ["insolvency"])
        await commands.take_party(tx, party, 1, "business", [])
    async with rolled_back(opened.database, opened.caller, UNIT) as tx:
        assert await tx.all("SELECT * FROM party_states WHERE party_id = :id", id=party) == []
        id_ = await account(tx, party)
        decision = await commands.may_contact(tx, asked(id_))
        assert [reason.rule for reason in decision.reasons] == ["DE.insolvency"]
        assert not (await commands.may_contact(tx, asked(id_, channel="registered_letter"))).allowed


async def test_contact_points_are_sealed_where_they_lie(database_of):
    opened = database_of("notifications")
    async with rolled_back(opened.database, opened.caller, UNIT) as tx:
        row = await store.find_account(tx, await account(tx, email="secret@example.org"))
        assert b"secret" not in bytes(row.contact)
