"""The way of a message on real PostgreSQL: sent, delivered, put off, or skipped with its reason."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from chassis.database import new_id
from chassis.testing import announced, rolled_back
from proto.notifications.v1.events_pb2 import MessageDelivered, MessageSkipped
from services.notifications import commands, store
from services.notifications.domain import UnknownTemplate
from services.notifications.tests.helpers import NOON, UNIT, account, answers, asked, notice, state_of


async def test_a_mail_is_delivered_when_the_server_has_it(database_of):
    opened = database_of("notifications")
    async with rolled_back(opened.database, opened.caller, UNIT) as tx:
        message_id = await notice(tx, await account(tx))
        prepared = await commands.prepare(tx, message_id, "email")
        draft = await commands.settle(tx, prepared, answers())
        assert await commands.start_sending(tx, draft, answers(), "hash")
        # Killed here: the same reservation is found again.
        assert (await commands.prepare(tx, message_id, "email")) == prepared
        await commands.note_sent(tx, prepared)

        row = await state_of(tx, message_id)
        assert (row.state, row.amount_minor, row.language, row.pay_by) == ("delivered", 11900, "de", date(2026, 6, 11))
        assert row.answers["payments"]["version"] == 7
        (event,) = announced(tx, MessageDelivered)
        assert (event.message_id, event.channel, event.delivered_on) == (str(message_id), "email", "2026-06-01")
        assert dict(await store.figures(tx))["messages"] == [("email", 1)]
        assert await commands.prepare(tx, message_id, "email") is None


async def test_a_letter_counts_as_delivered_two_business_days_after_it_was_handed_over(database_of):
    opened = database_of("notifications")
    async with rolled_back(opened.database, opened.caller, UNIT) as tx:
        message_id = await notice(tx, await account(tx, email=""))
        assert await commands.prepare(tx, message_id, "email") is None
        prepared = await commands.prepare(tx, message_id, "letter")
        assert await commands.start_sending(tx, await commands.settle(tx, prepared, answers()), answers(), "hash")
        await commands.note_sent(tx, prepared)
        assert (await state_of(tx, message_id)).state == "sent"
        assert announced(tx, MessageDelivered) == []

        tx.now = datetime(2026, 6, 3, 8, 0, tzinfo=UTC)
        assert await commands.prepare(tx, message_id, "letter") is None
        (event,) = announced(tx, MessageDelivered)
        assert (event.channel, event.delivered_on) == ("letter", "2026-06-03")


async def skipped_reason(tx) -> str:
    (event,) = announced(tx, MessageSkipped)
    return event.reason


async def test_who_has_paid_is_not_chased_and_the_slot_is_free_again(database_of):
    opened = database_of("notifications")
    async with rolled_back(opened.database, opened.caller, UNIT) as tx:
        id_ = await account(tx)
        prepared = await commands.prepare(tx, await notice(tx, id_), "email")
        assert await commands.settle(tx, prepared, answers(open_minor=0)) is None
        assert await skipped_reason(tx) == "paid"
        for key in ("a", "b"):
            assert (await commands.reserve_contact(tx, asked(id_, key))).decision.allowed


async def test_cash_in_flight_holds_the_message_until_the_next_morning_and_not_for_ever(database_of):
    opened = database_of("notifications")
    async with rolled_back(opened.database, opened.caller, UNIT) as tx:
        message_id = await notice(tx, await account(tx))
        for _ in range(10):
            prepared = await commands.prepare(tx, message_id, "email")
            assert await commands.settle(tx, prepared, answers(tx.now, cash=11900)) is None
            row = await state_of(tx, message_id)
            assert row.next_try_at > tx.now
            tx.now = row.next_try_at
        assert announced(tx, MessageSkipped) == []
        prepared = await commands.prepare(tx, message_id, "email")
        assert await commands.settle(tx, prepared, answers(tx.now, cash=11900)) is None
        assert await skipped_reason(tx) == "cash_in_flight"


async def test_answers_older_than_a_minute_are_not_acted_upon(database_of):
    opened = database_of("notifications")
    async with rolled_back(opened.database, opened.caller, UNIT) as tx:
        message_id = await notice(tx, await account(tx))
        prepared = await commands.prepare(tx, message_id, "email")
        old = answers(tx.now - timedelta(seconds=61))
        draft = await commands.settle(tx, prepared, old)
        assert not await commands.start_sending(tx, draft, old, "hash")
        assert (await state_of(tx, message_id)).state == "queued"


async def test_nothing_leaves_while_contacts_are_off_and_everything_is_decided(database_of):
    opened = database_of("notifications")
    async with rolled_back(opened.database, opened.caller, UNIT) as tx:
        sections = {**tx.unit.sections, "notifications": {**tx.unit.sections["notifications"], "contacts": False}}
        tx._unit = replace(tx.unit, sections=sections)
        message_id = await notice(tx, await account(tx))
        prepared = await commands.prepare(tx, message_id, "email")
        draft = await commands.settle(tx, prepared, answers())
        assert not await commands.start_sending(tx, draft, answers(), "hash")
        assert await skipped_reason(tx) == "contacts_off"
        assert (await state_of(tx, message_id)).rendered_hash == "hash"


async def test_a_message_at_night_waits_for_the_morning_and_says_which_rule(database_of):
    opened = database_of("notifications")
    async with rolled_back(opened.database, opened.caller, UNIT) as tx:
        tx.now = datetime(2026, 6, 1, 21, 0, tzinfo=UTC)
        message_id = await notice(tx, await account(tx))
        assert await commands.prepare(tx, message_id, "email") is None
        assert (await state_of(tx, message_id)).next_try_at == datetime(2026, 6, 2, 6, 0, tzinfo=UTC)
        assert (await store.figures(tx))["deferred"] == [("DE.hours", 1)]


async def test_a_stop_state_is_the_reason_for_which_a_message_is_skipped(database_of):
    opened, party = database_of("notifications"), new_id()
    async with opened.database.begin(opened.caller, None) as tx:
        await commands.take_party(tx, party, 1, "business", ["insolvency"])
    async with rolled_back(opened.database, opened.caller, UNIT) as tx:
        assert await commands.prepare(tx, await notice(tx, await account(tx, party)), "email") is None
        (event,) = announced(tx, MessageSkipped)
        assert (event.reason, event.citation) == ("insolvency", "§§ 87, 89, 174 InsO")


@pytest.mark.parametrize("email", ["", "nobody", "a@b, c@d", "a@b\nBcc: x@y"])
async def test_without_a_contact_point_on_any_channel_the_message_is_skipped(database_of, email):
    opened = database_of("notifications")
    async with rolled_back(opened.database, opened.caller, UNIT) as tx:
        message_id = await notice(tx, await account(tx, email=email, address=()))
        assert await commands.prepare(tx, message_id, "email") is None
        assert await commands.prepare(tx, message_id, "letter") is None
        assert await skipped_reason(tx) == "no_contact_point"


async def test_a_mail_that_is_rejected_for_good_becomes_a_letter(database_of):
    opened = database_of("notifications")
    async with rolled_back(opened.database, opened.caller, UNIT) as tx:
        message_id = await notice(tx, await account(tx))
        prepared = await commands.prepare(tx, message_id, "email")
        await commands.note_rejected(tx, prepared, for_good=False)
        assert (await state_of(tx, message_id)).next_try_at == NOON + timedelta(minutes=30)
        await commands.note_rejected(tx, replace(prepared, reservation_id=None), for_good=True)
        assert (await state_of(tx, message_id)).channel == "letter"


async def test_a_message_for_an_account_that_is_not_known_yet_waits_for_it(database_of):
    opened = database_of("notifications")
    async with rolled_back(opened.database, opened.caller, UNIT) as tx:
        id_ = new_id()
        message_id = await notice(tx, id_)
        assert await commands.prepare(tx, message_id, "email") is None
        assert (await state_of(tx, message_id)).next_try_at > tx.now
        sealed = tx.vault.seal(UNIT, b'{"name": "N", "email": "a@b.example", "address": []}', "event.account")
        await commands.take_account(tx, commands.Account(id_, 1, new_id(), "K", "business", "de", "DE", "Europe/Berlin", sealed))
        assert await commands.prepare(tx, message_id, "email") is not None


async def test_a_notice_for_an_unknown_template_is_refused(database_of):
    opened = database_of("notifications")
    async with rolled_back(opened.database, opened.caller, UNIT) as tx:
        with pytest.raises(UnknownTemplate):
            await commands.take_notice(tx, commands.Notice(new_id(), new_id(), new_id(), "threat", ["email"], date(2026, 6, 11)))


async def test_a_dispatcher_waits_for_its_next_message_and_not_at_all_while_more_is_due(database_of):
    opened = database_of("notifications")
    async with rolled_back(opened.database, opened.caller, "naniwa") as tx:
        message_id = await notice(tx, await account(tx))
        seen, due = await commands.begin_look(tx, "email")
        assert due == [message_id]
        assert await commands.end_look(tx, "email", seen) == NOON.timestamp()
        await store.update_message(tx, message_id, next_try_at=tx.now + timedelta(hours=1))
        assert await commands.end_look(tx, "email", seen) == NOON.timestamp() + 3600
        await store.update_message(tx, message_id, state="skipped")
        assert await commands.end_look(tx, "email", seen) is None
