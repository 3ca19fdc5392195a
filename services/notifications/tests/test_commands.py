"""Notifications' commands on real PostgreSQL: the last slot, the way of a message, and what a unit cannot see."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy.exc import DBAPIError

from chassis.database import new_id
from chassis.testing import announced, rolled_back
from kernel.errors import NotFound
from proto.notifications.v1.events_pb2 import MessageDelivered, MessageSkipped
from services.notifications import commands, store
from services.notifications.domain import Answers, Cash, Open, UnknownTemplate

UNIT, OTHER = "rheintel", "hudson"
# Monday noon in Germany.
NOON = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)


async def account(tx, party: UUID | None = None, email: str = "a@example.org", address: tuple[str, ...] = ("Weg 1",)) -> UUID:
    id_ = new_id()
    contact = {"name": "Nord GmbH", "name_kana": "", "email": email, "address": list(address)}
    sealed = tx.vault.seal(tx.unit.id, json.dumps(contact).encode(), "event.account")
    made = commands.Account(id_, 1, party or new_id(), "K-1", "business", "de", "DE", "Europe/Berlin", sealed)
    await commands.take_account(tx, made)
    return id_


def asked(account_id: UUID, key: str = "k", channel: str = "email") -> commands.Asked:
    return commands.Asked(account_id, channel, "", key)


async def notice(tx, account_id: UUID, *channels: str) -> UUID:
    made = commands.Notice(new_id(), new_id(), account_id, "reminder", channels or ("email", "letter"), date(2026, 6, 11))
    await commands.take_notice(tx, made)
    await commands.take_notice(tx, made)
    (row,) = await tx.all("SELECT id FROM messages WHERE notice_id = :id", id=made.id)
    return row.id


def answers(at: datetime = NOON, open_minor: int = 11900, cash: int = 0) -> Answers:
    item = Open("R-1", "EUR", open_minor, date(2026, 4, 1), date(2026, 5, 1), True, 1)
    return Answers((item,) if open_minor else (), at, Cash("EUR", cash, 7, at))


async def state_of(tx, message_id: UUID):
    return await tx.first("SELECT * FROM messages WHERE id = :id", id=message_id)


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
        with pytest.raises(DBAPIError, match="permission denied"):
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
