"""`saiken doctor`: whether this machine can run the embedded suite, and what to do where it cannot."""

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import typer

from cli.lifecycle import DEFAULT_DATA, DEFAULT_UNITS, Data
from cli.output import Json, say, show

LOWEST_PYTHON = (3, 11)
# PostgreSQL's cluster with its first WAL, the databases of five services, logs; the demo stays below half of it.
LOWEST_DISK_BYTES = 1_000_000_000
# The ports of a suite: PostgreSQL, Temporal with HTTP and metrics, broker, sink, five services.
PORTS = 11


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `remedy` is empty when it is well."""

    name: str
    found: str
    remedy: str = ""


def doctor(data: Data = DEFAULT_DATA, as_json: Json = False) -> None:
    """Check Python, wheels, ports and folders, and say what to do.

    Example: saiken doctor
    """
    checks: list[Callable[[], Finding]] = [
        check_python, check_system, *[lambda name=name: check_program(name) for name in _PROGRAMS],
        check_ports, lambda: check_folder(data.resolve()), lambda: check_account(data.resolve()), check_units,
    ]  # fmt: skip
    findings = [check() for check in checks]
    if as_json:
        show({"well": not any(each.remedy for each in findings), "findings": [asdict(each) for each in findings]})
    else:
        for finding in findings:
            say(f"{'ok ' if not finding.remedy else 'BAD'} {finding.name}: {finding.found}")
            if finding.remedy:
                say(f"    {finding.remedy}")
    if any(finding.remedy for finding in findings):
        raise typer.Exit(1)


def check_python() -> Finding:
    wanted = ".".join(map(str, LOWEST_PYTHON))
    remedy = "" if sys.version_info >= LOWEST_PYTHON else f"install Python {wanted} or later and run `make setup`"
    return Finding("Python", sys.version.split()[0], remedy)


def check_system() -> Finding:
    remedy = ""
    if sys.platform not in {"linux", "darwin"}:
        remedy = "the embedded suite needs Linux or macOS: use the containers"
    return Finding("system", f"{sys.platform}, {os.cpu_count()} cores", remedy)


_PROGRAMS = ("PostgreSQL", "Temporal", "Temporal's time-skipping server", "Tansu")


def check_program(name: str) -> Finding:
    from cli.infrastructure import broker, places, temporal
    from cli.infrastructure.process import StartFailed

    finders: dict[str, Callable[[], str]] = {
        "PostgreSQL": lambda: str(places.wheel() / "pginstall" / "bin" / "postgres"),
        "Temporal": lambda: temporal.program("temporal"),
        "Temporal's time-skipping server": lambda: temporal.program("temporal-test-server"),
        "Tansu": broker.program,
    }
    try:
        found = finders[name]()
    except StartFailed as error:
        return Finding(name, "missing", str(error))
    remedy = "" if os.access(found, os.X_OK) else "not executable: remove .venv and run `make setup`"
    return Finding(name, found, remedy)


def check_ports() -> Finding:
    from cli.infrastructure.ports import HOST, free_ports

    try:
        free_ports(PORTS)
    except OSError as error:
        return Finding("ports", str(error), f"end programs that hold ports of {HOST}, or widen the range")
    return Finding("ports", f"{PORTS} free on {HOST}")


def check_folder(data: Path) -> Finding:
    place = next(folder for folder in (data, *data.parents) if folder.exists())
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        return Finding("data folder", f"{data} cannot be written", "name another with --data or SAIKEN_DATA")
    free = shutil.disk_usage(place).free
    remedy = "" if free >= LOWEST_DISK_BYTES else f"free {LOWEST_DISK_BYTES // 10**6} MB, or name another with --data"
    return Finding("data folder", f"{data}, {free // 10**6} MB free", remedy)


def check_account(data: Path) -> Finding:
    """Looks only: the user is made when a suite starts."""
    from cli.infrastructure import places

    if os.geteuid() != 0:
        return Finding("PostgreSQL's user", "this one")
    name = places.account_name()
    if name is None:
        remedy = "PostgreSQL does not run as root: install useradd, or run as an ordinary user"
        return Finding("PostgreSQL's user", "none", remedy)
    return Finding("PostgreSQL's user", f"{name}, since this is root; its data: {places.describe_home(data)}")


def check_units() -> Finding:
    from cli.infrastructure.keys import read_unit_ids
    from kernel.errors import Unreadable

    path = Path(os.environ.get("SAIKEN_UNITS", DEFAULT_UNITS))
    try:
        units = read_unit_ids(path)
    except Unreadable as error:
        return Finding("business units", error.message, f"write {path}, or name another file in SAIKEN_UNITS")
    return Finding("business units", f"{', '.join(units)} in {path}")
