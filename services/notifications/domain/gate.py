"""The gate: may this debtor be contacted on this channel at this instant, and if not, when."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from kernel.calendar import local_date, local_instant
from services.notifications.domain.rules import STATUTE, Rule

# Rules that leave no instant within two months leave none that a message could wait for.
HORIZON = timedelta(days=60)
_MIDNIGHT = time(0)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Usage:
    """What a cap has counted: contacts in its window, and when so many have left it that one more is allowed."""

    used: int
    frees_at: datetime | None


class BusinessDays(Protocol):
    """Whoever knows which days are worked."""

    def is_business_day(self, on: date) -> bool: ...


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact that took place or was tried; an empty `debt` may have been about any."""

    at: datetime
    channel: str
    outgoing: bool
    debt: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Window:
    """Hours that the debtor called inconvenient: on these weekdays (0 = Monday, none: every day), past midnight if they end before."""

    weekdays: frozenset[int]
    begins: time
    ends: time


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules ask about; nothing that names a person. `usage` is by the id of the cap's rule.

    `zones` are all places where the debtor may be (none: `time_zone` only); a rule must allow in each of them.
    `contacts` are what caps count when they are told; else `usage` says what was counted elsewhere.
    """

    channel: str
    country: str
    time_zone: str
    debtor_type: str
    stop_states: frozenset[str]
    contacts_on: bool
    calendar: BusinessDays
    holidays: frozenset[date]
    usage: Mapping[str, Usage]
    state: str = ""
    residence: str = ""
    collector: str = "creditor"
    zones: tuple[str, ...] = ()
    opt_outs: frozenset[str] = frozenset()
    inconvenient: tuple[Window, ...] = ()
    place: str = ""
    debt: str = ""
    contacts: tuple[Contact, ...] | None = None

    @property
    def places(self) -> tuple[str, ...]:
        """The time zones that count."""
        return self.zones or (self.time_zone,)


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
    return [
        rule
        for rule in rules
        if rule.applies(facts.channel, facts.country, facts.debtor_type, on) and rule.binds(facts.state, facts.residence, facts.collector)
    ]


def statutory(rules: Sequence[Rule]) -> list[Rule]:
    """What the law asks for, without the group's own policies but the hard ones."""
    return [rule for rule in rules if rule.basis == STATUTE or rule.hard]


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


def _everywhere(facts: Facts, opens: Callable[[str], datetime]) -> datetime:
    """The latest opening of all places where the debtor may be."""
    return max(opens(zone) for zone in facts.places)


def _hours(rule: Rule, facts: Facts, at: datetime) -> datetime | None:
    opened, closed = rule.values["from"], rule.values["until"]

    def opens(zone: str) -> datetime:
        clock, today = at.astimezone(ZoneInfo(zone)).time(), local_date(at, zone)
        if opened <= clock < closed:
            return at
        return local_instant(today if clock < opened else today + _DAY, opened, zone)

    return _everywhere(facts, opens)


def _closed_days(rule: Rule, facts: Facts, at: datetime) -> datetime | None:
    def is_open(on: date) -> bool:
        return on.weekday() not in rule.values["weekdays"] and not (rule.values["holidays"] and on in facts.holidays)

    return _everywhere(facts, lambda zone: at if is_open(local_date(at, zone)) else _next_midnight(at, zone))


def _business_days(_: Rule, facts: Facts, at: datetime) -> datetime | None:
    def opens(zone: str) -> datetime:
        return at if facts.calendar.is_business_day(local_date(at, zone)) else _next_midnight(at, zone)

    return _everywhere(facts, opens)


def _stop_states(rule: Rule, facts: Facts, at: datetime) -> datetime | None:
    return None if facts.stop_states & frozenset(rule.values["states"]) else at


def _cap(rule: Rule, facts: Facts, at: datetime) -> datetime | None:
    if facts.contacts is not None:
        contacts = facts.contacts
        return _everywhere(facts, lambda zone: _counted(rule, facts, contacts, at, zone))
    usage = facts.usage[rule.id]
    if usage.used < rule.values["contacts"] or usage.frees_at is None:
        return at
    return max(at, usage.frees_at)


def _counted(rule: Rule, facts: Facts, contacts: Sequence[Contact], at: datetime, zone: str) -> datetime:
    since, values = window_start(rule, zone, at), rule.values
    counted = sorted(
        contact.at
        for contact in contacts
        if contact.outgoing
        and contact.channel in values["channels"]
        and contact.outcome not in values.get("not_counted", ())
        and (values.get("per") != "debt" or contact.debt in {"", facts.debt})
        and since <= contact.at <= at
    )
    if len(counted) < values["contacts"]:
        return at
    return frees_at(rule, zone, counted[len(counted) - values["contacts"]])


def _conversation(rule: Rule, facts: Facts, at: datetime) -> datetime | None:
    """The day of a conversation about the debt is the first of the days that must pass, whoever called."""
    talked = [
        contact.at
        for contact in facts.contacts or ()
        if contact.outcome in rule.values["outcomes"] and contact.debt in {"", facts.debt} and contact.at <= at
    ]
    return _everywhere(facts, lambda zone: max([at, *(frees_at(rule, zone, spoken_at) for spoken_at in talked)]))


def _inconvenient(_: Rule, facts: Facts, at: datetime) -> datetime | None:
    return _everywhere(facts, lambda zone: max([at, *(_after(window, at, zone) for window in facts.inconvenient)]))


def _after(window: Window, at: datetime, zone: str) -> datetime:
    clock, today = at.astimezone(ZoneInfo(zone)).time(), local_date(at, zone)
    overnight = window.ends <= window.begins

    def begins_on(day: date) -> bool:
        return not window.weekdays or day.weekday() in window.weekdays

    if begins_on(today) and window.begins <= clock and (overnight or clock < window.ends):
        return local_instant(today + _DAY if overnight else today, window.ends, zone)
    if overnight and begins_on(today - _DAY) and clock < window.ends:
        return local_instant(today, window.ends, zone)
    return at


def _opt_out(_: Rule, facts: Facts, at: datetime) -> datetime | None:
    return None if facts.channel in facts.opt_outs else at


def _place(rule: Rule, facts: Facts, at: datetime) -> datetime | None:
    return None if facts.place in rule.values["places"] else at


def _zones(_: Rule, __: Facts, at: datetime) -> datetime | None:
    """Says where somebody may be, and never that a time is wrong."""
    return at


def _switch(_: Rule, facts: Facts, at: datetime) -> datetime | None:
    return at if facts.contacts_on else None


_KINDS: Mapping[str, Callable[[Rule, Facts, datetime], datetime | None]] = {
    "local_hours": _hours,
    "closed_days": _closed_days,
    "business_days": _business_days,
    "stop_states": _stop_states,
    "cap": _cap,
    "conversation": _conversation,
    "inconvenient": _inconvenient,
    "opt_out": _opt_out,
    "place": _place,
    "switch": _switch,
    "zones": _zones,
}
