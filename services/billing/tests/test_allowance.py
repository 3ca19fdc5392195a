"""The loss allowance: the standards' examples, and the limits of Japanese tax law, to the smallest unit."""

from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Unreadable
from kernel.series import read_book
from services.billing.domain.allowance import (
    Bucket,
    actual_rate,
    bucket_of,
    general_limit,
    individual_limit,
    is_presumed,
    matrix,
    may_write_down_to_memo,
    roll_rate_loss,
    statutory_rate,
)


def documents(subject: str) -> list[tuple[str, Any]]:
    folder = Path(__file__).parents[1] / "policies" / subject
    return [(path.name, yaml.safe_load(path.read_text("utf-8"))) for path in sorted(folder.glob("*.yaml"))]


BOOK = read_book(documents("allowance"))
ON = date(2026, 3, 31)
IFRS9 = [("current", 15_000_000, "0.003", 45_000), ("1-30", 7_500_000, "0.016", 120_000), ("31-60", 4_000_000, "0.036", 144_000),
         ("61-90", 2_500_000, "0.066", 165_000), ("over 90", 1_000_000, "0.106", 106_000)]  # fmt: skip
ASC326 = [("current", 5_984_698, "0.003", 17_954), ("1-30", 8_272, "0.08", 662), ("31-60", 2_882, "0.26", 749),
          ("61-90", 842, "0.58", 488), ("over 90", 1_100, "0.82", 902)]  # fmt: skip


@pytest.mark.parametrize(("rows", "total"), [(IFRS9, 580_000), (ASC326, 20_755)])
def test_the_standards_examples_come_out(rows, total):
    found = matrix([Bucket(name, gross * 100, Fraction(rate)) for name, gross, rate, _ in rows], "USD", whole_units=True)
    assert found.by_bucket == {name: loss * 100 for name, _, _, loss in rows}
    assert found.total_minor == total * 100


def test_a_rate_is_history_times_expectation():
    bucket = Bucket("1-30", 100_000, Fraction("0.02"), Fraction("1.25"))
    assert matrix([bucket], "EUR").total_minor == 2_500
    assert roll_rate_loss([Fraction("0.5"), Fraction("0.4"), Fraction("0.1")]) == Fraction("0.02")


@pytest.mark.parametrize("bucket", [Bucket("a", 100, Fraction(2)), Bucket("a", -1, Fraction(0)), Bucket("a", 100, Fraction(-1))])
def test_a_bucket_that_makes_no_sense_is_refused(bucket):
    with pytest.raises(Unreadable):
        matrix([bucket], "EUR")


@pytest.mark.parametrize(
    ("days", "bucket"), [(-5, "current"), (0, "current"), (1, "1-30"), (30, "1-30"), (31, "31-60"), (90, "61-90"), (91, "over 90")]
)
def test_an_age_falls_into_one_bucket(days, bucket):
    assert bucket_of(BOOK, "ifrs9", days, ON) == bucket


def test_risk_is_presumed_after_30_days_and_default_after_90():
    assert [is_presumed(BOOK, "significant_increase", days, ON) for days in (30, 31)] == [False, True]
    assert [is_presumed(BOOK, "default", days, ON) for days in (90, 91)] == [False, True]


@pytest.mark.parametrize(
    ("business", "limit"),
    [("wholesale_retail", 470_000), ("manufacturing", 376_000), ("finance", 141_000), ("instalment", 329_000), ("other", 282_000)],
)
def test_a_small_company_takes_the_rate_of_its_main_business(business, limit):
    assert general_limit(50_000_000, 3_000_000, statutory_rate(BOOK, business, ON)) == limit


def test_instalment_sellers_had_13_before_april_2021():
    assert statutory_rate(BOOK, "instalment", date(2021, 3, 31)) == Fraction("0.013")


def test_the_actual_rate_is_rounded_up_at_four_decimals():
    rate = actual_rate(BOOK, 300_000, 46_000_000, ON)
    assert rate == Fraction("0.0066")
    assert general_limit(50_000_000, 3_000_000, rate) == 310_200


@pytest.mark.parametrize(("reason", "limit"), [("insolvent", 800_000), ("petition", 400_000), ("foreign_state", 400_000)])
def test_one_debtors_trouble_allows_all_or_half(reason, limit):
    assert individual_limit(BOOK, reason, 1_000_000, ON, not_counted_minor=200_000) == limit


def test_of_a_plan_what_falls_due_after_five_years_counts():
    due = [(date(2031, 3, 31), 100_000), (date(2031, 4, 1), 200_000), (date(2035, 3, 31), 300_000)]
    assert individual_limit(BOOK, "plan", 600_000, ON, due=due) == 500_000


def test_a_claim_is_kept_at_one_yen_a_year_after_the_last_dealing():
    assert may_write_down_to_memo(BOOK, date(2025, 1, 31), date(2025, 3, 31), None, ON)
    assert not may_write_down_to_memo(BOOK, date(2025, 1, 31), date(2025, 3, 31), date(2025, 4, 1), ON)


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.fractions(0, 1))
def test_a_limit_never_exceeds_what_is_owed(gross, non_substantive, rate):
    assert 0 <= general_limit(gross, non_substantive, rate) <= gross
