"""A batch of distributed lines leaves exactly the books that the same lines one by one leave."""

from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.database import Transaction, new_id
from chassis.testing import rolled_back
from proto.payments.v1.events_pb2 import LineDistributed, Slice, SliceKind
from services.billing import store
from services.billing.domain.items import Item
from services.billing.domain.ledger import invoice_transfers
from services.billing.subscribers import post

UNIT, AMOUNT = "rheintel", 1_000
LINES, ITEMS = [new_id() for _ in range(4)], [new_id() for _ in range(3)]
ACCOUNT, PARTY = new_id(), new_id()

# A bank line's amount is never zero, so it always has a slice.
slices = st.lists(st.tuples(st.sampled_from([None, *ITEMS]), st.integers(1, AMOUNT)), min_size=1, max_size=3)
# (line, version, slices): versions come again, in any order, and together the lines bring more than the items take.
events = st.lists(st.tuples(st.sampled_from(LINES), st.integers(1, 4), slices), min_size=2, max_size=8)


def distributed(line_id: object, version: int, parts: Sequence[tuple[object, int]]) -> LineDistributed:
    event = LineDistributed(line_id=str(line_id), version=version, booked_on="2026-06-01", value_on="2026-06-01")
    event.amount.minor, event.amount.currency = sum(minor for _, minor in parts), "EUR"
    for item_id, minor in parts:
        kind = SliceKind.SLICE_KIND_ITEM if item_id else SliceKind.SLICE_KIND_UNIDENTIFIED
        event.slices.append(Slice(kind=kind, item_id=str(item_id or ""), amount_minor=minor))
    return event


async def invoices(tx: Transaction) -> None:
    await tx.execute(
        "INSERT INTO accounts (id, business_unit, number, party_id, debtor_type, language, country, time_zone, sealed, iban_index, payer_code, "
        "fingerprint, version) VALUES (:id, :unit, 'K', :party, 'business', 'de', 'DE', 'Europe/Berlin', '', '', '', '', 1)",
        {"id": ACCOUNT, "unit": UNIT, "party": PARTY},
    )
    for number, id_ in enumerate(ITEMS):
        await tx.execute(
            "INSERT INTO invoices VALUES (:id, :unit, :number, '380', :account, :id, :day, :day, 'EUR', :amount, '')",
            {"id": id_, "unit": UNIT, "number": f"R-{number}", "account": ACCOUNT, "day": date(2026, 6, 1), "amount": AMOUNT},
        )
        day = date(2026, 6, 1)
        item = Item(id_, ACCOUNT, PARTY, id_, f"R-{number}", "", "EUR", AMOUNT, AMOUNT, day, day, overdue=False, version=1)
        await store.add_items(tx, [item])
        await store.add_transfers(tx, invoice_transfers(item, AMOUNT, 0), day)


async def books(opened: object, batches: Sequence[Sequence[LineDistributed]]) -> tuple[object, ...]:
    """Everything that is left: items, slices, ledger balances by whose they are."""
    async with rolled_back(opened.database, opened.caller, UNIT) as tx:
        await invoices(tx)
        for batch in batches:
            await post(batch, tx)
        items = await tx.all("SELECT id, open_minor FROM items ORDER BY id")
        slices_ = await tx.all("SELECT line_id, version, kind, item_id, account_id, amount_minor FROM posted_slices ORDER BY 1, 3, 4, 5, 6")
        ledger = await tx.all(
            "SELECT name, account_id, item_id, line_id, sum(minor)::bigint AS minor FROM (SELECT debit AS name, amount_minor AS minor, account_id, "
            "item_id, line_id FROM transfers UNION ALL SELECT credit, -amount_minor, account_id, item_id, line_id FROM transfers) AS sides "
            "GROUP BY 1, 2, 3, 4 HAVING sum(minor) <> 0 ORDER BY 1, 2, 3, 4"
        )
        assert await store.ledger_differences(tx) == []
        return tuple([tuple(row) for row in rows] for rows in (items, slices_, ledger))


@pytest.fixture
def opened(database_of):
    return database_of("billing")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=events)
async def test_a_batch_leaves_the_books_that_the_events_one_by_one_leave(opened, told):
    made = [distributed(*one) for one in told]

    assert await books(opened, [made]) == await books(opened, [[event] for event in made])
