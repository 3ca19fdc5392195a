"""Dated series and dated rules: what held on a day, with its citation; a hole is an error that names itself."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from kernel.errors import Refused, Unreadable

_DAY = timedelta(days=1)


class RateMissing(Refused):
    """No row of the series holds on that day: rates are never extrapolated. Details: `series`, `on`."""

    code = "RATE_MISSING"

    def __init__(self, series: str, on: date) -> None:
        super().__init__(f"no value of {series} on {on}", series=series, on=on.isoformat())


class NoRule(Refused):
    """No rule is kept for these facts."""

    code = "NO_RULE"


@dataclass(frozen=True, slots=True)
class Row:
    """One value from a day on; `unsure` says why it needs to be read again (empty: nothing known against it)."""

    effective_from: date
    value: Any
    citation: str
    unsure: str

    @property
    def number(self) -> Fraction:
        """The value as an exact number."""
        return Fraction(self.value)


@dataclass(frozen=True, slots=True)
class Period:
    """The part of a span in which one row holds; both days are inside."""

    first: date
    last: date
    row: Row


@dataclass(frozen=True, slots=True)
class Series:
    """Values by effective date; `valid_until` is the last day that the last row was published for (None: until changed).

    A row without a value ends what was known before it.
    """

    name: str
    rows: tuple[Row, ...]
    valid_until: date | None
    citation: str
    source_checked: date
    counsel_validated: bool

    def at(self, on: date) -> Row:
        """The row that holds on the day. Refuses: RATE_MISSING."""
        place = bisect_right(self.rows, on, key=lambda row: row.effective_from) - 1
        if place < 0 or (self.valid_until is not None and on > self.valid_until) or self.rows[place].value is None:
            raise RateMissing(self.name, on)
        return self.rows[place]

    def between(self, first: date, last: date) -> Iterator[Period]:
        """The rows that hold from `first` to `last`, in order. Refuses: RATE_MISSING with the first day that has none."""
        while first <= last:
            row = self.at(first)
            later = [other.effective_from for other in self.rows if other.effective_from > first]
            end = min(last, (min(later) - _DAY) if later else last)
            if self.valid_until is not None:
                end = max(first, min(end, self.valid_until))
            yield Period(first, end, row)
            first = end + _DAY


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: whom it `applies` to (a missing name means all), what it says (`values`), and where that stands.

    `effective_until` is the first day without it.
    """

    id: str
    applies: Mapping[str, frozenset[str]]
    effective_from: date
    effective_until: date | None
    values: Mapping[str, Any]
    citation: str
    source_checked: date
    counsel_validated: bool
    unsure: str

    def holds(self, on: date, facts: Mapping[str, str]) -> bool:
        """True when it is in force on the day and speaks of these facts."""
        return self.in_force(on) and all(facts.get(name, "") in allowed for name, allowed in self.applies.items())

    def in_force(self, on: date) -> bool:
        return self.effective_from <= on and (self.effective_until is None or on < self.effective_until)

    def cite(self, unsure: Iterable[str] = ()) -> str:
        """The citation; what is not certain is said with it."""
        doubts = [doubt for doubt in dict.fromkeys((self.unsure, *unsure)) if doubt]
        return self.citation + (f" [unsure: {'; '.join(doubts)}]" if doubts else "")


@dataclass(frozen=True, slots=True)
class Book:
    """All series and rules of one subject."""

    series: Mapping[str, Series]
    rules: Sequence[Rule]

    def find(self, on: date, facts: Mapping[str, str]) -> Rule:
        """The one rule for these facts. Refuses: NO_RULE."""
        for rule in self.rules:
            if rule.holds(on, facts):
                return rule
        said = ", ".join(f"{name} {value}" for name, value in facts.items() if value)
        raise NoRule(f"no rule is kept for {said} on {on}", on=on.isoformat(), **{name: value for name, value in facts.items() if value})

    def one(self, name: str) -> Series:
        """A series by its name. Raises Unreadable INVALID."""
        try:
            return self.series[name]
        except KeyError:
            raise Unreadable("INVALID", f"no series is named {name}", series=name) from None


def read_book(documents: Iterable[tuple[str, Any]]) -> Book:
    """Series and rules of some YAML documents, given with their names. Raises Unreadable INVALID with file and row."""
    series: dict[str, Series] = {}
    rules: list[Rule] = []
    for file, document in documents:
        place = ""
        try:
            for place, data in (document.get("series") or {}).items():
                series[place] = _read_series(place, data)
            for data in document.get("rules") or ():
                place = data["id"]
                rules.append(_read_rule(data))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Unreadable("INVALID", f"{file}: {place}: {error!r}", file=file, place=place) from None
    return Book(series, tuple(rules))


def _read_series(name: str, data: Mapping[str, Any]) -> Series:
    rows = []
    for start, value in sorted((data["rows"] or {}).items()):
        held = value if isinstance(value, dict) and "value" in value else {"value": value}
        rows.append(Row(start, held["value"], held.get("citation", data["citation"]), held.get("unsure", "")))
    return Series(name, tuple(rows), data["valid_until"], data["citation"], data["source_checked"], data["counsel_validated"])


# What every rule has; the rest of a row is its values.
_FRAME = frozenset(
    {
        "id",
        "applies",
        "effective_from",
        "effective_until",
        "citation",
        "source_checked",
        "source_valid_until",
        "counsel_validated",
        "unsure",
    }
)


def _read_rule(data: Mapping[str, Any]) -> Rule:
    return Rule(
        id=data["id"],
        applies={name: frozenset(allowed) for name, allowed in data["applies"].items()},
        effective_from=data["effective_from"],
        effective_until=data.get("effective_until"),
        values={name: value for name, value in data.items() if name not in _FRAME},
        citation=data["citation"],
        source_checked=data["source_checked"],
        counsel_validated=data["counsel_validated"],
        unsure=data.get("unsure", ""),
    )
