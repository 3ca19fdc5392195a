"""Reads bank CSV: finds the header and its profile, then what stands above, in and below the table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import islice

from kernel.errors import Unreadable
from services.payments.domain.formats.bankcsv.cells import DELIMITERS, HEADER_ROWS, read_amount, rows
from services.payments.domain.formats.bankcsv.profile import BankCsv, plain, split_currency
from services.payments.domain.formats.bankcsv.propose import proposal
from services.payments.domain.formats.bankcsv.table import Table
from services.payments.domain.formats.statement import File, Notes
from services.payments.domain.formats.values import decode_text, or_none

# A table has a date and an amount at least, and a text or a balance.
MIN_COLUMNS = 3
_HEAD_CHARACTERS = 65_536


@dataclass(frozen=True, slots=True)
class _Found:
    profile: BankCsv
    delimiter: str
    row: int
    fields: list[str]
    currency: str | None


def looks_like_csv(content: bytes) -> bool:
    """True for text with a line of several cells near the beginning."""
    if b"\x00" in content[:_HEAD_CHARACTERS] or content.lstrip()[:1] in {b"<", b"{", b"["}:
        return False
    head = content[:_HEAD_CHARACTERS].decode("iso-8859-1")
    return any(line.count(mark) >= MIN_COLUMNS - 1 for line in head.splitlines()[:HEADER_ROWS] for mark in DELIMITERS)


def read(content: bytes, received_on: date | None, profiles: Sequence[BankCsv]) -> File:
    """The file's accounts. Raises Unreadable UNKNOWN_FORMAT (with the proposed `profile`), NOT_A_NUMBER, ENCODING, TRUNCATED."""
    del received_on  # dates are whole
    notes = Notes()
    text = decode_text(content, notes).lstrip("\ufeff")
    found = _find(text, profiles)
    if found is None:
        raise Unreadable("UNKNOWN_FORMAT", "a CSV that no profile describes; `profile` proposes one", line=1, profile=proposal(text))
    table = Table(found.profile, found.fields, notes, currency=found.currency or found.profile.currency)
    for place, (line, cells) in enumerate(rows(text, found.delimiter)):
        if place < found.row:
            _above(cells, table, line)
        elif place > found.row:
            table.take(line, cells)
    return notes.file("statement", f"csv/{found.profile.name}", table.statements())


def _find(text: str, profiles: Sequence[BankCsv]) -> _Found | None:
    """The profile that knows every header of a row; of several the one that ignores least."""
    best: tuple[tuple[int, int], _Found] | None = None
    for delimiter in DELIMITERS:
        for place, (_, cells) in enumerate(islice(rows(text, delimiter), HEADER_ROWS)):
            if sum(1 for cell in cells if cell.strip()) < MIN_COLUMNS:
                continue
            for profile in profiles:
                fitting = profile.fields(cells)
                if fitting is None:
                    continue
                used = sum(1 for field in fitting[0] if field != "ignored")
                rank = used, -len(set(profile.columns.values()))  # of two that use as much, the one that was made for less
                if best is None or rank > best[0]:
                    best = rank, _Found(profile, delimiter, place, *fitting)
        if best is not None:
            return best[1]
    return None


def _above(cells: list[str], table: Table, line: int) -> None:
    """Labels and values above the table: ``IBAN:;CH…``, or ``Saldo: CHF 5.00`` in one cell."""
    given = [cell.strip() for cell in cells if cell.strip()]
    if not given:
        return
    label, colon, behind = given[0].partition(":")
    value = given[1] if len(given) > 1 else behind.strip() if colon else ""
    preamble = table.profile.preamble
    key = preamble.get(plain(label)) or next(
        (preamble[start] for start in preamble if start.endswith("*") and plain(label).startswith(start[:-1])), None
    )
    if key is None or not value:
        return
    if key in {"opening", "closing"}:
        currency, amount = _money(value)
        table.currency = table.currency or currency
        balance: Decimal = read_amount(amount, table.profile.decimal_mark, line)
        if key == "opening":
            table.opening = balance
        else:
            table.closing = balance
    elif key == "currency":
        table.currency = value if value.isascii() else table.currency
    elif key == "iban" or table.account is None:
        number, currency = split_currency(value)
        table.account, table.currency = or_none(number), table.currency or currency


def _money(value: str) -> tuple[str | None, str]:
    """``CHF 45520.83`` or ``1.361,16 €``."""
    first, _, rest = value.partition(" ")
    if first.isalpha() and rest:
        return first, rest
    amount, currency = split_currency(value)
    return currency, amount
