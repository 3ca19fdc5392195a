"""The demo's scenario: what the outside world does, played against a suite whose time is skipped."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from cli.client import SERVICES, Client
from cli.imports import import_invoices, import_statements
from cli.outside import Office
from cli.quiet import Time, settle
from proto.billing.v1.api_pb2 import SetStopStateRequest
from proto.collections.v1.api_pb2 import PlaceHoldRequest

Report = Callable[[datetime, str], None]


@dataclass(frozen=True)
class Event:
    """One thing that happens to one unit at one instant."""

    at: datetime
    unit: str
    do: str
    files: Sequence[Path]
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Scenario:
    """The events in the order of time, and the rules of post and clerks."""

    starts_at: datetime
    ends_at: datetime
    events: Sequence[Event]
    legal: Mapping[str, Any]
    post: Mapping[str, Any]


def read_scenario(path: Path, zones: Mapping[str, str]) -> Scenario:
    """A scenario's YAML; `at` is the unit's local time, files are patterns beside it."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    events = [
        Event(
            at=datetime.fromisoformat(row["at"]).replace(tzinfo=ZoneInfo(zones[row["unit"]])),
            unit=row["unit"],
            do=row["do"],
            files=[file for pattern in row.get("files", ()) for file in sorted(path.parent.glob(pattern))],
            facts=row,
        )
        for row in document["events"]
    ]
    starts_at, ends_at = (datetime.fromisoformat(document[name]) for name in ("starts_at", "ends_at"))
    return Scenario(starts_at, ends_at, sorted(events, key=lambda event: event.at), document["legal"], document["post"])


class Player:
    """Plays a scenario: moves time to each event, lets everything due happen before it, and does it."""

    def __init__(
        self, client: Client, clerk: Client, lead: Client, scenario: Scenario, report: Report, services: Sequence[str] = tuple(SERVICES)
    ) -> None:
        self._client, self._scenario, self._report = client, scenario, report
        self._services = services
        self._time = Time(client, self._services)
        self._offices = {unit.id: Office(unit, scenario.legal, scenario.post, clerk, lead) for unit in client.units.by_id.values()}

    async def play(self, until: datetime | None = None) -> None:
        """From now to the end of the scenario, or to an earlier instant."""
        end = min(until or self._scenario.ends_at, self._scenario.ends_at)
        for event in self._scenario.events:
            if event.at > end:
                break
            await self._advance(event.at)
            self._report(event.at, f"{event.unit}: {event.do}")
            await self._happen(event)
        await self._advance(end)
        await settle(self._client, self._services)
        await self._time.close()

    async def _advance(self, until: datetime) -> None:
        """Step by step; while a unit has open matters, its clerks and its post have their daily round."""
        rounds: dict[str, datetime] = {}
        while (now := await self._time.now()) < until:
            due = {unit: at for unit, at in rounds.items() if at <= now}
            for unit in due:
                await self._offices[unit].work(now)
                del rounds[unit]
            positions = await self._time.step(min([until, *rounds.values()]))
            now = await self._time.now()
            for unit, office in self._offices.items():
                running = positions["legal"].running if "legal" in positions else ()
                if unit not in rounds and office.has_work(running):
                    rounds[unit] = office.next_round(now)
            self._report(now, "")

    async def _happen(self, event: Event) -> None:
        if event.do == "import_invoices":
            await import_invoices(self._client, event.unit, event.files)
        elif event.do == "import_statement":
            await import_statements(self._client, event.unit, event.files)
        elif event.do == "set_stop_state":
            request = SetStopStateRequest(account_number=event.facts["account"], state=event.facts["state"])
            await self._client.ask("billing", "SetStopState", request, event.unit)
        elif event.do == "place_hold":
            hold = PlaceHoldRequest(account_number=event.facts["account"], reason=event.facts["reason"], until_on=event.facts["until"])
            await self._client.ask("collections", "PlaceHold", hold, event.unit)
        else:
            raise ValueError(f"the scenario asks for {event.do!r}, which nobody can do")
