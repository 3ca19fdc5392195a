"""Closed days of courts as data, and months counted to the last day: quick to load, for whoever counts statutory periods."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import Any

from kernel.series.rows import RateMissing

_DAY = timedelta(days=1)
_SATURDAY, _SUNDAY = 5, 6
# The approximation of the equinoxes counts from this year (good to 2099).
_EQUINOX_EPOCH = 1980


def add_months(on: date, months: int) -> date:
    """The same day so many months later; the month's last day where there is none (31 August + 6 months = 28 February)."""
    year, month = divmod(on.year * 12 + on.month - 1 + months, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)  # noqa: PLR2004
    return min(date(year, month + 1, 1) + (on.day - 1) * _DAY, following - _DAY)


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (the anonymous algorithm)."""
    century, place = divmod(year, 100)
    moon = (19 * (year % 19) + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    week = (32 + 2 * (century % 4) + 2 * (place // 4) - moon - place % 4) % 7
    correction = (year % 19 + 11 * moon + 22 * week) // 451
    month, day = divmod(moon + week - 7 * correction + 114, 31)
    return date(year, month, day + 1)


@dataclass(frozen=True)
class ClosedDays:
    """Weekends and holidays of a place. `first` to `last` are the years' days for which the rules were read."""

    name: str
    weekend: frozenset[int]
    holidays: tuple[Mapping[str, Any], ...]
    without_substitute: tuple[Mapping[str, Any], ...]
    observed: str
    first: date
    last: date
    citation: str

    def is_open(self, on: date) -> bool:
        """True when the day is neither weekend nor holiday. Refuses: RATE_MISSING outside the years that are known."""
        if not self.first <= on <= self.last:
            raise RateMissing(self.name, on)
        return on.weekday() not in self.weekend and on not in self.of_year(on.year)

    def next_open(self, on: date) -> date:
        """The day itself if it is open, else the first open one after it."""
        while not self.is_open(on):
            on += _DAY
        return on

    def add_open_days(self, on: date, days: int) -> date:
        """The n-th open day after `on`."""
        for _ in range(days):
            on = self.next_open(on + _DAY)
        return on

    def of_year(self, year: int) -> frozenset[date]:
        """The holidays of a year, substitute days included."""
        return _holidays(self, year)

    def __hash__(self) -> int:
        return hash(self.name)


def read_closed_days(data: Mapping[str, Any]) -> Mapping[str, ClosedDays]:
    """The calendars of a YAML document; `also` takes over another calendar's holidays."""
    found: dict[str, ClosedDays] = {}
    for name, row in data["calendars"].items():
        parent = found.get(row.get("also", ""))
        found[name] = ClosedDays(
            name=name,
            weekend=frozenset(row.get("weekend", parent.weekend if parent else ())),
            holidays=(parent.holidays if parent else ()) + tuple(row["holidays"]),
            without_substitute=tuple(row.get("without_substitute", ())),
            observed=row.get("observed", parent.observed if parent else "never"),
            first=row["effective_from"],
            last=row["valid_until"],
            citation=row["citation"],
        )
    return found


@lru_cache(maxsize=256)
def _holidays(days: ClosedDays, year: int) -> frozenset[date]:
    named = {day for near in (year - 1, year, year + 1) for rule in days.holidays for day in _day(rule, near)}
    plain = {day for rule in days.without_substitute for day in _day(rule, year)}
    return frozenset(day for day in named | plain | set(_OBSERVED[days.observed](named)) if day.year == year)


def _day(rule: Mapping[str, Any], year: int) -> Iterator[date]:
    if not rule.get("from_year", year) <= year <= rule.get("to_year", year):
        return
    plus = rule.get("plus", 0) * _DAY
    match rule:
        case {"day": day}:
            month, _, number = day.partition("-")
            yield date(year, int(month), int(number)) + plus
        case {"easter": offset}:
            yield easter(year) + offset * _DAY
        case {"nth": nth, "weekday": weekday, "month": month}:
            first = date(year, month, 1) if nth > 0 else add_months(date(year, month, 1), 1)
            ahead = (weekday - first.weekday()) % 7 + 7 * (nth - 1 if nth > 0 else nth)
            yield first + ahead * _DAY + plus
        case {"equinox": mean, "month": month}:
            since = year - _EQUINOX_EPOCH
            yield date(year, month, int(Fraction(mean) + Fraction("0.242194") * since) - since // 4)


def _never(_: set[date]) -> Sequence[date]:
    return ()


def _nearest(named: set[date]) -> Sequence[date]:
    """Saturday's holiday is kept on Friday, Sunday's on Monday (5 USC 6103)."""
    moves = {_SATURDAY: -_DAY, _SUNDAY: _DAY}
    return [day + moves[day.weekday()] for day in named if day.weekday() in moves]


def _next(named: set[date]) -> Sequence[date]:
    """Saturday and Sunday move to the next day that is no holiday itself."""
    found: list[date] = []
    for day in sorted(named):
        if day.weekday() >= _SATURDAY:
            moved = day
            while moved.weekday() >= _SATURDAY or moved in named or moved in found:
                moved += _DAY
            found.append(moved)
    return found


def _next_and_between(named: set[date]) -> Sequence[date]:
    """Sunday moves to the next day that is no holiday; a day between two holidays is one (国民の祝日に関する法律 3条2項、3項)."""
    found = []
    for day in named:
        if day.weekday() == _SUNDAY:
            moved = day
            while moved in named:
                moved += _DAY
            found.append(moved)
    between = [day + _DAY for day in named if day + 2 * _DAY in named and day + _DAY not in named]
    return found + between


_OBSERVED = {"never": _never, "nearest": _nearest, "next": _next, "next_and_between": _next_and_between}
