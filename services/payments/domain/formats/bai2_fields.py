"""Takes BAI2 fields one by one out of a record and its continuations."""

import re
from collections.abc import Iterator
from datetime import date

from kernel.errors import Unreadable
from services.payments.domain.formats.bai2_records import Record
from services.payments.domain.formats.values import MAX_AMOUNT_CHARACTERS, short_date, whole_number

_AMOUNT = re.compile(r"[+-]?[0-9]+")
_TYPE_CODE = re.compile(r"[0-9]{3}")
_FUNDS = frozenset({"", "Z", "0", "1", "2", "S", "V", "D"})
# Distributed availability names days; a bank that lists more of them than a quarter has is not believed.
_MAX_DISTRIBUTION = 100


class Fields:
    """A cursor over the fields of one record; a field that is not there is empty.

    Text is whatever no field has taken: it may hold commas, so nothing is split before it is asked for.
    """

    def __init__(self, record: Record) -> None:
        self._pieces = record.pieces
        self._line = record.line
        self._piece = self._place = 0
        self._at_start_of_piece = False

    @property
    def exhausted(self) -> bool:
        """True when neither this piece nor a continuation has a field left."""
        return self._piece >= len(self._pieces)

    def next(self) -> str:
        """The next field without blanks; continues in the next piece where one has ended."""
        if self.exhausted:
            return ""
        text, start = self._pieces[self._piece], self._place
        comma = text.find(",", start)
        self._at_start_of_piece = comma < 0
        if comma < 0:
            self._piece, self._place = self._piece + 1, 0
            return text[start:].strip()
        self._place = comma + 1
        return text[start:comma].strip()

    def peek(self) -> str:
        """The next field without taking it."""
        if self.exhausted:
            return ""
        text = self._pieces[self._piece]
        comma = text.find(",", self._place)
        return text[self._place : comma if comma >= 0 else None].strip()

    @property
    def at_continuation(self) -> bool:
        """True when the next field is the first of a continuation."""
        return self._at_start_of_piece

    def skip(self, count: int) -> None:
        """Leave fields out."""
        for _ in range(count):
            self.next()

    def amount(self, what: str) -> int | None:
        """Minor units, signed or not; None where the field is empty. Raises Unreadable NOT_A_NUMBER."""
        text = self.next()
        if not text:
            return None
        if len(text) > MAX_AMOUNT_CHARACTERS or not _AMOUNT.fullmatch(text):
            raise Unreadable("NOT_A_NUMBER", f"line {self._line}: {text[:40]!r} is no {what}", line=self._line, value=text[:40])
        return int(text)

    def value_date(self) -> date | None:
        """Takes the funds type and what belongs to it; the value date where it gives one.

        S is followed by three amounts, V by date and time, D by a count and that many pairs of days and amount.
        """
        if self._at_start_of_piece and self.peek().upper() not in _FUNDS:
            return None  # the record ended before its funds type, the continuation is text
        kind = self.next().upper()
        if kind == "V":
            on = short_date(self.next())
            self.next()
            return on
        if kind == "S":
            self.skip(3)
        elif kind == "D":
            pairs = whole_number(self.next() or "0", self._line, "count")
            if pairs > _MAX_DISTRIBUTION:
                raise Unreadable("TOO_LARGE", f"line {self._line}: {pairs} days of availability", line=self._line)
            self.skip(2 * pairs)
        elif kind not in _FUNDS:
            raise Unreadable("UNKNOWN_FORMAT", f"line {self._line}: {kind[:20]!r} is no funds type", line=self._line)
        return None

    def reference(self) -> str:
        """The next field, unless it is a continuation that holds free text only.

        A bank that ends the record before its references may put them, or just text, into the continuation: a
        reference is there only if a comma follows it.
        """
        if self._at_start_of_piece and not self.exhausted and "," not in self._pieces[self._piece]:
            return ""
        return self.next()

    def rest(self) -> str:
        """All that is left, as text."""
        left = self._pieces[self._piece :]
        left[:1] = [text[self._place :] for text in left[:1]]
        self._piece = len(self._pieces)
        return " ".join(left)


def split_summaries(fields: Fields) -> Iterator[tuple[str, int | None]]:
    """Type code and amount of each summary in a record 03 and its continuations.

    Each is type, amount, item count, funds type; trailing commas leave empty fields behind, and a continuation may
    begin in the middle of one.
    """
    while not fields.exhausted:
        code = fields.next()
        if not code:
            continue
        amount = fields.amount(f"amount of {code[:3]}")
        if not _starts_summary(fields):
            fields.next()  # item count
            if not _starts_summary(fields):
                fields.value_date()
        yield code, amount


def _starts_summary(fields: Fields) -> bool:
    """True where a continuation begins with a type code: what the group before it left out stays out."""
    return fields.exhausted or (fields.at_continuation and _TYPE_CODE.fullmatch(fields.peek()) is not None)
