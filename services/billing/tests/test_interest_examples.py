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
j-lawyer#3279     DE consumer goods       EUR 3089.00   2025-04-16 2026-02-20 310 75@7.27,184@6.27,51@6.27  170.84  0.00   3259.84
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
EU/eve            EU public   goods       EUR 333.33    2025-12-31 2026-01-01 1   1@10.15                    0.09    40.00  373.42
EU/border         EU business goods       EUR 333.33    2025-06-29 2025-07-01 2   1@11.15,1@10.15            0.19    40.00  373.52
EU/agreed         EU business goods       EUR 1000.00   2026-01-30 2026-03-02 31  31@5                       4.25    40.00  1044.25    contract_rate=5
DE/negative       DE consumer goods       EUR 1000.00   2016-06-15 2016-07-29 44  15@4.17,29@4.12            4.99    0.00   1004.99
DE/leap-day       DE business goods       EUR 10000.00  2024-02-28 2024-02-29 1   1@12.62                    3.46    40.00  10043.46
DE/leap-act       DE business goods       EUR 10000.00  2024-02-28 2024-02-29 1   1@12.62                    3.45    40.00  10043.45   day_count=actual/actual
DE/new-year-act   DE business goods       EUR 99999.99  2023-12-29 2024-01-02 4   2@12.12,2@12.62            135.37  40.00  100175.36  day_count=actual/actual
DE/easter         DE business goods       EUR 10000.00  2026-04-03 2026-04-30 23  23@10.27                   64.72   40.00  10104.72
DE/may-day        DE consumer goods       EUR 500.00    2026-05-01 2026-06-01 28  28@6.27                    2.40    0.00   502.40
DE/unity-day      DE business goods       EUR 500.00    2026-10-03 2026-10-30 25  25@10.52                   3.60    40.00  543.60
DE/new-year       DE business goods       EUR 500.00    2026-01-01 2026-01-05 3   3@10.27                    0.42    40.00  540.42
DE/not-late       DE business goods       EUR 500.00    2026-01-31 2026-02-02 0   -                          0.00    0.00   500.00
DE/damages        DE business other       EUR 10000.00  2026-01-30 2026-04-30 90  90@6.27                    154.60  0.00   10154.60
DE/loan           DE consumer loan        EUR 10000.00  2026-01-30 2026-04-30 90  90@6.27                    154.60  0.00   10154.60   contract_rate=12
DE/agreed         DE business goods       EUR 10000.00  2026-01-30 2026-04-30 90  90@12                      295.89  40.00  10335.89   contract_rate=12
DE/agreed-low     DE business goods       EUR 10000.00  2026-01-30 2026-04-30 90  90@10.27                   253.23  40.00  10293.23   contract_rate=4
DE/title          DE consumer judgment    EUR 10000.00  2026-01-31 2026-02-28 28  28@6.27                    48.10   0.00   10048.10
DE/public         DE public   goods       EUR 10000.00  2026-06-30 2026-07-01 1   1@10.52                    2.88    40.00  10042.88
FR/floor          FR business goods       EUR 1000.00   2025-06-27 2025-07-04 7   3@11.13,4@8.28             1.82    40.00  1041.82    contract_rate=8
FR/agreed         FR business goods       EUR 1000.00   2025-06-27 2025-07-04 7   3@15,4@15                  2.88    40.00  1042.88    contract_rate=15
FR/public         FR public   goods       EUR 10000.00  2026-01-30 2026-04-30 90  90@10.15                   250.27  40.00  10290.27
FR/consumer       FR consumer goods       EUR 3000.00   2026-03-10 2026-10-15 219 112@2.62,107@2.75          48.30   0.00   3048.30
FR/loan           FR business loan        EUR 3000.00   2026-03-10 2026-10-15 219 112@2.62,107@2.75          48.30   0.00   3048.30
FR/saturday       FR business goods       EUR 1000.00   2026-01-31 2026-02-02 2   2@12.15                    0.67    40.00  1040.67
FR/title          FR business judgment    EUR 1000.00   2025-12-31 2026-07-31 212 59@2.62,122@7.62,31@7.75   36.29   0.00   1036.29
FR/title-private  FR consumer judgment    EUR 1000.00   2026-01-15 2026-04-15 90  59@6.67,31@11.67           20.69   0.00   1020.69    creditor=individual
UK/40             GB business goods       GBP 999.99    2026-01-30 2026-03-02 31  31@11.75                   9.98    40.00  1049.97
UK/70             GB business goods       GBP 9999.99   2026-01-30 2026-03-02 31  31@11.75                   99.79   70.00  10169.78
UK/100            GB public   goods       GBP 10000.00  2026-01-30 2026-03-02 31  31@11.75                   99.79   100.00 10199.79
UK/frozen         GB business goods       GBP 1000.00   2020-06-29 2023-06-29 1095 1095@8.75                  262.50  70.00  1332.50
UK/new            GB business goods       GBP 1000.00   2020-06-30 2023-06-30 1095 1095@8.1                   243.00  70.00  1313.00
UK/leap-act       GB business goods       GBP 1000.00   2023-08-01 2024-08-01 366 366@13                     130.15  70.00  1200.15    day_count=actual/actual
UK/web            GB business goods       GBP 5000.00   2025-01-31 2025-05-12 101 101@12.25                  169.49  0.00   5169.49    contract_rate=12.25
UK/other          GB business other       GBP 1200.00   2026-02-01 2026-07-01 150 150@8                      39.45   0.00   1239.45
UK/title          GB business judgment    GBP 5000.00   2026-02-01 2026-07-01 150 150@8                      164.38  0.00   5164.38    contract_rate=20
JP/3%             JP business goods       JPY 1000000   2020-03-31 2021-03-31 365 365@3                      30000   0      1030000
JP/5%             JP business goods       JPY 1000000   2020-03-30 2021-03-31 366 366@5                      50136   0      1050136    creditor=individual
JP/5%-loan        JP consumer loan        JPY 1000000   2020-03-30 2021-03-31 366 366@5                      50136   0      1050136
JP/cap-edge       JP consumer goods       JPY 300000    2026-05-29 2026-08-31 94  94@14.6                    11280   0      311280     contract_rate=14.61
JP/below-cap      JP consumer goods       JPY 300000    2026-05-29 2026-08-31 94  94@14.59                   11272   0      311272     contract_rate=14.59
JP/private        JP consumer goods       JPY 300000    2026-05-29 2026-08-31 94  94@20                      15452   0      315452     contract_rate=20,creditor=individual
JP/low            JP business goods       JPY 300000    2026-05-29 2026-08-31 94  94@3                       2317    0      302317     contract_rate=1
JP/loan-99999     JP consumer loan        JPY 99999     2026-01-30 2026-07-31 182 182@29.2                   14559   0      114558     contract_rate=40
JP/loan-100k      JP consumer loan        JPY 100000    2026-01-30 2026-07-31 182 182@26.28                  13104   0      113104     contract_rate=40
JP/loan-999999    JP business loan        JPY 999999    2026-01-30 2026-07-31 182 182@26.28                  131039  0      1131038    contract_rate=40
JP/loan-1m        JP consumer loan        JPY 1000000   2026-01-30 2026-07-31 182 182@21.9                   109200  0      1109200    contract_rate=40
JP/loan-lender    JP business loan        JPY 1000000   2026-01-30 2026-07-31 182 182@20                     99726   0      1099726    contract_rate=40,lender=commercial
JP/loan-18        JP consumer loan        JPY 1000000   2026-01-30 2026-07-31 182 182@18                     89753   0      1089753    contract_rate=18
JP/day-60         JP business subcontract JPY 1100000   2026-04-01 2026-05-30 0   -                          0       0      1100000
JP/day-61         JP business subcontract JPY 1100000   2026-04-01 2026-05-31 1   1@14.6                     440     0      1100440
JP/public         JP public   goods       JPY 1000000   2026-04-30 2026-09-30 153 153@2.5                    10400   0      1010400
JP/2029           JP business goods       JPY 1000000   2029-03-30 2031-03-30 730 730@3                      60000   0      1060000
JP/one-yen        JP business goods       JPY 1         2026-04-30 2026-09-30 153 153@3                      0       0      1
NY/before         US consumer goods       USD 10000.00  2022-04-28 2022-05-02 4   1@9,3@2                    4.11    0.00   10004.11   state=NY
NY/title          US consumer judgment    USD 10000.00  2026-01-15 2026-07-14 180 180@2                      98.63   0.00   10098.63   state=NY
NY/title-firm     US business judgment    USD 10000.00  2026-01-15 2026-07-14 180 180@9                      443.84  0.00   10443.84   state=NY,contract_rate=24
CA/title-2022     US consumer judgment    USD 25000.00  2022-12-31 2023-12-31 365 365@10                     2500.00 0.00   27500.00   state=CA
CA/title-2023     US consumer judgment    USD 25000.00  2023-01-01 2024-01-01 365 365@5                      1250.00 0.00   26250.00   state=CA
CA/title-50k      US consumer judgment    USD 50000.00  2025-11-01 2026-05-01 181 181@10                     2479.45 0.00   52479.45   state=CA
CA/title-49k      US consumer judgment    USD 49999.99  2025-11-01 2026-05-01 181 181@5                      1239.73 0.00   51239.72   state=CA
TX/day-30         US business goods       USD 12000.00  2026-01-02 2026-02-01 0   -                          0.00    0.00   12000.00   state=TX
TX/day-31         US business goods       USD 12000.00  2026-01-02 2026-02-02 1   1@6                        1.97    0.00   12001.97   state=TX
TX/agreed         US business goods       USD 12000.00  2026-01-02 2026-02-02 31  31@10                      101.92  0.00   12101.92   state=TX,contract_rate=10
TX/title-Jan      US business judgment    USD 12000.00  2026-01-31 2026-07-31 181 181@6.75                   401.67  0.00   12401.67   state=TX
TX/title-18       US business judgment    USD 12000.00  2025-12-10 2027-12-10 730 365@18,365@18              4708.80 0.00   16708.80   state=TX,contract_rate=24
TX/title-2y       US business judgment    USD 12000.00  2025-12-10 2028-03-01 812 365@7,365@7,82@7           1954.86 0.00   13954.86   state=TX
FED/leap          US business judgment    USD 50000.00  2027-03-01 2029-03-01 731 366@3.5,365@3.5            3566.21 0.00   53566.21   contract_rate=3.50
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

    assert ",".join(f"{piece.days}@{percent_of(piece.rate)}" for piece in found.segments) == segments.strip("-")
    assert (found.days, sum(piece.days for piece in found.segments)) == (int(days), int(days))
    shown = [format_minor(minor, currency) for minor in (found.interest_minor, found.fixed_minor, found.total_minor)]
    assert shown == [interest, fixed, total]
