"""Court fees and what comes with them, to the smallest unit."""

from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Unreadable
from kernel.money import Money, format_minor
from kernel.series import NoRule, RateMissing, read_book
from services.legal.domain.court_fees import agency_fee, court_fee, enforcement_fees


def documents(subject: str) -> list[tuple[str, Any]]:
    folder = Path(__file__).parents[1] / "policies" / subject
    return [(path.name, yaml.safe_load(path.read_text("utf-8"))) for path in sorted(folder.glob("*.yaml"))]


BOOK = read_book(documents("court_fees"))
BEFORE, AFTER = date(2026, 5, 20), date(2026, 5, 21)
# id, value, base, suit on paper, suit electronically, half the base, payment order on paper, payment order electronically
JAPAN = """
JP-F1 100000 1000 3500 2400 500 3200 3000
JP-F1b 100001 2000 4500 3400 1000 3700 3500
JP-F3 600000 6000 8500 7400 3000 5700 5500
JP-F4 1000000 10000 12500 11400 5000 7700 7500
JP-F5 1000001 11000 13500 12400 5500 8200 8000
JP-F7 3000000 20000 22500 21400 10000 12700 12500
JP-F8 5000000 30000 32500 31400 15000 17700 17500
JP-F9 10000000 50000 52500 51400 25000 27700 27500
JP-F11 50000000 170000 172500 171400 85000 87700 87500
JP-4800001 4800001 30000 32500 31400 15000 17700 17500
JP-9500001 9500001 50000 52500 51400 25000 27700 27500
JP-999000001 999000001 3020000 3022500 3021400 1510000 1512700 1512500
JP-4995000001 4995000001 11020000 11022500 11021400 5510000 5512700 5512500
JP-5000000000 5000000000 11020000 11022500 11021400 5510000 5512700 5512500
JP-5010000001 5010000001 11040000 11042500 11041400 5520000 5522700 5522500
JP-yen 1 1000 3500 2400 500 3200 3000
JP-5m1 5000001 32000 34500 33400 16000 18700 18500
JP-10m1 10000001 53000 55500 54400 26500 29200 29000
JP-1bn 1000000000 3020000 3022500 3021400 1510000 1512700 1512500
JP-1bn1 1000000001 3030000 3032500 3031400 1515000 1517700 1517500
JP-5bn1 5000000001 11030000 11032500 11031400 5515000 5517700 5517500
"""
# id, value, GKG 1.0 suit 3.0, order 0.5, RVG 1.0, 0.9, with expenses, with VAT
GERMANY = """
DE-F1 100.00 120.00 38.00 51.50 46.35 55.62 66.19
DE-F3 500.01 183.00 38.00 93.00 83.70 100.44 119.52
DE-F5 2000.00 309.00 51.50 176.00 158.40 178.40 212.30
DE-F7 10000.00 849.00 141.50 652.00 586.80 606.80 722.09
DE-F9 25000.00 1306.50 217.75 927.00 834.30 854.30 1016.62
DE-F11 100000.00 3594.00 599.00 1755.00 1579.50 1599.50 1903.41
DE-49999 499.99 120.00 38.00 51.50 46.35 55.62 66.19
DE-900001 9000.01 849.00 141.50 652.00 586.80 606.80 722.09
DE-2200001 22000.01 1306.50 217.75 927.00 834.30 854.30 1016.62
DE-4500001 45000.01 1914.00 319.00 1357.00 1221.30 1241.30 1477.15
DE-18500001 185000.01 6114.00 1019.00 2352.00 2116.80 2136.80 2542.79
DE-20000001 200000.01 6744.00 1124.00 2492.00 2242.80 2262.80 2692.73
DE-47000001 470000.01 12414.00 2069.00 3752.00 3376.80 3396.80 4042.19
DE-50000001 500000.01 13044.00 2174.00 3927.00 3534.30 3554.30 4229.62
DE-55000001 550000.01 13674.00 2279.00 4102.00 3691.80 3711.80 4417.04
DE-500 500.00 120.00 38.00 51.50 46.35 55.62 66.19
DE-1000b 1000.01 246.00 41.00 134.50 121.05 141.05 167.85
DE-2000b 2000.01 376.50 62.75 235.50 211.95 231.95 276.02
DE-10000b 10000.01 940.50 156.75 707.00 636.30 656.30 781.00
DE-50000 50000.00 1914.00 319.00 1357.00 1221.30 1241.30 1477.15
DE-50000b 50000.01 2334.00 389.00 1456.50 1310.85 1330.85 1583.71
"""
ENGLAND = """
UK-F1 300.00 35.00
UK-F2 300.01 50.00
UK-F3 500.00 50.00
UK-F4 1500.00 80.00
UK-F5 3000.00 115.00
UK-F6 5000.00 205.00
UK-F7 10000.00 455.00
UK-F8 10000.01 500.00
UK-F9 12345.67 617.28
UK-F10 200000.00 10000.00
UK-F11 200000.01 10000.00
UK-least 0.01 35.00
UK-500 500.01 70.00
UK-1000 1000.00 70.00
UK-1000b 1000.01 80.00
UK-1500b 1500.01 115.00
UK-3000b 3000.01 205.00
UK-5000b 5000.01 455.00
UK-half 10000.10 500.01
"""


