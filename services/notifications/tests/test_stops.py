"""The emergency stop on real PostgreSQL: it holds for one unit, at every step before hand-over, and for people too."""

from chassis.testing import rolled_back
from services.notifications import commands
from services.notifications.tests.helpers import UNIT, account, answers, asked, notice, state_of


async def test_a_stop_holds_what_is_queued_and_a_start_lets_it_leave_at_once(database_of):
    opened = database_of("notifications")
    async with rolled_back(opened.database, opened.caller, UNIT) as tx:
        message_id = await notice(tx, await account(tx))
        await commands.stop_contacts(tx, "INC-7")
        assert await commands.prepare(tx, message_id, "email") is None
        row = await state_of(tx, message_id)
        assert (row.state, row.reason, row.next_try_at) == ("queued", "contacts_stopped", None)

        await commands.start_contacts(tx)
        assert (await state_of(tx, message_id)).next_try_at == tx.now
        assert await commands.prepare(tx, message_id, "email") is not None


async def test_a_stop_catches_a_message_that_has_passed_the_gate(database_of):
    opened = database_of("notifications")
    async with rolled_back(opened.database, opened.caller, UNIT) as tx:
        message_id = await notice(tx, await account(tx))
        prepared = await commands.prepare(tx, message_id, "email")
        draft = await commands.settle(tx, prepared, answers())
        await commands.stop_contacts(tx, "INC-7")

        assert not await commands.start_sending(tx, draft, answers(), "hash")
        assert await commands.settle(tx, prepared, answers()) is None
        row = await state_of(tx, message_id)
        assert (row.state, row.reason) == ("queued", "contacts_stopped")


async def test_a_person_who_asks_is_refused_with_the_stop_as_the_reason(database_of):
    opened = database_of("notifications")
    async with rolled_back(opened.database, opened.caller, UNIT) as tx:
        id_ = await account(tx)
        held = await commands.reserve_contact(tx, asked(id_, "call"))
        await commands.stop_contacts(tx, "INC-7")

        for decision in ((await commands.reserve_contact(tx, asked(id_, "call"))).decision, await commands.may_contact(tx, asked(id_))):
            assert [reason.rule for reason in decision.reasons] == ["contacts_stopped"]
        assert held.decision.allowed
