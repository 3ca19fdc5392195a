"""The JSON of a camt file that is too large to hold: entries are written away as they are read, the document at the end."""

import json
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from services.payments.domain.formats import camt
from services.payments.domain.formats.statement import Entry, Notes
from services.payments.domain.formats.tojson import entry_json, statement_head

# One write for about a thousand entries.
_BUFFER_BYTES = 1_000_000


def pieces(source: BinaryIO, keep: Callable[[bytes], object], kept: Callable[[int, int], Iterator[bytes]]) -> Iterator[bytes]:
    """The document of `tojson.json_pieces` in UTF-8. `keep` writes bytes away, `kept(start, end)` gives them back.

    Nothing is given before the whole file is read: a refusal is never the second half of a document. Raises as
    `camt.read`.
    """
    notes = Notes()
    heads: list[tuple[bytes, int, int]] = []
    buffer: list[bytes] = []
    start = place = waiting = number = 0
    kind, name = "statement", ""
    for part in camt.parts(source, notes):
        if isinstance(part, Entry):
            number += 1
            notes.warn_of_entry(len(heads) + 1, number, part)
            text = (b",\n " if number > 1 else b"\n ") + _bytes(entry_json(part))
            buffer.append(text)
            place, waiting = place + len(text), waiting + len(text)
            if waiting > _BUFFER_BYTES:
                keep(b"".join(buffer))
                buffer, waiting = [], 0
        elif isinstance(part, camt.Closed):
            notes.warn_of_amounts(len(heads) + 1, part.statement)
            head = {**statement_head(part.statement), "balance_check": part.balance_check}
            heads.append((_bytes(head), start, place))
            start, number = place, 0
        else:
            kind, name = part
    keep(b"".join(buffer))
    yield _bytes({"kind": kind, "format": name, "warnings": list(notes.texts())})[:-1] + b', "statements": ['
    for count, (head_bytes, first, last) in enumerate(heads):
        yield (b",\n" if count else b"\n") + head_bytes[:-1] + b', "entries": ['
        yield from kept(first, last)
        yield b"]}"
    yield b"]}\n"


def _bytes(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace")
