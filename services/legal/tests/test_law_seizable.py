"""What may be taken from wages and accounts, to the smallest unit: the examples of the law's research and their neighbours."""

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
from services.legal.domain.seizable import PERIODS, FactMissing, Income, seizable


def documents(subject: str) -> list[tuple[str, Any]]:
    folder = Path(__file__).parents[1] / "policies" / subject
    return [(path.name, yaml.safe_load(path.read_text("utf-8"))) for path in sorted(folder.glob("*.yaml"))]


BOOK = read_book(documents("seizable"))
# id, jurisdiction, kind, currency, net, on, seizable, other facts
EXAMPLES = """
JP-X1         JP wage JPY 200000  2026-09-01 50000
JP-X3         JP wage JPY 440001  2026-09-01 110001
JP-X3/below   JP wage JPY 440000  2026-09-01 110000
JP-X5         JP wage JPY 200001  2026-09-01 50000
JP-X7         JP wage JPY 100000  2026-09-01 25000   period=weekly
JP-X7/cap     JP wage JPY 110000  2026-09-01 33000   period=weekly
JP-X9         JP wage JPY 1000000 2026-09-01 670000  period=bonus
JP-X9/retired JP wage JPY 1000000 2026-09-01 250000  period=retirement
JP-X11        JP wage JPY 700000  2026-09-01 370000  claim=maintenance
JP-X11/half   JP wage JPY 400000  2026-09-01 200000  claim=maintenance
DE-X1         DE wage EUR 1560.00 2026-06-30 3.50
DE-X3         DE wage EUR 2500.00 2026-06-30 661.50
DE-X5         DE wage EUR 1590.00 2026-07-01 1.82
DE-X7         DE wage EUR 2000.00 2026-09-01 288.82
DE-X7/cents   DE wage EUR 2009.99 2026-09-01 288.82
DE-X9         DE wage EUR 2500.00 2026-09-01 157.59  dependants=1
DE-X11        DE wage EUR 3000.00 2026-09-01 192.94  dependants=2
DE-X13        DE wage EUR 4000.00 2026-09-01 344.86  dependants=3
DE-X15        DE wage EUR 5000.00 2026-09-01 2424.52
DE-X15/six    DE wage EUR 3700.00 2026-09-01 18.39   dependants=6
DE-P1         DE bank EUR 2000.00 2026-09-01 410.00
DE-P2         DE bank EUR 2000.00 2026-06-30 440.00
DE-P3         DE bank EUR 3000.00 2026-09-01 812.58  dependants=1
US-X1         US wage USD 200.00  2026-09-01 0.00    period=weekly
US-X3         US wage USD 250.00  2026-09-01 32.50   period=weekly
US-X5         US wage USD 300.00  2026-09-01 75.00   period=weekly
US-X7         US wage USD 500.00  2026-09-01 65.00   period=biweekly
US-X9         US wage USD 600.00  2026-09-01 128.75  period=semimonthly
US-X11        US wage USD 2000.00 2026-09-01 500.00
NY-X1         US wage USD 800.00  2026-09-01 100.00  period=weekly,state=NY,gross=1000.00,minimum_wage=17.00
NY-X3         US wage USD 500.00  2026-09-01 0.00    period=weekly,state=NY,gross=550.00,minimum_wage=17.00
NY-X5         US wage USD 560.00  2026-09-01 70.00   period=weekly,state=NY,gross=700.00,minimum_wage=16.00
NY-B1         US bank USD 5000.00 2026-09-01 920.00  state=NY,minimum_wage=17.00
NY-B2         US bank USD 5000.00 2026-09-01 1160.00 state=NY,minimum_wage=16.00
CA-X1         US wage USD 800.00  2026-09-01 0.00    period=weekly,state=CA
CA-X3         US wage USD 1000.00 2026-09-01 75.52   period=weekly,state=CA
CA-X5         US wage USD 1622.40 2026-09-01 324.48  period=weekly,state=CA
CA-X3/local   US wage USD 1000.00 2026-09-01 35.20   period=weekly,state=CA,minimum_wage=19.00
TX-X1         US wage USD 2000.00 2026-09-01 0.00    state=TX
FR-X1         FR wage EUR 500.00  2026-09-01 0.00
FR-X3         FR wage EUR 1000.00 2026-09-01 108.58
FR-X5         FR wage EUR 1500.00 2026-09-01 200.42  dependants=1
FR-X7         FR wage EUR 2000.00 2026-09-01 319.26  dependants=2
FR-X9         FR wage EUR 3000.00 2026-09-01 1008.18 dependants=3
FR-S1         FR bank EUR 200.00  2026-09-01 0.00
FR-S3         FR bank EUR 800.00  2026-09-01 148.31
UK-X1         GB wage GBP 350.00  2026-09-01 60.00   period=weekly,protected=250.00,normal_deduction=60.00
UK-X1/some    GB wage GBP 290.00  2026-09-01 40.00   period=weekly,protected=250.00,normal_deduction=60.00
UK-X3         GB wage GBP 240.00  2026-09-01 0.00    period=weekly,protected=250.00,normal_deduction=60.00
UK-CT1        GB wage GBP 75.00   2026-09-01 0.00    period=weekly,table=council_tax
UK-CT3        GB wage GBP 180.00  2026-09-01 9.00    period=weekly,table=council_tax
UK-CT5        GB wage GBP 300.00  2026-09-01 36.00   period=weekly,table=council_tax
UK-CT7        GB wage GBP 700.00  2026-09-01 183.35  period=weekly,table=council_tax
JP/cap-daily     JP wage JPY 14668   2026-09-01 3668    period=daily
JP/cap-daily-    JP wage JPY 14666   2026-09-01 3666    period=daily
JP/ten-days      JP wage JPY 200000  2026-09-01 90000   period=ten_day
JP/biweekly      JP wage JPY 300000  2026-09-01 146000  period=biweekly
JP/half-month    JP wage JPY 300000  2026-09-01 135000  period=semimonthly
JP/half-month-   JP wage JPY 220000  2026-09-01 55000   period=semimonthly
JP/bonus-        JP wage JPY 440000  2026-09-01 110000  period=bonus
JP/support-edge  JP wage JPY 660000  2026-09-01 330000  claim=maintenance
JP/support-over  JP wage JPY 660001  2026-09-01 330001  claim=maintenance
JP/support-odd   JP wage JPY 200001  2026-09-01 100000  claim=maintenance
JP/support-old   JP wage JPY 1000001 2026-09-01 500000  claim=maintenance,period=retirement
JP/nothing       JP wage JPY 0       2026-09-01 0
DE/last-2025     DE wage EUR 1559.99 2026-06-30 0.00
DE/first-2026    DE wage EUR 1589.99 2026-07-01 0.00
DE/last-2026     DE wage EUR 1590.00 2027-06-30 1.82
DE/first-2025    DE wage EUR 1560.00 2025-07-01 3.50
DE/one           DE wage EUR 2190.00 2026-09-01 2.59    dependants=1
DE/one-          DE wage EUR 2189.99 2026-09-01 0.00    dependants=1
DE/two           DE wage EUR 2520.00 2026-09-01 0.94    dependants=2
DE/three         DE wage EUR 2860.00 2026-09-01 2.86    dependants=3
DE/four          DE wage EUR 3190.00 2026-09-01 1.34    dependants=4
DE/five          DE wage EUR 3520.00 2026-09-01 0.39    dependants=5
DE/cap           DE wage EUR 4866.30 2026-09-01 2290.82
DE/cap+          DE wage EUR 4866.31 2026-09-01 2290.83
DE/cap-five      DE wage EUR 4866.31 2026-09-01 134.40  dependants=5
DE/cap-2025      DE wage EUR 4767.00 2026-06-30 2243.51
DE/P-five        DE bank EUR 4000.00 2026-09-01 481.26  dependants=5
DE/P-nine        DE bank EUR 4000.00 2026-09-01 481.26  dependants=9
DE/P-less        DE bank EUR 1589.99 2026-09-01 0.00
US/weekly-edge   US wage USD 217.50  2026-09-01 0.00    period=weekly
US/weekly-cent   US wage USD 217.51  2026-09-01 0.01    period=weekly
US/weekly-290    US wage USD 290.00  2026-09-01 72.50   period=weekly
US/monthly-edge  US wage USD 942.50  2026-09-01 0.00
US/monthly-1256  US wage USD 1256.67 2026-09-01 314.17
US/half-month-   US wage USD 471.25  2026-09-01 0.00    period=semimonthly
NY/monthly       US wage USD 3000.00 2026-09-01 400.00  state=NY,gross=4000.00,minimum_wage=17.00
NY/monthly-low   US wage USD 2300.00 2026-09-01 90.00   state=NY,gross=3000.00,minimum_wage=17.00
NY/quarter       US wage USD 680.00  2026-09-01 170.00  period=weekly,state=NY,gross=9999.00,minimum_wage=17.00
NY/federal-wage  US wage USD 300.00  2026-09-01 40.00   period=weekly,state=NY,gross=400.00,minimum_wage=5.00
NY/bank-less     US bank USD 4080.00 2026-09-01 0.00    state=NY,minimum_wage=17.00
CA/monthly       US wage USD 4000.00 2026-09-01 193.92  state=CA
CA/biweekly      US wage USD 2000.00 2026-09-01 151.04  period=biweekly,state=CA
CA/half-month    US wage USD 2000.00 2026-09-01 96.96   period=semimonthly,state=CA
CA/edge          US wage USD 811.20  2026-09-01 0.00    period=weekly,state=CA
CA/low-local     US wage USD 1000.00 2026-09-01 75.52   period=weekly,state=CA,minimum_wage=10.00
TX/weekly        US wage USD 2000.00 2026-09-01 0.00    state=TX,period=weekly
FR/first-band    FR wage EUR 373.33  2026-09-01 0.00
FR/second        FR wage EUR 727.50  2026-09-01 54.08
FR/floor         FR wage EUR 700.00  2026-09-01 48.31
FR/all           FR wage EUR 2150.84 2026-09-01 572.27
FR/four          FR wage EUR 2000.00 2026-09-01 238.42  dependants=4
FR/S-edge        FR bank EUR 651.69  2026-09-01 0.00
FR/S-edge+       FR bank EUR 651.70  2026-04-01 0.01
FR/S-before      FR bank EUR 651.69  2026-03-31 5.17
DE/2019-0     DE wage EUR 5000.00 2019-09-01 3088.91
DE/2019-1     DE wage EUR 3000.00 2019-09-01 688.92  dependants=1
DE/2019-2     DE wage EUR 5000.00 2019-09-01 2083.21 dependants=2
DE/2021-0     DE wage EUR 5000.00 2021-09-01 2971.07
DE/2021-1     DE wage EUR 3000.00 2021-09-01 637.96  dependants=1
DE/2021-2     DE wage EUR 5000.00 2021-09-01 1901.23 dependants=2
DE/2022-0     DE wage EUR 5000.00 2022-09-01 2840.17
DE/2022-1     DE wage EUR 3000.00 2022-09-01 584.61  dependants=1
DE/2022-2     DE wage EUR 5000.00 2022-09-01 1706.41 dependants=2
DE/2023-0     DE wage EUR 5000.00 2023-09-01 2722.59
DE/2023-1     DE wage EUR 3000.00 2023-09-01 534.98  dependants=1
DE/2023-2     DE wage EUR 5000.00 2023-09-01 1527.57 dependants=2
DE/2024-0     DE wage EUR 5000.00 2024-09-01 2581.68
DE/2024-1     DE wage EUR 3000.00 2024-09-01 473.41  dependants=1
DE/2024-2     DE wage EUR 5000.00 2024-09-01 1308.52 dependants=2
DE/2025-0     DE wage EUR 5000.00 2025-09-01 2476.51
DE/2025-1     DE wage EUR 3000.00 2025-09-01 429.89  dependants=1
DE/2025-2     DE wage EUR 5000.00 2025-09-01 1150.50 dependants=2
UK/CTm-300.00 GB wage GBP 300.00  2026-09-01 0.00    table=council_tax
UK/CTm-300.01 GB wage GBP 300.01  2026-09-01 9.00    table=council_tax
UK/CTm-550.00 GB wage GBP 550.00  2026-09-01 16.50   table=council_tax
UK/CTm-550.01 GB wage GBP 550.01  2026-09-01 27.50   table=council_tax
UK/CTm-740.00 GB wage GBP 740.00  2026-09-01 37.00   table=council_tax
UK/CTm-740.01 GB wage GBP 740.01  2026-09-01 51.80   table=council_tax
UK/CTm-900.00 GB wage GBP 900.00  2026-09-01 63.00   table=council_tax
UK/CTm-900.01 GB wage GBP 900.01  2026-09-01 108.00  table=council_tax
UK/CTm-1420.00 GB wage GBP 1420.00 2026-09-01 170.40  table=council_tax
UK/CTm-1420.01 GB wage GBP 1420.01 2026-09-01 241.40  table=council_tax
UK/CTm-2020.00 GB wage GBP 2020.00 2026-09-01 343.40  table=council_tax
UK/CTm-2020.01 GB wage GBP 2020.01 2026-09-01 343.41  table=council_tax
UK/CTm-3000.00 GB wage GBP 3000.00 2026-09-01 833.40  table=council_tax
UK/CTw-185.00 GB wage GBP 185.00  2026-09-01 9.25    period=weekly,table=council_tax
UK/CTw-185.01 GB wage GBP 185.01  2026-09-01 12.95   period=weekly,table=council_tax
UK/CTw-225.01 GB wage GBP 225.01  2026-09-01 27.00   period=weekly,table=council_tax
UK/CTw-355.01 GB wage GBP 355.01  2026-09-01 60.35   period=weekly,table=council_tax
JP/support-daily JP wage JPY 23001   2026-09-01 12001   period=daily,claim=maintenance
JP/support-weekly JP wage JPY 155001  2026-09-01 78001   period=weekly,claim=maintenance
JP/support-ten_day JP wage JPY 221001  2026-09-01 111001  period=ten_day,claim=maintenance
JP/support-biweekly JP wage JPY 309001  2026-09-01 155001  period=biweekly,claim=maintenance
JP/support-semimonthly JP wage JPY 331001  2026-09-01 166001  period=semimonthly,claim=maintenance
JP/support-bonus JP wage JPY 661001  2026-09-01 331001  period=bonus,claim=maintenance
NY/told-none  US wage USD 800.00  2026-09-01 100.00  period=weekly,state=NY,gross=1000.00
NY/no-wage    US bank USD 5000.00 2026-09-01 920.00  state=NY
UK/edge          GB wage GBP 310.00  2026-09-01 60.00   period=weekly,protected=250.00,normal_deduction=60.00
UK/month         GB wage GBP 1200.00 2026-09-01 100.00  protected=1000.00,normal_deduction=100.00
UK/support       GB wage GBP 1050.00 2026-09-01 50.00   protected=1000.00,normal_deduction=100.00,claim=maintenance
UK/CT-75         GB wage GBP 75.01   2026-09-01 2.25    period=weekly,table=council_tax
UK/CT-135        GB wage GBP 135.00  2026-09-01 4.05    period=weekly,table=council_tax
UK/CT-135+       GB wage GBP 135.01  2026-09-01 6.75    period=weekly,table=council_tax
UK/CT-225        GB wage GBP 225.00  2026-09-01 15.75   period=weekly,table=council_tax
UK/CT-355        GB wage GBP 355.00  2026-09-01 42.60   period=weekly,table=council_tax
UK/CT-505        GB wage GBP 505.00  2026-09-01 85.85   period=weekly,table=council_tax
UK/CT-505+       GB wage GBP 506.00  2026-09-01 86.35   period=weekly,table=council_tax
"""
_MINOR = {"gross": "gross_minor", "protected": "protected_minor", "normal_deduction": "normal_deduction_minor"}


