"""A question to the gate as a document: who collects, from whom, about which debt, after which contacts."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from kernel.errors import Unreadable
from kernel.series import ClosedDays
from services.notifications.domain.gate import Contact, Facts, Window
from services.notifications.domain.rules import CHANNELS, COLLECTORS, Rule

STATES = frozenset({"insolvency", "moratorium", "dispute", "deceased", "time_barred", "minor"})
_COUNTRY = re.compile(r"[A-Z]{2}")
# A history longer than this is not one person's.
MAX_CONTACTS = 10_000
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class OpenDays:
    """The working days of a place; of one that is not known, Monday to Friday."""

    closed: ClosedDays | None

    def is_business_day(self, on: date) -> bool:
        return on.weekday() < _SATURDAY if self.closed is None else self.closed.is_open(on)


def read_facts(document: Any, channel: str, at: datetime, rules: Sequence[Rule], calendars: Mapping[str, ClosedDays]) -> tuple[Facts, bool]:
    """The facts, and whether only statutes are asked for. Raises Unreadable INVALID with the place; UNKNOWN_ZONE at the first use."""
    if channel not in CHANNELS:
        raise Unreadable("INVALID", f"{channel[:40]!r} is not a channel", place="channel")
    try:
        return _read(document, channel, at, rules, calendars), _one_of(
            document.get("rules", "all"), ("statutory", "all"), "rules"
        ) == "statutory"
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise Unreadable("INVALID", f"these are no facts: {error!r}"[:200], place="facts") from None


def _read(document: Mapping[str, Any], channel: str, at: datetime, rules: Sequence[Rule], calendars: Mapping[str, ClosedDays]) -> Facts:
    party, country = document["party"], document["jurisdiction"]
    if not _COUNTRY.fullmatch(country):
        raise Unreadable("INVALID", f"{country[:40]!r} is no jurisdiction", place="jurisdiction")
    closed = calendars.get(country)
    zones = tuple(party.get("zones") or _zones_of(country, rules))
    if not zones:
        raise Unreadable("INVALID", f"no zone is told, and none is known for {country}", place="party.zones")
    contacts: Sequence[Any] = document.get("contacts") or ()
    if len(contacts) > MAX_CONTACTS:
        raise Unreadable("TOO_LARGE", f"more than {MAX_CONTACTS} contacts", place="contacts")
    # A holiday next year may stand before the next allowed time.
    holidays = frozenset[date]() if closed is None else closed.of_year(at.year) | closed.of_year(at.year + 1)
    return Facts(
        channel=channel,
        country=country,
        time_zone=zones[0],
        debtor_type=_one_of(party["type"], ("consumer", "business"), "party.type"),
        stop_states=_stop_states(party),
        contacts_on=True,
        calendar=OpenDays(closed),
        holidays=holidays,
        usage={},
        state=document.get("state") or "",
        residence=party.get("residence") or "",
        collector=_one_of(document["collector"], sorted(COLLECTORS), "collector"),
        zones=zones,
        opt_outs=frozenset(party.get("opt_outs") or ()),
        inconvenient=tuple(_window(row) for row in party.get("inconvenient") or ()),
        place=party.get("place") or "",
        debt=document.get("debt") or "",
        contacts=tuple(_contact(row) for row in contacts),
    )


def _zones_of(country: str, rules: Sequence[Rule]) -> Sequence[str]:
    """Where somebody may be of whom no place is known: a contact must be allowed in all of them."""
    return [zone for rule in rules if rule.kind == "zones" and country in rule.countries for zone in rule.values["zones"]]


def _stop_states(party: Mapping[str, Any]) -> frozenset[str]:
    told = party.get("states") or ()
    found = {_one_of(state, sorted(STATES), "party.states") for state in told}
    if party.get("represented"):
        found |= {"represented", "represented_objected"} if party.get("represented_objected") else {"represented"}
    return frozenset(found | ({"cease"} if party.get("cease") else set()))


def _window(row: Mapping[str, Any]) -> Window:
    days = frozenset(_WEEKDAYS.index(day) for day in row.get("days") or ())
    # A day's end is the next day's beginning.
    begins, ends = (time.fromisoformat("00:00" if text == "24:00" else text) for text in (row["from"], row["to"]))
    return Window(days, begins, ends)


def _contact(row: Mapping[str, Any]) -> Contact:
    at = datetime.fromisoformat(row["at"])
    if at.tzinfo is None:
        raise Unreadable("INVALID", "an instant without an offset is no instant", place="contacts.at")
    channel = _one_of(row["channel"], sorted(CHANNELS), "contacts.channel")
    direction = _one_of(row["direction"], ("out", "in"), "contacts.direction")
    return Contact(at, channel, direction == "out", row.get("debt") or "", row.get("outcome") or "")


def _one_of(value: Any, known: Sequence[str], place: str) -> str:
    if not isinstance(value, str) or value not in known:
        raise Unreadable("INVALID", f"{str(value)[:40]!r} is none of {', '.join(known)}", place=place)
    return value
