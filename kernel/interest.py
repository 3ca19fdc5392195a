"""Simple and compound interest, exact: rates by period, one rounding at the end, and the order in which a payment is used up."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from math import lcm

from kernel.errors import Unreadable

ACTUAL_365, ACTUAL_ACTUAL = "actual/365", "actual/actual"
DAY_COUNTS = (ACTUAL_365, ACTUAL_ACTUAL)
HALF_UP, FLOOR = "half_up", "floor"
_DAY = timedelta(days=1)
_YEAR, _LEAP_YEAR = 365, 366
# Days of both kinds of year in whole parts: 1/365 is 366 parts, 1/366 is 365.
_PARTS = _YEAR * _LEAP_YEAR


@dataclass(frozen=True, slots=True)
class Piece:
    """One rate (percent a year) over some days, both inside."""

    first: date
    last: date
    rate: Fraction

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


def round_to(amount: Fraction, mode: str, unit: int = 1) -> int:
    """Whole multiples of the unit: half away from zero, or down to what favours the debtor."""
    quotient = amount / unit
    if mode == FLOOR:
        return int(quotient // 1) * unit
    return (int((quotient + Fraction(1, 2)) // 1) if quotient >= 0 else -int((Fraction(1, 2) - quotient) // 1)) * unit


def parts_until(on: date, day_count: str) -> int:
    """Days since year one in parts of 1/(365 × 366) year: differences of it are exact fractions of a year."""
    if day_count == ACTUAL_365:
        return on.toordinal() * _LEAP_YEAR
    if day_count != ACTUAL_ACTUAL:
        raise Unreadable("INVALID", f"{day_count!r} is not a day count", value=day_count[:40])
    is_leap = on.year % 4 == 0 and (on.year % 100 != 0 or on.year % 400 == 0)
    return (on.year - 1) * _PARTS + on.timetuple().tm_yday * (_YEAR if is_leap else _LEAP_YEAR)


def years(first: date, last: date, day_count: str) -> Fraction:
    """The days from `first` to `last`, both inside, as a part of a year."""
    return Fraction(parts_until(last, day_count) - parts_until(first - _DAY, day_count), _PARTS)


def simple(principal: int, pieces: Iterable[Piece], day_count: str) -> Fraction:
    """Interest without rounding, in the unit of the principal."""
    return sum((principal * piece.rate / 100 * years(piece.first, piece.last, day_count) for piece in pieces), Fraction(0))


def compound(principal: int, periods: Iterable[Sequence[Piece]], day_count: str) -> Fraction:
    """Interest that joins the principal at the end of each period (of a year, as the law has it)."""
    total = Fraction(0)
    for pieces in periods:
        total += sum(((principal + total) * piece.rate / 100 * years(piece.first, piece.last, day_count) for piece in pieces), Fraction(0))
    return total


class Accumulator:
    """The sum of rate × days from a first day on, so that the interest of any span is one subtraction: for many amounts."""

    def __init__(self, pieces: Sequence[Piece], day_count: str) -> None:
        """Pieces must follow each other without a hole."""
        self._scale = lcm(*(piece.rate.denominator for piece in pieces))
        self._origin = pieces[0].first.toordinal() - 1
        self._table: list[int] = []
        total = 0
        for piece in pieces:
            rate = int(piece.rate * self._scale)
            day, before = piece.first, parts_until(piece.first - _DAY, day_count)
            while day <= piece.last:
                self._table.append(total)
                parts = parts_until(day, day_count)
                total += rate * (parts - before)
                day, before = day + _DAY, parts
        self._table.append(total)
        self._denominator = 100 * self._scale * _PARTS

    def many(self, amounts: Iterable[tuple[int, date, date]]) -> list[int]:
        """Interest of (principal in minor units, due on, paid on): the days after `due_on` up to `paid_on`, each rounded half up.

        Raises IndexError for days outside the pieces.
        """
        table, origin, denominator = self._table, self._origin, self._denominator
        doubled, size, found = 2 * denominator, len(table), []
        for principal, due_on, paid_on in amounts:
            begins, ends = due_on.toordinal() - origin, paid_on.toordinal() - origin
            if begins < 0 or ends >= size:
                raise IndexError(f"{due_on} to {paid_on}")
            found.append((2 * principal * (table[ends] - table[begins]) + denominator) // doubled if ends > begins else 0)
        return found


@dataclass(frozen=True, slots=True)
class Use:
    """What a payment was used for, by part of the debt, and what is left over."""

    used: Mapping[str, int]
    left_over: int


def use_payment(payment: int, debt: Mapping[str, int], order: Sequence[str]) -> Use:
    """Use up a payment part by part in the order the law names. Raises Unreadable INVALID when a part has no place in the order."""
    if payment < 0 or set(debt) - set(order):
        raise Unreadable("INVALID", "a payment is not negative, and every part of a debt has its place", payment=payment)
    used, left = {}, payment
    for part in order:
        used[part] = min(left, debt.get(part, 0))
        left -= used[part]
    return Use(used, left)


def merge(one: Sequence[Piece], other: Sequence[Piece], choose: Callable[[Fraction, Fraction], Fraction]) -> list[Piece]:
    """Two rates over the same days become one: `choose` (min, max) per part in which both stand still."""
    found: list[Piece] = []
    ends = sorted({piece.last for piece in (*one, *other)})
    firsts = [piece.first for piece in one], [piece.first for piece in other]
    first = one[0].first if one else None
    for last in ends:
        if first is None:
            break
        here = one[bisect_right(firsts[0], first) - 1], other[bisect_right(firsts[1], first) - 1]
        found.append(Piece(first, last, choose(here[0].rate, here[1].rate)))
        first = last + _DAY
    return found
