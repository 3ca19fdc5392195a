"""The business calendar: which days are worked where, and which instant a local wall clock shows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kernel.errors import Refused, Unreadable

# No calendar closes for longer; a search that passes this has a wrong calendar, not a long holiday.
MAX_CLOSED_DAYS = 30
# A market's code (ISO 10383) has four letters, a country's (ISO 3166-1) two; to look one up in a list loads all calendars.
MIC_LENGTH = 4


class UnknownCalendar(Refused):
    """No holidays are known for this country or subdivision."""

    code = "UNKNOWN_CALENDAR"


@lru_cache(maxsize=512)
def _holidays(country: str, subdivision: str | None, categories: tuple[str, ...], year: int) -> frozenset[date]:
    import holidays  # slow to import: only who asks for a calendar pays for it

    try:
        if len(country) == MIC_LENGTH:
            return frozenset(holidays.financial_holidays(country, years=year))
        days = holidays.country_holidays(country, subdiv=subdivision, years=year, categories=categories or None)
    except (NotImplementedError, ValueError) as error:
        place = f"{country}-{subdivision}" if subdivision else country
        raise UnknownCalendar(f"no calendar for {place}: {error}", calendar=place) from None
    return frozenset(days)


@lru_cache(maxsize=512)
def _weekend(country: str, year: int) -> frozenset[int]:
    import holidays

    if len(country) == MIC_LENGTH:
        return frozenset(holidays.financial_holidays(country, years=year).weekend)
    return frozenset(holidays.country_holidays(country, years=year).weekend)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Working days of a country (ISO 3166-1 alpha-2), of one subdivision of it, or of a financial market (ISO 10383
    MIC, ``XECB`` = TARGET).

    `categories` are the holiday categories of the `holidays` package that count (none: its default, public holidays;
    ``("public", "bank")`` for banks in Japan). `extra_weekend` are further weekly closing days (0 = Monday),
    `extra_closed` single days that policy adds. Raises UnknownCalendar when first asked, if nothing is known.
    """

    country: str
    subdivision: str | None = None
    categories: tuple[str, ...] = ()
    extra_weekend: frozenset[int] = frozenset()
    extra_closed: frozenset[date] = frozenset()

    def is_business_day(self, on: date) -> bool:
        """True when the day is neither weekend nor holiday."""
        return not (
            on in _holidays(self.country, self.subdivision, self.categories, on.year)
            or on.weekday() in _weekend(self.country, on.year)
            or on.weekday() in self.extra_weekend
            or on in self.extra_closed
        )

    def next_business_day(self, on: date) -> date:
        """The day itself if it is worked, else the first worked one after it."""
        return self._step(on, timedelta(days=1))

    def previous_business_day(self, on: date) -> date:
        """The day itself if it is worked, else the last worked one before it."""
        return self._step(on, timedelta(days=-1))

    def add_business_days(self, on: date, n: int) -> date:
        """The n-th worked day after `on` (before it, if n is negative); `on` itself is never counted.

        Zero gives the next business day, which is the day itself if it is worked.
        """
        if n == 0:
            return self.next_business_day(on)
        direction = timedelta(days=1 if n > 0 else -1)
        for _ in range(abs(n)):
            on = self._step(on + direction, direction)
        return on

    def business_days(self, days: Iterable[date]) -> list[date]:
        """Those of the days that are worked, in their order."""
        return [on for on in days if self.is_business_day(on)]

    def _step(self, on: date, direction: timedelta) -> date:
        for _ in range(MAX_CLOSED_DAYS):
            if self.is_business_day(on):
                return on
            on += direction
        raise UnknownCalendar(f"{self.country} has no business day within {MAX_CLOSED_DAYS} days of {on}", on=str(on))


def _zone(zone: str) -> ZoneInfo:
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Unreadable("UNKNOWN_ZONE", f"{zone[:60]!r} is not an IANA time zone", zone=zone[:60]) from None


def local_instant(on: date, at: time, zone: str) -> datetime:
    """The UTC instant at which clocks in `zone` show `on` `at`.

    A time that the spring change skips moves forward by the length of the gap; one that the autumn change repeats
    is its first occurrence (RFC 5545, 3.3.5). Raises Unreadable UNKNOWN_ZONE.
    """
    # fold=0 is the first occurrence, and in a gap the offset before it, which lands behind the gap (PEP 495).
    return datetime.combine(on, at.replace(tzinfo=None, fold=0), _zone(zone)).astimezone(UTC)


def local_date(instant: datetime, zone: str) -> date:
    """The date on the wall in `zone` at that instant. Raises Unreadable UNKNOWN_ZONE; refuses a naive instant."""
    if instant.tzinfo is None:
        raise Unreadable("INVALID", "an instant without a zone is no instant", value=instant.isoformat())
    return instant.astimezone(_zone(zone)).date()
