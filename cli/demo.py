"""`saiken demo`: six months of three business units, from files to court, and the proof that no money was lost."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.output import REFUSED, Json, say, show
from kernel.errors import Refused

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
DEFAULT_DATA = Path(".saiken/demo")
CLERK = frozenset({"clerk", "collector", "auditor", "operator"})


class BooksDiffer(Refused):
    """The audit found a difference, a case without a next step, or a parked message."""

    code = "BOOKS_DIFFER"


def demo(
    as_json: Json = False,
    data: Annotated[Path, typer.Option(help="Folder of the demo's own suite; emptied first.")] = DEFAULT_DATA,
    until: Annotated[str, typer.Option(help="Stop the story at this date.")] = "",
) -> None:
    """Play the sample calendar from 2026-06-01 to 2026-11-30 on a suite of its own, then prove the books.

    Example: saiken demo --json
    """
    import asyncio  # a third of the time in which offline commands start

    from cli.suite import Suite

    began = time.monotonic()
    shutil.rmtree(data, ignore_errors=True)
    with progress_bar() as report:
        report(None, "starting PostgreSQL, Temporal, the broker and five services")
        scenario_start = _read(SAMPLES / "units.yaml").starts_at.isoformat().replace("+00:00", "Z")
        with Suite.start(data, units=SAMPLES / "units.yaml", clock_start=scenario_start, throwaway=True, report=say) as suite:
            document, matched = asyncio.run(_play(suite.client_environment(), report, until))
    proof = document["audit"]
    silent = proof["cases"]["without_next_action"] or proof["cases"]["without_workflow"]
    proven = not (proof["differences"] or proof["parked"] or silent) and proof["chain"] == "ok"
    if as_json:
        show(document)
        if not proven:
            raise typer.Exit(REFUSED)
        return
    from cli.figures import show_figures

    show_figures(document, matched, time.monotonic() - began)
    if not proven:
        raise BooksDiffer("the audit did not come out clean")


def _read(units: Path) -> Any:
    from chassis.tenancy import load_units
    from cli.scenario import read_scenario

    zones = {unit.id: unit.time_zone for unit in load_units(units).by_id.values()}
    return read_scenario(SAMPLES / "scenario.yaml", zones)


async def _play(environment: dict[str, str], report: Any, until: str) -> tuple[dict[str, Any], dict[str, str]]:
    from cli.audit import audit
    from cli.client import Client
    from cli.figures import figures_of
    from cli.scenario import Player
    from kernel.money import format_minor
    from proto.payments.v1.api_pb2 import GetFiguresRequest

    scenario = _read(Path(environment["SAIKEN_UNITS"]))
    async with (
        Client(environment, "demo-clerk", CLERK) as client,
        Client(environment, scenario.legal["clerk"], frozenset({"legal_clerk"})) as clerk,
        Client(environment, scenario.legal["lead"], frozenset({"legal_lead"})) as lead,
    ):
        end = datetime.fromisoformat(f"{until}T00:00:00+00:00") if until else None
        await Player(client, clerk, lead, scenario, report).play(end)
        report(None, "comparing the books of all services")
        units = [await figures_of(client, unit) for unit in client.units.by_id]
        matched = {}
        for unit in client.units.by_id:
            cash = await client.ask("payments", "GetFigures", GetFiguresRequest(), unit)
            matched[unit] = format_minor(cash.matched_minor, cash.currency)
        return {"units": units, "audit": await audit(client)}, matched


@contextmanager
def progress_bar() -> Iterator[Any]:
    """A bar over the story's days on a terminal; one line a month elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    scenario = _read(SAMPLES / "units.yaml")
    days = (scenario.ends_at - scenario.starts_at).days
    with Progress(
        TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console, disable=not console.is_terminal
    ) as bar:
        task, months = bar.add_task("", total=days), set()

        def report(now: datetime | None, what: str) -> None:
            if now is None:
                bar.update(task, description=what)
                if not console.is_terminal:
                    say(what)
                return
            bar.update(task, completed=(now - scenario.starts_at).days, description=f"{now:%Y-%m-%d} {what}"[:60].ljust(60))
            if not console.is_terminal and (month := f"{now:%Y-%m}") not in months:
                months.add(month)
                say(month)

        yield report
