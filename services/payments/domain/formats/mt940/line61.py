"""Reads field 61, the statement line: dates, mark, amount, kind of booking, references."""

import calendar
import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from kernel.errors import Unreadable
from services.payments.domain.formats.mt940.fields import Field
from services.payments.domain.formats.statement import Direction, Notes
from services.payments.domain.formats.values import MAX_AMOUNT_CHARACTERS, short_date, tidy

_LINE = re.compile(
    r"(?P<value>\d{6})(?P<entry>\d{4}|\s{4})?\s*"
    r"(?P<mark>R[CD]|E[CD]|[CD])(?P<funds>[A-Z])?\s*(?P<amount>\d[\d.,]*)\s*(?P<rest>.*)",
    re.DOTALL,
)
_KIND = re.compile(r"([NSF][A-Z0-9][A-Z0-9 ]{2})(.*)", re.DOTALL)
_PLAIN = re.compile(r"\d+([.,]\d*)?")
_GROUPED = re.compile(r"\d{1,3}(\.\d{3})+,\d*")
_GROUPED_BY_COMMA = re.compile(r"\d{1,3}(,\d{3})+\.\d*")
# Grouping that the format does not know: taking the digits before it would lose a thousandfold.
_GOES_ON = re.compile(r"['’`]?\d{3}[.,'’`]|['’`]\d")
# What banks write where there is no reference; EREF, KREF and the like only point at field 86.
NO_REFERENCE = frozenset("NONREF NOREF KEINE NOTPROVIDED EREF KREF MREF MARF PREF NONE XXX".split())
_DIRECTIONS: dict[str, Direction] = {"C": "credit", "D": "debit"}
_REVERSED: dict[Direction, Direction] = {"credit": "debit", "debit": "credit"}
_FEBRUARY = 2


@dataclass(frozen=True, slots=True)
class Line:
    """One statement line. `direction` is the money's, after reversal; `more` the supplementary details (subfield 9)."""

    amount: Decimal
    direction: Direction
    reversal: bool
    booked_on: date | None
    value_on: date | None
    kind: str
    reference: str | None
    bank_reference: str | None
    more: str


def read_line(field: Field, notes: Notes) -> Line:
    """Raises Unreadable UNKNOWN_FORMAT, NOT_A_NUMBER with `line`."""
    head, more = field.lines[0], field.lines[1:]
    match = _LINE.fullmatch(head.strip())
    if match is None and more:  # wrapped inside the mandatory part
        match, more = _LINE.fullmatch((head + more[0]).strip()), more[1:]
    if match is None:
        message = f"line {field.line}: {head[:40]!r} is no statement line of date, mark and amount"
        raise Unreadable("UNKNOWN_FORMAT", message, line=field.line)
    mark = match["mark"]
    direction = _DIRECTIONS[mark[-1]]
    reversal = mark.startswith("R")
    value_on = _day(match["value"], field.line, notes)
    if _GOES_ON.match(match["rest"]):
        raise Unreadable("NOT_A_NUMBER", f"line {field.line}: {head[10:50]!r} holds no amount", line=field.line, value=match["amount"][:40])
    kind, reference, bank_reference = _references(match["rest"])
    return Line(
        amount=read_amount(match["amount"], field.line),
        # RC takes back a credit: money out.
        direction=_REVERSED[direction] if reversal else direction,
        reversal=reversal,
        booked_on=_booked_on(match["entry"] or "", value_on, field.line, notes),
        value_on=value_on,
        kind=kind,
        reference=reference,
        bank_reference=bank_reference,
        more=" ".join(more),
    )


def read_amount(text: str, line: int) -> Decimal:
    """``12,``, ``300,00``, ``000000002145.00``, ``1.234,56``, ``1,234.56``. Raises Unreadable NOT_A_NUMBER with `line`."""
    if len(text) <= MAX_AMOUNT_CHARACTERS:
        if _PLAIN.fullmatch(text):
            return Decimal(text.replace(",", ".").removesuffix("."))
        if _GROUPED.fullmatch(text):
            return Decimal(text.replace(".", "").replace(",", ".").removesuffix("."))
        if _GROUPED_BY_COMMA.fullmatch(text):
            return Decimal(text.replace(",", "").removesuffix("."))
    raise Unreadable("NOT_A_NUMBER", f"line {line}: {text[:40]!r} is no amount", line=line, value=text[:40])


def _references(rest: str) -> tuple[str, str | None, str | None]:
    """Kind of booking, the customer's reference, the bank's behind ``//``."""
    kind = ""
    if not rest.startswith("NONREF") and (match := _KIND.match(rest)):
        kind, rest = match[1].strip(), match[2]
    own, slashes, bank = rest.partition("//")
    own, bank = tidy(own), tidy(bank) if slashes else ""
    return kind, _given(own), _given(bank)


def _given(reference: str) -> str | None:
    return None if not reference or reference.upper().rstrip("+ ") in NO_REFERENCE else reference


def _booked_on(month_and_day: str, value_on: date | None, line: int, notes: Notes) -> date | None:
    """The entry date has no year: the one nearest to the value date. Without one the booking is of the value date."""
    if not month_and_day.strip() or value_on is None:
        return value_on
    days = [
        day
        for year in (value_on.year - 1, value_on.year, value_on.year + 1)
        if (day := short_date(f"{year:04d}{month_and_day}")) is not None
    ]
    if not days:
        notes.warn(f"line {line}: the entry date {month_and_day!r} is no date; the value date is taken")
        return value_on
    return min(days, key=lambda day: abs((day - value_on).days))


def _day(text: str, line: int, notes: Notes) -> date | None:
    day = short_date(text)
    if day is not None:
        return day
    # Interest is counted in months of 30 days, and some banks print it.
    year, month = short_date(text[:4] + "01"), int(text[2:4])
    if year is not None and month == _FEBRUARY and int(text[4:]) == 30:  # noqa: PLR2004
        notes.warn(f"line {line}: 30 February is taken as the last day of February")
        return year.replace(day=calendar.monthrange(year.year, month)[1])
    notes.warn(f"line {line}: {text!r} is no date")
    return None
