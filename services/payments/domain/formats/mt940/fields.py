"""Cuts MT940 text into messages of tagged fields, where text may hold colons, hyphens and what looks like a tag."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from kernel.errors import Unreadable
from services.payments.domain.formats.statement import Notes
from services.payments.domain.formats.values import decode_text

# Field tags of MT940, MT942 and of the dialects; anything else after a colon is text.
_TAG = re.compile(r":(20|21|25P?|28C?|60[FM]|61|86|62[FM]|64|65F?|13D?|34F|90[CD]|NS):(.*)", re.DOTALL)
# Two digits that are no minute or second cannot be the rest of a time that was wrapped at its colon.
_NEVER_A_TIME = frozenset("61 86 62F 62M 64 65 65F 60F 60M 90C 90D 34F 28C 25P 13D NS".split())
_AFTER_20 = frozenset("21 25 25P 28 28C 60F 60M 13D 34F".split())
_END = re.compile(r"-(\}.*|XXX)?\s*")
_BLOCKS = re.compile(r"\{1:.*|\{2:.*|\{3:.*|\{4:")
# Blocks 3 and 5 hold blocks of their own, one deep; each brace has one place, so that no line is tried in many ways.
_BLOCK_4 = re.compile(r"^(?:\{[1235]:[^{}]*(?:\{[^{}]*\}[^{}]*)*\})*\{4:")
# How many lines a text field of a bank has at most; SWIFT allows 6, Danish and Turkish banks send 40.
MAX_FIELD_LINES = 500


@dataclass(slots=True)
class Field:
    """One field: its tag without colons, its lines without the tag, the line it starts on."""

    tag: str
    lines: list[str]
    line: int

    @property
    def first(self) -> str:
        """The first line, without outer blanks."""
        return self.lines[0].strip()

    @property
    def text(self) -> str:
        """All lines, blanks for line breaks."""
        return " ".join(self.lines)


@dataclass(slots=True)
class Message:
    """The fields of one statement, in order."""

    fields: list[Field] = field(default_factory=list)

    def first(self, *tags: str) -> Field | None:
        """The first field with one of these tags."""
        return next((one for one in self.fields if one.tag in tags), None)

    def last(self, *tags: str) -> Field | None:
        """The last field with one of these tags."""
        return next((one for one in reversed(self.fields) if one.tag in tags), None)


def first_tags(content: bytes) -> str:
    """The tags at the beginning, a blank between: enough to tell the message's kind."""
    head = content[:8192].decode("iso-8859-1").lstrip("\ufeff\xef\xbb\xbf")
    lines = re.split(r"\r\n|\r|\n", head)
    return " ".join(match[1] for line in lines if (match := _TAG.match(_BLOCK_4.sub("", line).lstrip())))


def messages(content: bytes, notes: Notes) -> Iterator[Message]:
    """The messages of a file. Raises Unreadable ENCODING, TOO_LARGE (a field of too many lines), with `line`."""
    lines = re.split(r"\r\n|\r|\n", decode_text(content, notes))
    current: Message | None = None
    open_field: Field | None = None
    for number, raw in enumerate(lines, 1):
        line = _BLOCK_4.sub("", raw).strip("\x01\x03\x1a")
        match = _TAG.match(line.lstrip()) if line.lstrip().startswith(":") else None
        if match and _is_tag(match[1], open_field, lines, number):
            if match[1] == "20" or current is None:
                if current is not None:
                    yield current
                current = Message()
            open_field = Field(match[1], [match[2]], number)
            current.fields.append(open_field)
        elif _END.fullmatch(line) or _BLOCKS.match(line):
            open_field = None
        elif open_field is not None and line.strip():
            if len(open_field.lines) >= MAX_FIELD_LINES:
                raise Unreadable("TOO_LARGE", f"line {number}: the field has more than {MAX_FIELD_LINES} lines", line=number)
            open_field.lines.append(line)
    if current is not None:
        yield current


def _is_tag(tag: str, inside: Field | None, lines: list[str], number: int) -> bool:
    """Inside free text ``:20:`` may be the minutes of a time: then it starts a message only if a field of one follows."""
    if inside is None or inside.tag != "86" or tag in _NEVER_A_TIME:
        return True
    if tag != "20":
        return False
    following = (match[1] for line in lines[number : number + 8] if (match := _TAG.match(line.lstrip())))
    return next(following, "") in _AFTER_20
