"""Each kind of rule as one question: the earliest instant from a given one on at which it allows, None for never."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from kernel.calendar import local_date, local_instant
from services.notifications.domain.gate.facts import Contact, Facts, Window
from services.notifications.domain.rules import Rule

_MIDNIGHT = time(0)
_DAY = timedelta(days=1)


def window_start(rule: Rule, time_zone: str, at: datetime) -> datetime:
    """Since when a cap counts: the first local midnight of its consecutive days, of which today is the last."""
    return local_instant(local_date(at, time_zone) - (rule.values["days"] - 1) * _DAY, _MIDNIGHT, time_zone)


def frees_at(rule: Rule, time_zone: str, contacted_at: datetime) -> datetime:
    """When a contact leaves a cap's window."""
    return local_instant(local_date(contacted_at, time_zone) + rule.values["days"] * _DAY, _MIDNIGHT, time_zone)


def next_midnight(at: datetime, zone: str) -> datetime:
    return local_instant(local_date(at, zone) + _DAY, _MIDNIGHT, zone)


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

    return _everywhere(facts, lambda zone: at if is_open(local_date(at, zone)) else next_midnight(at, zone))


def _business_days(_: Rule, facts: Facts, at: datetime) -> datetime | None:
    def opens(zone: str) -> datetime:
        return at if facts.calendar.is_business_day(local_date(at, zone)) else next_midnight(at, zone)

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
        and (values.get("per") != "debt" or _about(contact, facts))
        and since <= contact.at <= at
    )
    if len(counted) < values["contacts"]:
        return at
    return frees_at(rule, zone, counted[len(counted) - values["contacts"]])


def _about(contact: Contact, facts: Facts) -> bool:
    """True when it was, or may have been, about this debt; a debt that is not told may be any."""
    return not facts.debt or contact.debt in {"", facts.debt}


def _conversation(rule: Rule, facts: Facts, at: datetime) -> datetime | None:
    """The day of a conversation about the debt is the first of the days that must pass, whoever called."""
    if facts.contacts is None:
        return max(at, facts.usage[rule.id].frees_at or at)
    talked = [
        contact.at
        for contact in facts.contacts
        if contact.channel in rule.values["channels"]
        and contact.outcome in rule.values["outcomes"]
        and _about(contact, facts)
        and contact.at <= at
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


KINDS: Mapping[str, Callable[[Rule, Facts, datetime], datetime | None]] = {
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
