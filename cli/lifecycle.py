"""`saiken up`, `down`, `status`: the embedded suite's life as commands."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cli.output import Json, progress, say, show
from kernel.errors import NotFound, Refused

if TYPE_CHECKING:
    from cli.running import Running

Data = Annotated[Path, typer.Option(help="The suite's folder.", envvar="SAIKEN_DATA")]
DEFAULT_DATA = Path(".saiken")
DEFAULT_UNITS = Path(__file__).resolve().parents[1] / "samples" / "units.yaml"
# The slowest start is bounded inside: migrations 120 s, readiness 90 s.
UP_SECONDS = 300.0
# Services have 10 s, the broker and Temporal 5 s, PostgreSQL 30 s.
DOWN_SECONDS = 60.0
LOOK_SECONDS = 0.1
TAIL_LINES = 40


class Failed(Refused):
    """The suite did not start or did not stop."""

    code = "SUITE_FAILED"


def up(
    data: Data = DEFAULT_DATA,
    temporal: Annotated[
        Literal["wall", "skipping"], typer.Option(help="Wall clock, or a clock that only `saiken clock advance` moves.")
    ] = "wall",
    units: Annotated[Path, typer.Option(help="The business units.", envvar="SAIKEN_UNITS")] = DEFAULT_UNITS,
    partitions: Annotated[int, typer.Option(min=1, max=64, help="Partitions of each topic.")] = 4,
    bare: Annotated[bool, typer.Option("--bare", help="The infrastructure without the services, to run them from an editor.")] = False,
    foreground: Annotated[bool, typer.Option("--foreground", help="Stay here until Ctrl-C.")] = False,
) -> None:
    """Start the embedded suite; a second `up` finds the running one and says where.

    Example: saiken up --data .saiken
    """
    from cli.running import find_running

    running = find_running(data)
    if running is None and foreground:
        _stay(data, temporal, units, partitions, bare=bare)
        return
    if running is None:
        options = ["--temporal", temporal, "--units", str(units.resolve()), "--partitions", str(partitions)]
        _start(data, [*options, *(["--services"] if bare else [])])
    else:
        say(f"already running (pid {running.pid})")
        with progress("waiting until it is ready"):
            _wait_ready(data, None)
    status(data)


def _stay(data: Path, temporal: Literal["wall", "skipping"], units: Path, partitions: int, *, bare: bool) -> None:
    from cli.infrastructure.process import StartFailed
    from cli.running import AlreadyRunning
    from cli.suite.daemon import run
    from cli.suite.programs import ALL

    try:
        run(data, temporal, units, partitions, () if bare else ALL)
    except (AlreadyRunning, StartFailed) as error:
        raise Failed(str(error)) from error


def _start(data: Path, options: list[str]) -> None:
    logs = data / "logs"
    log = logs / "suite.log"
    _prepare(data)
    command = [sys.executable, "-m", "cli.suite.daemon", "--data", str(data.resolve()), *options]
    with log.open("ab") as file:
        began = file.tell()
        supervisor = subprocess.Popen(
            command,
            cwd=Path(__file__).resolve().parents[1],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    with progress("starting PostgreSQL, Temporal, the broker and the services"):
        ready = _wait_ready(data, supervisor)
    if not ready:
        with log.open("rb") as file:
            file.seek(began)
            tail = file.read().decode("utf-8", "replace").splitlines()[-TAIL_LINES:]
        raise Failed("the suite did not start:\n" + "\n".join(tail), log=str(log))


def _prepare(data: Path) -> None:
    from cli.running import prepare

    try:
        prepare(data)
    except OSError as error:
        raise Failed(f"{data} cannot be the suite's folder: {error.strerror}", file=str(data)) from error


def _wait_ready(data: Path, supervisor: "subprocess.Popen[bytes] | None") -> bool:
    """False when the supervisor ended before it was ready."""
    from cli.running import find_running

    deadline = time.monotonic() + UP_SECONDS
    while time.monotonic() < deadline:
        running = find_running(data)
        if running is not None and running.state is not None:
            return True
        if (supervisor is not None and supervisor.poll() is not None) or (supervisor is None and running is None):
            return False
        time.sleep(LOOK_SECONDS)
    raise Failed(f"the suite is not ready after {UP_SECONDS:.0f} s; see {data / 'logs'}")


def down(data: Data = DEFAULT_DATA) -> None:
    """Stop the suite: services first, PostgreSQL last. The data stays.

    Example: saiken down
    """
    from cli.running import find_running

    if find_running(data) is None:
        say(f"no suite runs on {data}")
        return
    asked = False
    deadline = time.monotonic() + DOWN_SECONDS
    with progress("stopping"):
        while (running := find_running(data)) is not None:
            if not asked and running.pid:
                os.kill(running.pid, signal.SIGTERM)
                asked = True
            if time.monotonic() > deadline:
                raise Failed(f"the suite (pid {running.pid}) still runs after {DOWN_SECONDS:.0f} s", pid=running.pid)
            time.sleep(LOOK_SECONDS)
    say("stopped")


def status(data: Data = DEFAULT_DATA, as_json: Json = False) -> None:
    """Show the suite's processes, addresses and restarts.

    Example: saiken status --json
    """
    from cli.running import find_running

    running = find_running(data)
    if as_json:
        show(_document(running))
    elif running is None:
        say(f"no suite runs on {data}; start one with `saiken up`")
    elif running.state is None:
        say(f"the suite (pid {running.pid}) is starting or stopping")
    else:
        _table(running)


def _document(running: "Running | None") -> dict[str, Any]:
    if running is None:
        return {"running": False}
    if running.state is None:
        return {"running": True, "ready": False, "pid": running.pid}
    children = [{"name": name, **child} for name, child in running.state["children"].items()]
    kept = {name: running.state[name] for name in ("pid", "data", "temporal", "client")}
    return {"running": True, "ready": True, **kept, "processes": children}


def _table(running: "Running") -> None:
    from rich.console import Console
    from rich.table import Table

    document = _document(running)
    title = f"suite {document['data']}: pid {document['pid']}, time: {document['temporal']}"
    table = Table("process", "pid", "address", "state", "restarts", title=title, title_justify="left")
    for process in document["processes"]:
        table.add_row(*(str(process[name] or "") for name in ("name", "pid", "address", "state")), str(process["restarts"]))
    Console().print(table)


def find_suite(data: Path) -> dict[str, Any]:
    """The state of the running suite, for commands that need one. Raises NotFound.

    Where the environment names the services (SAIKEN_PEERS, with keys, units, Temporal and TLS), that deployment is meant.
    """
    from cli.running import find_running

    if os.environ.get("SAIKEN_PEERS"):
        return {"client": dict(os.environ)}

    running = find_running(data)
    if running is None or running.state is None:
        raise NotFound(f"no suite runs on {data}: start one with `saiken up`", data=str(data))
    return running.state
