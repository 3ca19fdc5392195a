"""Cuts Zengin bytes into records of fixed length: any separator or none, stripped blanks, other encodings."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kernel.errors import Unreadable
from services.payments.domain.formats.statement import Notes
from services.payments.domain.formats.values import tidy, whole_number
from services.payments.domain.formats.zengin.layout import RECORD_LENGTHS, Layout

_HEADER = re.compile(rb"1(\d\d)([01 ])[0-9 ]")
_END_OF_FILE = b"\x1a"
_EBCDIC_HEADER = re.compile(rb"\xf1[\xf0-\xf9]{2}[\xf0\xf1]")


@dataclass(frozen=True, slots=True)
class Record:
    """One record of full length. `kind`: 1 header, 2 data, 8 trailer, 9 end. `line` counts records."""

    data: bytes
    line: int
    layout: Layout

    @property
    def kind(self) -> str:
        return chr(self.data[0])

    def text(self, name: str) -> str:
        """A field without outer blanks; empty where the layout has none. Raises Unreadable ENCODING."""
        if name not in self.layout:
            return ""
        return tidy(self.cut(*self.layout[name]))

    def cut(self, first: int, last: int) -> str:
        """Bytes as text, blanks kept. Raises Unreadable ENCODING."""
        try:
            return self.data[first:last].decode("cp932")
        except UnicodeDecodeError:
            raise Unreadable("ENCODING", f"line {self.line}: bytes {first + 1} to {last} are no JIS text", line=self.line) from None

    def number(self, name: str) -> int:
        """A field that must hold digits. Raises Unreadable NOT_A_NUMBER."""
        return whole_number(self.cut(*self.layout[name]), self.line, name)

    def optional_number(self, name: str) -> int:
        """A field of digits that may be blank."""
        return self.number(name) if self.text(name) else 0

    def using(self, layout: Layout) -> "Record":
        """The same bytes with the names of their layout."""
        return Record(self.data, self.line, layout)


def starts_like_zengin(content: bytes) -> bool:
    """True for a header record of a known kind (種別コード), in JIS or in EBCDIC."""
    content = content.removeprefix(b"\xef\xbb\xbf")
    match = _HEADER.match(content)
    if match:
        return match[1].decode() in RECORD_LENGTHS and b"," not in content[:22]
    return _EBCDIC_HEADER.match(content) is not None


def records(content: bytes, notes: Notes) -> tuple[str, list[Record]]:
    """種別コード and the records. Raises Unreadable ENCODING, TRUNCATED, UNKNOWN_FORMAT, with `line`."""
    if _EBCDIC_HEADER.match(content) or content[3:4] == b"1":
        raise Unreadable("ENCODING", "コード区分 1: EBCDIC kana is not read; ask the bank for JIS (0)", line=1)
    content = _as_jis(content, notes)
    kind = content[1:3].decode("ascii", "replace")
    length = RECORD_LENGTHS[kind]
    cut = list(_cut(content.rstrip(_END_OF_FILE + b"\r\n"), length, notes))
    return kind, [Record(data, line, {}) for line, data in enumerate(cut, 1)]


def _as_jis(content: bytes, notes: Notes) -> bytes:
    """A file that someone saved as UTF-8 has its widths again when it is turned back."""
    if content.isascii():
        return content
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content
    try:
        back = text.encode("cp932")
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        raise Unreadable("ENCODING", "the file is UTF-8 with characters that JIS does not have", line=line) from None
    notes.warn("the file is UTF-8 instead of JIS and was turned back")
    return back


def _cut(content: bytes, length: int, notes: Notes) -> Iterator[bytes]:
    if b"\r" not in content and b"\n" not in content:
        pieces = [content[start : start + length] for start in range(0, len(content), length)]
    else:
        pieces = re.split(rb"\r\n|\r|\n", content)
    padded = 0
    for line, piece in enumerate(pieces, 1):
        data = piece.rstrip(_END_OF_FILE)
        if len(data) > length and not data[length:].strip(b" "):
            data = data[:length]
        if not data:
            raise Unreadable("UNKNOWN_FORMAT", f"line {line}: an empty line", line=line)
        if len(data) > length:
            raise Unreadable("UNKNOWN_FORMAT", f"line {line}: {len(data)} bytes, a record has {length}", line=line)
        padded += len(data) < length
        yield data.ljust(length, b" ")
    if padded:
        notes.warn(f"{padded} records are shorter than {length} bytes; their stripped blanks were put back")
