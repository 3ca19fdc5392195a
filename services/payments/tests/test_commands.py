"""Payments' commands on real PostgreSQL: lines stored once, distributed whole, moved and undone with a reason."""

from datetime import date
from pathlib import Path
from uuid import UUID

import pytest

from chassis.database import new_id
from chassis.testing import announced, rolled_back
from kernel.errors import Unreadable
from proto.payments.v1.events_pb2 import LineDistributed, PaymentReturned, SliceKind
from services.payments import commands, store
from services.payments.domain.formats import read

UNIT = "rheintel"
SAMPLES = Path(__file__).parents[3] / "samples"
JUNE = (SAMPLES / UNIT / "statements" / "2026-06.xml").read_bytes()
ACCOUNT = new_id()


def item(number: str, open_minor: int, version: int = 1, id_: UUID | None = None) -> store.ItemState:
    return store.ItemState(id_ or new_id(), ACCOUNT, number, "", "EUR", open_minor, date(2026, 7, 1), version)


async def imported(tx, content: bytes = JUNE) -> commands.Stored:
    file_id = await commands.keep_file(tx, "june.xml", content)
    return await commands.import_statement(tx, read(content), file_id)


async def test_a_statement_is_stored_once_and_every_line_is_distributed_whole(database_of):
    payments = database_of("payments")
    async with rolled_back(payments.database, payments.caller, UNIT) as tx:
        first = await imported(tx)
        await commands.match_lines(tx, first.import_id)
        again = await imported(tx)

        assert first.lines == first.new_lines == again.lines > 0
        assert again.new_lines == 0
        told = announced(tx, LineDistributed)
        assert len(told) == first.lines
        assert all(sum(part.amount_minor for part in event.slices) == event.amount.minor for event in told)
        rows = await tx.all("SELECT amount_minor, (SELECT sum(amount_minor) FROM slices s WHERE s.line_id = l.id) AS total FROM lines l")
        assert all(row.amount_minor == row.total for row in rows)


async def test_what_an_opened_item_takes_is_matched_again(database_of):
    payments = database_of("payments")
    async with rolled_back(payments.database, payments.caller, UNIT) as tx:
        stored = await imported(tx)
        await commands.match_lines(tx, stored.import_id)
        before = (await store.figures(tx)).matched

        await commands.take_items(tx, [item("RT-2026-00004", 7028)])

        assert before == 0
        assert (await store.figures(tx)).matched == 1
        assert announced(tx, LineDistributed)[-1].version == 2


async def test_a_slice_that_billing_moved_is_not_offered_to_that_item_again(database_of):
    payments = database_of("payments")
    async with rolled_back(payments.database, payments.caller, UNIT) as tx:
        state = item("RT-2026-00004", 7028)
        await commands.take_items(tx, [state])
        stored = await imported(tx)
        await commands.match_lines(tx, stored.import_id)
        (matched,) = [event for event in announced(tx, LineDistributed) if event.slices[0].kind == SliceKind.SLICE_KIND_ITEM]

        await commands.move_slice(tx, UUID(matched.line_id), state.id, 2, 0)
        last = announced(tx, LineDistributed)[-1]
        assert (last.version, last.slices[0].kind) == (2, SliceKind.SLICE_KIND_ON_ACCOUNT)

        await commands.take_items(tx, [item("RT-2026-00004", 7028, version=2, id_=state.id)])
        assert announced(tx, LineDistributed)[-1].version == 2, "the same version is no news"
        await commands.take_items(tx, [item("RT-2026-00004", 7028, version=3, id_=state.id)])
        assert announced(tx, LineDistributed)[-1].version == 3, "a changed item may take it"


async def test_a_return_undoes_the_payment_it_names(database_of):
    payments = database_of("payments")
    async with rolled_back(payments.database, payments.caller, UNIT) as tx:
        for month in ("2026-06", "2026-07"):
            stored = await imported(tx, (SAMPLES / UNIT / "statements" / f"{month}.xml").read_bytes())
            await commands.match_lines(tx, stored.import_id)

        (returned,) = announced(tx, PaymentReturned)
        assert (returned.amount.minor, returned.reason) == (7152, "MD06")
        undone = next(event for event in announced(tx, LineDistributed) if event.line_id == returned.line_id)
        assert sum(part.amount_minor for part in undone.slices) == -7152


async def test_a_statement_that_contradicts_itself_or_of_a_foreign_account_is_refused(database_of):
    payments = database_of("payments")
    async with rolled_back(payments.database, payments.caller, UNIT) as tx:
        with pytest.raises(Unreadable) as balance:
            await imported(tx, JUNE.replace(b">58717.94<", b">58717.95<"))
        assert balance.value.code == "BALANCE_CHECK"
    async with rolled_back(payments.database, payments.caller, "hudson") as tx:
        with pytest.raises(Unreadable) as foreign:
            await imported(tx)
        assert foreign.value.code == "UNKNOWN_ACCOUNT"
