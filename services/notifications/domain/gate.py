"""The gate: may this debtor be contacted on this channel at this instant, and if not, when."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from kernel.calendar import Calendar, local_date, local_instant
from services.notifications.domain.rules import Rule

# Rules that leave no instant within two months leave none that a message could wait for.
HORIZON = timedelta(days=60)
_MIDNIGHT = time(0)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Usage:
    """What a cap has counted: contacts in its window, and when so many have left it that one more is allowed."""

    used: int
    frees_at: datetime | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules ask about; nothing that names a person. `usage` is by the id of the cap's rule."""

    channel: str
    country: str
    time_zone: str
    debtor_type: str
    stop_states: frozenset[str]
    contacts_on: bool
    calendar: Calendar
    holidays: frozenset[date]
    usage: Mapping[str, Usage]


@dataclass(frozen=True, slots=True)
class Reason:
    """A rule that says no; `word` is what is told about a message that will never be sent for it."""

    rule: str
    citation: str
    basis: str
    kind: str
    word: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer. `next_at` is the earliest instant at which every rule allows; None when there is none."""

    allowed: bool
    reasons: tuple[Reason, ...]
    next_at: datetime | None

    @property
    def only_switched_off(self) -> bool:
        """True when nothing but the unit's switch says no."""
        return not self.allowed and all(reason.kind == "switch" for reason in self.reasons)


def decide(facts: Facts, rules: Sequence[Rule], at: datetime) -> Decision:
    """Ask every rule that applies at that instant."""
    blocking = [rule for rule in applicable(facts, rules, at) if _KINDS[rule.kind](rule, facts, at) != at]
    if not blocking:
        return Decision(True, (), None)
    # Rules that never open come first: they are why a message is skipped.
    blocking.sort(key=lambda rule: _KINDS[rule.kind](rule, facts, at) is not None)
    reasons = tuple(Reason(rule.id, rule.citation, rule.basis, rule.kind, _word(rule, facts)) for rule in blocking)
    return Decision(False, reasons, _next_at(facts, rules, at))


def applicable(facts: Facts, rules: Sequence[Rule], at: datetime) -> list[Rule]:
    """The rules in force for this debtor and channel on the debtor's date."""
    on = local_date(at, facts.time_zone)
    return [rule for rule in rules if rule.applies(facts.channel, facts.country, facts.debtor_type, on)]


def window_start(rule: Rule, time_zone: str, at: datetime) -> datetime:
    """Since when a cap counts: the first local midnight of its consecutive days, of which today is the last."""
    return local_instant(local_date(at, time_zone) - (rule.values["days"] - 1) * _DAY, _MIDNIGHT, time_zone)


def frees_at(rule: Rule, time_zone: str, contacted_at: datetime) -> datetime:
    """When a contact leaves a cap's window."""
    return local_instant(local_date(contacted_at, time_zone) + rule.values["days"] * _DAY, _MIDNIGHT, time_zone)


def _next_at(facts: Facts, rules: Sequence[Rule], at: datetime) -> datetime | None:
    """Each rule moves the instant to its own next opening until none moves it any more."""
    moment = at
    while moment <= at + HORIZON:
        latest = moment
        for rule in applicable(facts, rules, moment):
            opens = _KINDS[rule.kind](rule, facts, moment)
            if opens is None:
                return None
            latest = max(latest, opens)
        if latest == moment:
            return moment
        # Not past midnight in one step: another day may have other rules.
        moment = min(latest, _next_midnight(moment, facts.time_zone))
    return None


def _next_midnight(at: datetime, zone: str) -> datetime:
    return local_instant(local_date(at, zone) + _DAY, _MIDNIGHT, zone)


def _word(rule: Rule, facts: Facts) -> str:
    if rule.kind == "stop_states":
        return min(facts.stop_states & frozenset(rule.values["states"]))
    return "contacts_off" if rule.kind == "switch" else rule.kind


# Each kind of rule as one question: the earliest instant from `at` on at which it allows, None for never.


def _hours(rule: Rule, facts: Facts, at: datetime) -> datetime | None:
    clock, opened, closed = at.astimezone(ZoneInfo(facts.time_zone)).time(), rule.values["from"], rule.values["until"]
    if opened <= clock < closed:
        return at
    today = local_date(at, facts.time_zone)
    return local_instant(today if clock < opened else today + _DAY, opened, facts.time_zone)


def _closed_days(rule: Rule, facts: Facts, at: datetime) -> datetime | None:
    def is_open(on: date) -> bool:
        return on.weekday() not in rule.values["weekdays"] and not (rule.values["holidays"] and on in facts.holidays)

    return at if is_open(local_date(at, facts.time_zone)) else _next_midnight(at, facts.time_zone)


def _business_days(_: Rule, facts: Facts, at: datetime) -> datetime | None:
    return at if facts.calendar.is_business_day(local_date(at, facts.time_zone)) else _next_midnight(at, facts.time_zone)


def _stop_states(rule: Rule, facts: Facts, at: datetime) -> datetime | None:
    return None if facts.stop_states & frozenset(rule.values["states"]) else at


def _cap(rule: Rule, facts: Facts, at: datetime) -> datetime | None:
    usage = facts.usage[rule.id]
    if usage.used < rule.values["contacts"] or usage.frees_at is None:
        return at
    return max(at, usage.frees_at)


def _switch(_: Rule, facts: Facts, at: datetime) -> datetime | None:
    return at if facts.contacts_on else None


_KINDS: Mapping[str, Callable[[Rule, Facts, datetime], datetime | None]] = {
    "local_hours": _hours,
    "closed_days": _closed_days,
    "business_days": _business_days,
    "stop_states": _stop_states,
    "cap": _cap,
    "switch": _switch,
}
