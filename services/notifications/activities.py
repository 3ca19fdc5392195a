"""The steps of notifications' processes."""

import asyncio
import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

import grpc.aio
from temporalio import activity

from chassis.documents import render_pdf
from chassis.errors import from_rpc
from chassis.runtime import Runtime
from chassis.settings import fail_point
from chassis.telemetry import logger
from chassis.wire import TIMEOUT_SECONDS
from kernel.errors import Refused
from proto.billing.v1 import api_pb2 as billing
from proto.billing.v1.api_pb2_grpc import BillingStub
from proto.billing.v1.events_pb2 import ItemChanged
from proto.payments.v1 import api_pb2 as payments
from proto.payments.v1.api_pb2_grpc import PaymentsStub
from services.notifications import commands
from services.notifications.commands import Draft, Prepared
from services.notifications.domain import Answers, Cash, Open, letter_data
from services.notifications.gateways import LetterShop, Mail, Mailer, Rejected

# Answers that grow old while a letter is made are asked again; more often than this something is wrong with the clocks.
ASKED_AT_MOST = 3


class AnswersStale(Exception):
    """Billing's and payments' answers were too old each time; the look is tried again later."""


class Activities:
    """Door 3: begin, command, translate out; peers and transports are asked between two transactions."""

    def __init__(self, runtime: Runtime, mailer: Mailer, letters: LetterShop) -> None:
        self._runtime, self._mailer, self._letters = runtime, mailer, letters
        # A missing translation or a broken rule stops the start, not a message.
        commands.texts()
        commands.rule_book()

    @activity.defn
    async def dispatch(self, unit: str, channel: str) -> float | None:
        """Send what is due on a channel; until when to wait (seconds since 1970), None for a nudge."""
        async with self._runtime.database.begin(self._runtime.caller, unit) as tx:
            seen, due = await commands.begin_look(tx, channel)
        for message_id in due:
            async with self._runtime.database.begin(self._runtime.caller, unit) as tx:
                prepared = await commands.prepare(tx, message_id, channel)
            if prepared is not None:
                await self._send(unit, prepared)
        async with self._runtime.database.begin(self._runtime.caller, unit) as tx:
            return await commands.end_look(tx, channel, seen)

    async def _send(self, unit: str, prepared: Prepared) -> None:
        try:
            draft = await self._draft(unit, prepared)
            if draft is None:
                return
            fail_point("after_reservation_before_send")
            await self._hand_over(unit, *draft)
        except Refused as refused:
            logger().info("message_refused", message=str(prepared.message_id), code=refused.code)
            async with self._runtime.database.begin(self._runtime.caller, unit) as tx:
                await commands.note_refused(tx, prepared, refused)
            return
        except Rejected as rejected:
            logger().info("message_rejected", message=str(prepared.message_id), reason=str(rejected))
            async with self._runtime.database.begin(self._runtime.caller, unit) as tx:
                await commands.note_rejected(tx, prepared, for_good=rejected.for_good)
            return
        async with self._runtime.database.begin(self._runtime.caller, unit) as tx:
            await commands.note_sent(tx, prepared)

    async def _draft(self, unit: str, prepared: Prepared) -> tuple[Draft, Mapping[str, bytes]] | None:
        """Ask, judge, render, and commit that it leaves; None when it does not."""
        for _ in range(ASKED_AT_MOST):
            answers = await self._ask(unit, prepared.account_id)
            async with self._runtime.database.begin(self._runtime.caller, unit) as tx:
                draft = await commands.settle(tx, prepared, answers)
            if draft is None:
                return None
            forms = await _render(draft)
            rendered_hash = hashlib.sha256(b"\0".join(forms.values())).hexdigest()
            async with self._runtime.database.begin(self._runtime.caller, unit) as tx:
                leaves = await commands.start_sending(tx, draft, answers, rendered_hash)
            if leaves:
                return draft, forms
            if prepared.reservation_id is None:
                return None
        raise AnswersStale(f"asked {ASKED_AT_MOST} times")

    async def _ask(self, unit: str, account_id: UUID) -> Answers:
        """What is owed and what is on its way, now. Refuses: what billing or payments refuse."""
        peers, id_ = self._runtime.peers, str(account_id)
        try:
            balance = await BillingStub(peers.channel("billing")).GetBalance(
                billing.GetBalanceRequest(account_id=id_), metadata=peers.identity("billing", unit), timeout=TIMEOUT_SECONDS
            )
            cash = await PaymentsStub(peers.channel("payments")).GetCashInFlight(
                payments.GetCashInFlightRequest(account_id=id_), metadata=peers.identity("payments", unit), timeout=TIMEOUT_SECONDS
            )
        except grpc.aio.AioRpcError as error:
            if refused := from_rpc(error):
                raise refused from None
            raise
        return Answers(tuple(_item(item) for item in balance.items), datetime.fromisoformat(balance.as_of), _cash(cash))

    async def _hand_over(self, unit: str, draft: Draft, forms: Mapping[str, bytes]) -> None:
        message_id, letter = str(draft.prepared.message_id), draft.letter
        if draft.prepared.channel != commands.EMAIL:
            await self._letters.hand_over(unit, message_id, forms["pdf"])
            return
        await self._mailer.send(
            Mail(
                message_id=f"<{message_id}@{draft.sender_email.rpartition('@')[2]}>",
                sender_name=draft.sender_name,
                sender_email=draft.sender_email,
                reply_to=letter.reply_to,
                to_name=draft.to_name,
                to_email=draft.to_email,
                subject=letter.subject,
                text=forms["text"].decode(),
                html=forms["html"].decode(),
                at=draft.at,
            )
        )


async def _render(draft: Draft) -> Mapping[str, bytes]:
    if draft.prepared.channel != commands.EMAIL:
        return {"pdf": await asyncio.to_thread(render_pdf, commands.LETTER, letter_data(draft.letter), draft.at)}
    texts = commands.texts()
    return {"text": texts.mail_text(draft.letter).encode(), "html": texts.mail_html(draft.letter).encode()}


def _item(item: ItemChanged) -> Open:
    return Open(
        number=item.invoice_number,
        currency=item.currency,
        open_minor=item.open_minor,
        issued_on=date.fromisoformat(item.issued_on),
        due_on=date.fromisoformat(item.due_on),
        overdue=item.overdue,
        version=item.version,
    )


def _cash(cash: payments.GetCashInFlightResponse) -> Cash:
    minor = cash.on_account_minor + cash.pending_minor + cash.unidentified_minor
    return Cash(cash.currency, minor, cash.version, datetime.fromisoformat(cash.as_of))
