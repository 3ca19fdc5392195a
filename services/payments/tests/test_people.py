"""What people decide about lines: confirmed, rejected, split, combined, undone; refused when it does not stand; repeated, it changes nothing."""

from datetime import date

import pytest
import pytest_asyncio

from chassis.testing import announced, rolled_back
from kernel.errors import NotFound, Unreadable
from proto.payments.v1.events_pb2 import LineDistributed, LineUndone, MatchConfirmed, MatchRejected
from services.payments import commands, store
from services.payments.commands.cash import UnknownOrder
from services.payments.commands.claims import LineChanged
from services.payments.commands.people import NoSuggestion, NothingToUndo
from services.payments.domain.claims import DoesNotAddUp, ItemOverpaid
from services.payments.domain.distribution import ITEM, ON_ACCOUNT, UNIDENTIFIED, Slice
from services.payments.tests.desk import UNIT, Desk

DAY_EARLIER, DAY_LATER = date(2026, 5, 10), date(2026, 7, 1)


@pytest_asyncio.fixture
async def desk(database_of):
    payments = database_of("payments")
    async with rolled_back(payments.database, payments.caller, UNIT) as tx:
        yield Desk(tx)


async def two_equal(desk: Desk):
    """A line that may pay either of two items."""
    account = await desk.customer()
    items = [await desk.item(account, number, 5000) for number in ("RE-2026-000101", "RE-2026-000102")]
    (line,) = await desk.lines((5000, "Danke"))
    return account, items, line


async def test_a_person_confirms_a_suggestion_and_it_is_learnt(desk):
    _, items, line = await two_equal(desk)
    first, _ = await desk.suggestions(line)

    await commands.confirm_match(desk.tx, line, 1, 1)

    paid = next(item for item in items if str(item) == first.allocations[0].item_id)
    assert await desk.parts(line) == [(ITEM, paid, 5000)]
    assert await desk.open_minor(paid) == 0
    (told,) = announced(desk.tx, MatchConfirmed)
    assert (told.version, told.act) == (2, "suggestion")
    assert announced(desk.tx, LineDistributed)[-1].version == 2
    rows = {(row.status, row.rule): (row.right, row.wrong) for row in await store.precision(desk.tx)}
    assert rows["suggested", first.rule] == (1, 0)
    assert (await desk.tx.first("SELECT version FROM knowledge")).version == 1


async def test_the_same_command_again_is_silent_and_another_one_is_refused(desk):
    _, _, line = await two_equal(desk)
    await commands.confirm_match(desk.tx, line, 1, 1)
    before = len(desk.tx.outbox)

    await commands.confirm_match(desk.tx, line, 1, 1)
    assert len(desk.tx.outbox) == before
    with pytest.raises(LineChanged) as changed:
        await commands.confirm_match(desk.tx, line, 1, 2)
    assert changed.value.details["version"] == 2


async def test_what_stands_is_confirmed_without_moving_money(desk):
    account = await desk.customer()
    await desk.item(account, "RE-2026-000101", 5000)
    (line,) = await desk.lines((5000, "RE-2026-000101"))
    before = len(announced(desk.tx, LineDistributed))

    await commands.confirm_match(desk.tx, line, 1, 0)
    await commands.confirm_match(desk.tx, line, 1, 0)

    assert (await desk.last(line)).verdict == "right"
    assert len(announced(desk.tx, LineDistributed)) == before
    assert [event.act for event in announced(desk.tx, MatchConfirmed)] == ["stands"]


async def test_a_rejected_suggestion_is_not_shown_again_and_counts_as_wrong(desk):
    _, _, line = await two_equal(desk)
    first, second = await desk.suggestions(line)

    await commands.reject_match(desk.tx, line, 1, 1, "other order")

    assert [one.allocations for one in await desk.suggestions(line)] == [second.allocations]
    assert (await desk.state(line)) == ("on_account", 2)
    (told,) = announced(desk.tx, MatchRejected)
    assert list(told.item_ids) == [first.allocations[0].item_id]
    assert [(row.right, row.wrong) for row in await store.precision(desk.tx)] == [(0, 1)]


async def test_a_person_splits_a_line_over_items_accounts_and_a_granted_difference(desk):
    account, (one, other), line = await two_equal(desk)
    parts = [Slice(ITEM, one, None, 2990, 10, "rounding"), Slice(ITEM, other, None, 2000), Slice(ON_ACCOUNT, None, account, 10)]

    await commands.split_line(desk.tx, line, 1, parts)
    await commands.split_line(desk.tx, line, 1, parts)

    assert await desk.state(line) == ("matched", 2)
    assert (await desk.open_minor(one), await desk.open_minor(other)) == (2000, 3000)
    sent = announced(desk.tx, LineDistributed)[-1]
    assert [(part.amount_minor, part.difference_minor, part.reason) for part in sent.slices] == [
        (2990, 10, "rounding"),
        (2000, 0, ""),
        (10, 0, ""),
    ]


async def test_a_split_that_does_not_stand_is_refused_and_nothing_moves(desk):
    account, (one, _), line = await two_equal(desk)
    whole = Slice(ITEM, one, None, 5000)
    refused = [
        (DoesNotAddUp, [Slice(ITEM, one, None, 4999)]),
        (ItemOverpaid, [Slice(ITEM, one, None, 5000, 1, "rounding")]),
        (NotFound, [Slice(ITEM, account, None, 5000)]),
        (NotFound, [Slice(ON_ACCOUNT, None, one, 5000)]),
        (Unreadable, [Slice("gift", None, None, 5000)]),
        (Unreadable, [Slice(ITEM, one, None, 4990, 10, "kindness"), Slice(UNIDENTIFIED, None, None, 10)]),
    ]
    for error, parts in refused:
        with pytest.raises(error):
            await commands.split_line(desk.tx, line, 1, parts)
    assert await desk.state(line) == ("on_account", 1)
    await commands.split_line(desk.tx, line, 1, [whole])
    (second,) = await desk.lines((5000, "nochmal"), name="", iban="")
    with pytest.raises(ItemOverpaid):
        await commands.split_line(desk.tx, second, 1, [whole])


