"""What insolvency does to interest, and what a reminder may cost the debtor."""

from dataclasses import replace
from datetime import date

import pytest

from kernel.money import Money
from kernel.series import NoRule
from services.billing.domain.interest import Claim, Reminder, dunning_fee, late_interest
from services.billing.tests.test_interest_examples import BOOK, CALENDARS

OPENED = date(2026, 3, 2)


def late(jurisdiction: str, currency: str = "EUR", claim: str = "goods", due: date = date(2026, 1, 30), opened: date | None = OPENED):
    asked = Claim(jurisdiction, "business", claim, Money(1_000_000, currency), due, date(2026, 4, 30), insolvent_on=opened)
    return late_interest(BOOK, CALENDARS, asked)


def test_the_opening_of_french_proceedings_stops_interest_on_its_eve():
    found = late("FR")
    assert (found.days, found.segments[-1].last, found.subordinated_minor) == (30, date(2026, 3, 1), 0)
    assert found.interest_minor == 9_986  # 10,000.00 at 12.15 % for 30 days
    assert "L622-28" in found.citation


@pytest.mark.parametrize("due", [OPENED, date(2026, 3, 10)])
def test_what_falls_due_after_a_french_opening_bears_neither_interest_nor_the_fixed_sum(due):
    found = late("FR", due=due)
    assert (found.days, found.interest_minor, found.fixed_minor, found.total_minor) == (0, 0, 0, 1_000_000)


def test_german_interest_goes_on_behind_all_other_claims():
    whole, found = late("DE", opened=None), late("DE")
    assert (whole.interest_minor, found.interest_minor, found.subordinated_minor) == (25_323, 8_441, 16_882)
    assert found.total_minor == 1_000_000 + 8_441 + found.fixed_minor
    assert "InsO" in found.citation


def test_an_opening_after_the_payment_changes_nothing():
    assert late("FR", opened=date(2026, 5, 1)) == late("FR", opened=None)


def test_a_french_loan_of_a_year_or_more_is_named_as_a_doubt():
    assert "unsure" in late("FR", claim="loan").citation


def test_where_insolvency_is_not_kept_nothing_is_guessed():
    with pytest.raises(NoRule):
        late("GB", "GBP")


# jurisdiction, debtor, currency, cost, agreed, fixed sum, in default, most that may be asked
FEES = """
DE consumer EUR 250  0    0    True  250
DE consumer EUR 250  0    0    False 0
DE business EUR 1500 0    4000 True  300
FR consumer EUR 1500 1500 0    True  0
FR business EUR 1500 0    4000 True  0
FR business EUR 9000 0    4000 True  5000
GB business GBP 9000 0    7000 True  2000
GB consumer GBP 900  0    0    True  0
GB consumer GBP 900  500  0    True  500
JP business JPY 500  1000 0    True  1000
JP consumer JPY 500  0    0    True  0
US consumer USD 500  0    0    True  0
US consumer USD 500  500  0    True  500
US business USD 500  700  0    True  700
"""


def reminder(jurisdiction: str, debtor: str, currency: str, **more: object) -> Reminder:
    made = Reminder(jurisdiction, debtor, Money(100_000, currency), date(2026, 4, 30), date(2026, 5, 30), 0)
    return replace(made, **more)


@pytest.mark.parametrize("example", FEES.strip().splitlines())
def test_a_reminder_costs_what_the_law_lets_it_cost(example):
    jurisdiction, debtor, currency, cost, agreed, fixed, in_default, expected = example.split()
    asked = reminder(
        jurisdiction,
        debtor,
        currency,
        cost_minor=int(cost),
        agreed_minor=int(agreed),
        fixed_minor=int(fixed),
        in_default=in_default == "True",
    )
    found = dunning_fee(BOOK, asked)
    assert found.minor == int(expected)
    assert found.citation


@pytest.mark.parametrize(("interest", "fee"), [(0, 1000), (246, 954), (1200, 0), (1300, 0)])
def test_a_japanese_consumer_pays_fee_and_interest_together_up_to_the_cap(interest, fee):
    # 100,000 yen at 14.6 % for 30 days are 1,200 yen.
    assert dunning_fee(BOOK, reminder("JP", "consumer", "JPY", agreed_minor=1000, interest_minor=interest)).minor == fee


def test_a_fee_in_a_country_or_currency_that_is_not_kept_is_not_asked():
    for jurisdiction, currency in (("EU", "EUR"), ("DE", "USD")):
        with pytest.raises(NoRule):
            dunning_fee(BOOK, reminder(jurisdiction, "consumer", currency))
