"""Interest beside other charges: dunning fees, the cap on both together, and the order in which a part payment is used up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from kernel.interest import ACTUAL_365, FLOOR, Piece, round_to, simple
from kernel.money import Money
from kernel.series import Book

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Reminder:
    """A reminder that costs something, in minor units: `cost_minor` is what was really spent, `agreed_minor` what the contract lets ask.

    `in_default` is False for the reminder that first brings the debtor into default. `fixed_minor` and `interest_minor` are what the
    law gives already for this claim, due on `due_on`.
    """

    jurisdiction: str
    debtor: str
    principal: Money
    due_on: date
    sent_on: date
    cost_minor: int
    in_default: bool = True
    agreed_minor: int = 0
    fixed_minor: int = 0
    interest_minor: int = 0


@dataclass(frozen=True, slots=True)
class DunningFee:
    """The most that the debtor may be asked for a reminder."""

    minor: int
    rule: str
    citation: str


def dunning_fee(book: Book, reminder: Reminder) -> DunningFee:
    """What a reminder may cost the debtor, by the rules of kind ``dunning_fee``. Refuses: NO_RULE."""
    whose = {"jurisdiction": reminder.jurisdiction, "debtor": reminder.debtor, "currency": reminder.principal.currency}
    rule = book.find(reminder.sent_on, {"kind": "dunning_fee", **whose})
    match rule.values["chargeable"]:
        case "cost_in_default":
            minor = reminder.cost_minor if reminder.in_default else 0
        case "cost_above_fixed_sum":
            minor = reminder.cost_minor - reminder.fixed_minor
        case "as_agreed":
            minor = reminder.agreed_minor
        case _:
            minor = 0
    if "at_most" in rule.values:
        minor = min(minor, Money.parse(rule.values["at_most"], reminder.principal.currency).minor)
    if "within_cap" in rule.values:
        # The law adds up all that lateness costs: what the capped rate yields to this day, less the interest that is asked.
        late = Piece(reminder.due_on + _DAY, reminder.sent_on, Fraction(rule.values["within_cap"]))
        minor = min(minor, round_to(simple(reminder.principal.minor, [late], ACTUAL_365), FLOOR) - reminder.interest_minor)
    return DunningFee(max(minor, 0), rule.id, rule.cite())


def within_cap(principal: int, charges: int, pieces: Sequence[Piece], day_count: str = ACTUAL_365) -> bool:
    """True when fees and interest together stay within what the capped rate yields (消費者契約法第9条第1項第2号)."""
    return charges <= round_to(simple(principal, pieces, day_count), FLOOR)


def payment_order(book: Book, jurisdiction: str, claim: str, debtor: str, on: date) -> tuple[str, ...]:
    """The statutory order of costs, interest and principal. Refuses: NO_RULE."""
    facts = {"kind": "allocation", "jurisdiction": jurisdiction, "claim": claim, "debtor": debtor}
    return tuple(book.find(on, facts).values["order"])


def percent_of(rate: Fraction) -> str:
    """``10.27``, ``12.5``, ``9``: a rate as people write it; more than six decimals are cut."""
    whole, rest = divmod(round_to(abs(rate) * 10**6, FLOOR), 10**6)
    digits = f"{rest:06d}".rstrip("0")
    return ("-" if rate < 0 else "") + (f"{whole}.{digits}" if digits else str(whole))
