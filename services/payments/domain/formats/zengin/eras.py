"""Dates with a Japanese era year and no era: which era is meant follows from when the file was made."""

from dataclasses import dataclass
from datetime import date

from services.payments.domain.formats.values import short_date

# First day of the era and the year that is its year 1 minus 1 (Cabinet orders; Reiwa: 平成31年政令第143号).
_ERAS = (
    (date(2019, 5, 1), 2018),  # Reiwa
    (date(1989, 1, 8), 1988),  # Heisei
    (date(1926, 12, 25), 1925),  # Showa
)
# Banks wrote the old era's year for some weeks after a change (31MMDD in May 2019): the year is finished in it.
_LATE_SWITCH_YEARS = 1
# Without a reception date a file is taken as made before this day; a later one needs its reception date.
_UNDATED_LIMIT = date(2040, 12, 31)


@dataclass(frozen=True, slots=True)
class EraDates:
    """Resolves the dates of one file; `made_on` is its creation date, once known."""

    made_on: date | None = None
    received_on: date | None = None

    def made(self, text: str) -> date | None:
        """The creation date: the latest candidate that is not after the reception."""
        limit = self.received_on or _UNDATED_LIMIT
        candidates = _candidates(text)
        return max((day for day in candidates if day <= limit), default=min(candidates, default=None))

    def near(self, text: str) -> date | None:
        """A date inside the file: the candidate nearest to the creation date; None for blanks, zeros, no date."""
        candidates = _candidates(text)
        if not candidates:
            return None
        anchor = self.made_on or self.received_on
        if anchor is None:
            return self.made(text)
        return min(candidates, key=lambda day: abs((day - anchor).days))


def is_blank(text: str) -> bool:
    """True for an optional date that is not given: zeros or blanks."""
    return not text.strip(" 0")


def _candidates(text: str) -> list[date]:
    if len(text) == len("YYYYMMDD"):  # some banks' CSV form has western years
        return [day for day in [short_date(text)] if day]
    if is_blank(text) or not (text.isascii() and text.isdecimal()) or len(text) != len("YYMMDD"):
        return []
    found = []
    until: date | None = None
    for start, offset in _ERAS:
        try:
            day = date(offset + int(text[:2]), int(text[2:4]), int(text[4:6]))
        except ValueError:
            until = start
            continue
        late = until is not None and day.year - until.year < _LATE_SWITCH_YEARS
        if int(text[:2]) > 0 and day >= start and (until is None or day < until or late):
            found.append(day)
        until = start
    return found
