"""Record the workflow histories that every later version must replay: `python -m tools.record_histories`.

A month and more of one debtor who is reminded, handed over and pays; of every workflow the shortest and the longest history
are kept. They hold ids and dates alone. Run it when a version is released; `tests/test_histories.py` replays them.
"""

import asyncio
import json
import tempfile
from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
from temporalio.client import Client as Temporal
from temporalio.client import WorkflowHistory

from cli.client import Client
from cli.demo import CLERK
from cli.imports import import_invoices, import_statements
from cli.infrastructure.provision import database
from cli.quiet import Time, settle
from cli.suite import ALL, Suite

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "samples" / "rheintel"
UNIT = "rheintel"
# Long enough for reminders, the hand-over and the registered letter.
DAYS = 100
INVOICES = 8


def folder(service: str) -> Path:
    """Where a service's histories are."""
    return ROOT / "services" / service / "tests" / "histories"


async def play(suite: Suite) -> None:
    """What the histories tell of."""
    async with Client(suite.client_environment(), "recorder", CLERK) as client:
        time = Time(client)
        await import_invoices(client, UNIT, sorted((SAMPLE / "invoices" / "2026-06").iterdir())[:INVOICES])
        await time.advance(await time.now() + timedelta(days=DAYS))
        await import_statements(client, UNIT, sorted((SAMPLE / "statements").glob("2026-06*")))
        await settle(client)
        await time.close()


async def record(suite: Suite) -> dict[str, list[WorkflowHistory]]:
    """Of each service the shortest and the longest history of every workflow."""
    temporal, kept = await Temporal.connect(suite.temporal_address), {}
    for service in ALL:
        connection = await asyncpg.connect(suite.superuser_url(database(service)))
        by_workflow: dict[str, list[WorkflowHistory]] = defaultdict(list)
        for row in await connection.fetch("SELECT id, workflow FROM processes ORDER BY id"):
            by_workflow[row["workflow"]].append(await temporal.get_workflow_handle(row["id"]).fetch_history())
        await connection.close()
        ordered = {name: sorted(found, key=lambda history: len(history.events)) for name, found in by_workflow.items()}
        kept[service] = [history for found in ordered.values() for history in (*found[:1], *found[1:][-1:])]
    return kept


def without_host(said: Any) -> Any:
    """The history without the name of the machine that recorded it."""
    if isinstance(said, dict):
        return {name: without_host(value) for name, value in said.items() if name != "identity"}
    return [without_host(one) for one in said] if isinstance(said, list) else said


def main() -> None:
    """Replace the recorded histories."""
    with (
        tempfile.TemporaryDirectory() as data,
        Suite.start(Path(data) / "suite", throwaway=True, settings={"SAIKEN_CACHED_WORKFLOWS": "0"}) as suite,
    ):
        asyncio.run(play(suite))
        kept = asyncio.run(record(suite))
    for service, histories in kept.items():
        folder(service).mkdir(parents=True, exist_ok=True)
        for old in folder(service).glob("*.json"):
            old.unlink()
        counted: dict[str, int] = defaultdict(int)
        for history in histories:
            name = history.events[0].workflow_execution_started_event_attributes.workflow_type.name
            counted[name] += 1
            path = folder(service) / f"{name}-{counted[name]}.json"
            path.write_text(json.dumps(without_host(json.loads(history.to_json())), separators=(",", ":")) + "\n", "utf-8")
            print(path.relative_to(ROOT), len(history.events), "events")


if __name__ == "__main__":
    main()
