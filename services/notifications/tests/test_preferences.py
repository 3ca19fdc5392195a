"""What people ask of the group, and what came of contacts: noted by one unit, kept by all, cleared by none alone."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import DBAPIError

from chassis.database import new_id
from chassis.testing import rolled_back
from kernel.errors import NotFound
from services.notifications import commands, store
from services.notifications.domain import Preference, inconvenient, opt_out, stop
from services.notifications.domain.preferences import PreferenceInvalid
from services.notifications.tests.helpers import OTHER, UNIT, account, asked, by_statute, collects_as

NEW_YORK = ("US", "America/New_York")
MANHATTAN = ("1 Placeholder Road", "New York, NY 10001")
# A Tuesday noon in New York, in force of the city's rules.
TUESDAY = datetime(2026, 9, 15, 16, 0, tzinfo=UTC)


def rules(decision) -> list[str]:
    return [reason.rule for reason in decision.reasons]


async def person_of_two_units(opened):
    """Accounts of one person at two units."""
    party, accounts = new_id(), {}
    for unit in (UNIT, OTHER):
        async with opened.database.begin(opened.caller, unit) as tx:
            accounts[unit] = await account(tx, party)
    return accounts


async def test_what_one_unit_notes_every_unit_keeps(database_of):
    opened = database_of("notifications")
    accounts = await person_of_two_units(opened)
    async with opened.database.begin(opened.caller, UNIT) as tx:
        await commands.record_preference(tx, accounts[UNIT], opt_out("email"))
        await commands.record_preference(tx, accounts[UNIT], inconvenient([0], "10:00", "14:00"))

    async with rolled_back(opened.database, opened.caller, OTHER) as tx:
        assert rules(await commands.may_contact(tx, asked(accounts[OTHER]))) == ["DE.opt_out", "group.opt_out", "group.inconvenient"]
        busy = await commands.may_contact(tx, asked(accounts[OTHER], channel="call"))
        assert (rules(busy), busy.next_at) == (["group.inconvenient"], datetime(2026, 6, 1, 12, 0, tzinfo=UTC))
        assert (await commands.may_contact(tx, asked(accounts[OTHER], channel="letter"))).allowed


async def test_no_unit_clears_alone_and_two_units_do(database_of):
    opened = database_of("notifications")
    accounts = await person_of_two_units(opened)
    async with opened.database.begin(opened.caller, UNIT) as tx:
        id_ = await commands.record_preference(tx, accounts[UNIT], stop("cease"))
        assert await commands.record_preference(tx, accounts[UNIT], stop("cease")) == id_
        assert not await commands.clear_preference(tx, accounts[UNIT], id_)
        with pytest.raises(commands.ClearedAlone):
            await commands.clear_preference(tx, accounts[UNIT], id_)
        assert rules(await commands.may_contact(tx, asked(accounts[UNIT]))) == ["DE.cease", "group.stop"]

    async with opened.database.begin(opened.caller, OTHER) as tx:
        assert UNIT not in (await commands.list_preferences(tx, accounts[OTHER]))[0].clearing_asked_by
        assert await commands.clear_preference(tx, accounts[OTHER], id_)
        with pytest.raises(NotFound):
            await commands.clear_preference(tx, accounts[OTHER], id_)
        assert (await commands.may_contact(tx, asked(accounts[OTHER]))).allowed


async def test_what_is_heard_again_must_be_cleared_by_two_again(database_of):
    opened = database_of("notifications")
    accounts = await person_of_two_units(opened)
    async with opened.database.begin(opened.caller, UNIT) as tx:
        id_ = await commands.record_preference(tx, accounts[UNIT], stop("represented"))
        await commands.clear_preference(tx, accounts[UNIT], id_)
        await commands.record_preference(tx, accounts[UNIT], stop("represented"))
    async with opened.database.begin(opened.caller, OTHER) as tx:
        assert not await commands.clear_preference(tx, accounts[OTHER], id_)


async def test_who_decides_for_the_group_needs_no_second_unit(database_of):
    opened = database_of("notifications")
    somebody = replace(opened.caller, roles=frozenset({commands.GROUP_ROLE}))
    async with rolled_back(opened.database, somebody, UNIT) as tx:
        account_id = await account(tx)
        id_ = await commands.record_preference(tx, account_id, opt_out("sms"))
        assert await commands.clear_preference(tx, account_id, id_)
        assert await commands.record_preference(tx, account_id, opt_out("sms")) != id_


@pytest.mark.parametrize("statement", ["UPDATE contact_preferences SET cleared_at = now()", "DELETE FROM contact_preferences"])
async def test_the_application_cannot_clear_past_the_function(database_of, statement):
    opened = database_of("notifications")
    async with rolled_back(opened.database, opened.caller, UNIT) as tx:
        with pytest.raises(DBAPIError, match="permission denied"):
            await tx.execute(statement)


async def test_the_preferences_of_a_stranger_are_not_seen(database_of):
    opened = database_of("notifications")
    async with opened.database.begin(opened.caller, UNIT) as tx:
        party = new_id()
        id_ = await account(tx, party)
        await commands.record_preference(tx, id_, stop("cease"))
    async with rolled_back(opened.database, opened.caller, OTHER) as tx:
        assert await store.live_preferences(tx, party) == []
        with pytest.raises(NotFound):
            await commands.record_preference(tx, id_, stop("cease"))


@pytest.mark.parametrize(
    "make",
    [
        lambda: opt_out("pigeon"),
        lambda: stop("opt_out"),
        lambda: inconvenient([7], "09:00", "10:00"),
        lambda: inconvenient([], "9", "10:00"),
        lambda: inconvenient([], "09:00:30", "10:00"),
        lambda: inconvenient([], "09:00", "10:00+01:00"),
    ],
)
def test_a_preference_that_nobody_could_keep_is_refused(make):
    with pytest.raises(PreferenceInvalid):
        make()


def test_a_day_ends_where_the_next_begins():
    assert inconvenient([1, 0, 1], "18:00", "24:00") == Preference("inconvenient", "0,1 18:00-00:00")


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
