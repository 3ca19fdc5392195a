"""Whether an amount settles a set of items: exactly, with a discount, charges or a fee granted; and which sets add up."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from math import comb, gcd

from services.payments.domain.matching.facts import Allocation, Difference, Item, Reason
from services.payments.domain.matching.policy import THOUSAND, Policy

# Two sets that add up are as bad as twenty: a person decides, and reads no more than this.
MAX_SOLUTIONS = 3
# What fewer amounts have in common is no habit of theirs.
_ENOUGH_VALUES = 3


@dataclass(frozen=True, slots=True)
class Terms:
    """What the line and its payer allow: the day of payment, the charges the text states, the fees granted."""

    on: date | None
    stated_minor: frozenset[int]
    charges: bool
    fees_minor: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Fit:
    """How an amount settles items. `kind` is a weight's name."""

    kind: str
    detail: str
    allocations: tuple[Allocation, ...]


@dataclass(frozen=True, slots=True)
class Open:
    """An item with what is open now, which may be less than the item says."""

    item: Item
    minor: int


def whole(items: Sequence[Open]) -> tuple[Allocation, ...]:
    """Everything that is open."""
    return tuple(Allocation(one.item.id, one.minor) for one in items)


def fit(amount_minor: int, items: Sequence[Open], terms: Terms, policy: Policy) -> Fit | None:
    """The plainest way in which the amount settles all of the items, or None."""
    total = sum(one.minor for one in items)
    if total == amount_minor:
        return Fit("amount", str(amount_minor), whole(items))
    short = total - amount_minor
    if short < 0 or not amount_minor:
        return None
    taken = _discounted(amount_minor, items, terms)
    if taken:
        return taken
    granted = policy.amounts(items[0].item.currency)
    if short in terms.stated_minor and short <= max(granted.stated_charges_minor, total * policy.charges_share // THOUSAND):
        return _granting(items, short, "stated_charges", "bank_charges")
    if short <= granted.rounding_minor:
        return _granting(items, short, "rounding", "rounding")
    said = any(amount <= granted.stated_charges_minor for amount in terms.stated_minor)
    if terms.charges and not said and short <= min(granted.stated_charges_minor, total * policy.charges_share // THOUSAND):
        return _granting(items, short, "stated_charges", "bank_charges")
    if (granted.fee_to_minor and granted.fee_from_minor <= short <= granted.fee_to_minor) or short in terms.fees_minor:
        return _granting(items, short, "transfer_fee", "bank_charges")
    return None


def _granting(items: Sequence[Open], short: int, kind: str, reason: Reason) -> Fit | None:
    """The largest item bears what is granted."""
    bearer = max(items, key=lambda one: (one.minor, one.item.id))
    if bearer.minor <= short:
        return None
    allocations = tuple(
        Allocation(one.item.id, one.minor - short, Difference(short, reason)) if one is bearer else Allocation(one.item.id, one.minor)
        for one in items
    )
    return Fit(kind, str(short), allocations)


def discount_minor(one: Open) -> int:
    """The discount of what is open, to the nearest minor unit; 0 where none was agreed."""
    if not one.item.discount_percent or one.minor <= 0:
        return 0
    return int((one.minor * one.item.discount_percent / 100).quantize(Decimal(1), ROUND_HALF_UP))


def _discounted(amount_minor: int, items: Sequence[Open], terms: Terms) -> Fit | None:
    """With the discounts whose window is open; or with all of them, and then the late ones stay open."""
    if not any(one.item.discount_percent for one in items):
        return None
    full = {one.item.id: discount_minor(one) for one in items}
    in_time = {one.item.id: full[one.item.id] if _in_window(one.item, terms.on) else 0 for one in items}
    for discounts, kind in ((in_time, "discount"), (full, "late_discount")):
        bearers = [id_ for id_, discount in discounts.items() if discount]
        error = sum(one.minor for one in items) - sum(discounts.values()) - amount_minor
        # Each discount may have been rounded the other way.
        if not bearers or abs(error) > len(bearers):
            continue
        discounts = {**discounts, bearers[-1]: discounts[bearers[-1]] + error}
        if discounts[bearers[-1]] <= 0:
            continue
        return Fit(kind, str(sum(discounts.values())), tuple(_less(one, discounts[one.item.id], in_time[one.item.id]) for one in items))
    return None


def _in_window(item: Item, on: date | None) -> bool:
    return item.discount_until is not None and on is not None and on <= item.discount_until


def _less(one: Open, discount: int, granted: int) -> Allocation:
    if not discount:
        return Allocation(one.item.id, one.minor)
    return Allocation(one.item.id, one.minor - discount, Difference(discount, "discount") if granted else None)


def subsets(values: Sequence[int], low: int, high: int, sizes: range) -> list[tuple[int, ...]]:
    """Sets of so many places whose values add up to something from `low` to `high`; at most MAX_SOLUTIONS are told.

    Meets in the middle: 2 · 2^(n/2) sums instead of 2^n.
    """
    if not sizes:
        return []
    half = len(values) // 2
    left, right = _sums(values[:half]), _sums(values[half:])
    by_sum: dict[int, list[int]] = {}
    for mask, total in enumerate(left):
        by_sum.setdefault(total, []).append(mask)
    found: list[tuple[int, ...]] = []
    ordered = sorted(by_sum) if low != high else None
    for mask, total in enumerate(right):
        for wanted in _between(by_sum, ordered, low - total, high - total):
            for other in by_sum[wanted]:
                places = _places(other | mask << half)
                if len(places) in sizes:
                    found.append(places)
                    if len(found) >= MAX_SOLUTIONS:
                        return found
    return found


def _between(by_sum: dict[int, list[int]], ordered: list[int] | None, low: int, high: int) -> Sequence[int]:
    if ordered is None:
        return (low,) if low in by_sum else ()
    return ordered[bisect_left(ordered, low) : bisect_right(ordered, high)]


def _sums(values: Sequence[int]) -> list[int]:
    totals = [0]
    for value in values:
        totals += [total + value for total in totals]
    return totals


def _places(mask: int) -> tuple[int, ...]:
    return tuple(place for place in range(mask.bit_length()) if mask >> place & 1)


def coincidence(values: Sequence[int], size: int, amount_minor: int, width: int = 1) -> int:
    """How many sets of up to `size` values add up to an amount by chance, in thousandths.

    `width`: how many amounts would do. Amounts that are multiples of a number, and round ones, meet more often.
    """
    sets = sum(comb(len(values), count) for count in range(1, size + 1))
    common = gcd(*values) if len(values) >= _ENOUGH_VALUES else 1
    step = max(common, roundness(amount_minor), width)
    spread = sum(sorted(map(abs, values))[-size:])
    return sets * step * THOUSAND // max(spread, 1)


def credible_sizes(values: Sequence[int], amount_minor: int, width: int, limit: int) -> range:
    """From two items to as many as chance seldom adds up to the amount; none where it does so for pairs."""
    size = 1
    while size < len(values) and coincidence(values, size + 1, amount_minor, width) <= limit:
        size += 1
    return range(2, size + 1)


def roundness(amount_minor: int) -> int:
    """The largest power of ten that divides an amount: 28000 = 28 · 1000."""
    text = str(abs(amount_minor))
    return int("1" + "0" * (len(text) - len(text.rstrip("0"))))
