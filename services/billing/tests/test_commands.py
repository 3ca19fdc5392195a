"""Billing's commands on real PostgreSQL: what they store, what they announce, what they refuse."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from chassis.database import new_id
from chassis.testing import announced, rolled_back
from kernel.money import Money
from proto.billing.v1.events_pb2 import InvoiceIssued, InvoicePaid, ItemChanged, SliceMoved
from services.billing import commands, store
from services.billing.domain.formats import Buyer, Document, InvoiceFile, Seller
from services.billing.domain.formats.document import Extras
from services.billing.domain.ledger import ITEM, ON_ACCOUNT, Line, Target

UNIT = "rheintel"


def euro(text: str) -> Money:
    return Money.parse(text, "EUR")


def document(number: str, payable: str = "119.00", tax: str = "19.00", type_code: str = "380", **changes: object) -> Document:
    buyer = Buyer("K-1", "Nord GmbH", None, "DE123", "business", "de", "DE", None, "a@example.de", ("Weg 1",), None, None)
    zero, gross = euro("0"), euro(payable)
    made = Document(
        "test", number, type_code, date(2026, 6, 1), date(2026, 7, 1), "EUR", Seller("Rheintel", None), buyer,
        gross - euro(tax), euro(tax), gross, zero, zero, gross, (), (), (), None, 1, (),
    )  # fmt: skip
    return replace(made, **changes)


async def imported(tx, *documents: Document) -> list[commands.Accepted]:
    file_id = await commands.keep_file(tx, "test.xml", repr(documents).encode())
    return await commands.import_invoices(tx, InvoiceFile("test", documents, ()), file_id)


async def item_of(tx, number: str):
    return (await store.find_items_of(tx, [number]))[0]


async def test_an_invoice_becomes_an_item_and_a_balanced_journal(database_of):
    billing = database_of("billing")
    async with rolled_back(billing.database, billing.caller, UNIT) as tx:
        (result,) = await imported(tx, document("R-1"))

        item = await item_of(tx, "R-1")
        rows = await tx.all("SELECT debit, credit, amount_minor FROM transfers ORDER BY amount_minor")
        assert result.status == "accepted"
        assert (item.open_minor, item.due_on) == (11900, date(2026, 7, 1))
        assert [tuple(row) for row in rows] == [("receivables", "tax", 1900), ("receivables", "revenue", 10000)]
        assert await store.ledger_differences(tx) == []
        assert len(announced(tx, InvoiceIssued, ItemChanged)) == 2


async def test_the_same_document_again_changes_nothing_and_says_so(database_of):
    billing = database_of("billing")
    async with rolled_back(billing.database, billing.caller, UNIT) as tx:
        await imported(tx, document("R-1"))
        before = len(announced(tx, ItemChanged))

        (again,) = await imported(tx, document("R-1"))

        assert again.status == "unchanged"
        assert len(announced(tx, ItemChanged)) == before


async def test_a_known_number_with_other_content_is_refused(database_of):
    billing = database_of("billing")
    async with rolled_back(billing.database, billing.caller, UNIT) as tx:
        await imported(tx, document("R-1"))

        with pytest.raises(commands.DocumentChanged):
            await imported(tx, document("R-1", "120.00"))


async def test_a_credit_note_is_set_off_against_the_invoice_it_names(database_of):
    billing = database_of("billing")
    async with rolled_back(billing.database, billing.caller, UNIT) as tx:
        await imported(tx, document("R-1"))

        await imported(tx, document("G-1", "19.00", "0.00", "381", preceding=("R-1",)))

        assert (await item_of(tx, "R-1")).open_minor == 10000
        assert (await item_of(tx, "G-1")).open_minor == 0
        figures = await store.figures(tx)
        assert (figures.invoiced, figures.credited, figures.open) == (11900, 1900, 10000)
        assert await store.ledger_differences(tx) == []


async def test_a_payment_is_posted_once_and_a_new_version_posts_the_difference(database_of):
    billing = database_of("billing")
    async with rolled_back(billing.database, billing.caller, UNIT) as tx:
        await imported(tx, document("R-1"))
        item = await item_of(tx, "R-1")
        line = Line(new_id(), 1, "EUR", {Target(ITEM, item.id, None): 11900})

        await commands.post_lines(tx, [line])
        await commands.post_lines(tx, [line])
        assert (await item_of(tx, "R-1")).open_minor == 0
        assert len(announced(tx, InvoicePaid)) == 1

        await commands.post_lines(tx, [replace(line, version=2, slices={Target(ON_ACCOUNT, None, item.account_id): 11900})])

        assert (await item_of(tx, "R-1")).open_minor == 11900
        assert await store.ledger_differences(tx) == []


async def test_money_that_does_not_fit_is_moved_on_account_and_told(database_of):
    billing = database_of("billing")
    async with rolled_back(billing.database, billing.caller, UNIT) as tx:
        await imported(tx, document("R-1"))
        item = await item_of(tx, "R-1")
        first, second = (Line(new_id(), 1, "EUR", {Target(ITEM, item.id, None): 11900}) for _ in range(2))

        await commands.post_lines(tx, [first, second])

        (moved,) = announced(tx, SliceMoved)
        assert (UUID(moved.line_id), moved.amount_minor, moved.open_minor) == (second.id, 11900, 0)
        assert await store.ledger_differences(tx) == []
        figures = await store.figures(tx)
        assert (figures.applied, figures.open) == (11900, 0)


async def test_an_item_falls_due_on_the_local_morning_after_its_due_date(database_of):
    billing = database_of("billing")
    async with rolled_back(billing.database, billing.caller, UNIT) as tx:
        await imported(tx, document("R-1"))

        until = await commands.mark_due(tx)

        assert until == datetime(2026, 7, 2, 4, 0, tzinfo=UTC).timestamp()  # 06:00 in Berlin


async def test_what_is_granted_beside_the_money_pays_the_item_and_is_an_expense(database_of):
    billing = database_of("billing")
    async with rolled_back(billing.database, billing.caller, UNIT) as tx:
        await imported(tx, document("R-1"))
        item = await item_of(tx, "R-1")
        money, granted = Target(ITEM, item.id, None), Target("discount", item.id, None)
        line_id = new_id()

        await commands.post_lines(tx, [Line(line_id, 1, "EUR", {money: 11662, granted: 238})])
        assert (await item_of(tx, "R-1")).open_minor == 0
        figures = await store.figures(tx)
        assert figures.invoiced - figures.credited - figures.applied - figures.granted == figures.open == 0
        assert [row.minor for row in await store.books(tx) if row.book == "granted"] == [238]
        assert await store.ledger_differences(tx) == []

        await commands.post_lines(tx, [Line(line_id, 2, "EUR", {Target(ON_ACCOUNT, None, item.account_id): 11662})])
        assert (await item_of(tx, "R-1")).open_minor == 11900, "the discount goes with the money"
        assert await store.ledger_differences(tx) == []


async def test_what_does_not_fit_with_its_difference_is_moved_whole_and_nothing_is_granted(database_of):
    billing = database_of("billing")
    async with rolled_back(billing.database, billing.caller, UNIT) as tx:
        await imported(tx, document("R-1"))
        item = await item_of(tx, "R-1")

        slices = {Target(ITEM, item.id, None): 11900, Target("rounding", item.id, None): 1}
        await commands.post_lines(tx, [Line(new_id(), 1, "EUR", slices)])

        (moved,) = announced(tx, SliceMoved)
        assert (moved.amount_minor, moved.open_minor) == (11900, 11900)
        figures = await store.figures(tx)
        assert (figures.applied, figures.granted) == (0, 0)
        assert await store.ledger_differences(tx) == []


async def test_a_cash_discount_of_the_document_travels_with_its_item(database_of):
    billing = database_of("billing")
    async with rolled_back(billing.database, billing.caller, UNIT) as tx:
        terms = Extras(terms=("#SKONTO#TAGE=14#PROZENT=2.00#\n",))
        await imported(tx, document("R-1", extras=terms))

        (changed,) = announced(tx, ItemChanged)
        assert (changed.discount_percent, changed.discount_until) == ("2", "2026-06-15")
        assert (await item_of(tx, "R-1")).discount_until == date(2026, 6, 15)