def income(jurisdiction: str, kind: str, currency: str, net: str, on: str, facts: str = "") -> Income:
    told: dict = dict(fact.split("=") for fact in facts.split(",")) if facts else {}
    for name, field in _MINOR.items():
        if name in told:
            told[field] = Money.parse(told.pop(name), currency).minor
    if "dependants" in told:
        told["dependants"] = int(told["dependants"])
    if "minimum_wage" in told:
        told["minimum_wage"] = Fraction(told["minimum_wage"])
    return Income(jurisdiction, kind, Money.parse(net, currency).minor, currency, date.fromisoformat(on), **told)


@pytest.mark.parametrize("example", EXAMPLES.strip().splitlines(), ids=lambda example: example.split()[0])
def test_an_example_is_right_to_the_smallest_unit(example):
    _, jurisdiction, kind, currency, net, on, expected, *facts = example.split()

    asked = income(jurisdiction, kind, currency, net, on, *facts)
    found = seizable(BOOK, asked)

    assert format_minor(found.seizable_minor, currency) == expected
    assert found.exempt_minor + found.seizable_minor == asked.net_minor


@pytest.mark.parametrize(
    ("asked", "series"),
    [
        (income("DE", "wage", "EUR", "2000.00", "2027-07-01"), "DE_850C"),
        (income("FR", "wage", "EUR", "2000.00", "2027-01-01"), "FR_WAGE_BANDS"),
        (income("US", "wage", "USD", "2000.00", "2027-01-01", "state=CA"), "CA_MINIMUM_WAGE"),
        (income("US", "bank", "USD", "2000.00", "2026-09-01", "state=CA"), "CA_MINIMUM_BASIC_STANDARD"),
    ],
)
def test_a_table_that_is_not_published_is_missing(asked, series):
    with pytest.raises(RateMissing) as missing:
        seizable(BOOK, asked)
    assert missing.value.details["series"] == series


