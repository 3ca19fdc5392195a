"""What a court asks for a claim, and what an agency or an enforcement agent may add: scales in started steps, bands, stages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import ceil
from typing import Any

from kernel.errors import Unreadable
from kernel.interest import HALF_UP, round_to
from kernel.money import Money, exponent
from kernel.series import Book, NoRule, Rule

# Where no state is told, the law of the federation or of the whole country is asked for.
NO_STATE = "federal"
KNOWN: Mapping[str, tuple[str, ...]] = {
    "jurisdiction": ("EU", "DE", "FR", "GB", "JP", "US"),
    "state": ("NY", "CA", "TX", NO_STATE),
    "procedure": ("suit", "payment_order", "agency", "enforcement_agent"),
    "channel": ("paper", "electronic"),
    "currency": ("EUR", "GBP", "JPY", "USD"),
}
VALUES: Mapping[str, tuple[str, ...]] = dict.fromkeys(
    "scale series factor plus least value_at_most bands to fee share stages above compliance enforcement sale expenses at_most vat small".split(),
    (),
)


@dataclass(frozen=True, slots=True)
class Fee:
    """A fee with the rule that asks for it."""

    minor: int
    rule: str
    citation: str


@dataclass(frozen=True, slots=True)
class AgencyFee:
    """What collecting costs: the fee, with expenses, and with value added tax; minor units."""

    full_minor: int
    fee_minor: int
    with_expenses_minor: int
    with_vat_minor: int
    citation: str


def court_fee(book: Book, jurisdiction: str, procedure: str, claim: Money, filed_on: date, channel: str, state: str = "") -> Fee:
    """The fee for a claim filed on that day. Refuses: NO_RULE, RATE_MISSING. Raises Unreadable INVALID for a claim of nothing."""
    where = {"jurisdiction": jurisdiction, "state": state or NO_STATE}
    rule = book.find(filed_on, {**where, "procedure": procedure, "channel": channel, "currency": claim.currency})
    value, doubts = _value(rule, claim), list[str]()
    if "bands" in rule.values:
        band = next((band for band in rule.values["bands"] if "to" not in band or value <= Fraction(band["to"])), None)
        if band is None:
            raise NoRule(f"{rule.id} keeps no fee for a claim of {claim}", rule=rule.id)
        fee = Fraction(band["fee"]) if "fee" in band else value * Fraction(band["share"])
    else:
        fee = _scale(book, rule, value, filed_on, doubts) * Fraction(rule.values.get("factor", 1))
        fee = max(fee, Fraction(rule.values.get("least", 0))) + Fraction(rule.values.get("plus", 0))
    return Fee(_minor(fee, claim.currency), rule.id, rule.cite(doubts))


def agency_fee(book: Book, jurisdiction: str, claim: Money, mandated_on: date, factor: Fraction) -> AgencyFee:
    """The most that an agency may ask of the debtor for a claim, at a factor of the lawyer's fee. Refuses: NO_RULE, RATE_MISSING."""
    rule = book.find(mandated_on, {"jurisdiction": jurisdiction, "procedure": "agency", "currency": claim.currency})
    value, doubts = _value(rule, claim), list[str]()
    full = _scale(book, rule, value, mandated_on, doubts)
    small: Mapping[str, str] = rule.values["small"]
    fee = Fraction(small["fee"]) if value <= Fraction(small["to"]) else full * factor
    expenses = rule.values["expenses"]
    sum_ = fee + min(fee * Fraction(expenses["share"]), Fraction(expenses["at_most"]))
    amounts = (full, fee, sum_, sum_ * (1 + Fraction(rule.values["vat"])))
    minor = [_minor(amount, claim.currency) for amount in amounts]
    return AgencyFee(minor[0], minor[1], minor[2], minor[3], rule.cite(doubts))


def enforcement_fees(book: Book, jurisdiction: str, sum_: Money, on: date) -> Mapping[str, int]:
    """What an enforcement agent adds at each stage, in minor units. Refuses: NO_RULE."""
    rule = book.find(on, {"jurisdiction": jurisdiction, "procedure": "enforcement_agent", "currency": sum_.currency})
    value = _value(rule, sum_)
    fees = {}
    for stage, row in rule.values["stages"].items():
        more = max(value - Fraction(row.get("above", 0)), Fraction(0)) * Fraction(row.get("share", 0))
        fees[stage] = _minor(Fraction(row["fee"]) + more, sum_.currency)
    return fees


def _value(rule: Rule, claim: Money) -> Fraction:
    if claim.minor <= 0:
        raise Unreadable("INVALID", "a claim is more than nothing", value=claim.minor)
    value = Fraction(claim.minor, 10 ** exponent(claim.currency))
    most = rule.values.get("value_at_most")
    return min(value, Fraction(most)) if most is not None else value


def _scale(book: Book, rule: Rule, value: Fraction, on: date, doubts: list[str]) -> Fraction:
    row = book.one(rule.values["scale"]["series"]).at(on)
    if row.unsure:
        doubts.append(row.unsure)
    lines: Sequence[Mapping[str, Any]] = row.value
    fee, below = Fraction(0), Fraction(0)
    for line in lines:
        upper = min(value, Fraction(line["to"])) if "to" in line else value
        fee += ceil((upper - below) / Fraction(line["step"])) * Fraction(line["add"])
        below = upper
        if below == value:
            break
    return fee


def _minor(amount: Fraction, currency: str) -> int:
    return round_to(amount * 10 ** exponent(currency), HALF_UP)
