"""What people tell about lines: confirmed, rejected, split, combined, undone, applied, forgotten."""

from typing import Any

from chassis.database import Database
from chassis.doors import caller, unit
from chassis.wire import parse_id
from proto.payments.v1 import api_pb2 as pb
from proto.payments.v1.api_pb2_grpc import PaymentsServicer
from services.payments import commands
from services.payments.api.messages import line_state, slice_of


class DecisionsDoor(PaymentsServicer):
    """What is told about lines."""

    _database: Database

    async def ConfirmMatch(self, request: pb.ConfirmMatchRequest, context: Any) -> pb.ConfirmMatchResponse:
        """Confirm what stands, or a suggestion."""
        line_id = parse_id(request.line_id, "line_id")
        async with self._database.begin(caller(), unit()) as tx:
            await commands.confirm_match(tx, line_id, request.version, request.place)
            return pb.ConfirmMatchResponse(line=await line_state(tx, line_id))

    async def RejectMatch(self, request: pb.RejectMatchRequest, context: Any) -> pb.RejectMatchResponse:
        """Reject a suggestion, or all."""
        line_id = parse_id(request.line_id, "line_id")
        async with self._database.begin(caller(), unit()) as tx:
            await commands.reject_match(tx, line_id, request.version, request.place, request.reason)
            return pb.RejectMatchResponse(line=await line_state(tx, line_id))

    async def SplitLine(self, request: pb.SplitLineRequest, context: Any) -> pb.SplitLineResponse:
        """Say where a line's money belongs."""
        line_id, parts = parse_id(request.line_id, "line_id"), [slice_of(part) for part in request.parts]
        async with self._database.begin(caller(), unit()) as tx:
            await commands.split_line(tx, line_id, request.version, parts)
            return pb.SplitLineResponse(line=await line_state(tx, line_id))

    async def CombineLines(self, request: pb.CombineLinesRequest, context: Any) -> pb.CombineLinesResponse:
        """Let several lines pay items together."""
        lines = [(parse_id(one.line_id, "line_id"), one.version) for one in request.lines]
        items = [parse_id(text, "item_ids") for text in request.item_ids]
        async with self._database.begin(caller(), unit()) as tx:
            await commands.combine_lines(tx, lines, items)
            return pb.CombineLinesResponse(lines=[await line_state(tx, line_id) for line_id, _ in lines])

    async def UndoMatch(self, request: pb.UndoMatchRequest, context: Any) -> pb.UndoMatchResponse:
        """Take the last decision back."""
        line_id = parse_id(request.line_id, "line_id")
        async with self._database.begin(caller(), unit()) as tx:
            await commands.undo_match(tx, line_id, request.version, request.reason)
            return pb.UndoMatchResponse(line=await line_state(tx, line_id))

    async def ApplyOnAccount(self, request: pb.ApplyOnAccountRequest, context: Any) -> pb.ApplyOnAccountResponse:
        """Use on-account cash for what the account owes."""
        account_id, designated = parse_id(request.account_id, "account_id"), [parse_id(text, "designated") for text in request.designated]
        async with self._database.begin(caller(), unit()) as tx:
            done = await commands.apply_on_account(tx, account_id, designated, request.order, request.request_id)
        return pb.ApplyOnAccountResponse(applied_minor=done.applied_minor, left_minor=done.left_minor, order=done.order)

    async def Forget(self, request: pb.ForgetRequest, context: Any) -> pb.ForgetResponse:
        """Forget what was learnt."""
        account = parse_id(request.account_id, "account_id") if request.account_id else None
        line = parse_id(request.line_id, "line_id") if request.line_id else None
        async with self._database.begin(caller(), unit()) as tx:
            return pb.ForgetResponse(forgotten=await commands.forget(tx, account, line))
