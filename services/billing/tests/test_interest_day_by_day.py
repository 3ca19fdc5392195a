"""Interest added up day by day, as a person with the table of rates would do it: the same to the last unit as by segments."""

from datetime import date, timedelta
from fractions import Fraction
from math import floor

from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.interest import ACTUAL_ACTUAL, DAY_COUNTS
from kernel.money import Money
from services.billing.domain.interest import Claim, late_interest
from services.billing.tests.test_interest_examples import BOOK, CALENDARS

_DAY = timedelta(days=1)
CLAIMS = [
    ("DE", "business", "goods"), ("DE", "public", "goods"), ("DE", "consumer", "goods"), ("DE", "business", "other"), ("EU", "business", "goods"),
    ("FR", "business", "goods"), ("FR", "public", "goods"), ("FR", "consumer", "goods"), ("GB", "business", "goods"), ("GB", "consumer", "goods"),
    ("JP", "business", "goods"), ("JP", "consumer", "goods"), ("JP", "consumer", "loan"),
]  # fmt: skip
CURRENCY = {"GB": "GBP", "JP": "JPY"}


def of(series: str, on: date) -> Fraction:
    """The published half-year's value, found without the code under test."""
    half = date(on.year, 1 if on.month < 7 else 7, 1)
    return next(row.number for row in BOOK.series[series].rows if row.effective_from == half)


def german_or_french(claim: Claim, on: date) -> Fraction:
    agreed = claim.contract_rate
    if claim.jurisdiction == "EU":
        return of("ECB_MRO", on) + 8 if agreed is None else agreed
    if claim.jurisdiction == "DE":
        statutory = of("DE_BASISZINS", on) + (9 if claim.claim == "goods" and claim.debtor != "consumer" else 5)
        return max(statutory, agreed or statutory)
    if claim.creditor == "individual":
        return of("FR_LEGAL_INDIVIDUAL", on) if agreed is None else agreed
    if claim.debtor == "business":
        return of("ECB_MRO", on) + 10 if agreed is None else max(agreed, 3 * of("FR_LEGAL_OTHER", on))
    if claim.debtor == "public":
        return of("ECB_MRO", on) + 8
    return of("FR_LEGAL_OTHER", on) if agreed is None else agreed


def frozen(claim: Claim, first: date) -> Fraction:
    agreed = claim.contract_rate
    if claim.jurisdiction == "GB":
        return agreed if agreed is not None else of("GB_REFERENCE", first) + 8 if claim.debtor == "business" else Fraction(8)
    commercial = claim.lender == "commercial" if claim.claim == "loan" else claim.creditor == "business"
    statutory = Fraction(3) if first >= date(2020, 4, 1) else Fraction(6 if commercial else 5)
    rate = max(statutory, agreed or statutory)
    if claim.claim == "loan":
        yen = claim.principal.minor
        by_principal = Fraction("29.2") if yen < 100_000 else Fraction("26.28") if yen < 1_000_000 else Fraction("21.9")
        return min(rate, Fraction(20) if commercial else by_principal)
    return min(rate, Fraction("14.6")) if claim.debtor == "consumer" and claim.creditor == "business" else rate


def year_of(claim: Claim, on: date) -> int:
    return 366 if claim.day_count == ACTUAL_ACTUAL and (on.replace(month=12, day=31) - on.replace(month=1, day=1)).days == 365 else 365


dues = st.integers(0, 4200).map(lambda days: date(2015, 1, 1) + timedelta(days))
amounts = st.one_of(st.integers(1, 10**9), st.sampled_from([99_999, 100_000, 999_999, 1_000_000]))
agreements = st.sampled_from([None, None, Fraction("1.5"), Fraction("14.6"), Fraction(20), Fraction(36)])


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(CLAIMS), amounts, dues, st.integers(0, 800), agreements, st.sampled_from(["business", "individual"]),
       st.sampled_from(["commercial", "other"]), st.sampled_from(DAY_COUNTS))  # fmt: skip
def test_day_by_day_comes_to_the_same(kind, minor, due, late, agreed, creditor, lender, day_count):
    jurisdiction, debtor, what = kind
    paid = min(due + late * _DAY, date(2026, 12, 31))
    money = Money(minor, CURRENCY.get(jurisdiction, "EUR"))
    claim = Claim(jurisdiction, debtor, what, money, due, max(paid, due), agreed, creditor, lender, day_count=day_count)
    first = (CALENDARS["DE"].next_open(due) if jurisdiction == "DE" else due) + _DAY
    bearing = [first + number * _DAY for number in range((claim.paid_on - first).days + 1)]

    if jurisdiction in CURRENCY:
        rate = frozen(claim, first) if bearing else Fraction(0)
        exact = sum((minor * rate / 100 / year_of(claim, on) for on in bearing), Fraction(0))
    else:
        exact = sum((minor * german_or_french(claim, on) / 100 / year_of(claim, on) for on in bearing), Fraction(0))

    found = late_interest(BOOK, CALENDARS, claim)
    assert found.interest_minor == (floor(exact) if jurisdiction == "JP" else floor(exact + Fraction(1, 2)))
    assert (found.days, sum(piece.days for piece in found.segments)) == (len(bearing), len(bearing))
    assert found.total_minor == minor + found.interest_minor + found.fixed_minor
