"""Cuts an EDIFACT interchange (ISO 9735) into messages of segments: service string advice, release character, envelopes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from kernel.errors import Unreadable

_STARTS = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:UNA\W.{5}\s*)?UN[BGH][^0-9A-Za-z]", re.DOTALL)
_SYNTAX = re.compile(rb"UNB.(UNO[A-Z0-9]|[A-Z]{4})", re.DOTALL)
# Where the interchange header must have been; an advice and a few line breaks stand before it.
_HEAD_BYTES = 200
# Syntax identifier -> encoding. Levels A and B are ASCII, but many systems send what they have; C in practice is
# Windows-1252, which has all of ISO 8859-1 that can be printed.
_ENCODINGS = {
    "UNOA": "cp1252", "UNOB": "cp1252", "UNOC": "cp1252", "UNOD": "iso8859-2", "UNOE": "iso8859-5", "UNOF": "iso8859-7",
    "UNOG": "iso8859-3", "UNOH": "iso8859-4", "UNOI": "iso8859-6", "UNOJ": "iso8859-8", "UNOK": "iso8859-9",
    "UNOL": "iso8859-15", "UNOW": "utf-8", "UNOY": "utf-8",
}  # fmt: skip
_LEVEL_B_MARKS = "\x1f\x1d.\x20\x20\x1c"
_USUAL_MARKS = ":+.? '"
_OUTER = frozenset({"UNB", "UNZ", "UNG", "UNE"})


@dataclass(frozen=True, slots=True)
class Segment:
    """A tag and its elements, each of its components; `line` is where it starts."""

    tag: str
    elements: tuple[tuple[str, ...], ...]
    line: int

    def get(self, element: int, component: int = 0) -> str:
        """A component without outer blanks; empty where there is none. The first element behind the tag is 0."""
        parts = self.elements[element] if element < len(self.elements) else ()
        return parts[component].strip() if component < len(parts) else ""


@dataclass(slots=True)
class Message:
    """One message from UNH to UNT; `kind` is INVOIC, `release` D96A."""

    header: Segment
    segments: list[Segment] = field(default_factory=list)

    @property
    def kind(self) -> str:
        return self.header.get(1).upper()

    @property
    def release(self) -> str:
        return (self.header.get(1, 1) + self.header.get(1, 2)).upper()


def recognises(content: bytes) -> bool:
    """True for a service string advice or the header of an interchange or message."""
    return _STARTS.match(content[:_HEAD_BYTES]) is not None


def messages(content: bytes) -> tuple[list[Message], list[str]]:
    """All messages in order, and what the envelopes' counts and references contradict.

    Raises Unreadable TRUNCATED (a message or the interchange does not end), ENCODING, UNKNOWN_FORMAT, with `line`.
    """
    warnings: list[str] = []
    found: list[Message] = []
    interchange: Segment | None = None
    current: Message | None = None
    counted, line = 0, 1
    for segment in _segments(_decode(content, warnings)):
        line = segment.line
        if segment.tag == "UNH":
            current = _opened(segment, current)
            counted += 1
        elif current is not None:
            if segment.tag in _OUTER:
                raise Unreadable("TRUNCATED", f"line {line}: message {current.header.get(0)[:20]} ends without its UNT", line=line)
            current.segments.append(segment)
            if segment.tag == "UNT":
                _check_message(current, segment, warnings)
                found.append(current)
                current = None
        elif segment.tag == "UNB":
            interchange, counted = segment, 0
        elif segment.tag == "UNZ" and interchange is not None:
            _check_interchange(interchange, segment, counted, warnings)
            interchange = None
        elif segment.tag not in _OUTER:
            raise Unreadable("UNKNOWN_FORMAT", f"line {line}: segment {segment.tag[:10]!r} outside a message", line=line)
    if current is not None or interchange is not None:
        raise Unreadable("TRUNCATED", f"line {line}: the file ends before its {'UNT' if current else 'UNZ'}", line=line)
    return found, warnings


def _opened(segment: Segment, current: Message | None) -> Message:
    if current is not None:
        raise Unreadable("TRUNCATED", f"line {segment.line}: a message begins before the one before has ended", line=segment.line)
    return Message(segment)


def _check_message(message: Message, trailer: Segment, warnings: list[str]) -> None:
    number = message.header.get(0)[:20]
    held = len(message.segments) + 1
    if trailer.get(0).lstrip("0") != str(held):
        warnings.append(f"line {trailer.line}: UNT counts {trailer.get(0)[:10]} segments, message {number} has {held}")
    if trailer.get(1) != message.header.get(0):
        warnings.append(f"line {trailer.line}: UNT names message {trailer.get(1)[:20]}, UNH {number}")


def _check_interchange(header: Segment, trailer: Segment, counted: int, warnings: list[str]) -> None:
    if trailer.get(0).lstrip("0") != str(counted):
        warnings.append(f"line {trailer.line}: UNZ counts {trailer.get(0)[:10]} messages, the interchange has {counted}")
    if trailer.get(1) != header.get(4):
        warnings.append(f"line {trailer.line}: UNZ names interchange {trailer.get(1)[:20]}, UNB {header.get(4)[:20]}")


def _decode(content: bytes, warnings: list[str]) -> str:
    syntax = _SYNTAX.search(content[:_HEAD_BYTES])
    named = syntax[1].decode("ascii", "replace") if syntax else "UNOC"
    if named not in _ENCODINGS:
        raise Unreadable("ENCODING", f"the interchange is in syntax {named}, which is not read", line=1)
    if content.isascii():
        return content.decode("ascii")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if _ENCODINGS[named] == "utf-8":
            line = content.count(b"\n", 0, error.start) + 1
            raise Unreadable("ENCODING", f"line {line}: the interchange says {named}, but is not UTF-8", line=line) from None
    else:
        if _ENCODINGS[named] != "utf-8":
            warnings.append(f"the interchange says {named}, but is UTF-8 and read as such")
        return text
    try:
        return content.decode(_ENCODINGS[named])
    except UnicodeDecodeError:
        return content.decode("iso-8859-1")


def _segments(text: str) -> Iterator[Segment]:
    text = text.lstrip("\ufeff")
    line = 1 + text[: len(text) - len(text.lstrip())].count("\n")
    text = text.lstrip()
    marks = text[3:9] if text.startswith("UNA") else _LEVEL_B_MARKS if text[3:4] == _LEVEL_B_MARKS[1] else _USUAL_MARKS
    component, element, release, terminator = marks[0], marks[1], marks[3], marks[5:6]
    release = "" if release == " " else release
    used = (component, element, terminator, *release)
    if not terminator or len(set(used)) < len(used):
        raise Unreadable("UNKNOWN_FORMAT", "the service string advice (UNA) names one character twice", line=1)
    start = len("UNA") + len(marks) if text.startswith("UNA") else 0
    package = False
    for raw in _split(text[start:], terminator, release):
        body = raw.lstrip()
        line += raw[: len(raw) - len(body)].count("\n")
        # A package (UNO … UNP) carries an object of any bytes, a scanned annex: nothing in it is a segment.
        if package:
            package = f"UNP{element}" not in body
        elif body.startswith("UNO"):
            package = True
        elif body and not body.startswith("UNA"):
            parts = tuple(
                tuple(_plain(part, release) for part in _split(one, component, release))
                for one in _split(body, element, release)
            )  # fmt: skip
            yield Segment(parts[0][0].upper(), parts[1:], line)
        line += body.count("\n")


def _split(text: str, mark: str, release: str) -> list[str]:
    """At each mark before which no release character stands; releases stay."""
    pieces = text.split(mark)
    if not release or release not in text:
        return pieces
    found: list[str] = []
    held: list[str] = []
    for piece in pieces:
        held.append(piece)
        if (len(piece) - len(piece.rstrip(release))) % 2 == 0:
            found.append(mark.join(held))
            held = []
    return [*found, mark.join(held)] if held else found


def _plain(text: str, release: str) -> str:
    return re.sub(rf"{re.escape(release)}(.)", r"\1", text, flags=re.DOTALL) if release and release in text else text
