"""Cuts OFX text into aggregates and values, whether closing tags are written or not."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from kernel.errors import Unreadable
from services.payments.domain.formats.values import MAX_TEXT_CHARACTERS

_TOKEN = re.compile(r"(?P<opens><!\[CDATA\[|<!--|<\?)|<(?P<close>/?)(?:\w{1,20}:)?(?P<name>[A-Za-z][\w.]*)[^<>]{0,200}>")
_ENDS = {"<![CDATA[": "]]>", "<!--": "-->", "<?": "?>"}
_UNSAFE = re.compile(r"<!(DOCTYPE|ENTITY)", re.IGNORECASE)
# OFX nests about ten deep; a file that goes on is an attack on the stack.
MAX_DEPTH = 64
# A statement has a few dozen values outside its transactions.
MAX_VALUES = 2_000


@dataclass(slots=True)
class Aggregate:
    """An OFX aggregate: its values by name, those of inner aggregates as ``INNER.NAME``; `line` of its start."""

    name: str
    line: int
    values: dict[str, str] = field(default_factory=dict)

    def get(self, *names: str) -> str | None:
        """The first of these values that is there and not blank."""
        return next((value for name in names if (value := self.values.get(name))), None)


def refuse_doctype(text: str) -> None:
    """Raises Unreadable UNSAFE_XML with `line`."""
    unsafe = _UNSAFE.search(text)
    if unsafe:
        line = text.count("\n", 0, unsafe.start()) + 1
        raise Unreadable("UNSAFE_XML", "OFX with a DOCTYPE is not read: it may name files and entities", line=line)


def aggregates(text: str, names: frozenset[str]) -> Iterator[Aggregate]:
    """Each aggregate of these names when it ends. Their values do not enter the aggregate around them.

    Raises Unreadable TRUNCATED (the root does not end), TOO_LARGE (depth, values), with `line`.
    """
    open_ones: list[Aggregate] = []
    line, counted = 1, 0
    for name, closing, value, place in _tokens(text):
        line, counted = line + text.count("\n", counted, place), place
        if closing:
            yield from _closed(name, open_ones, names)
            if not open_ones:
                return
        elif value:
            if open_ones:
                _keep(open_ones[-1], name, value, line)
        else:
            if len(open_ones) >= MAX_DEPTH:
                raise Unreadable("TOO_LARGE", f"line {line}: nested deeper than {MAX_DEPTH}", line=line)
            open_ones.append(Aggregate(name, line))
    line = text.count("\n") + 1
    raise Unreadable("TRUNCATED", f"line {line}: the file ends before its <OFX> does", line=line)


def _tokens(text: str) -> Iterator[tuple[str, bool, str, int]]:
    """Name, whether it closes, the text behind it, its place."""
    pending: tuple[str, bool, int] | None = None
    parts: list[str] = []
    for name, closing, before, place in _pieces(text):
        parts.append(before)
        if name:
            if pending:
                yield pending[0], pending[1], "".join(parts).strip(), pending[2]
            pending, parts = (name, closing, place), []
    if pending:
        yield pending[0], pending[1], "".join(parts).strip(), pending[2]


def _pieces(text: str) -> Iterator[tuple[str, bool, str, int]]:
    """Each tag with the text before it; CDATA as text without a name, comments and instructions as nothing."""
    end = place = 0
    unclosed: set[str] = set()
    while match := _TOKEN.search(text, place):
        place = match.end()
        opens = match["opens"]
        # What never ends is text; it is looked for once, or a file of beginnings would be read for each of them.
        if opens in unclosed:
            continue
        closed = text.find(_ENDS[opens], place) if opens else place
        if closed < 0:
            unclosed.add(opens)
            continue
        before = html.unescape(text[end : match.start()][:MAX_TEXT_CHARACTERS])
        if opens:
            inside = text[place:closed][:MAX_TEXT_CHARACTERS] if opens == "<![CDATA[" else ""
            yield "", False, before + inside, match.start()
            place = closed + len(_ENDS[opens])
        else:
            yield match["name"].upper(), bool(match["close"]), before, match.start()
        end = place


def _closed(name: str, open_ones: list[Aggregate], names: frozenset[str]) -> Iterator[Aggregate]:
    """A closing tag ends what it names and all that was left open in it; one that names a value ends nothing."""
    if not any(one.name == name for one in open_ones):
        return
    while open_ones:
        one = open_ones.pop()
        if one.name in names:
            yield one
        elif open_ones:
            for key, value in one.values.items():
                _keep(open_ones[-1], f"{one.name}.{key}", value, one.line)
        if one.name == name:
            return


def _keep(aggregate: Aggregate, name: str, value: str, line: int) -> None:
    if len(aggregate.values) >= MAX_VALUES:
        raise Unreadable("TOO_LARGE", f"line {line}: {aggregate.name[:40]} holds more than {MAX_VALUES} values", line=line)
    aggregate.values.setdefault(name, value)
