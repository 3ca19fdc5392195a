"""Cells and elements as clean text, and refusals that say where they happened."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from kernel.errors import Unreadable

# The longest name, reference or address line worth keeping; EN 16931 sets none, ERP exports stay below 300.
MAX_TEXT = 500

# Controls and halves of surrogate pairs: neither can be printed, mailed or stored in PostgreSQL (NUL).
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


@contextmanager
def at(**place: str | int) -> Iterator[None]:
    """Adds the place to whatever is refused inside; a place that is already known stands."""
    try:
        yield
    except Unreadable as refusal:
        raise Unreadable(refusal.code, refusal.message, **{**place, **refusal.details}) from None


def clean(text: str) -> str:
    """One line without outer or doubled white space. Raises Unreadable TOO_LARGE, INVALID (control characters)."""
    line = " ".join(text.split())
    if len(line) > MAX_TEXT:
        raise Unreadable("TOO_LARGE", f"a text of {len(line)} characters; at most {MAX_TEXT} are read")
    if _CONTROLS.search(line):
        raise Unreadable("INVALID", "a text with control characters")
    return line


def note(text: str) -> str:
    """Free text for people, which may be long: cut to MAX_TEXT, controls as blanks."""
    return " ".join(_CONTROLS.sub(" ", text).split())[:MAX_TEXT]


def compact(text: str) -> str:
    """An identifier as machines write it: without white space, upper case."""
    return "".join(text.split()).upper()


def unique(texts: list[str]) -> tuple[str, ...]:
    """Non-empty texts, each once, in the order of their first appearance."""
    return tuple(dict.fromkeys(text for text in texts if text))
