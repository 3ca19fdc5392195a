"""Lines as people see them: how they stand, what is suggested, what asks for an answer, how right the rules are."""

from typing import Any
from uuid import UUID

from chassis.database import Database
from chassis.doors import caller, unit
from chassis.wire import MAX_PAGE, parse_id
from kernel.errors import NotFound
from proto.common.v1.common_pb2 import Money
from proto.payments.v1 import api_pb2 as pb
from proto.payments.v1.api_pb2_grpc import PaymentsServicer
from services.payments import store
from services.payments.api.messages import decision_message, line_message, part_message, suggestion_messages
from services.payments.domain.precision import wilson

# A person reads a screen of lines, each with its texts opened.
MAX_SHOWN = 200


class LinesDoor(PaymentsServicer):
    """What is asked about lines."""

    _database: Database

    async def ListLines(self, request: pb.ListLinesRequest, context: Any) -> pb.ListLinesResponse:
        """A page of lines in the order of their ids."""
        size = min(request.page_size or MAX_PAGE, MAX_PAGE)
        async with self._database.begin(caller(), unit()) as tx:
            rows = await tx.all(
                "SELECT * FROM lines WHERE CAST(:after AS uuid) IS NULL OR id > :after ORDER BY id LIMIT :limit",
                after=_after(request.page_token),
                limit=size,
            )
        return pb.ListLinesResponse(lines=map(line_message, rows), next_page_token=_next(rows, size))

    async def GetLine(self, request: pb.GetLineRequest, context: Any) -> pb.GetLineResponse:
        """A line with its texts, its money and every decision on it."""
        line_id = parse_id(request.line_id, "line_id")
        async with self._database.begin(caller(), unit()) as tx:
            row = await tx.first("SELECT * FROM lines WHERE id = :id", id=line_id)
            if row is None:
                raise NotFound("no such line", line_id=request.line_id)
            slices = (await store.slices_of(tx, [line_id])).get(line_id, ())
            decisions = [decision_message(tx, one) for one in await store.decisions_of(tx, line_id)]
            said = store.said(tx, row)
        return pb.GetLineResponse(
            line=line_message(row), parts=map(part_message, slices), decisions=decisions, payer_name=said.payer_name, texts=said.texts
        )

    async def ListSuggestions(self, request: pb.ListSuggestionsRequest, context: Any) -> pb.ListSuggestionsResponse:
        """A page of lines that wait for a person, each with whole answers."""
        size = min(request.page_size or MAX_SHOWN, MAX_SHOWN)
        lines = []
        async with self._database.begin(caller(), unit()) as tx:
            rows = await store.waiting_for_people(tx, _after(request.page_token), size)
            for row in rows:
                said = store.said(tx, row)
                suggestions = suggestion_messages(store.open_grounds(tx, row.grounds).suggestions)
                lines.append(pb.WaitingLine(line=line_message(row), payer_name=said.payer_name, texts=said.texts, suggestions=suggestions))
        return pb.ListSuggestionsResponse(lines=lines, next_page_token=_next(rows, size))

    async def ListRefundQuestions(self, request: pb.ListRefundQuestionsRequest, context: Any) -> pb.ListRefundQuestionsResponse:
        """A page of payments of something already paid."""
        size = min(request.page_size or MAX_PAGE, MAX_PAGE)
        async with self._database.begin(caller(), unit()) as tx:
            rows = await store.open_refund_questions(tx, _after(request.page_token), size)
        questions = [
            pb.RefundQuestion(
                question_id=str(row.id),
                line_id=str(row.line_id),
                account_id=str(row.account_id),
                amount=Money(minor=row.amount_minor, currency=row.currency),
                opened_at=row.opened_at.isoformat(),
            )
            for row in rows
        ]
        return pb.ListRefundQuestionsResponse(questions=questions, next_page_token=_next(rows, size))

    async def GetPrecision(self, request: pb.GetPrecisionRequest, context: Any) -> pb.GetPrecisionResponse:
        """Per rule: decisions, those judged right and wrong, and the interval."""
        async with self._database.begin(caller(), unit()) as tx:
            rows = await store.precision(tx)
        rules = []
        for row in rows:
            low, high = wilson(row.right, row.right + row.wrong)
            rules.append(
                pb.RulePrecision(
                    rule=row.rule, status=row.status, decisions=row.decisions, right=row.right, wrong=row.wrong, low=low, high=high
                )
            )
        return pb.GetPrecisionResponse(rules=rules)


def _after(token: str) -> UUID | None:
    return parse_id(token, "page_token") if token else None


def _next(rows: Any, size: int) -> str:
    return str(rows[-1].id) if len(rows) == size else ""
