"""What a creditor may take from wages and bank accounts, and what stays with the debtor; every formula by name, every number as data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from math import ceil, floor
from typing import Any

from kernel.errors import Refused, Unreadable
from kernel.interest import HALF_UP, round_to
from kernel.money import exponent
from kernel.series import Book, Rule

# Where no state is told, the law of the federation or of the whole country is asked for.
NO_STATE = "federal"
PERIODS = ("daily", "weekly", "ten_day", "biweekly", "semimonthly", "monthly", "bonus", "retirement")
KNOWN: Mapping[str, tuple[str, ...]] = {
    "jurisdiction": ("EU", "DE", "FR", "GB", "JP", "US"),
    "state": ("NY", "CA", "TX", NO_STATE),
    "kind": ("wage", "bank"),
    "claim": ("ordinary", "maintenance"),
    "period": PERIODS,
    "table": ("none", "council_tax"),
    "currency": ("EUR", "GBP", "JPY", "USD"),
}
# What a rule may say, however deep; where there are words, only these.
VALUES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(PERIODS, ()),
    **dict.fromkeys(
        "share keep_at_most rounding table series quotas round_down_to weeks terms less_hours wages told told_or part_of_year keep_at_least "
        "rates base part round_up_to hours dependants most".split(),
        (),
    ),
    "method": ("keep_share", "quota", "lesser_of", "bands", "protected", "table", "keep", "nothing"),
    "mode": ("half_up", "floor"),
    "of": ("net", "gross"),
}


class FactMissing(Refused):
    """The rule asks for something that was not told; details: `fact`."""

    code = "FACT_MISSING"


@dataclass(frozen=True, slots=True)
class Income:
    """What comes in, in minor units: `net` after the deductions that the law takes off first, or the balance of an account.

    `minimum_wage` is whole units an hour; `protected` and `normal_deduction` are the court's.
    """

    jurisdiction: str
    kind: str
    net_minor: int
    currency: str
    on: date
    gross_minor: int | None = None
    period: str = "monthly"
    dependants: int = 0
    claim: str = "ordinary"
    state: str = ""
    minimum_wage: Fraction | None = None
    protected_minor: int | None = None
    normal_deduction_minor: int | None = None
    table: str = "none"

    @property
    def facts(self) -> Mapping[str, str]:
        """What rules are chosen by."""
        state = self.state or NO_STATE
        chosen = {"jurisdiction": self.jurisdiction, "state": state, "kind": self.kind, "claim": self.claim}
        return {**chosen, "period": self.period, "table": self.table, "currency": self.currency}


@dataclass(frozen=True, slots=True)
class Seizable:
    """Both add up to the net."""

    exempt_minor: int
    seizable_minor: int
    rule: str
    citation: str


@dataclass(slots=True)
class _Asked:
    """One question: all amounts in whole units, and the doubts that came up on the way."""

    book: Book
    rule: Rule
    income: Income
    doubts: list[str] = field(default_factory=list)

    def amount(self, minor: int | None, fact: str) -> Fraction:
        if minor is None:
            raise FactMissing(f"{self.rule.id} asks for {fact}", fact=fact)
        return Fraction(minor, 10 ** exponent(self.income.currency))

    @property
    def net(self) -> Fraction:
        return self.amount(self.income.net_minor, "net")

    def value(self, name: str) -> Any:
        row = self.book.one(name).at(self.income.on)
        if row.unsure:
            self.doubts.append(f"{name} from {row.effective_from}: {row.unsure}")
        return row.value


def seizable(book: Book, income: Income) -> Seizable:
    """What may be taken. Refuses: NO_RULE, RATE_MISSING, FACT_MISSING. Raises Unreadable INVALID for negative numbers."""
    if income.net_minor < 0 or income.dependants < 0:
        raise Unreadable(
            "INVALID", "neither an income nor a number of dependants is negative", value=min(income.net_minor, income.dependants)
        )
    rule = book.find(income.on, income.facts)
    asked = _Asked(book, rule, income)
    exact = max(_METHODS[rule.values["method"]](asked), Fraction(0))
    mode = rule.values.get("rounding", {"mode": HALF_UP})["mode"]
    taken = min(round_to(exact * 10 ** exponent(income.currency), mode), income.net_minor)
    return Seizable(income.net_minor - taken, taken, rule.id, rule.cite(asked.doubts))


def _keep_share(asked: _Asked) -> Fraction:
    """A share of the income stays, up to a most for the period."""
    kept = asked.net * Fraction(asked.rule.values["share"])
    most = asked.rule.values.get("keep_at_most", {}).get(asked.income.period)
    return asked.net - (min(kept, Fraction(most)) if most is not None else kept)


def _quota(asked: _Asked) -> Fraction:
    """A base stays and grows with dependants, of the excess a quota is taken; above a cap everything."""
    table, quotas, step = asked.value(asked.rule.values["table"]["series"]), asked.rule.values["quotas"], asked.rule.values["round_down_to"]
    dependants = min(asked.income.dependants, len(quotas) - 1)
    free = Fraction(table["base"]) + _for_dependants(table, dependants)
    cap = Fraction(table["cap"])
    rounded = floor(min(asked.net, cap) / Fraction(step)) * Fraction(step)
    return max(rounded - free, Fraction(0)) * Fraction(quotas[dependants]) + max(asked.net - cap, Fraction(0))


def _for_dependants(table: Mapping[str, str], dependants: int) -> Fraction:
    return (Fraction(table["first"]) + Fraction(table["further"]) * (dependants - 1)) if dependants else Fraction(0)


def _lesser_of(asked: _Asked) -> Fraction:
    """The least of several shares, each of the income or of what exceeds some hours at a minimum wage."""
    weeks = Fraction(asked.rule.values["weeks"][asked.income.period])
    return min(_term(asked, term, weeks) for term in asked.rule.values["terms"])


def _term(asked: _Asked, term: Mapping[str, Any], weeks: Fraction) -> Fraction:
    base = asked.net if term["of"] == "net" else asked.amount(asked.income.gross_minor, "gross")
    hours = Fraction(term.get("less_hours", 0))
    return (base - (hours * _wage(asked, term["wages"]) * weeks if hours else 0)) * Fraction(term["share"])


def _wage(asked: _Asked, sources: list[Mapping[str, Any]]) -> Fraction:
    """The highest of some minimum wages; `told` is the caller's, `told_or` the caller's or else a series'."""
    told, found = asked.income.minimum_wage, list[Fraction]()
    for source in sources:
        match source:
            case {"series": name}:
                found.append(Fraction(asked.value(name)))
            case {"told_or": {"series": name}}:
                found.append(told if told is not None else Fraction(asked.value(name)))
            case {"told": True} if told is not None:
                found.append(told)
    return max(found)


