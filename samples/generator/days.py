"""The days of the sample world: bank holidays from June to November 2026, and when something is paid."""

from calendar import monthrange
from datetime import date, timedelta

YEAR = 2026

# Weekdays on which the unit's bank books nothing (North Rhine-Westphalia; Japan; New York, Federal Reserve).
HOLIDAYS = {
    "rheintel": {(6, 4)},
    "naniwa": {(7, 20), (8, 11), (9, 21), (9, 22), (9, 23), (10, 12), (11, 3), (11, 23)},
    "hudson": {(6, 19), (7, 3), (9, 7), (10, 12), (11, 11), (11, 26)},
}
SATURDAY = 5


def is_open(unit: str, day: date) -> bool:
    return day.weekday() < SATURDAY and (day.month, day.day) not in HOLIDAYS[unit]


def on_or_after(unit: str, day: date) -> date:
    while not is_open(unit, day):
        day += timedelta(days=1)
    return day


def on_or_before(unit: str, day: date) -> date:
    while not is_open(unit, day):
        day -= timedelta(days=1)
    return day


def month_end(month: int) -> date:
    return date(YEAR, month, monthrange(YEAR, month)[1])


def in_month(unit: str, month: int, day: int) -> date:
    """The last open day up to `day` of the month."""
    return on_or_before(unit, min(date(YEAR, month, day), month_end(month)))
