"""The outside world of the demo: the post office that delivers, and the clerks of the legal department who work by day."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from chassis.tenancy import Unit
from cli.client import Client
from kernel.calendar import Calendar, local_date, local_instant
from kernel.money import Money
from proto.common.v1.common_pb2 import Money as MoneyMessage
from proto.legal.v1 import api_pb2 as pb

# The clerks look at their matters once a day, after lunch, local time.
ROUND_AT = time(14, 0)


class Office:
    """One unit's legal department and post office, by the rules of the scenario."""

    def __init__(self, unit: Unit, rules: Mapping[str, Any], post: Mapping[str, Any], clerk: Client, lead: Client) -> None:
        self._unit, self._rules, self._post, self._clerk, self._lead = unit, rules, post, clerk, lead
        self._calendar = Calendar(unit.country, unit.subdivision)
        self._files = Path(clerk.environment["SAIKEN_FILES"]) / "post"
        self._filed: set[str] = set()

    def next_round(self, after: datetime) -> datetime:
        """The next working afternoon."""
        day = self._calendar.next_business_day(local_date(after, self._unit.time_zone))
        at = local_instant(day, ROUND_AT, self._unit.time_zone)
        if at <= after:
            at = local_instant(self._calendar.add_business_days(day, 1), ROUND_AT, self._unit.time_zone)
        return at

    def has_work(self, running: Iterable[str]) -> bool:
        """Whether one of the running processes is a matter that is not at court yet: what is filed waits for the court alone."""
        matters = (id_ for id_ in running if id_.startswith(f"{self._unit.id}/matter/"))
        return any(id_.rpartition("/")[2] not in self._filed for id_ in matters)

    async def work(self, now: datetime) -> None:
        """Deliver letters and do what the clerks do today."""
        today = local_date(now, self._unit.time_zone)
        self._deliver(today)
        answer = await self._clerk.ask("legal", "ListMatters", pb.ListMattersRequest(open_only=True), self._unit.id)
        self._filed = {matter.matter_id for matter in answer.matters if matter.stage == "filed"}
        for matter in answer.matters:
            since = date.fromisoformat(matter.stage_on)
            if matter.stage == "ready_to_prepare" and self._old_enough(since, "prepare", today):
                await self._prepare(matter)
            elif matter.stage == "awaiting_approval" and self._old_enough(since, "approve", today):
                await self._approve(matter)
            elif matter.stage == "approved" and self._old_enough(since, "record", today):
                await self._record(matter, today)

    def _old_enough(self, since: date, work: str, today: date) -> bool:
        return self._calendar.add_business_days(since, self._rules[f"{work}_after_business_days"]) <= today

    def _deliver(self, today: date) -> None:
        for letter in sorted((self._files / "out" / self._unit.id).glob("*.json")):
            proof = self._files / "in" / self._unit.id / letter.name
            posted_on = date.fromisoformat(json.loads(letter.read_text(encoding="utf-8"))["posted_on"])
            delivered_on = self._calendar.add_business_days(posted_on, self._post["delivered_after_business_days"])
            if not proof.exists() and delivered_on <= today:
                proof.parent.mkdir(parents=True, exist_ok=True)
                proof.write_text(json.dumps({"delivered_on": delivered_on.isoformat(), "outcome": "delivered"}), encoding="utf-8")

    def _document(self, matter: pb.Matter) -> bytes:
        """The paper that goes to court: the clerk's own work, the same for preparer and approver."""
        lines = [self._rules["court"][self._unit.id], self._unit.name, matter.matter_id, f"{matter.claim_minor} {matter.currency}"]
        return "\n".join(lines).encode()

    async def _prepare(self, matter: pb.Matter) -> None:
        court = self._rules["court"][self._unit.id]
        request = pb.PrepareFilingRequest(matter_id=matter.matter_id, court=court, document=self._document(matter))
        await self._clerk.ask("legal", "PrepareFiling", request, self._unit.id)

    async def _approve(self, matter: pb.Matter) -> None:
        digest = hashlib.sha256(self._document(matter)).hexdigest()
        request = pb.ApproveFilingRequest(matter_id=matter.matter_id, document_sha256=digest)
        await self._lead.ask("legal", "ApproveFiling", request, self._unit.id)

    async def _record(self, matter: pb.Matter, today: date) -> None:
        cost = Money.parse(self._rules["cost"][self._unit.id], self._unit.currency)
        request = pb.RecordFilingRequest(
            matter_id=matter.matter_id,
            court_file_number=f"{today.year}/{matter.matter_id[-4:]}",
            filed_on=today.isoformat(),
            cost=MoneyMessage(minor=cost.minor, currency=cost.currency),
        )
        await self._clerk.ask("legal", "RecordFiling", request, self._unit.id)
