"""The `saiken` command. Its modules import lazily, so that help and offline commands start in under 0.5 s."""

import inspect
import sys
from collections.abc import Callable, Sequence

import typer

from cli import demo, desk, doctor, files, law, lifecycle, matching, operations, precision
from cli.output import refuse
from kernel.errors import Refused

# Each command's docstring ends with a line `Example: saiken ...`.
COMMANDS: Sequence[Callable[..., None]] = (
    lifecycle.up,
    lifecycle.down,
    lifecycle.status,
    demo.demo,
    desk.import_,
    desk.cases,
    desk.audit,
    desk.clock,
    precision.precision,
    operations.replay,
    operations.rebuild,
    operations.parked,
    operations.prune,
    operations.contacts,
    operations.unit,
    operations.backup,
    operations.restore,
    doctor.doctor,
    files.statement,
    files.invoice,
    matching.match,
    law.interest,
    law.seizable,
    law.court_fee,
    law.deadline,
    law.tracking,
    law.reference,
    law.may_contact,
    law.policy,
)
_EXAMPLE = "Example: "


def example(command: Callable[..., None]) -> str:
    """The example line of a command; a command without one is an error."""
    lines = (inspect.getdoc(command) or "").splitlines()
    return next(line.removeprefix(_EXAMPLE) for line in lines if line.startswith(_EXAMPLE))


def make_app() -> typer.Typer:
    app = typer.Typer(
        name="saiken",
        help="The receivables platform that several business units of one group share.",
        epilog="\n".join(["\b", "Examples:", *(f"  {example(command)}" for command in COMMANDS)]),
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,  # drawing boxes would cost half of the start
    )
    for command in COMMANDS:
        app.command(command.__name__.rstrip("_").replace("_", "-"))(command)
    return app


def main() -> None:
    """Exit code 0: done, 1: refused, 2: wrong usage."""
    try:
        make_app()(prog_name="saiken")
    except Refused as refusal:
        sys.exit(refuse(refusal, as_json="--json" in sys.argv))


if __name__ == "__main__":
    main()
