"""Reads the cells of bank CSV: dates in the order of the bank, amounts with any grouping, and rows of any delimiter."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from kernel.errors import Unreadable
from services.payments.domain.formats.values import MAX_AMOUNT_CHARACTERS, iso_date

DELIMITERS = (";", ",", "\t", "|")
# A header stands within the first lines; banks print an address and a few balances above it.
HEADER_ROWS = 60

_DATE = re.compile(r"(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})(?:[T ].*|$)")
# "01 Sep 2026", "1-Sep-26"; English, which is what exports in English write.
_NAMED_MONTH = re.compile(r"(\d{1,2})[ -]([A-Za-z]{3})[a-z]{0,6}\.?,?[ -](\d{2}|\d{4})(?: .*|$)")
_MONTHS = {name: number for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
_CENTURY = 2000
_SHORT_YEAR = 100
_NOISE = re.compile(r"[\s'’‘`_]|€|£|\$|¥|\bCHF\b|\bEUR\b|\bUSD\b|\bGBP\b")
_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?|[+-]?\.\d+")
_GROUPED = re.compile(r"\d{1,3}(?:[.,]\d{3})+")


def rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Line and cells of each row. Raises Unreadable UNKNOWN_FORMAT, TOO_LARGE (a cell of more than csv allows), with `line`."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        code = "TOO_LARGE" if "field larger" in str(error) else "UNKNOWN_FORMAT"
        raise Unreadable(code, f"line {line}: no row of cells: {error}", line=line) from None


def read_date(text: str, order: str) -> date | None:
    """A date; None if it is none. Points mean day first, four digits in front year first, else the bank's order."""
    text = text.strip()
    match = _DATE.match(text)
    if match is None and (named := _NAMED_MONTH.match(text)):
        return _date(int(named[3]), _MONTHS.get(named[2].casefold(), 0), int(named[1]))
    if match is None:
        return iso_date(text) if text.isdecimal() and text.isascii() and len(text) == len("YYYYMMDD") else None
    first, mark, second, third = match.groups()
    numbers = int(first), int(second), int(third)
    if len(first) > 2:  # noqa: PLR2004 - a day and a month have two digits
        year, month, day = numbers
    elif mark == "." or order != "mdy":
        day, month, year = numbers
    else:
        month, day, year = numbers
    return _date(year, month, day)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year + _CENTURY if year < _SHORT_YEAR else year, month, day)
    except ValueError:
        return None


def read_amount(text: str, decimal_mark: str, line: int) -> Decimal:
    """``-1'234.50``, ``1.234,56``, ``(5.00)``, ``5,00-``, ``CHF 5``. Raises Unreadable NOT_A_NUMBER with `line`.

    Of two different marks the last is the decimal one; a single one before other than three digits is too.
    """
    value = _NOISE.sub("", text).replace("−", "-").replace("\u2013", "-")
    if value.startswith("(") and value.endswith(")"):
        value = "-" + value[1:-1]
    if value.endswith("-"):
        value = "-" + value[:-1]
    bare = value.lstrip("+-")
    if "." in bare and "," in bare:
        mark = "." if bare.rindex(".") > bare.rindex(",") else ","
    elif _GROUPED.fullmatch(bare):
        mark = decimal_mark if bare.count(decimal_mark) < 2 else ("," if decimal_mark == "." else ".")  # noqa: PLR2004
    else:
        mark = "." if "." in bare else ","
    grouping = "," if mark == "." else "."
    value = value.replace(grouping, "").replace(mark, ".")
    if len(value) > MAX_AMOUNT_CHARACTERS or not value.isascii() or not _NUMBER.fullmatch(value):
        raise Unreadable("NOT_A_NUMBER", f"line {line}: {text[:40]!r} is no amount", line=line, value=text[:40])
    return Decimal(value.removesuffix("."))
