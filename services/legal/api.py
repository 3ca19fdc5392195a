"""What legal can be asked and told."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from chassis.doors import caller, unit
from chassis.runtime import Runtime
from chassis.wire import MAX_PAGE, from_proto, iso, parse_date
from kernel.calendar import local_date
from kernel.errors import NotFound
from proto.common.v1.common_pb2 import Tally
from proto.legal.v1 import api_pb2 as pb
from proto.legal.v1.api_pb2_grpc import LegalServicer
from services.legal import commands, store
from services.legal.domain import CLOSED, Filing
from services.legal.domain.filing import FilingInvalid

READERS = frozenset({"legal_clerk", "legal_lead", "collector", "auditor"})
ROLES = {
    "ListMatters": READERS,
    "GetMatter": READERS,
    "PrepareFiling": frozenset({"legal_clerk"}),
    "ApproveFiling": frozenset({"legal_lead"}),
    "RecordFiling": frozenset({"legal_clerk"}),
    "GetFigures": READERS,
}


class Api(LegalServicer):
    """Door 1: translate in, begin, command, translate out."""

    def __init__(self, runtime: Runtime) -> None:
        self._database = runtime.database

    async def ListMatters(self, request: pb.ListMattersRequest, context: Any) -> pb.ListMattersResponse:
        """A page of matters in the order of their ids."""
        size = min(request.page_size or MAX_PAGE, MAX_PAGE)
        after = _id(request.page_token) if request.page_token else None
        async with self._database.begin(caller(), unit()) as tx:
            rows = await store.list_matters(tx, after, size, open_only=request.open_only)
        token = str(rows[-1].id) if len(rows) == size else ""
        return pb.ListMattersResponse(matters=[_matter(row, tx.unit.time_zone) for row in rows], next_page_token=token)

    async def GetMatter(self, request: pb.GetMatterRequest, context: Any) -> pb.GetMatterResponse:
        """One matter; with its document for who is to approve it."""
        async with self._database.begin(caller(), unit()) as tx:
            row = await store.get_matter(tx, _id(request.matter_id))
            if row is None:
                raise NotFound("no such matter", matter_id=request.matter_id)
            document = await store.document_of(tx, row.id, row.document_sha256) if request.with_document else b""
        return pb.GetMatterResponse(matter=_matter(row, tx.unit.time_zone), document=document)

    async def PrepareFiling(self, request: pb.PrepareFilingRequest, context: Any) -> pb.PrepareFilingResponse:
        """The clerk's document waits for the second person."""
        async with self._database.begin(caller(), unit()) as tx:
            sha256 = await commands.prepare_filing(tx, _id(request.matter_id), request.court, request.document)
        return pb.PrepareFilingResponse(document_sha256=sha256)

    async def ApproveFiling(self, request: pb.ApproveFilingRequest, context: Any) -> pb.ApproveFilingResponse:
        """The second person has read it."""
        async with self._database.begin(caller(), unit()) as tx:
            await commands.approve_filing(tx, _id(request.matter_id), request.document_sha256)
        return pb.ApproveFilingResponse()

    async def RecordFiling(self, request: pb.RecordFilingRequest, context: Any) -> pb.RecordFilingResponse:
        """It was filed."""
        try:
            filed_on = parse_date(request.filed_on)
        except ValueError:
            filed_on = None
        if filed_on is None:
            raise FilingInvalid("the day of filing is a date, YYYY-MM-DD", field="filed_on")
        filing = Filing(request.court_file_number, filed_on, from_proto(request.cost))
        async with self._database.begin(caller(), unit()) as tx:
            await commands.record_filing(tx, _id(request.matter_id), filing)
        return pb.RecordFilingResponse()

    async def GetFigures(self, request: pb.GetFiguresRequest, context: Any) -> pb.GetFiguresResponse:
        """Matters by stage."""
        async with self._database.begin(caller(), unit()) as tx:
            rows = await store.figures(tx)
        return pb.GetFiguresResponse(
            matters=[Tally(name=row.stage, count=row.matters) for row in rows],
            open=sum(row.matters for row in rows if row.stage != CLOSED),
            without_next_action=sum(row.silent for row in rows),
        )


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("this is no id", id=text[:40]) from None


def _matter(row: Row[Any], time_zone: str) -> pb.Matter:
    return pb.Matter(
        matter_id=str(row.id),
        case_id=str(row.case_id),
        account_id=str(row.account_id),
        account_number=row.account_number,
        procedure=row.procedure,
        stage=row.stage,
        stage_on=iso(row.stage_on),
        next_action=row.next_action,
        next_action_on=iso(local_date(row.next_action_at, time_zone)) if row.next_action_at else "",
        owner=row.owner,
        currency=row.currency,
        claim_minor=row.claim_minor,
        cost_minor=row.cost_minor,
        tracking_number=row.tracking_number,
        reason=row.reason or row.obstacle or row.doubt,
        court=row.court,
        court_file_number=row.court_file_number,
        document_sha256=row.document_sha256,
        prepared_by=row.prepared_by,
        approved_by=row.approved_by,
    )
