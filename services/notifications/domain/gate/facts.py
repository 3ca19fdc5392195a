"""What the gate is asked: who, where, on which channel, after which contacts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Usage:
    """What was counted for a rule: contacts in its window, and when so many have left it that one more is allowed."""

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
    """What the rules ask about; nothing that names a person. `usage` is by the id of the rule (cap or conversation).

    `zones` are all places where the debtor may be (none: `time_zone` only); a rule must allow in each of them.
    `contacts` are what such rules count when they are told; else `usage` says what was counted elsewhere.
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