async def test_lines_are_combined_to_pay_items_the_oldest_first(desk):
    account = await desk.customer()
    old, new = await desk.item(account, "RE-2026-000101", 7000), await desk.item(account, "RE-2026-000102", 4000, due_on=DAY_LATER)
    first, second = await desk.lines((6000, "Rate"), (6000, "Rate zwei"), iban="", name="")

    await commands.combine_lines(desk.tx, [(first, 1), (second, 1)], [new, old])
    await commands.combine_lines(desk.tx, [(first, 1), (second, 1)], [new, old])

    assert await desk.parts(first) == [(ITEM, old, 6000)]
    assert await desk.parts(second) == [(ITEM, old, 1000), (ITEM, new, 4000), (ON_ACCOUNT, None, 1000)]
    assert (await desk.open_minor(old), await desk.open_minor(new)) == (0, 0)


async def test_undoing_what_was_applied_gives_everything_back_and_the_engine_lets_it_be(desk):
    account = await desk.customer()
    item = await desk.item(account, "RE-2026-000101", 5000)
    (line,) = await desk.lines((5000, "RE-2026-000101"))
    assert await desk.state(line) == ("matched", 1)

    await commands.undo_match(desk.tx, line, 1, "wrong customer")
    await commands.undo_match(desk.tx, line, 1, "wrong customer")

    assert await desk.parts(line) == [(UNIDENTIFIED, None, 5000)]
    assert await desk.open_minor(item) == 5000
    assert [event.reason for event in announced(desk.tx, LineUndone)] == ["wrong customer"]
    assert [(row.rule, row.wrong) for row in await store.precision(desk.tx)] == [("named_amount", 1)]
    state = store.ItemState(item, account, "RE-2026-000101", "", "EUR", 6000, DAY_LATER, 2)
    await commands.take_items(desk.tx, [state])
    assert await desk.state(line) == ("unidentified", 2), "a person's word is not overruled"
    with pytest.raises(NothingToUndo):
        await commands.undo_match(desk.tx, line, 2, "again")


async def test_undoing_a_confirmed_suggestion_is_as_if_nobody_had_confirmed_and_nothing_is_learnt(desk):
    account, items, line = await two_equal(desk)
    before = await desk.parts(line), [await desk.open_minor(item) for item in items]
    await commands.confirm_match(desk.tx, line, 1, 2)

    await commands.undo_match(desk.tx, line, 2, "mistake")

    assert (await desk.parts(line), [await desk.open_minor(item) for item in items]) == before == ([(ON_ACCOUNT, None, 5000)], [5000, 5000])
    assert (await desk.tx.first("SELECT count(*) AS n FROM payer_lessons")).n == 0
    assert account


async def test_a_suggestion_that_somebody_else_has_used_up_is_refused(desk):
    _, _, line = await two_equal(desk)
    (other,) = await desk.lines((5000, "auch"))
    await commands.confirm_match(desk.tx, line, 1, 1)

    with pytest.raises(ItemOverpaid):
        await commands.confirm_match(desk.tx, other, 1, 1)
    with pytest.raises(NoSuggestion):
        await commands.confirm_match(desk.tx, other, 1, 9)


async def test_a_second_payment_waits_on_account_and_asks_whether_it_goes_back(desk):
    account = await desk.customer()
    item = await desk.item(account, "RE-2026-000101", 5000)
    await desk.lines((5000, "RE-2026-000101"))
    (second,) = await desk.lines((5000, "RE-2026-000101"))

    (question,) = await store.open_refund_questions(desk.tx, None, 10)
    assert (question.line_id, question.account_id, question.amount_minor) == (second, account, 5000)

    other = await desk.item(account, "RE-2026-000177", 9000)
    await commands.apply_on_account(desk.tx, account, [], "", "key-1")
    assert await desk.parts(second) == [(ITEM, other, 5000)]
    assert await store.open_refund_questions(desk.tx, None, 10) == []
    assert await desk.open_minor(item) == 0


async def test_on_account_cash_pays_in_the_order_of_the_policy_and_what_the_debtor_designates_first(desk):
    account = await desk.customer()
    overdue = await desk.item(account, "RE-2026-000101", 3000, due_on=DAY_EARLIER)
    later = await desk.item(account, "RE-2026-000102", 3100, due_on=DAY_LATER)
    designated = await desk.item(account, "RE-2026-000103", 500, due_on=DAY_LATER)
    (line,) = await desk.lines((4000, "VORAUSZAHLUNG"))
    assert await desk.parts(line) == [(ON_ACCOUNT, None, 4000)]

    done = await commands.apply_on_account(desk.tx, account, [designated], "first_in_first_out", "key-1")
    again = await commands.apply_on_account(desk.tx, account, [designated], "first_in_first_out", "key-1")

    assert (done.applied_minor, done.left_minor, done.order) == (4000, 0, "first_in_first_out")
    assert again.applied_minor == 0
    assert [await desk.open_minor(item) for item in (designated, overdue, later)] == [0, 0, 2600]
    with pytest.raises(UnknownOrder):
        await commands.apply_on_account(desk.tx, account, [], "alphabetical", "key-2")
