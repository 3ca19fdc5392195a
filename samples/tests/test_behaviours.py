"""Every behaviour of a sample customer really happens inside the calendar."""

import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from generator import ledger

IMPORTED_ON = {
    6: date(2026, 7, 1), 7: date(2026, 8, 3), 8: date(2026, 9, 1),
    9: date(2026, 10, 1), 10: date(2026, 11, 2), 11: date(2026, 11, 30),
}  # fmt: skip
STEPS = ("nothing", "reminder", "second reminder", "formal notice", "hand-over", "filing")
AFTER_DUE_DAYS = (0, 7, 21, 35, 49, 76)

# behaviour: the last step before the payment is known; None where the balance never reaches zero
LAST_STEP = {
    "on_time_with_reference": "nothing",
    "on_time_with_number": "nothing",
    "on_time_by_amount": "nothing",
    "two_invoices_in_one": "nothing",
    "two_equal_payments": "nothing",
    "overpays": "nothing",
    "direct_debit": "nothing",
    "credited": "nothing",
    "after_first_reminder": "reminder",
    "after_second_reminder": "second reminder",
    "part_then_rest_after_second_reminder": "second reminder",
    "after_formal_notice": "formal notice",
    "after_filing": "filing",
}


def cases():
    for name in ledger.UNITS:
        unit = ledger.unit(name)
        for invoice in unit.invoices:
            if invoice.customer.behaviour in LAST_STEP:
                yield pytest.param(unit, invoice, id=f"{invoice.number} {invoice.customer.behaviour}")


@pytest.mark.parametrize(("unit", "invoice"), list(cases()))
def test_a_payment_is_known_after_its_step_and_before_the_next(unit, invoice):
    known_on = max(IMPORTED_ON[entry.on.month] for entry in entries_of(unit, invoice))

    reached = [step for step, days in zip(STEPS, AFTER_DUE_DAYS, strict=True)
               if invoice.due_on + timedelta(days=days) < known_on]  # fmt: skip
    assert (reached or ["nothing"])[-1] == LAST_STEP[invoice.customer.behaviour]


def entries_of(unit, invoice):
    """The payments of the invoice's customer from its month on, up to the next invoice's month if it has one."""
    from generator.behaviours import BEHAVIOURS

    same_day = [other for other in unit.invoices if other.customer is invoice.customer
                and other.issued_on == invoice.issued_on]  # fmt: skip
    return list(BEHAVIOURS[invoice.customer.behaviour](invoice.customer, same_day))


@pytest.mark.parametrize("name", ledger.UNITS)
def test_every_unit_has_someone_who_pays_after_filing_and_someone_who_never_pays(name):
    behaviours = {customer.behaviour for customer in ledger.unit(name).customers}

    assert {"after_filing", "never", "after_first_reminder", "after_second_reminder"} <= behaviours


def test_one_party_is_overdue_at_two_units_in_the_same_weeks():
    due = {}
    for name in ledger.UNITS:
        for invoice in ledger.unit(name).invoices:
            if invoice.customer.behaviour == "after_second_reminder":
                due.setdefault(invoice.customer.party.registration, {})[name] = invoice.due_on

    (shared,) = [days for registration, days in due.items() if registration and len(days) > 1]
    assert len(set(shared.values())) == 1


def test_a_return_comes_in_a_later_statement_than_its_credit():
    for name in ledger.UNITS:
        entries = ledger.unit(name).entries
        for back in entries:
            if back.kind in {"return", "correction"}:
                first = [entry for entry in entries if entry.name == back.name and entry.amount == -back.amount]
                assert first[0].on.month < back.on.month


def test_two_lines_of_one_day_are_equal_in_everything():
    entries = ledger.unit("rheintel").entries
    equal = [entry for entry in entries if entries.count(entry) > 1]

    assert len(equal) == 2
    assert len(set(equal)) == 1


def test_no_two_invoices_but_the_equal_ones_have_one_amount_in_a_unit():
    for name in ledger.UNITS:
        amounts = [invoice.gross for invoice in ledger.unit(name).invoices
                   if invoice.customer.behaviour != "two_equal_payments"]  # fmt: skip
        assert len(amounts) == len(set(amounts))
