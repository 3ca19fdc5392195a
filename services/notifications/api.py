"""What notifications can be asked and told."""

from typing import Any

from sqlalchemy import Row

from chassis.doors import caller, unit
from chassis.runtime import Runtime
from chassis.wire import MAX_PAGE, parse_id
from kernel.errors import Refused
from proto.common.v1.common_pb2 import Money, Tally
from proto.notifications.v1 import api_pb2 as pb
from proto.notifications.v1.api_pb2_grpc import NotificationsServicer
from services.notifications import commands, store
from services.notifications.domain import INCONVENIENT, OPT_OUT, Decision, Preference, inconvenient, opt_out, stop, window_of

_CONTACTING = frozenset({"collector", "legal_clerk"})
ROLES = {
    "ReserveContact": _CONTACTING,
    "ConfirmContact": _CONTACTING,
    "ReleaseContact": _CONTACTING,
    "RecordContact": _CONTACTING,
    "RecordPreference": _CONTACTING | {"clerk"},
    "ClearPreference": _CONTACTING | {commands.GROUP_ROLE},
    "ListPreferences": _CONTACTING | {"clerk", "auditor", commands.GROUP_ROLE},
    "MayContact": _CONTACTING | {"clerk", "auditor"},
    "StopContacts": frozenset({"operator", "collector"}),
    "StartContacts": frozenset({"operator"}),
    "ListMessages": frozenset({"clerk", "collector", "legal_clerk", "auditor"}),
    "GetFigures": frozenset({"clerk", "collector", "auditor"}),
}


class KeyMissing(Refused):
    """What takes place once and has no key could not be told from a repetition."""

    code = "KEY_MISSING"


class Api(NotificationsServicer):
    """Door 1: translate in, begin, command, translate out."""

    def __init__(self, runtime: Runtime) -> None:
        self._database = runtime.database

    async def ReserveContact(self, request: pb.ReserveContactRequest, context: Any) -> pb.ReserveContactResponse:
        """Ask the gate and take the slot. Refuses: KEY_MISSING, INVALID, NOT_FOUND, UNKNOWN_CHANNEL, UNKNOWN_PLACE, CONFLICT."""
        asked = _asked(request, f"asked/{_key(request.key)}", request.place)
        async with self._database.begin(caller(), unit()) as tx:
            reserved = await commands.reserve_contact(tx, asked)
        return pb.ReserveContactResponse(
            allowed=reserved.decision.allowed,
            reservation_id=str(reserved.id or ""),
            reasons=_reasons(reserved.decision),
            next_allowed_at=_next_at(reserved.decision),
        )

    async def ConfirmContact(self, request: pb.ConfirmContactRequest, context: Any) -> pb.ConfirmContactResponse:
        """The contact took place. Refuses: INVALID, NOT_FOUND, UNKNOWN_OUTCOME."""
        async with self._database.begin(caller(), unit()) as tx:
            await commands.confirm_contact(tx, parse_id(request.reservation_id, "reservation_id"), request.outcome)
        return pb.ConfirmContactResponse()

    async def ReleaseContact(self, request: pb.ReleaseContactRequest, context: Any) -> pb.ReleaseContactResponse:
        """The contact did not take place. Refuses: INVALID, NOT_FOUND."""
        async with self._database.begin(caller(), unit()) as tx:
            await commands.release_contact(tx, parse_id(request.reservation_id, "reservation_id"))
        return pb.ReleaseContactResponse()

    async def RecordContact(self, request: pb.RecordContactRequest, context: Any) -> pb.RecordContactResponse:
        """The debtor made contact. Refuses: KEY_MISSING, INVALID, NOT_FOUND, UNKNOWN_CHANNEL, UNKNOWN_OUTCOME."""
        asked = _asked(request, _key(request.key))
        async with self._database.begin(caller(), unit()) as tx:
            await commands.note_received(tx, asked, request.outcome)
        return pb.RecordContactResponse()

    async def RecordPreference(self, request: pb.RecordPreferenceRequest, context: Any) -> pb.RecordPreferenceResponse:
        """Any unit may note it, for all. Refuses: INVALID, NOT_FOUND."""
        asked_for = _preference(request.preference)
        async with self._database.begin(caller(), unit()) as tx:
            id_ = await commands.record_preference(tx, parse_id(request.account_id, "account_id"), asked_for)
        return pb.RecordPreferenceResponse(preference_id=str(id_))

    async def ClearPreference(self, request: pb.ClearPreferenceRequest, context: Any) -> pb.ClearPreferenceResponse:
        """None clears it alone. Refuses: INVALID, NOT_FOUND, CLEARED_ALONE."""
        account_id, preference_id = parse_id(request.account_id, "account_id"), parse_id(request.preference_id, "preference_id")
        async with self._database.begin(caller(), unit()) as tx:
            cleared = await commands.clear_preference(tx, account_id, preference_id)
        return pb.ClearPreferenceResponse(cleared=cleared)

    async def ListPreferences(self, request: pb.ListPreferencesRequest, context: Any) -> pb.ListPreferencesResponse:
        """What holds for an account's person. Refuses: INVALID, NOT_FOUND."""
        async with self._database.begin(caller(), unit()) as tx:
            rows = await commands.list_preferences(tx, parse_id(request.account_id, "account_id"))
        return pb.ListPreferencesResponse(preferences=[_kept(row) for row in rows])

    async def MayContact(self, request: pb.MayContactRequest, context: Any) -> pb.MayContactResponse:
        """Only ask. Refuses: INVALID, NOT_FOUND, UNKNOWN_CHANNEL, UNKNOWN_PLACE."""
        async with self._database.begin(caller(), unit()) as tx:
            decision = await commands.may_contact(tx, _asked(request, place=request.place))
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
        after = parse_id(request.page_token, "page_token") if request.page_token else None
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


def _key(value: str) -> str:
    if not value:
        raise KeyMissing("it needs a key")
    return value


def _asked(
    request: pb.ReserveContactRequest | pb.MayContactRequest | pb.RecordContactRequest, key: str = "", place: str = ""
) -> commands.Asked:
    return commands.Asked(parse_id(request.account_id, "account_id"), request.channel, request.debt_key, key, place=place)


def _preference(told: pb.Preference) -> Preference:
    if told.kind == OPT_OUT:
        return opt_out(told.channel)
    if told.kind == INCONVENIENT:
        return inconvenient(told.weekdays, told.begins, told.ends)
    return stop(told.kind)


def _kept(row: Row[Any]) -> pb.KeptPreference:
    told = pb.Preference(kind=row.kind)
    if row.kind == OPT_OUT:
        told.channel = row.value
    elif row.kind == INCONVENIENT:
        window = window_of(row.value)
        told.weekdays.extend(sorted(window.weekdays))
        told.begins, told.ends = f"{window.begins:%H:%M}", f"{window.ends:%H:%M}"
    return pb.KeptPreference(
        preference_id=str(row.id), preference=told, set_at=row.set_at.isoformat(), clearing_asked=bool(row.clearing_asked_by)
    )


def _reasons(decision: Decision) -> list[pb.GateReason]:
    return [pb.GateReason(rule=reason.rule, citation=reason.citation) for reason in decision.reasons]


def _next_at(decision: Decision) -> str:
    return decision.next_at.isoformat() if decision.next_at else ""