def test_the_court_s_rates_and_the_gross_must_be_told():
    for asked, fact in (
        (income("GB", "wage", "GBP", "350.00", "2026-09-01"), "protected"),
        (income("US", "wage", "USD", "800.00", "2026-09-01", "state=NY,minimum_wage=17.00"), "gross"),
    ):
        with pytest.raises(FactMissing) as missing:
            seizable(BOOK, asked)
        assert missing.value.details == {"fact": fact}


@pytest.mark.parametrize(
    "asked",
    [
        income("EU", "wage", "EUR", "1.00", "2026-09-01"),
        income("JP", "bank", "JPY", "1", "2026-09-01"),
        income("GB", "bank", "GBP", "1.00", "2026-09-01"),
        income("US", "bank", "USD", "1.00", "2026-09-01"),
        income("US", "bank", "USD", "1.00", "2026-09-01", "state=TX"),
        income("DE", "wage", "EUR", "1.00", "2026-09-01", "period=weekly"),
        income("DE", "wage", "EUR", "1.00", "2026-09-01", "period=daily"),
        income("DE", "wage", "EUR", "1.00", "2026-09-01", "claim=maintenance"),
        income("FR", "wage", "EUR", "1.00", "2026-09-01", "claim=maintenance"),
        income("FR", "wage", "EUR", "1.00", "2026-09-01", "period=weekly"),
        income("US", "wage", "USD", "1.00", "2026-09-01", "claim=maintenance"),
        income("US", "wage", "USD", "1.00", "2026-09-01", "claim=maintenance,state=NY"),
        income("DE", "wage", "USD", "1.00", "2026-09-01"),
    ],
)
def test_where_no_rule_is_kept_nothing_is_guessed(asked):
    with pytest.raises(NoRule):
        seizable(BOOK, asked)


