"""What the interest rules refuse, how they treat time, and that the bulk function and the single one agree."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Unreadable
from kernel.interest import ACTUAL_365, DAY_COUNTS, Piece, round_to, simple, use_payment
from kernel.money import Money
from kernel.series import NoRule, RateMissing
from services.billing.domain.interest import accumulator, late_interest, payment_order, percent_of, within_cap
from services.billing.tests.test_interest_examples import BOOK, CALENDARS, Claim, ask, documents


def test_a_half_year_that_is_not_published_is_missing_with_its_series_and_day():
    with pytest.raises(RateMissing) as missing:
        ask("DE", "business", "goods", "EUR", "10000.00", "2026-11-30", "2027-02-01")
    assert missing.value.details == {"series": "DE_BASISZINS", "on": "2027-01-01"}


def test_the_federal_rate_of_a_judgment_must_be_told():
    with pytest.raises(RateMissing) as missing:
        ask("US", "business", "judgment", "USD", "10000.00", "2026-01-02", "2026-02-01")
    assert missing.value.details["series"] == "US_CMT_1Y"


@pytest.mark.parametrize(
    ("jurisdiction", "debtor", "claim"),
    [("EU", "consumer", "goods"), ("EU", "business", "judgment"), ("US", "business", "goods"), ("DE", "business", "subcontract")],
)
def test_where_no_rule_is_kept_nothing_is_guessed(jurisdiction, debtor, claim):
    with pytest.raises(NoRule):
        ask(jurisdiction, debtor, claim, "EUR", "10000.00", "2026-01-30", "2026-02-28")


def test_the_german_base_rate_is_the_main_refinancing_rate_less_088():
    ecb, base = BOOK.one("ECB_MRO"), BOOK.one("DE_BASISZINS")
    assert [row.effective_from for row in ecb.rows] == [row.effective_from for row in base.rows]
    assert all(row.number - Fraction("0.88") == other.number for row, other in zip(ecb.rows, base.rows, strict=True))


def test_the_british_rate_stands_still_over_a_half_year_and_the_german_one_moves():
    british = ask("GB", "business", "goods", "GBP", "1000.00", "2025-05-30", "2025-08-29")
    german = ask("DE", "business", "goods", "EUR", "1000.00", "2025-05-30", "2025-08-29")
    assert [percent_of(piece.rate) for piece in british.segments] == ["12.75"]
    assert [percent_of(piece.rate) for piece in german.segments] == ["11.27", "10.27"]


def test_japans_old_rate_stays_with_a_delay_that_began_under_it():
    before = ask("JP", "business", "goods", "JPY", "1000000", "2020-03-30", "2021-03-31")
    after = ask("JP", "business", "goods", "JPY", "1000000", "2020-03-31", "2021-03-31")
    private = ask("JP", "business", "goods", "JPY", "1000000", "2020-03-30", "2021-03-31", creditor="individual")
    assert [percent_of(found.segments[0].rate) for found in (before, after, private)] == ["6", "3", "5"]


def test_what_is_paid_in_time_costs_nothing():
    for paid in ("2026-01-29", "2026-01-30"):
        found = ask("DE", "business", "goods", "EUR", "10000.00", "2026-01-30", paid)
        assert (found.days, found.segments, found.interest_minor, found.fixed_minor, found.total_minor) == (0, (), 0, 0, 1_000_000)


def test_an_agreed_rate_in_france_is_never_below_three_times_the_legal_one():
    low = ask("FR", "business", "goods", "EUR", "1000.00", "2026-05-29", "2026-07-31", contract_rate="8")
    assert [percent_of(piece.rate) for piece in low.segments] == ["8", "8.25"]


def test_a_french_judgment_costs_five_points_more_when_two_months_have_passed():
    found = ask("FR", "business", "judgment", "EUR", "1000.00", "2026-01-15", "2026-04-15")
    assert [(str(piece.first), percent_of(piece.rate)) for piece in found.segments] == [("2026-01-16", "2.62"), ("2026-03-16", "7.62")]


def test_a_value_that_is_not_certain_is_said_with_the_citation():
    assert "unsure" in ask("FR", "consumer", "goods", "EUR", "1000.00", "2018-03-01", "2018-04-01").citation
    assert "unsure" not in ask("FR", "consumer", "goods", "EUR", "1000.00", "2026-03-02", "2026-04-01").citation


def test_a_fixed_sum_in_another_currency_is_named_and_not_added():
    found = ask("DE", "business", "goods", "USD", "1000.00", "2026-01-30", "2026-04-30")
    assert found.fixed_minor == 0
    assert "EUR" in found.citation


def test_texas_waits_thirty_days_only_where_no_rate_was_agreed():
    assert ask("US", "business", "goods", "USD", "1000.00", "2026-01-02", "2026-02-11", state="TX").days == 10
    assert ask("US", "business", "goods", "USD", "1000.00", "2026-01-02", "2026-02-11", state="TX", contract_rate="12").days == 40


def test_the_japanese_state_pays_whole_hundreds_and_nothing_below():
    assert ask("JP", "public", "goods", "JPY", "1000000", "2026-04-30", "2026-05-30").interest_minor == 2000
    assert ask("JP", "public", "goods", "JPY", "10000", "2026-04-30", "2026-05-30").interest_minor == 0


def test_interest_joins_the_principal_after_a_year_only_where_the_law_says_so():
    texas = ask("US", "business", "judgment", "USD", "12000.00", "2025-12-10", "2026-12-10", state="TX")
    federal = ask("US", "business", "judgment", "USD", "50000.00", "2026-01-02", "2027-07-01", contract_rate="3.50")
    california = ask("US", "business", "judgment", "USD", "50000.00", "2026-01-02", "2027-07-01", state="CA")
    assert (texas.interest_minor, federal.interest_minor, california.interest_minor) == (84_000, 264_322, 746_575)


@pytest.mark.parametrize("principal", ["0", "-5.00"])
def test_a_principal_of_nothing_is_refused(principal):
    with pytest.raises(Unreadable):
        late_interest(
            BOOK, CALENDARS, Claim("DE", "business", "goods", Money.parse(principal, "EUR"), date(2026, 1, 30), date(2026, 2, 27))
        )


DEBT = {"costs": 2000, "interest": 1500, "principal": 100_000}


@pytest.mark.parametrize(
    ("id_", "order", "used", "left"),
    [
        ("AL-1", payment_order(BOOK, "JP", "goods", "business", date(2026, 1, 1)), (2000, 1500, 46500), 53500),
        ("AL-1", payment_order(BOOK, "DE", "goods", "business", date(2026, 1, 1)), (2000, 1500, 46500), 53500),
        ("AL-1", payment_order(BOOK, "FR", "goods", "business", date(2026, 1, 1)), (2000, 1500, 46500), 53500),
        ("AL-2", payment_order(BOOK, "DE", "loan", "consumer", date(2026, 1, 1)), (2000, 0, 48000), 52000),
        ("AL-3", ("principal", "interest", "costs"), (0, 0, 50000), 50000),
    ],
)
def test_a_part_payment_is_used_up_in_the_order_of_the_law(id_, order, used, left):
    found = use_payment(50_000, DEBT, order)
    assert tuple(found.used[part] for part in ("costs", "interest", "principal")) == used
    assert DEBT["principal"] - found.used["principal"] == left


def test_interest_after_a_part_payment_runs_on_what_is_left():
    thirty_days = [Piece(date(2026, 4, 1), date(2026, 4, 30), Fraction("14.6"))]
    first = round_to(simple(100_000, thirty_days, ACTUAL_365), "floor")
    used = use_payment(50_000, {"interest": first, "principal": 100_000}, ("costs", "interest", "principal")).used
    rest = 100_000 - used["principal"]
    assert (first, used["principal"], rest, round_to(simple(rest, thirty_days, ACTUAL_365), "floor")) == (1200, 48_800, 51_200, 614)


def test_a_fee_and_interest_together_stay_within_the_japanese_cap():
    pieces = [Piece(date(2026, 4, 1), date(2026, 4, 30), Fraction("14.6"))]
    assert within_cap(100_000, 1200, pieces)
    assert not within_cap(100_000, 1201, pieces)


debts = st.dictionaries(st.sampled_from(["costs", "interest", "principal"]), st.integers(0, 10**9))


@given(st.integers(0, 10**10), debts, st.permutations(["costs", "interest", "principal"]))
def test_no_part_of_a_payment_is_lost_and_none_pays_too_much(payment, debt, order):
    found = use_payment(payment, debt, order)
    assert sum(found.used.values()) + found.left_over == payment
    assert all(found.used[part] <= debt.get(part, 0) for part in order)


days = st.integers(0, 4000).map(lambda number: date(2015, 6, 1) + timedelta(number))


@given(st.integers(1, 10**12), days, days, st.sampled_from(DAY_COUNTS))
def test_many_amounts_at_once_are_the_same_as_one_by_one(principal, one, other, day_count):
    due, paid = min(one, other), max(one, other)
    claim = Claim("FR", "business", "goods", Money(principal, "EUR"), due, paid, day_count=day_count)
    rule = BOOK.find(due, claim.facts)
    bulk = accumulator(BOOK, rule, date(2015, 1, 1), date(2026, 12, 31), day_count)
    assert bulk.many([(principal, due, paid)]) == [late_interest(BOOK, CALENDARS, claim).interest_minor]


def test_a_number_in_the_rules_is_never_a_binary_fraction():
    rates = [rule["rate"] for _, document in documents("interest") for rule in document.get("rules", ()) if "rate" in rule]
    assert rates
    assert not any(type(value).__name__ == "float" for rate in rates for value in rate.values())