def lines(table: str) -> list[list[str]]:
    return [line.split() for line in table.strip().splitlines()]


def fee(jurisdiction: str, procedure: str, value: str, currency: str, on: date, channel: str = "paper") -> str:
    return format_minor(court_fee(BOOK, jurisdiction, procedure, Money.parse(value, currency), on, channel).minor, currency)


@pytest.mark.parametrize(("id_", "value", "base", "paper", "electronic", "half", "order_paper", "order_electronic"), lines(JAPAN))
def test_a_japanese_fee_depends_on_the_day_of_filing_and_the_channel(
    id_, value, base, paper, electronic, half, order_paper, order_electronic
):
    for channel, suit, order in (("paper", paper, order_paper), ("electronic", electronic, order_electronic)):
        assert fee("JP", "suit", value, "JPY", AFTER, channel) == suit
        assert fee("JP", "payment_order", value, "JPY", AFTER, channel) == order
        assert fee("JP", "suit", value, "JPY", BEFORE, channel) == base
        assert fee("JP", "payment_order", value, "JPY", BEFORE, channel) == half


@pytest.mark.parametrize(("id_", "value", "suit", "order", "full", "fee_09", "with_expenses", "with_vat"), lines(GERMANY))
def test_a_german_claim_costs_what_the_scales_of_2025_say(id_, value, suit, order, full, fee_09, with_expenses, with_vat):
    assert fee("DE", "suit", value, "EUR", AFTER) == suit
    assert fee("DE", "payment_order", value, "EUR", AFTER) == order
    found = agency_fee(BOOK, "DE", Money.parse(value, "EUR"), AFTER, Fraction("0.9"))
    amounts = (found.full_minor, found.fee_minor, found.with_expenses_minor, found.with_vat_minor)
    assert [format_minor(minor, "EUR") for minor in amounts] == [full, fee_09, with_expenses, with_vat]


@pytest.mark.parametrize(("value", "suit"), [("500000.00", "12414.00"), ("30000000.00", "384114.00"), ("99000000.00", "384114.00")])
def test_a_german_fee_grows_up_to_thirty_million(value, suit):
    assert fee("DE", "suit", value, "EUR", AFTER) == suit


@pytest.mark.parametrize(
    ("value", "suit", "order"),
    [("500.00", "114.00", "36.00"),
     ("500.01", "174.00", "36.00"),
     ("2000.01", "357.00", "59.50"),
     ("9000.01", "798.00", "133.00"),
     ("10000.01", "885.00", "147.50"),
     ("22000.01", "1233.00", "205.50"),
     ("25000.01", "1347.00", "224.50"),
     ("45000.01", "1803.00", "300.50"),
     ("50000.01", "2199.00", "366.50"),
     ("185000.01", "5763.00", "960.50"),
     ("200000.01", "6357.00", "1059.50"),
     ("470000.01", "11703.00", "1950.50"),
     ("500000.01", "12297.00", "2049.50"),
     ("550000.01", "12891.00", "2148.50")],
)  # fmt: skip
def test_the_german_scale_before_june_2025_is_as_recalled(value, suit, order):
    assert fee("DE", "suit", value, "EUR", date(2025, 5, 31)) == suit
    assert fee("DE", "payment_order", value, "EUR", date(2025, 5, 31)) == order


