"""Cuts BAI2 text into logical records: several on a line, wrapped text, continuations, missing slashes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from kernel.errors import Unreadable
from services.payments.domain.formats.statement import Notes

_CODES = "01|02|03|16|49|88|98|99"
_START = re.compile(rf"\s*({_CODES})[,:]")
# A slash ends a record where another one follows. In free text (16 and its continuations) a blank must stand between,
# because a slash and a number with a comma may be text.
_NEXT_AFTER_TEXT = re.compile(rf"/\s+(?=(?:{_CODES})[,:])")
_NEXT = re.compile(rf"/\s*(?=(?:{_CODES})[,:])")


@dataclass(slots=True)
class Record:
    """A record with its continuations: `pieces` are the contents without code and closing slash.

    `line` is where it starts, `records` how many physical records (88 counts), `lines` how many lines of the file.
    """

    code: str
    line: int
    pieces: list[str] = field(default_factory=list)
    records: int = 1
    lines: int = 1


def starts_like_bai2(content: bytes) -> bool:
    """True when the content begins with a record 01 of at least three fields."""
    return re.match(rb"(?:\xef\xbb\xbf)?\s*01,[^,/\r\n]*,[^,/\r\n]*,", content) is not None


def records(content: bytes, notes: Notes) -> Iterator[Record]:
    """The logical records. Raises Unreadable ENCODING, UNKNOWN_FORMAT, with `line`."""
    current: Record | None = None
    for line, text, new_line in _physical(_decode(content, notes), notes):
        code, piece = text[:2], text[3:]
        if code == "88":
            if current is None:
                raise Unreadable("UNKNOWN_FORMAT", f"line {line}: a continuation continues nothing", line=line)
            current.pieces.append(_without_slash(piece))
            current.records += 1
            current.lines += new_line
            continue
        if current is not None:
            yield current
        current = Record(code, line, [_without_slash(piece)], lines=new_line)
    if current is not None:
        yield current


def _decode(content: bytes, notes: Notes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        notes.warn("the file is not UTF-8 and is read as ISO 8859-1")
        text = content.decode("iso-8859-1")
    if "\x00" in text:
        raise Unreadable("ENCODING", "the file holds zero bytes", line=text.count("\n", 0, text.index("\x00")) + 1)
    return text


def _physical(text: str, notes: Notes) -> Iterator[tuple[int, str, int]]:
    """Line number, one physical record (with its wrapped lines), and how many lines it begins."""
    wrapped: list[str] = []
    start = 0
    lines = re.split(r"\r\n|\r|\n", text.rstrip("\x1a \t\r\n"))
    single = len(lines) == 1
    for number, line in enumerate(lines, 1):
        if _START.match(line):
            if wrapped:
                yield from _cut(start, "\n".join(wrapped), single=single)
            wrapped, start = [line], number
        elif line.strip():
            if not wrapped:
                raise Unreadable("UNKNOWN_FORMAT", f"line {number}: no record starts here", line=number)
            notes.warn(f"line {number}: the line starts no record and continues the text before it")
            wrapped.append(line)
    if wrapped:
        yield from _cut(start, "\n".join(wrapped), single=single)


def _cut(line: int, text: str, *, single: bool) -> Iterator[tuple[int, str, int]]:
    """Several records may stand on one line."""
    new_line = 1 + text.count("\n")
    place = len(text) - len(text.lstrip())
    while True:
        # Codes 16 and 88 may hold free text; on a file without line breaks nothing else tells records apart.
        pattern = _NEXT if single or text[place : place + 2] not in {"16", "88"} else _NEXT_AFTER_TEXT
        match = pattern.search(text, place)
        if match is None:
            yield line, text[place:], new_line
            return
        yield line, text[place : match.start() + 1], new_line
        place, new_line = match.end(), 0


def _without_slash(piece: str) -> str:
    return piece.rstrip().removesuffix("/")
