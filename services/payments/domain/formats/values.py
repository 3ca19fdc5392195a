"""Reads single values of bank files: amounts as exact decimals, dates as dates, text without the file's layout."""

import re
from datetime import date
from decimal import Decimal
from functools import lru_cache

from kernel.errors import Unreadable
from kernel.references import normal_reference
from services.payments.domain.formats.statement import Notes

# ISO 20022 allows 18 digits; banks have been seen to send 13 decimals. What is longer is no amount.
MAX_AMOUNT_CHARACTERS = 40
# A free text of any format is far shorter; the rest of a longer one would only be noise to matching.
MAX_TEXT_CHARACTERS = 10_000

_AMOUNT = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")
# YYMMDD of formats without a century: the sliding window of ISO 9735 and SWIFT, 1980 to 2079.
_CENTURY_PIVOT = 80


def decimal_amount(text: str, line: int, what: str = "amount") -> Decimal:
    """``-1234.50``; a point, no grouping. Raises Unreadable NOT_A_NUMBER with `line`."""
    text = text.strip()
    if len(text) > MAX_AMOUNT_CHARACTERS or not text.isascii() or not _AMOUNT.fullmatch(text):
        raise Unreadable("NOT_A_NUMBER", f"line {line}: {text[:40]!r} is no {what}", line=line, value=text[:40])
    return Decimal(text)


def whole_number(text: str, line: int, what: str) -> int:
    """Digits only. Raises Unreadable NOT_A_NUMBER with `line`."""
    if not text or len(text) > MAX_AMOUNT_CHARACTERS or not (text.isascii() and text.isdecimal()):
        raise Unreadable("NOT_A_NUMBER", f"line {line}: {text[:40]!r} is no {what}", line=line, value=text[:40])
    return int(text)


@lru_cache(maxsize=4096)  # a statement is of a few days
def iso_date(text: str) -> date | None:
    """The date of ``2026-06-01``, ``20260601`` or a date and time of either; None if it is none."""
    text = text.strip()
    match = re.match(r"(\d{4})-?(\d{2})-?(\d{2})", text, re.ASCII)
    return _date(int(match[1]), int(match[2]), int(match[3])) if match else None


def short_date(text: str) -> date | None:
    """The date of ``YYMMDD`` (1980 to 2079) or ``YYYYMMDD``; None if it is none."""
    text = text.strip()
    if not text.isascii() or not text.isdecimal():
        return None
    if len(text) == len("YYYYMMDD"):
        return iso_date(text)
    if len(text) != len("YYMMDD"):
        return None
    year = int(text[:2])
    return _date(year + (1900 if year >= _CENTURY_PIVOT else 2000), int(text[2:4]), int(text[4:6]))


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def tidy(text: str | None) -> str:
    """Without line breaks and runs of blanks, which belong to the file's layout."""
    return " ".join(text[:MAX_TEXT_CHARACTERS].split()) if text else ""


def or_none(text: str | None) -> str | None:
    """Tidied; None when nothing is left."""
    return (" ".join(text[:MAX_TEXT_CHARACTERS].split()) or None) if text else None


def reference(text: str | None) -> str:
    """A reference as every format gives it: tidied, and in its scheme's normal form where its check digits prove one."""
    value = tidy(text)
    return normal_reference(value) if value else ""


def decode_text(content: bytes, notes: Notes) -> str:
    """UTF-8, else Windows-1252 (which banks call ISO 8859-1). Raises Unreadable ENCODING (zero bytes) with `line`."""
    if b"\x00" in content:
        line = content.count(b"\n", 0, content.index(b"\x00")) + 1
        raise Unreadable("ENCODING", f"line {line}: the file holds zero bytes", line=line)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        notes.warn("the file is not UTF-8 and is read as Windows-1252")
    try:
        return content.decode("cp1252")
    except UnicodeDecodeError:
        return content.decode("iso-8859-1")
