"""What people ask of the group: noted by one unit, kept by all, cleared by none alone."""

from dataclasses import replace
from datetime import UTC, datetime

import asyncpg
import pytest

from chassis.testing import rolled_back
from kernel.errors import NotFound
from services.notifications import commands
from services.notifications.domain import Preference, inconvenient, opt_out, stop
from services.notifications.domain.preferences import PreferenceInvalid
from services.notifications.tests.helpers import OTHER, UNIT, account, asked, rules


async def test_what_one_unit_notes_every_unit_keeps(database_of, accounts):
    opened = database_of("notifications")
    async with opened.database.begin(opened.caller, UNIT) as tx:
        await commands.record_preference(tx, accounts[UNIT], opt_out("email"))
        await commands.record_preference(tx, accounts[UNIT], inconvenient([0], "10:00", "14:00"))

    async with rolled_back(opened.database, opened.caller, OTHER) as tx:
        assert rules(await commands.may_contact(tx, asked(accounts[OTHER]))) == ["DE.opt_out", "group.opt_out", "group.inconvenient"]
        busy = await commands.may_contact(tx, asked(accounts[OTHER], channel="call"))
        assert (rules(busy), busy.next_at) == (["group.inconvenient"], datetime(2026, 6, 1, 12, 0, tzinfo=UTC))
        assert (await commands.may_contact(tx, asked(accounts[OTHER], channel="letter"))).allowed


async def test_no_unit_clears_alone_and_two_units_do(database_of, accounts):
    opened = database_of("notifications")
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


async def test_what_is_heard_again_must_be_cleared_by_two_again(database_of, accounts):
    opened = database_of("notifications")
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
        with pytest.raises(asyncpg.PostgresError, match="permission denied"):
            await tx.execute(statement)


async def test_the_preferences_of_a_stranger_are_not_seen(database_of, accounts):
    opened = database_of("notifications")
    async with opened.database.begin(opened.caller, UNIT) as tx:
        await commands.record_preference(tx, accounts[UNIT], stop("cease"))
    async with rolled_back(opened.database, opened.caller, "naniwa") as tx:
        assert await tx.all("SELECT * FROM contact_preferences") == []
        with pytest.raises(NotFound):
            await commands.record_preference(tx, accounts[UNIT], stop("cease"))


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
