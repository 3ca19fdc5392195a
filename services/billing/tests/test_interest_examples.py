"""Worked examples of late interest, to the smallest unit: those of the law's research and their neighbours."""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml

from kernel import series
from kernel.money import Money, format_minor
from kernel.series import ClosedDays, read_book, read_closed_days
from services.billing.domain.interest import Claim, late_interest, percent_of


def documents(subject: str) -> list[tuple[str, Any]]:
    folder = Path(__file__).parents[1] / "policies" / subject
    return [(path.name, yaml.safe_load(path.read_text("utf-8"))) for path in sorted(folder.glob("*.yaml"))]


def calendars() -> Mapping[str, ClosedDays]:
    return read_closed_days(yaml.safe_load((Path(series.__file__).parent / "closed_days.yaml").read_text("utf-8")))


BOOK, CALENDARS = read_book(documents("interest")), calendars()

# id, jurisdiction, debtor, claim, currency, principal, due, paid, days, days@rate by segment, interest, fixed sum, total, other facts
EXAMPLES = """
EU-I1             EU business goods       EUR 10000.00  2026-01-30 2026-04-30 90  90@10.15                   250.27  40.00 10290.27
EU-I3             EU business goods       EUR 2500.50   2024-05-15 2025-02-14 275 46@12.5,184@12.25,45@11.15 228.18  40.00 2768.68
EU-I5             EU business goods       EUR 100000.00 2025-06-30 2025-12-31 184 184@10.15                  5116.71 40.00 105156.71
DE-I1             DE business goods       EUR 10000.00  2026-01-30 2026-04-30 90  90@10.27                   253.23  40.00 10293.23
DE-I3             DE consumer goods       EUR 1190.00   2026-05-15 2026-08-31 108 46@6.27,62@6.52            22.58   0.00  1212.58
DE-I5             DE consumer goods       EUR 5000.00   2023-12-15 2024-07-31 229 16@8.12,182@8.62,31@8.37   268.25  0.00  5268.25
DE-I5/act         DE consumer goods       EUR 5000.00   2023-12-15 2024-07-31 229 16@8.12,182@8.62,31@8.37   267.57  0.00  5267.57   day_count=actual/actual
DE-I7             DE business goods       EUR 10000.00  2026-01-31 2026-04-30 87  87@10.27                   244.79  40.00 10284.79
DE-I7/monday      DE business goods       EUR 10000.00  2026-02-02 2026-04-30 87  87@10.27                   244.79  40.00 10284.79
FR-I1             FR business goods       EUR 10000.00  2026-01-30 2026-04-30 90  90@12.15                   299.59  40.00 10339.59
FR-I3             FR business goods       EUR 2500.50   2024-05-15 2025-02-14 275 46@14.5,184@14.25,45@13.15 265.86  40.00 2806.36
FR-I5             FR consumer goods       EUR 3000.00   2026-03-10 2026-10-15 219 112@6.67,107@6.84          121.56  0.00  3121.56   creditor=individual
UK-I1             GB business goods       GBP 5000.00   2026-01-30 2026-05-12 102 102@11.75                  164.18  70.00 5234.18
UK-I3             GB business goods       GBP 999.99    2025-06-30 2025-12-31 184 184@12.25                  61.75   40.00 1101.74
UK-I3b            GB business goods       GBP 999.99    2025-06-27 2025-12-31 187 187@12.75                  65.32   40.00 1105.31
UK-I5             GB business goods       GBP 1000.00   2023-08-01 2024-08-01 366 366@13                     130.36  70.00 1200.36
UK-C1             GB consumer goods       GBP 1200.00   2026-02-01 2026-07-01 150 150@8                      39.45   0.00  1239.45
JP-I1             JP business goods       JPY 1000000   2026-04-30 2026-09-30 153 153@3                      12575   0     1012575
JP-I3             JP business goods       JPY 1000000   2020-03-30 2021-03-31 366 366@6                      60164   0     1060164
JP-I3/act         JP business goods       JPY 1000000   2020-03-30 2021-03-31 366 366@6                      60040   0     1060040   day_count=actual/actual
JP-I4             JP consumer goods       JPY 300000    2026-05-29 2026-08-31 94  94@14.6                    11280   0     311280    contract_rate=14.6
JP-I5             JP consumer goods       JPY 300000    2026-05-29 2026-08-31 94  94@14.6                    11280   0     311280    contract_rate=20
JP-I5/business    JP business goods       JPY 300000    2026-05-29 2026-08-31 94  94@20                      15452   0     315452    contract_rate=20
JP-I7             JP consumer loan        JPY 90000     2026-01-30 2026-07-31 182 182@29.2                   13104   0     103104    contract_rate=36.5
JP-I7/18%         JP consumer loan        JPY 100000    2026-01-30 2026-07-31 182 182@26.28                  13104   0     113104    contract_rate=29.2
JP-I7/lender      JP consumer loan        JPY 90000     2026-01-30 2026-07-31 182 182@20                     8975    0     98975     contract_rate=29.2,lender=commercial
JP-T1             JP business subcontract JPY 1100000   2026-04-01 2026-07-31 62  62@14.6                    27280   0     1127280
US-NY-I1          US business goods       USD 10000.00  2026-01-15 2026-07-14 180 180@9                      443.84  0.00  10443.84  state=NY
US-NY-I1/consumer US consumer goods       USD 10000.00  2026-01-15 2026-07-14 180 180@2                      98.63   0.00  10098.63  state=NY
US-CA-I1          US business goods       USD 25000.00  2025-11-01 2026-05-01 181 181@10                     1239.73 0.00  26239.73  state=CA
US-CA-I1/personal US consumer judgment    USD 25000.00  2025-11-01 2026-05-01 181 181@5                      619.86  0.00  25619.86  state=CA
US-TX-I1          US business goods       USD 12000.00  2026-01-02 2026-06-01 120 120@6                      236.71  0.00  12236.71  state=TX
US-TX-I3          US business judgment    USD 12000.00  2025-12-10 2027-06-08 545 365@7,180@7                1283.24 0.00  13283.24  state=TX
US-FED-I1         US business judgment    USD 50000.00  2026-01-02 2027-01-02 365 365@3.5                    1750.00 0.00  51750.00  contract_rate=3.50
"""  # noqa: E501


def ask(jurisdiction: str, debtor: str, claim: str, currency: str, principal: str, due: str, paid: str, **more: str):
    rate = {"contract_rate": Fraction(more.pop("contract_rate"))} if "contract_rate" in more else {}
    asked = Claim(
        jurisdiction, debtor, claim, Money.parse(principal, currency), date.fromisoformat(due), date.fromisoformat(paid), **rate, **more
    )
    return late_interest(BOOK, CALENDARS, asked)


@pytest.mark.parametrize("example", EXAMPLES.strip().splitlines(), ids=lambda example: example.split()[0])
def test_a_worked_example_comes_to_the_last_unit(example):
    _, jurisdiction, debtor, claim, currency, principal, due, paid, days, segments, interest, fixed, total, *more = example.split()

    facts = dict(fact.split("=") for fact in more[0].split(",")) if more else {}
    found = ask(jurisdiction, debtor, claim, currency, principal, due, paid, **facts)

    assert ",".join(f"{piece.days}@{percent_of(piece.rate)}" for piece in found.segments) == segments
    assert (found.days, sum(piece.days for piece in found.segments)) == (int(days), int(days))
    shown = [format_minor(minor, currency) for minor in (found.interest_minor, found.fixed_minor, found.total_minor)]
    assert shown == [interest, fixed, total]
