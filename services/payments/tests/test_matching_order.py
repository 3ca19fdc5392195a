"""In which order money pays what an account owes: statute, consumer credit, first in first out, and what the debtor says."""

from datetime import date
from itertools import permutations
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Unreadable
from services.payments.domain.matching.order import DUE_STATES, PARTS, Order, Owed, distribute, read_orders

ORDERS = read_orders(yaml.safe_load((Path(__file__).parents[1] / "policies" / "matching" / "orders.yaml").read_text("utf-8")))
TODAY = date(2026, 9, 30)
AUGUST, OCTOBER = date(2026, 8, 1), date(2026, 10, 31)


def owed(item: str, due_on: date) -> list[Owed]:
    return [Owed(item, "principal", due_on, 1000), Owed(item, "interest", due_on, 50), Owed(item, "fees", due_on, 40)]


def test_statute_pays_costs_then_interest_then_principal_of_what_is_overdue_first():
    paid, left = distribute(500, [*owed("later", OCTOBER), *owed("old", AUGUST)], ORDERS["statute"], TODAY)

    assert [(one.item_id, one.part, one.amount_minor) for one in paid] == [
        ("old", "fees", 40),
        ("old", "interest", 50),
        ("old", "principal", 410),
    ]
    assert left == 0


def test_consumer_credit_pays_principal_before_interest():
    paid, _ = distribute(1045, owed("old", AUGUST), ORDERS["consumer_credit"], TODAY)

    assert [(one.part, one.amount_minor) for one in paid] == [("fees", 40), ("principal", 1000), ("interest", 5)]


def test_first_in_first_out_pays_the_oldest_item_whole_before_the_next():
    paid, _ = distribute(1100, [*owed("later", OCTOBER), *owed("old", AUGUST)], ORDERS["first_in_first_out"], TODAY)

    assert [(one.item_id, one.amount_minor) for one in paid] == [("old", 1000), ("old", 50), ("old", 40), ("later", 10)]


def test_what_the_debtor_designates_goes_before_every_order():
    paid, _ = distribute(30, [*owed("old", AUGUST), *owed("later", OCTOBER)], ORDERS["statute"], TODAY, designated=["later"])

    assert [(one.item_id, one.part) for one in paid] == [("later", "fees")]


def test_a_step_that_is_none_or_is_there_twice_is_refused():
    for steps in (["overdue.tips"], ["overdue.fees", "overdue.fees"], ["overdue"]):
        with pytest.raises(Unreadable):
            read_orders({"orders": {"wrong": {"steps": steps}}})


STEPS = [(state, part) for state in DUE_STATES for part in PARTS]
debts = st.lists(
    st.builds(Owed, st.sampled_from("abc"), st.sampled_from(PARTS), st.sampled_from([AUGUST, TODAY, OCTOBER]), st.integers(0, 500)),
    max_size=8,
)


@given(debts, st.integers(0, 3000), st.permutations(STEPS), st.booleans())
def test_in_any_order_of_the_twelve_steps_money_is_conserved_and_nothing_is_overpaid(debts, amount, steps, by_item):
    paid, left = distribute(amount, debts, Order("any", tuple(steps), by_item), TODAY)

    assert sum(one.amount_minor for one in paid) + left == amount
    assert left == max(0, amount - sum(one.open_minor for one in debts))
    assert all(one.amount_minor > 0 for one in paid)


def test_the_order_of_what_is_owed_does_not_matter():
    answers = {
        tuple(distribute(100, list(some), ORDERS["statute"], TODAY)[0])
        for some in permutations([*owed("a", AUGUST), *owed("b", AUGUST)], 6)
    }

    assert len(answers) == 1
