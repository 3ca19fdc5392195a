"""American law at the stored gate: attempts and conversations per debt, by who collects and where the debtor lives."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chassis.database import new_id
from chassis.testing import rolled_back
from services.notifications import commands, store
from services.notifications.commands.facts import debt_index
from services.notifications.tests.helpers import OTHER, UNIT, account, asked, by_statute, collects_as, rules

NEW_YORK = ("US", "America/New_York")
MANHATTAN = ("1 Placeholder Road", "New York, NY 10001")
# A Tuesday noon in New York, where the city's rules are in force.
TUESDAY = datetime(2026, 9, 15, 16, 0, tzinfo=UTC)


async def call(tx, account_id, number: int, outcome: str, debt: str = "D1") -> None:
    reserved = await commands.reserve_contact(tx, asked(account_id, f"call {number}", "call", debt), by_statute())
    await commands.confirm_contact(tx, reserved.id, outcome)


async def test_seven_days_after_a_conversation_about_a_debt_nobody_calls_about_it(database_of):
    opened = database_of("notifications")
    async with rolled_back(opened.database, opened.caller, UNIT) as tx:
        tx.now = TUESDAY
        collects_as(tx, "agency")
        id_ = await account(tx, address=("1 Way", "Albany, NY 12201"), debtor_type="consumer", place=NEW_YORK)
        await call(tx, id_, 1, "NO_ANSWER")
        await call(tx, id_, 2, "")
        tx.now += timedelta(hours=1)
        (newest,) = await tx.all("SELECT id FROM gate_decisions WHERE key = 'call 2'")
        await commands.confirm_contact(tx, newest.id, "CONVERSATION")

        silent = await commands.may_contact(tx, asked(id_, channel="call", debt="D1"), by_statute())
        # The day of the conversation is the first of seven; Reg F opens at eight.
        assert (rules(silent), silent.next_at) == (["US.reg_f.conversation"], datetime(2026, 9, 22, 12, 0, tzinfo=UTC))
        assert (await commands.may_contact(tx, asked(id_, channel="call", debt="D2"), by_statute())).allowed
        assert (await commands.may_contact(tx, asked(id_, channel="letter", debt="D1"), by_statute())).allowed


async def test_a_conversation_that_the_debtor_began_counts_as_one_and_as_no_attempt(database_of):
    opened = database_of("notifications")
    async with rolled_back(opened.database, opened.caller, UNIT) as tx:
        tx.now = TUESDAY
        collects_as(tx, "agency")
        id_ = await account(tx, address=("1 Way", "Albany, NY 12201"), debtor_type="consumer", place=NEW_YORK)
        for _ in range(2):
            await commands.note_received(tx, asked(id_, "heard", "call"), "CONVERSATION")

        assert rules(await commands.may_contact(tx, asked(id_, channel="call", debt="D1"))) == ["US.reg_f.conversation"]
        with pytest.raises(commands.UnknownOutcome):
            await commands.note_received(tx, asked(id_, "again", "call"), "TALKED")


async def test_new_york_city_allows_three_attempts_of_a_creditor_about_an_account_over_all_channels(database_of):
    opened = database_of("notifications")
    async with rolled_back(opened.database, opened.caller, OTHER) as tx:
        tx.now = TUESDAY
        id_ = await account(tx, address=MANHATTAN, debtor_type="consumer", place=NEW_YORK)
        await call(tx, id_, 1, "BUSY")
        for channel in ("email", "letter"):
            held = await commands.reserve_contact(tx, asked(id_, channel, channel), by_statute())
            await commands.confirm_contact(tx, held.id)

        denied = await commands.reserve_contact(tx, asked(id_, "fourth", "sms"), by_statute())
        assert rules(denied.decision) == ["US.NYC.cap"]
        kept = (await store.find_decision(tx, "fourth")).inputs
        assert (kept["residence"], kept["state"], kept["collector"], kept["usage"]["US.NYC.cap"][0]) == ("NYC", "NY", "creditor", 3)


async def test_of_twenty_senders_for_the_last_slot_of_a_debt_one_is_allowed(database_of):
    opened = database_of("notifications")
    opened.clock.advance(TUESDAY - await opened.clock.now())
    database, who, party, accounts = opened.database, opened.caller, new_id(), {}
    for unit in (UNIT, OTHER):
        async with database.begin(who, unit) as tx:
            accounts[unit] = await account(tx, party, address=MANHATTAN, debtor_type="consumer", place=NEW_YORK)
            for number in range(2):
                await call(tx, accounts[unit], number, "NO_ANSWER")

    async def send(number: int) -> str:
        unit = (UNIT, OTHER)[number % 2]
        async with database.begin(who, unit) as tx:
            reserved = await commands.reserve_contact(tx, asked(accounts[unit], f"caller {number}", "call", "D1"), by_statute())
        return unit if reserved.decision.allowed else ""

    # Each unit has a debt of its own, so each has its own last slot.
    assert sorted(filter(None, await asyncio.gather(*map(send, range(20))))) == sorted([UNIT, OTHER])


async def test_who_collects_as_nobody_knows_what_is_refused(database_of):
    opened = database_of("notifications")
    async with rolled_back(opened.database, opened.caller, UNIT) as tx:
        id_ = await account(tx)
        collects_as(tx, "creditr")
        with pytest.raises(commands.UnknownCollector):
            await commands.may_contact(tx, asked(id_))


async def test_a_telephone_at_work_is_not_called(database_of):
    opened = database_of("notifications")
    async with rolled_back(opened.database, opened.caller, UNIT) as tx:
        at_work = replace(asked(await account(tx), channel="call"), place="work")
        assert rules(await commands.may_contact(tx, at_work)) == ["group.workplace"]
        with pytest.raises(commands.UnknownPlace):
            await commands.may_contact(tx, replace(at_work, place="gym"))


async def test_a_day_ends_where_the_debtor_may_be_last(database_of):
    opened = database_of("notifications")
    async with rolled_back(opened.database, opened.caller, UNIT) as tx:
        collects_as(tx, "agency")
        party = new_id()
        id_ = await account(tx, party, address=("1 Way", "Fresno, CA 93650"), debtor_type="consumer", place=NEW_YORK)
        # The first hour of the first of seven days in New York, the day before in California.
        tx.now = datetime(2026, 9, 9, 5, 0, tzinfo=UTC)
        for _ in range(7):
            await store.add_contact(tx, new_id(), party, "call", "made", debt_index(tx, id_, ""), outcome="NO_ANSWER")
        tx.now = TUESDAY + timedelta(hours=2)

        seventh = await commands.may_contact(tx, asked(id_, channel="call"), by_statute())
        # New York's eighth day begins; eight o'clock in California comes later.
        assert (rules(seventh), seventh.next_at) == (["US.reg_f.call_cap"], datetime(2026, 9, 16, 15, 0, tzinfo=UTC))