def test_before_june_2025_the_german_order_cost_36_at_least_and_the_answer_is_not_certain():
    found = court_fee(BOOK, "DE", "payment_order", Money(10_000, "EUR"), date(2025, 5, 31), "paper")
    assert found.minor == 3600
    assert "unsure" in found.citation
    assert fee("DE", "suit", "10000.00", "EUR", date(2025, 5, 31)) == "798.00"


@pytest.mark.parametrize(("id_", "value", "expected"), lines(ENGLAND))
def test_an_english_issue_fee_goes_by_bands(id_, value, expected):
    assert fee("GB", "suit", value, "GBP", AFTER) == expected


@pytest.mark.parametrize(
    ("id_", "value", "expected"),
    [
        ("UK-E1", "800.00", ["75.00", "235.00", "110.00"]),
        ("UK-E2", "1500.00", ["75.00", "235.00", "110.00"]),
        ("UK-E3", "4000.00", ["75.00", "422.50", "297.50"]),
    ],
)
def test_an_enforcement_agent_adds_a_share_of_what_exceeds_1500(id_, value, expected):
    fees = enforcement_fees(BOOK, "GB", Money.parse(value, "GBP"), AFTER)
    assert [format_minor(fees[stage], "GBP") for stage in ("compliance", "enforcement", "sale")] == expected


@pytest.mark.parametrize(
    ("jurisdiction", "procedure", "currency"),
    [("US", "payment_order", "USD"), ("US", "suit", "EUR"), ("FR", "payment_order", "EUR"), ("FR", "suit", "EUR"), ("EU", "suit", "EUR"),
     ("GB", "payment_order", "GBP"), ("DE", "suit", "USD")],
)  # fmt: skip
def test_where_no_tariff_is_kept_nothing_is_guessed(jurisdiction, procedure, currency):
    with pytest.raises(NoRule):
        fee(jurisdiction, procedure, "100.00", currency, AFTER)


@pytest.mark.parametrize(
    ("state", "value", "expected"),
    [("", "100.00", 40_500), ("NY", "100.00", 21_000), ("CA", "10000.00", 22_500), ("CA", "10000.01", 37_000), ("CA", "35000.00", 37_000),
     ("CA", "35000.01", 43_500), ("TX", "20000.00", 5_400)],
)  # fmt: skip
def test_an_american_filing_fee_is_told_with_its_doubt(state, value, expected):
    found = court_fee(BOOK, "US", "suit", Money.parse(value, "USD"), AFTER, "paper", state)
    assert found.minor == expected
    assert "unsure" in found.citation


def test_what_texan_county_courts_ask_is_not_kept():
    with pytest.raises(NoRule):
        court_fee(BOOK, "US", "suit", Money.parse("20000.01", "USD"), AFTER, "paper", "TX")


@pytest.mark.parametrize(
    ("value", "factor", "expected"), [("50.00", "0.9", 3_150), ("50.01", "0.9", 4_635), ("100.00", "0.5", 2_575), ("100.00", "1.3", 6_695)]
)
def test_a_german_agency_asks_a_factor_of_the_lawyers_fee_and_a_flat_one_up_to_fifty_euros(value, factor, expected):
    assert agency_fee(BOOK, "DE", Money.parse(value, "EUR"), AFTER, Fraction(factor)).fee_minor == expected


def test_a_lawyers_scale_before_it_is_kept_is_missing_and_a_claim_of_nothing_is_refused():
    with pytest.raises((RateMissing, NoRule)):
        agency_fee(BOOK, "DE", Money(10_000, "EUR"), date(2025, 5, 31), Fraction("0.9"))
    with pytest.raises(Unreadable):
        fee("JP", "suit", "0", "JPY", AFTER)


@given(st.integers(1, 10**11), st.sampled_from([("JP", "JPY"), ("DE", "EUR"), ("GB", "GBP")]))
def test_a_larger_claim_never_costs_less(value, place):
    one, more = (court_fee(BOOK, place[0], "suit", Money(minor, place[1]), AFTER, "paper").minor for minor in (value, value + 1))
    assert one <= more
