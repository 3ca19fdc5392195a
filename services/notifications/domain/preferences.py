"""What a debtor has asked for or who speaks for the debtor: facts of the group that the gate asks about."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import time

from kernel.errors import Refused
from services.notifications.domain.gate import Window
from services.notifications.domain.rules import CHANNELS

OPT_OUT, INCONVENIENT = "opt_out", "inconvenient"
# Kinds that stop: no contact but with the representative; none after a request for silence.
STOPS = frozenset({"represented", "represented_objected", "cease"})
KINDS = STOPS | {OPT_OUT, INCONVENIENT}


class PreferenceInvalid(Refused):
    """A preference of no known kind, or without what its kind needs."""

    code = "INVALID"


@dataclass(frozen=True, slots=True)
class Preference:
    """`value` is the channel of an opt-out, the window of inconvenient hours (`0,1 09:00-12:00`, 0 = Monday), else empty."""

    kind: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Wishes:
    """All preferences of a person, as the gate asks for them."""

    opt_outs: frozenset[str]
    inconvenient: tuple[Window, ...]
    stop_states: frozenset[str]


def opt_out(channel: str) -> Preference:
    """No contact on this channel. Refuses: INVALID."""
    if channel not in CHANNELS:
        raise PreferenceInvalid(f"{channel[:40]!r} is not a channel", field="channel")
    return Preference(OPT_OUT, channel)


def stop(kind: str) -> Preference:
    """No contact at all. Refuses: INVALID."""
    if kind not in STOPS:
        raise PreferenceInvalid(f"{kind[:40]!r} is none of {', '.join(sorted(KINDS))}", field="kind")
    return Preference(kind)


def inconvenient(weekdays: Iterable[int], begins: str, ends: str) -> Preference:
    """Hours (`HH:MM`, the debtor's wall clock) on some weekdays, none: every day. Refuses: INVALID."""
    days = sorted(set(weekdays))
    if any(day not in range(7) for day in days):
        raise PreferenceInvalid("weekdays are 0 (Monday) to 6", field="weekdays")
    return Preference(INCONVENIENT, f"{','.join(map(str, days))} {_minute(begins, 'begins'):%H:%M}-{_minute(ends, 'ends'):%H:%M}")


def wishes(preferences: Iterable[Preference]) -> Wishes:
    """What they come to. Somebody whose representative objected is represented too."""
    by_kind: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for preference in preferences:
        by_kind[preference.kind].append(preference.value)
    stops = {kind for kind in STOPS if by_kind[kind]}
    if "represented_objected" in stops:
        stops.add("represented")
    return Wishes(frozenset(by_kind[OPT_OUT]), tuple(window_of(value) for value in sorted(by_kind[INCONVENIENT])), frozenset(stops))


def window_of(value: str) -> Window:
    """The window that a preference's value tells."""
    days, _, hours = value.partition(" ")
    begins, _, ends = hours.partition("-")
    return Window(frozenset(int(day) for day in days.split(",") if day), time.fromisoformat(begins), time.fromisoformat(ends))


def _minute(text: str, field: str) -> time:
    try:
        # A day's end is the next day's beginning.
        told = time.fromisoformat("00:00" if text == "24:00" else text)
    except ValueError:
        raise PreferenceInvalid(f"{text[:20]!r} is no time of day", field=field) from None
    if told.tzinfo or told.second or told.microsecond:
        raise PreferenceInvalid(f"{text[:20]!r} is no minute of the debtor's day", field=field)
    return told
