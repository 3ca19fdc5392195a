"""What collections can be asked."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from chassis.books import to_books
from chassis.doors import caller, unit
from chassis.runtime import Runtime
from chassis.wire import MAX_PAGE, iso, parse_date, parse_id
from kernel.calendar import local_date
from kernel.errors import NotFound
from proto.collections.v1 import api_pb2 as pb
from proto.collections.v1.api_pb2_grpc import CollectionsServicer
from proto.common.v1.common_pb2 import Tally
from services.collections import commands, store

ROLES = {
    "ListCases": frozenset({"collector", "legal_clerk", "auditor"}),
    "GetCase": frozenset({"collector", "legal_clerk", "auditor"}),
    "PlaceHold": frozenset({"collector"}),
    "LiftHold": frozenset({"collector"}),
    "GetFigures": frozenset({"clerk", "collector", "auditor"}),
    "GetBooks": frozenset({"auditor"}),
}


class Api(CollectionsServicer):
    """Door 1: translate in, begin, command, translate out."""

    def __init__(self, runtime: Runtime) -> None:
        self._database = runtime.database

    async def ListCases(self, request: pb.ListCasesRequest, context: Any) -> pb.ListCasesResponse:
        """A page of cases in the order of their ids."""
        size = min(request.page_size or MAX_PAGE, MAX_PAGE)
        async with self._database.begin(caller(), unit()) as tx:
            after = parse_id(request.page_token, "page_token") if request.page_token else None
            rows = await store.list_cases(tx, after, size, open_only=request.open_only)
        token = str(rows[-1].id) if len(rows) == size else ""
        return pb.ListCasesResponse(cases=[_case(row, tx.unit.time_zone, ()) for row in rows], next_page_token=token)

    async def GetCase(self, request: pb.GetCaseRequest, context: Any) -> pb.GetCaseResponse:
        """One case with its steps."""
        async with self._database.begin(caller(), unit()) as tx:
            case_id = parse_id(request.case_id, "case_id")
            rows = await store.list_cases(tx, UUID(int=case_id.int - 1), 1, open_only=False)
            if not rows or rows[0].id != case_id:
                raise NotFound("no such case", case_id=request.case_id)
            steps = await store.steps_of(tx, case_id)
        return pb.GetCaseResponse(case=_case(rows[0], tx.unit.time_zone, steps))

    async def PlaceHold(self, request: pb.PlaceHoldRequest, context: Any) -> pb.PlaceHoldResponse:
        """Stop the ladder until a day."""
        async with self._database.begin(caller(), unit()) as tx:
            case_id = parse_id(request.case_id, "case_id") if request.case_id else None
            until_on = parse_date(request.until_on) or date.min
            placed = await commands.place_hold(tx, case_id, request.account_number, request.reason, until_on)
        return pb.PlaceHoldResponse(case_id=str(placed))

    async def LiftHold(self, request: pb.LiftHoldRequest, context: Any) -> pb.LiftHoldResponse:
        """End a hold now."""
        async with self._database.begin(caller(), unit()) as tx:
            lifted = await commands.lift_hold(tx, parse_id(request.case_id, "case_id"))
        return pb.LiftHoldResponse(case_id=str(lifted))

    async def GetFigures(self, request: pb.GetFiguresRequest, context: Any) -> pb.GetFiguresResponse:
        """Cases by the last step taken; closed ones under `closed`."""
        cases: Counter[str] = Counter()
        silent, after = 0, None
        async with self._database.begin(caller(), unit()) as tx:
            while rows := await store.list_cases(tx, after, MAX_PAGE, open_only=False):
                for row in rows:
                    cases["closed" if row.state == "closed" else row.step or "none"] += 1
                    silent += row.state != "closed" and (not row.next_action or row.next_action_at is None)
                after = rows[-1].id
        tallies = [Tally(name=name, count=count) for name, count in sorted(cases.items())]
        return pb.GetFiguresResponse(cases=tallies, open=cases.total() - cases["closed"], without_next_action=silent)

    async def GetBooks(self, request: pb.GetBooksRequest, context: Any) -> pb.GetBooksResponse:
        """Totals for the audit."""
        async with self._database.begin(caller(), unit()) as tx:
            rows = await store.books(tx)
        return pb.GetBooksResponse(books=to_books(tx.unit.id, rows))


def _case(row: Row[Any], time_zone: str, steps: Sequence[Row[Any]]) -> pb.Case:
    return pb.Case(
        case_id=str(row.id),
        account_id=str(row.account_id),
        account_number=row.account_number,
        state=row.state,
        step=row.step,
        next_action=row.next_action,
        next_action_on=iso(local_date(row.next_action_at, time_zone)) if row.next_action_at else "",
        owner=row.owner,
        currency=row.currency,
        overdue_minor=row.chased_minor,
        reason=row.reason or row.hold_reason or row.obstacle,
        steps=[pb.StepTaken(step=s.step, taken_on=iso(s.taken_on), outcome=s.outcome, reason=s.reason) for s in steps],
    )
