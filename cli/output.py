"""How commands speak: one JSON document on standard output, messages on standard error, refusals with exit code 1."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from kernel.errors import Refused

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
REFUSED = 1


def show(document: Any) -> None:
    """Prints the one JSON document of a command."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=1) + "\n")


def say(line: str) -> None:
    """A message for a person."""
    print(line, file=sys.stderr)


def refuse(refusal: Refused, *, as_json: bool) -> int:
    """Reports a refusal in the shape of the command line's contract; the exit code."""
    if as_json:
        show({"error": {"code": refusal.code, "message": refusal.message, **refusal.details}})
    else:
        details = ", ".join(f"{name} {value}" for name, value in refusal.details.items())
        say(f"{refusal.code}: {refusal.message}" + (f" ({details})" if details else ""))
    return REFUSED


@contextmanager
def progress(what: str) -> Iterator[None]:
    """Says what takes a while: a spinner on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(what):
        yield
