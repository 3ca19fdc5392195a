"""What notifications can be asked and told."""

from typing import Any
from uuid import UUID

from chassis.doors import caller, unit
from chassis.runtime import Runtime
from chassis.wire import MAX_PAGE
from kernel.errors import Refused
from proto.common.v1.common_pb2 import Money, Tally
from proto.notifications.v1 import api_pb2 as pb
from proto.notifications.v1.api_pb2_grpc import NotificationsServicer
from services.notifications import commands, store
from services.notifications.domain import Decision

_CONTACTING = frozenset({"collector", "legal_clerk"})
ROLES = {
    "ReserveContact": _CONTACTING,
    "ConfirmContact": _CONTACTING,
    "ReleaseContact": _CONTACTING,
    "MayContact": _CONTACTING | {"clerk", "auditor"},
    "StopContacts": frozenset({"operator", "collector"}),
    "StartContacts": frozenset({"operator"}),
    "ListMessages": frozenset({"clerk", "collector", "legal_clerk", "auditor"}),
    "GetFigures": frozenset({"clerk", "collector", "auditor"}),
}


class KeyMissing(Refused):
    """A reservation without a key could not be asked for again."""

    code = "KEY_MISSING"


class IdInvalid(Refused):
    """An id that is no UUID."""

    code = "INVALID"


class Api(NotificationsServicer):
    """Door 1: translate in, begin, command, translate out."""

    def __init__(self, runtime: Runtime) -> None:
        self._database = runtime.database

    async def ReserveContact(self, request: pb.ReserveContactRequest, context: Any) -> pb.ReserveContactResponse:
        """Ask the gate and take the slot. Refuses: KEY_MISSING, INVALID, NOT_FOUND, UNKNOWN_CHANNEL, CONFLICT."""
        if not request.key:
            raise KeyMissing("a reservation needs a key")
        asked = commands.Asked(_id(request.account_id, "account_id"), request.channel, request.debt_key, f"asked/{request.key}")
        async with self._database.begin(caller(), unit()) as tx:
            reserved = await commands.reserve_contact(tx, asked)
        return pb.ReserveContactResponse(
            allowed=reserved.decision.allowed,
            reservation_id=str(reserved.id or ""),
            reasons=_reasons(reserved.decision),
            next_allowed_at=_next_at(reserved.decision),
        )

    async def ConfirmContact(self, request: pb.ConfirmContactRequest, context: Any) -> pb.ConfirmContactResponse:
        """The contact took place. Refuses: INVALID, NOT_FOUND."""
        async with self._database.begin(caller(), unit()) as tx:
            await commands.confirm_contact(tx, _id(request.reservation_id, "reservation_id"))
        return pb.ConfirmContactResponse()

    async def ReleaseContact(self, request: pb.ReleaseContactRequest, context: Any) -> pb.ReleaseContactResponse:
        """The contact did not take place. Refuses: INVALID, NOT_FOUND."""
        async with self._database.begin(caller(), unit()) as tx:
            await commands.release_contact(tx, _id(request.reservation_id, "reservation_id"))
        return pb.ReleaseContactResponse()

    async def MayContact(self, request: pb.MayContactRequest, context: Any) -> pb.MayContactResponse:
        """Only ask. Refuses: INVALID, NOT_FOUND, UNKNOWN_CHANNEL."""
        asked = commands.Asked(_id(request.account_id, "account_id"), request.channel, request.debt_key)
        async with self._database.begin(caller(), unit()) as tx:
            decision = await commands.may_contact(tx, asked)
        return pb.MayContactResponse(allowed=decision.allowed, reasons=_reasons(decision), next_allowed_at=_next_at(decision))

    async def StopContacts(self, request: pb.StopContactsRequest, context: Any) -> pb.StopContactsResponse:
        """Nothing leaves any more."""
        async with self._database.begin(caller(), unit()) as tx:
            await commands.stop_contacts(tx, request.reason)
        return pb.StopContactsResponse()

    async def StartContacts(self, request: pb.StartContactsRequest, context: Any) -> pb.StartContactsResponse:
        """Contacts leave again."""
        async with self._database.begin(caller(), unit()) as tx:
            await commands.start_contacts(tx)
        return pb.StartContactsResponse()

    async def ListMessages(self, request: pb.ListMessagesRequest, context: Any) -> pb.ListMessagesResponse:
        """A page of messages in the order of their ids. Refuses: INVALID."""
        size = min(request.page_size or MAX_PAGE, MAX_PAGE)
        after = _id(request.page_token, "page_token") if request.page_token else None
        async with self._database.begin(caller(), unit()) as tx:
            rows = await store.list_messages(tx, after, size)
        messages = [
            pb.Message(
                message_id=str(row.id),
                account_id=str(row.account_id),
                template=row.template,
                language=row.language,
                channel=row.channel,
                state=row.state,
                reason=row.reason,
                sent_at=row.sent_at.isoformat() if row.sent_at else "",
                amount=Money(minor=row.amount_minor, currency=row.currency),
            )
            for row in rows
        ]
        return pb.ListMessagesResponse(messages=messages, next_page_token=str(rows[-1].id) if len(rows) == size else "")

    async def GetFigures(self, request: pb.GetFiguresRequest, context: Any) -> pb.GetFiguresResponse:
        """Delivered by channel, skipped by reason, deferred by rule."""
        async with self._database.begin(caller(), unit()) as tx:
            figures = await store.figures(tx)
        return pb.GetFiguresResponse(**{name: [Tally(name=key, count=n) for key, n in pairs] for name, pairs in figures.items()})


def _id(value: str, field: str) -> UUID:
    try:
        return UUID(value)
    except ValueError:
        raise IdInvalid(f"{field} is not an id", field=field) from None


def _reasons(decision: Decision) -> list[pb.GateReason]:
    return [pb.GateReason(rule=reason.rule, citation=reason.citation) for reason in decision.reasons]


def _next_at(decision: Decision) -> str:
    return decision.next_at.isoformat() if decision.next_at else ""
