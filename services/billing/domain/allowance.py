"""The loss allowance: matrix by age, limits of Japanese tax law, and what rests on one account alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import ceil

from kernel.errors import Unreadable
from kernel.interest import FLOOR, HALF_UP, round_to
from kernel.money import exponent
from kernel.series import Book, add_months

KNOWN: Mapping[str, tuple[str, ...]] = {
    "kind": ("matrix", "general_limit", "individual_limit", "presumption", "memo"),
    "framework": ("ifrs9", "asc326", "jp_tax"),
    # Empty: the company's own history.
    "business": ("", "wholesale_retail", "manufacturing", "finance", "instalment", "other"),
    "reason": ("plan", "insolvent", "petition", "foreign_state"),
}
VALUES: Mapping[str, tuple[str, ...]] = dict.fromkeys(
    "buckets name to rate series places share years days_past_due significant_increase default keep months".split(), ()
)
_MONTHS_A_YEAR = 12


@dataclass(frozen=True, slots=True)
class Bucket:
    """Receivables of one age: `gross_minor`, the historical loss rate and the forward-looking factor on it."""

    name: str
    gross_minor: int
    historical_rate: Fraction
    forward_factor: Fraction = Fraction(1)

    @property
    def rate(self) -> Fraction:
        """What is expected to be lost, as a share."""
        return self.historical_rate * self.forward_factor


@dataclass(frozen=True, slots=True)
class Allowance:
    """Expected losses by bucket and their sum, in minor units."""

    by_bucket: Mapping[str, int]
    total_minor: int


def matrix(buckets: Sequence[Bucket], currency: str, *, whole_units: bool = False) -> Allowance:
    """Lifetime expected losses (IFRS 9 5.5.15, B5.5.35; ASC 326-20-55-37), each bucket rounded half up.

    `whole_units` rounds to whole currency units, as the standards' examples print. Raises Unreadable INVALID for a rate outside 0 to 1.
    """
    unit = 10 ** exponent(currency) if whole_units else 1
    found: dict[str, int] = {}
    for bucket in buckets:
        if not 0 <= bucket.rate <= 1 or bucket.gross_minor < 0 or bucket.name in found:
            raise Unreadable(
                "INVALID", f"bucket {bucket.name}: a rate is 0 to 1, an amount not negative, a name given once", place=bucket.name
            )
        found[bucket.name] = round_to(bucket.gross_minor * bucket.rate, HALF_UP, unit)
    return Allowance(found, sum(found.values()))


def bucket_of(book: Book, framework: str, days_past_due: int, on: date) -> str:
    """The bucket that an age falls into. Refuses: NO_RULE."""
    rule = book.find(on, {"kind": "matrix", "framework": framework})
    return next(str(row["name"]) for row in rule.values["buckets"] if "to" not in row or days_past_due <= row["to"])


def is_presumed(book: Book, which: str, days_past_due: int, on: date) -> bool:
    """`significant_increase` or `default` by age, both rebuttable (IFRS 9 5.5.11, B5.5.37). Refuses: NO_RULE."""
    rule = book.find(on, {"kind": "presumption", "framework": "ifrs9"})
    return days_past_due > int(rule.values["days_past_due"][which])


def roll_rate_loss(rates: Sequence[Fraction]) -> Fraction:
    """The share of a bucket that ends as loss: the product of what rolls on from each bucket to the next."""
    product = Fraction(1)
    for rate in rates:
        product *= rate
    return product


def statutory_rate(book: Book, business: str, on: date) -> Fraction:
    """The small company's rate of its main business (租税特別措置法第57条の9) for a year that starts on the day. Refuses: NO_RULE, RATE_MISSING."""
    rule = book.find(on, {"kind": "general_limit", "framework": "jp_tax", "business": business})
    return book.one(rule.values["rate"]["series"]).at(on).number


def actual_rate(book: Book, yearly_losses_minor: int, average_receivables_minor: int, on: date) -> Fraction:
    """Three years' mean loss over mean receivables, rounded up at the decimals of the law. Refuses: NO_RULE; raises Unreadable INVALID."""
    if average_receivables_minor <= 0 or yearly_losses_minor < 0:
        raise Unreadable("INVALID", "a rate is of receivables that there are", value=average_receivables_minor)
    scale = 10 ** int(book.find(on, {"kind": "general_limit", "framework": "jp_tax"}).values["places"])
    return Fraction(ceil(Fraction(yearly_losses_minor, average_receivables_minor) * scale), scale)


def general_limit(gross_minor: int, non_substantive_minor: int, rate: Fraction) -> int:
    """一括評価: the rate on what is owed in substance, whole minor units, rounded down."""
    return round_to(max(gross_minor - non_substantive_minor, 0) * rate, FLOOR)


def individual_limit(
    book: Book, reason: str, claim_minor: int, on: date, *, not_counted_minor: int = 0, due: Sequence[tuple[date, int]] = ()
) -> int:
    """個別評価 at the end of the year `on` (法人税法施行令第96条第1項).

    `not_counted_minor` is what is not owed in substance, secured or (for ``insolvent``) recoverable; `due` are the instalments of
    a plan: those more than the years of the law after `on` count. Refuses: NO_RULE.
    """
    values = book.find(on, {"kind": "individual_limit", "framework": "jp_tax", "reason": reason}).values
    if "years" in values:
        end = add_months(on, _MONTHS_A_YEAR * int(values["years"]))
        claim_minor = sum(minor for day, minor in due if day > end)
    return round_to(max(claim_minor - not_counted_minor, 0) * Fraction(values["share"]), FLOOR)


def may_write_down_to_memo(book: Book, last_dealt_on: date, last_due_on: date, last_paid_on: date | None, on: date) -> bool:
    """True when a year has passed since the last of dealing, due date and payment (法人税基本通達9-6-3); one yen stays. Refuses: NO_RULE."""
    months = int(book.find(on, {"kind": "memo", "framework": "jp_tax"}).values["months"])
    last = max(day for day in (last_dealt_on, last_due_on, last_paid_on) if day is not None)
    return add_months(last, months) <= on