def test_a_negative_income_is_refused():
    with pytest.raises(Unreadable):
        seizable(BOOK, income("JP", "wage", "JPY", "-1", "2026-09-01"))


@pytest.mark.parametrize(
    ("jurisdiction", "kind", "net", "before", "on"),
    [("DE", "wage", "2000.00", "2026-06-30", "2026-07-01"), ("FR", "bank", "2000.00", "2026-03-31", "2026-04-01")],
)
def test_a_table_changes_on_its_day(jurisdiction, kind, net, before, on):
    old, new = (seizable(BOOK, income(jurisdiction, kind, "EUR", net, day)) for day in (before, on))
    assert new.exempt_minor > old.exempt_minor


def test_what_was_recalled_is_said_with_the_citation():
    assert "unsure" in seizable(BOOK, income("DE", "wage", "EUR", "2000.00", "2024-09-01")).citation
    assert "unsure" not in seizable(BOOK, income("DE", "wage", "EUR", "2000.00", "2026-09-01")).citation


@given(st.integers(0, 10**8), st.sampled_from(PERIODS[:-1]), st.sampled_from(["ordinary", "maintenance"]))
def test_more_pay_never_leaves_a_japanese_debtor_less(net, period, claim):
    one, more = (seizable(BOOK, Income("JP", "wage", pay, "JPY", date(2026, 9, 1), period=period, claim=claim)) for pay in (net, net + 1))
    assert one.exempt_minor <= more.exempt_minor
    assert one.seizable_minor <= more.seizable_minor


@given(st.integers(0, 10**6), st.integers(0, 7))
def test_a_further_dependant_never_gives_a_creditor_more(net, dependants):
    for jurisdiction in ("DE", "FR"):
        one, more = (
            seizable(BOOK, Income(jurisdiction, "wage", net, "EUR", date(2026, 9, 1), dependants=n)) for n in (dependants, dependants + 1)
        )
        assert more.seizable_minor <= one.seizable_minor
