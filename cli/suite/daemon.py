"""The supervisor as a process: starts a suite, stays while it runs, stops it on SIGTERM or SIGINT."""

import argparse
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import cast, get_args

from cli.infrastructure.process import StartFailed
from cli.infrastructure.temporal import Kind
from cli.running import AlreadyRunning
from cli.suite.programs import ALL, PROGRAMS, Program
from cli.suite.suite import DEFAULT_UNITS, Suite
from kernel.errors import Refused


class _Asked(BaseException):
    """Somebody asked us to end; not an Exception, so that nothing on the way takes it for an error."""


def _ask(_number: int, _frame: FrameType | None) -> None:
    # Once: a second signal must not interrupt the orderly stop that the first one began.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    raise _Asked


def run(
    data: Path, temporal: Kind, units: Path, partitions: int, services: Sequence[str], programs: Mapping[str, Program] = PROGRAMS
) -> None:
    """Returns after the signal, when all has stopped. Raises AlreadyRunning, StartFailed, Unreadable."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _ask)
    try:
        with Suite.start(data, temporal, units, services, partitions, programs=programs):
            print(f"ready: {data}", file=sys.stderr, flush=True)
            threading.Event().wait()
    except _Asked:
        print("stopped", file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, type=Path)
    parser.add_argument("--temporal", choices=get_args(Kind), default="wall")
    parser.add_argument("--units", type=Path, default=DEFAULT_UNITS)
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--services", nargs="*", default=list(ALL))
    options = parser.parse_args()
    try:
        run(options.data, cast("Kind", options.temporal), options.units, options.partitions, options.services)
    except (AlreadyRunning, StartFailed, Refused) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
