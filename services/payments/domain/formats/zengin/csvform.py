"""Reads the comma separated form of Zengin files (全銀CSV): the same records and fields, of any width, quoted or not."""

import csv
import io
import re
from dataclasses import dataclass, field
from itertools import accumulate

from kernel.errors import Unreadable
from services.payments.domain.formats.statement import Notes
from services.payments.domain.formats.values import tidy
from services.payments.domain.formats.zengin.layout import RECORD_LENGTHS, Layout
from services.payments.domain.formats.zengin.records import Record

_STARTS = re.compile(rb'(?:\xef\xbb\xbf)?"?1"?\s*,\s*"?(\d\d)"?\s*,')
# Widths of the items of each record in order; a negative one is filler (ダミー), which many banks leave out.
_HEADER_03 = (1, 2, 1, 6, 6, 6, 4, 15, 3, 15, -3, 1, 10, 40, 1, 1, 14, -71)
_DATA_03 = (1, 8, 6, 6, 1, 2, 12, 12, 6, 6, 1, 7, 3, 10, 48, 15, 15, 20, 20, -1)
_TIME_03 = (1, 8, 6, 6, 1, 2, 12, 12, 6, 6, 1, 7, 3, 6, 6, 6, 7, 11, 6, 1, 4, 6, 9, 11, 1, 4, 10, 11, 20, 5, 1, -4)
_TRAILER_03 = (1, 6, 13, 6, 13, 1, 14, 7, -139)
_HEADER_01 = (1, 2, 1, 6, 6, 6, 4, 15, 3, 15, 1, 7, 40, -93)
_DATA_01_A = (1, 6, 6, 6, 10, 10, 10, 48, 15, 15, 1, 20, -52)
_DATA_01_B = (1, 6, 6, 6, 10, 10, 10, 48, 15, 15, 1, 12, 12, 20, -28)
_TRAILER_01 = (1, 6, 12, 6, 12, -163)
_HEADER_91 = (1, 2, 1, 10, 40, 4, 4, 15, 3, 15, 1, 7, -17)
_DATA_91 = (1, 4, 15, 3, 15, -4, 1, 7, 30, 10, 1, 20, 1, -8)
_TRAILER_91 = (1, 6, 12, 6, 12, 6, 12, -65)
_DATA_21 = (1, 4, 15, 3, 15, 4, 1, 7, 30, 10, 1, 10, 10, 1, 1, -7)
_TRAILER_21 = (1, 6, 12, -101)
_FORMS: dict[str, dict[str, tuple[tuple[int, ...], ...]]] = {
    "03": {"1": (_HEADER_03,), "2": (_DATA_03, _TIME_03), "8": (_TRAILER_03,), "9": ((1, 10, 5, -184), (1, -199))},
    "01": {"1": (_HEADER_01,), "2": (_DATA_01_A, _DATA_01_B), "8": (_TRAILER_01,), "9": ((1, -199),)},
    "91": {"1": (_HEADER_91,), "2": (_DATA_91,), "8": (_TRAILER_91,), "9": ((1, -119),)},
    "21": {"1": (_HEADER_91,), "2": (_DATA_21,), "8": (_TRAILER_21,), "9": ((1, -119),)},
}


@dataclass(frozen=True, slots=True)
class CsvRecord(Record):
    """A record whose items are texts; they are found by the bytes that they have in the fixed form."""

    items: dict[tuple[int, int], str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        return self.items[0, 1]

    def cut(self, first: int, last: int) -> str:
        """The items that fill these bytes together; an item that begins here if it is longer; else nothing."""
        inside = [(place, value) for place, value in self.items.items() if first <= place[0] and place[1] <= last]
        if sum(end - start for (start, end), _ in inside) == last - first:
            return "".join(value for _, value in inside)
        return next((value for (start, end), value in self.items.items() if start == first and end > last), "")

    def using(self, layout: Layout) -> "CsvRecord":
        return CsvRecord(self.data, self.line, layout, self.items)


def starts_like_zengin_csv(content: bytes) -> bool:
    """True for a first row of 1 and a known 種別コード."""
    match = _STARTS.match(content)
    return match is not None and match[1].decode() in RECORD_LENGTHS


def csv_records(content: bytes, notes: Notes) -> tuple[str, list[Record]]:
    """種別コード and the records. Raises Unreadable ENCODING, UNKNOWN_FORMAT (a row of another length), with `line`."""
    reader = csv.reader(io.StringIO(_decode(content), newline=""), strict=True)
    kind, found = "", list[Record]()
    try:
        for cells in reader:
            row = [tidy(cell) for cell in cells]
            if not any(row):
                continue
            kind = kind or (row[1] if len(row) > 1 else "")
            found.append(_record(kind, row, reader.line_num, notes))
    except csv.Error as error:
        raise Unreadable("UNKNOWN_FORMAT", f"line {reader.line_num}: no row of values: {error}", line=reader.line_num) from None
    return kind, found


def _record(kind: str, row: list[str], line: int, notes: Notes) -> CsvRecord:
    forms = _FORMS.get(kind, {}).get(row[0], ())
    for form in forms:
        ends = list(accumulate(abs(width) for width in form))
        places = list(zip([0, *ends], ends, strict=False))
        kept = [place for place, width in zip(places, form, strict=True) if width > 0]
        for candidate in (places, places[:-1] if form[-1] < 0 else places, kept):
            if len(row) == len(candidate):
                return CsvRecord(b"", line, {}, dict(zip(candidate, row, strict=True)))
        if row[0] == "9" and len(row) < len(places):
            return CsvRecord(b"", line, {}, dict(zip(places, row, strict=False)))
        # A comma behind the last item.
        if len(row) == len(places) + 1 and not row[-1]:
            notes.warn("rows end with a comma too many")
            return CsvRecord(b"", line, {}, dict(zip(places, row[:-1], strict=True)))
    known = " or ".join(str(len(form)) for form in forms) or "no"
    message = f"line {line}: a record {row[0][:5]!r} of {len(row)} values; {kind} has {known}"
    raise Unreadable("UNKNOWN_FORMAT", message, line=line)


def _decode(content: bytes) -> str:
    content = content.rstrip(b"\x1a")
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
    raise Unreadable("ENCODING", f"line {line}: neither UTF-8 nor Shift_JIS", line=line)