def _bands(asked: _Asked) -> Fraction:
    """Each band of the income gives its own share, and a least stays."""
    table, part = asked.value(asked.rule.values["table"]["series"]), Fraction(asked.rule.values["part_of_year"])
    more = Fraction(table["dependant"]) * asked.income.dependants
    taken, below = Fraction(0), Fraction(0)
    for bound, share in table["bands"]:
        upper = (Fraction(bound) + more) * part
        taken += max(min(asked.net, upper) - below, Fraction(0)) * Fraction(share)
        below = upper
    taken += max(asked.net - below, Fraction(0)) * Fraction(table["above"])
    return min(taken, asked.net - Fraction(asked.value(asked.rule.values["keep_at_least"]["series"])))


def _protected(asked: _Asked) -> Fraction:
    """What the court set: at most the normal deduction, never below the protected earnings."""
    protected = asked.amount(asked.income.protected_minor, "protected")
    return min(asked.amount(asked.income.normal_deduction_minor, "normal_deduction"), asked.net - protected)


def _table(asked: _Asked) -> Fraction:
    """A percentage of the whole by band; above the last band its percentage of the bound and a share of the rest."""
    table = asked.value(asked.rule.values["rates"]["series"])
    for bound, percent in table["bands"]:
        if asked.net <= Fraction(bound):
            return asked.net * Fraction(percent) / 100
    bound, percent = table["bands"][-1]
    return Fraction(bound) * Fraction(percent) / 100 + (asked.net - Fraction(bound)) * Fraction(table["above"]) / 100


def _keep(asked: _Asked) -> Fraction:
    """An amount stays, more for dependants where the law says so."""
    base = asked.rule.values["base"]
    if "hours" in base:
        kept = Fraction(base["hours"]) * _wage(asked, base["wages"])
    else:
        value = asked.value(base["series"])
        kept = Fraction(value[base["part"]] if "part" in base else value)
    if "round_up_to" in base:
        kept = ceil(kept / Fraction(base["round_up_to"])) * Fraction(base["round_up_to"])
    if "dependants" in asked.rule.values:
        table = asked.value(asked.rule.values["dependants"]["series"])
        kept += _for_dependants(table, min(asked.income.dependants, asked.rule.values["dependants"]["most"]))
    return asked.net - kept


def _nothing(_: _Asked) -> Fraction:
    return Fraction(0)


_METHODS: Mapping[str, Callable[[_Asked], Fraction]] = {
    "keep_share": _keep_share,
    "quota": _quota,
    "lesser_of": _lesser_of,
    "bands": _bands,
    "protected": _protected,
    "table": _table,
    "keep": _keep,
    "nothing": _nothing,
}
