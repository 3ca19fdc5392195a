"""A claim paid late: the days, the segments, the interest, the fixed sum, the rule."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from kernel.errors import Unreadable
from kernel.interest import ACTUAL_365, HALF_UP, Piece, compound, round_to, simple
from kernel.money import Money, exponent
from kernel.series import Book, ClosedDays, Rule, add_months
from services.billing.domain.interest.rates import Span, choose_band, rates_of
from services.billing.domain.interest.schema import NO_STATE

DEBTORS = ("business", "consumer", "public")
CLAIMS = ("goods", "loan", "judgment", "subcontract", "other")
# Longer than any title lives; more is a mistyped year.
MAX_DAYS = 366 * 100
_DAY = timedelta(days=1)
_MONTHS_A_YEAR = 12


@dataclass(frozen=True, slots=True)
class Claim:
    """What is owed and how late it was paid. `due_on` is the judgment's date for a judgment, the receipt for a subcontract.

    `contract_rate` is percent a year, `state` of the United States or empty, `insolvent_on` the day on which the debtor's
    insolvency proceedings were opened.
    """

    jurisdiction: str
    debtor: str
    claim: str
    principal: Money
    due_on: date
    paid_on: date
    contract_rate: Fraction | None = None
    creditor: str = "business"
    lender: str = "other"
    state: str = ""
    day_count: str = ACTUAL_365
    insolvent_on: date | None = None

    @property
    def facts(self) -> Mapping[str, str]:
        """What rules are chosen by."""
        state = self.state or NO_STATE
        return {
            "kind": "interest",
            "jurisdiction": self.jurisdiction,
            "state": state,
            "debtor": self.debtor,
            "claim": self.claim,
            "creditor": self.creditor,
            "lender": self.lender,
        }


@dataclass(frozen=True, slots=True)
class Interest:
    """What lateness costs, in minor units, with the segments it is made of.

    `subordinated_minor` is the interest since the opening of insolvency proceedings, where the law keeps it behind all other claims;
    it is in no other field.
    """

    days: int
    segments: tuple[Piece, ...]
    interest_minor: int
    fixed_minor: int
    total_minor: int
    rule: str
    citation: str
    subordinated_minor: int = 0


def late_interest(book: Book, calendars: Mapping[str, ClosedDays], claim: Claim) -> Interest:
    """The interest of a claim paid late; nothing when it was paid in time.

    Refuses: NO_RULE, RATE_MISSING. Raises Unreadable INVALID for a principal that is not positive or absurd days.
    """
    if claim.principal.minor <= 0:
        raise Unreadable("INVALID", "a principal is more than nothing", value=claim.principal.minor)
    if (claim.paid_on - claim.due_on).days > MAX_DAYS:
        raise Unreadable("INVALID", f"more than {MAX_DAYS} days late", value=(claim.paid_on - claim.due_on).days)
    if claim.contract_rate is not None and claim.contract_rate < 0:
        raise Unreadable("INVALID", "a contract rate is not negative", value=str(claim.contract_rate))
    if claim.insolvent_on is not None and claim.insolvent_on <= claim.paid_on:
        return _insolvent(book, calendars, claim, claim.insolvent_on)
    rule = book.find(claim.due_on, claim.facts)
    starts_after = _starts_after(rule, calendars, claim)
    days = max((claim.paid_on - starts_after).days, 0)
    if days == 0:
        return Interest(0, (), 0, 0, claim.principal.minor, rule.id, rule.cite())
    principal = Fraction(claim.principal.minor, 10 ** exponent(claim.principal.currency))
    rates = rates_of(book, rule, Span(starts_after + _DAY, claim.paid_on, starts_after, principal), claim.contract_rate)
    years = _by_year(rates.pieces, starts_after) if rule.values.get("compounding") == "annual" else [rates.pieces]
    exact = (compound if len(years) > 1 else _plain)(claim.principal.minor, years, claim.day_count)
    rounding = rule.values.get("rounding", {"mode": HALF_UP})
    interest = round_to(exact, rounding["mode"], Money.parse(rounding["unit"], claim.principal.currency).minor if "unit" in rounding else 1)
    fixed, doubts = _fixed_sum(rule, claim, principal)
    total = claim.principal.minor + interest + fixed
    segments = tuple(piece for pieces in years for piece in pieces)
    return Interest(days, segments, interest, fixed, total, rule.id, rule.cite((*rates.unsure, *doubts)))


def _insolvent(book: Book, calendars: Mapping[str, ClosedDays], claim: Claim, opened_on: date) -> Interest:
    """What ran up to the eve of the opening, and what the law does with the rest."""
    rule = book.find(opened_on, {**claim.facts, "kind": "insolvency"})
    until = replace(claim, paid_on=max(opened_on - _DAY, claim.due_on), insolvent_on=None)
    before = late_interest(book, calendars, until)
    later = 0
    if rule.values["after_opening"] == "subordinated":
        later = late_interest(book, calendars, replace(claim, insolvent_on=None)).interest_minor - before.interest_minor
    return replace(before, citation=f"{before.citation}; {rule.cite()}", subordinated_minor=later)


def _plain(principal: int, years: Sequence[Sequence[Piece]], day_count: str) -> Fraction:
    return simple(principal, years[0], day_count)


def _starts_after(rule: Rule, calendars: Mapping[str, ClosedDays], claim: Claim) -> date:
    """The last day that bears no interest."""
    on = claim.due_on
    if "roll" in rule.values:
        on = calendars[rule.values["roll"]].next_open(on)
    start = rule.values.get("start", {})
    if start and not (start.get("not_with_contract") and claim.contract_rate is not None):
        on += start["after_days"] * _DAY
    return on


def _by_year(pieces: Sequence[Piece], starts_after: date) -> list[list[Piece]]:
    """The pieces cut at each anniversary."""
    years: list[list[Piece]] = []
    number, rest = 1, list(pieces)
    while rest:
        end, mine, later = add_months(starts_after, _MONTHS_A_YEAR * number), list[Piece](), list[Piece]()
        for piece in rest:
            if piece.first <= end:
                mine.append(Piece(piece.first, min(piece.last, end), piece.rate))
            if piece.last > end:
                later.append(Piece(max(piece.first, end + _DAY), piece.last, piece.rate))
        years.append(mine)
        rest, number = later, number + 1
    return years


def _fixed_sum(rule: Rule, claim: Claim, principal: Fraction) -> tuple[int, tuple[str, ...]]:
    fixed: Mapping[str, Any] = rule.values.get("fixed_sum", {})
    if not fixed or (fixed.get("not_with_contract") and claim.contract_rate is not None):
        return 0, ()
    if fixed["currency"] != claim.principal.currency:
        return 0, (f"the fixed sum is due in {fixed['currency']} and not in this total",)
    amount = choose_band(fixed["by_principal"], principal)["amount"] if "by_principal" in fixed else fixed["amount"]
    return Money.parse(amount, claim.principal.currency).minor, ()
