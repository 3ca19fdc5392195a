"""Procedural deadlines and limitation: which clock starts with an event, when it ends, and what moves it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from kernel.errors import Unreadable
from kernel.series import Book, ClosedDays, Rule, add_months

# Where no state is told, the law of the federation or of the whole country is asked for.
NO_STATE = "federal"
EVENTS = (
    "payment_order_issued", "payment_order_served", "enforcement_order_served", "claim_arose", "claim_due", "demand_received",
    "claim_issued", "letter_of_claim_sent", "served", "validation_notice_sent", "conversation",
)  # fmt: skip
# What touches a limitation period that runs.
HAPPENINGS = ("demand", "negotiation_agreement", "acknowledgment", "judgment", "negotiation", "proceedings")
KNOWN: Mapping[str, tuple[str, ...]] = {
    "jurisdiction": ("EU", "DE", "FR", "GB", "JP", "US"),
    "state": ("NY", "CA", "TX", NO_STATE),
    "event": EVENTS + HAPPENINGS,
}
# What a rule may say, however deep; where there are words, only these.
VALUES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(
        "deadlines name of days months open_days years_after_year_end next_weekday shift_days limitation years effect renew suspend "
        "postpone_months within_months months_after at_least_months_after".split(),
        (),
    ),
    "roll": ("DE", "FR", "JP-COURT", "US", "US-NY", "US-CA"),
}
_DAY = timedelta(days=1)
_MONTHS_A_YEAR = 12


@dataclass(frozen=True, slots=True)
class Deadline:
    """A day by which, or from which, something may be done."""

    name: str
    due_on: date
    citation: str


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that touches a limitation period: `event` of the policies, from `on` to `until` where it lasts."""

    event: str
    on: date
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Limitation:
    """When the claim is barred, and the happenings that had no effect."""

    ends_on: date
    without_effect: tuple[Happening, ...]


def deadlines(book: Book, calendars: Mapping[str, ClosedDays], jurisdiction: str, event: str, on: date, state: str = "") -> list[Deadline]:
    """All that the event starts, in the order of the rule. Refuses: NO_RULE, RATE_MISSING (a calendar's years)."""
    state = state or NO_STATE
    rule = book.find(on, {"jurisdiction": jurisdiction, "event": event, "state": state})
    found: list[Deadline] = []
    for row in rule.values["deadlines"]:
        start = next(earlier.due_on for earlier in found if earlier.name == row["of"]) if "of" in row else on
        citation = row["citation"] + (f" [unsure: {rule.unsure}]" if rule.unsure else "")
        found.append(Deadline(row["name"], _end(row, start, calendars), citation))
    return found


def limitation(book: Book, calendars: Mapping[str, ClosedDays], start: Rule, arose_on: date, happened: Sequence[Happening]) -> Limitation:
    """When a claim is barred after all that happened. `start` is the rule of the event that set the period running.

    Raises Unreadable INVALID for a lasting thing without an end. Refuses: NO_RULE.
    """
    first = next(row for row in start.values["deadlines"] if row["name"] == "limitation")
    course = _Course(_end(first, arose_on, {}), start.values["limitation"]["years"])
    jurisdiction = min(start.applies["jurisdiction"])
    for happening in sorted(happened, key=lambda one: one.on):
        rule = book.find(happening.on, {"jurisdiction": jurisdiction, "event": happening.event})
        if happening.on > course.ends_on or not course.take(rule.values["effect"], happening):
            course.without_effect.append(happening)
    ends_on = calendars[first["roll"]].next_open(course.ends_on) if "roll" in first else course.ends_on
    return Limitation(ends_on, tuple(course.without_effect))


class _Course:
    """A limitation period on its way: `period_end` is its own end, `ends_on` the end with what postpones it."""

    def __init__(self, period_end: date, years: int) -> None:
        self.period_end, self.years, self.postponed_to, self.postponed_by = period_end, years, period_end, ""
        self.without_effect: list[Happening] = []

    @property
    def ends_on(self) -> date:
        return max(self.period_end, self.postponed_to)

    def take(self, effect: Mapping[str, Any], happening: Happening) -> bool:
        """False when it changes nothing."""
        if effect.get("renew"):
            self.years = effect.get("years", self.years)
            self.period_end = self.postponed_to = add_months(happening.on, self.years * _MONTHS_A_YEAR)
            return True
        if "postpone_months" in effect:
            return self._postpone(effect, happening)
        if effect.get("suspend"):
            self._suspend(effect, happening)
            return True
        return False

    def _postpone(self, effect: Mapping[str, Any], happening: Happening) -> bool:
        # Only inside what the period itself left, or by the renewal of the same agreement, never one kind on top of another.
        renewable = "within_months" in effect and self.postponed_by == happening.event
        if happening.on > self.period_end and not renewable:
            return False
        agreed = add_months(happening.on, effect["postpone_months"])
        wanted = min(agreed, happening.until) if happening.until is not None else agreed
        if "within_months" in effect:
            wanted = min(wanted, add_months(self.period_end, effect["within_months"]))
        if wanted <= self.postponed_to:
            return False
        self.postponed_to, self.postponed_by = wanted, happening.event
        return True

    def _suspend(self, effect: Mapping[str, Any], happening: Happening) -> None:
        if happening.until is None:
            raise Unreadable("INVALID", f"{happening.event} needs its end", event=happening.event)
        until = add_months(happening.until, effect.get("months_after", 0))
        self.period_end += until - happening.on
        self.postponed_to = max(self.postponed_to, add_months(happening.until, effect.get("at_least_months_after", 0)))


def _end(row: Mapping[str, Any], start: date, calendars: Mapping[str, ClosedDays]) -> date:
    if "years_after_year_end" in row:
        end = date(start.year + row["years_after_year_end"], _MONTHS_A_YEAR, 31)
    elif "open_days" in row:
        end = calendars[row["roll"]].add_open_days(start, row["open_days"])
    else:
        end = add_months(start, row.get("months", 0)) + row.get("days", 0) * _DAY
    if "next_weekday" in row:
        end += _DAY
        end += (row["next_weekday"] - end.weekday()) % 7 * _DAY
    # A period of limitation is rolled at its very end only, after everything that moves it.
    if "roll" in row and calendars:
        end = calendars[row["roll"]].next_open(end)
    shift: int = row.get("shift_days", 0)
    return end + shift * _DAY
