"""The steps of legal's process; the post, the gate and the books are asked between two transactions."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import grpc.aio
from temporalio import activity

from chassis.database import Transaction
from chassis.documents import render_pdf
from chassis.errors import from_rpc
from chassis.runtime import Runtime
from chassis.wire import TIMEOUT_SECONDS
from kernel.errors import Refused, Unreadable
from kernel.money import Money
from proto.billing.v1 import api_pb2 as billing
from proto.billing.v1.api_pb2_grpc import BillingStub
from proto.notifications.v1 import api_pb2 as notifications
from proto.notifications.v1.api_pb2_grpc import NotificationsStub
from proto.payments.v1 import api_pb2 as payments
from proto.payments.v1.api_pb2_grpc import PaymentsStub
from services.legal import commands
from services.legal.commands import Intent, Kept, ProofWanted
from services.legal.domain import Claim, Line, letter_data
from services.legal.gateways import Letter, PostOffice, Receipt

TEMPLATES = Path(__file__).parent / "templates"
CHANNEL = "registered_letter"
# An instant that is past anyway: the next worked morning.
TOMORROW = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Answers:
    """What billing and payments said, and at which versions."""

    claim: Claim
    in_flight: Money
    versions: Mapping[str, Any]


class Activities:
    """Door 3: begin, command, translate out."""

    def __init__(self, runtime: Runtime, post: PostOffice) -> None:
        self._runtime, self._peers, self._post = runtime, runtime.peers, post

    @activity.defn
    async def advance_matter(self, unit: str, matter_id: str) -> float | None:
        """Do what is due; the instant of the next look, ENDED when the matter is closed."""
        while True:
            async with self._begin(unit) as tx:
                step = await commands.advance(tx, UUID(matter_id))
            match step:
                case Intent():
                    await self._post_letter(unit, step)
                case ProofWanted():
                    await self._look_for_proof(unit, step)
                case _:
                    return step

    def _begin(self, unit: str) -> AbstractAsyncContextManager[Transaction]:
        return self._runtime.database.begin(self._runtime.caller, unit)

    async def _post_letter(self, unit: str, intent: Intent) -> None:
        """Post it and note it. What was posted before a crash is only confirmed and noted."""
        done: Receipt | Kept | None = await asyncio.to_thread(self._post.receipt, unit, intent.number)
        if done is None:
            done = await self._hand_in(unit, intent)
        if isinstance(done, Kept):
            async with self._begin(unit) as tx:
                return await commands.note_kept(tx, intent.matter_id, done)
        request = notifications.ConfirmContactRequest(reservation_id=done.answers["reservation_id"])
        await self._notifications.ConfirmContact(request, metadata=self._as("notifications", unit), timeout=TIMEOUT_SECONDS)
        async with self._begin(unit) as tx:
            return await commands.note_posted(tx, intent, done)

    async def _hand_in(self, unit: str, intent: Intent) -> Receipt | Kept:
        """The gate, then the books, then the post."""
        reservation = await self._reserve(unit, intent)
        if isinstance(reservation, Kept):
            return reservation
        answers = await self._ask(unit, intent)
        if (kept := _reason_to_keep(answers)) is not None:
            request = notifications.ReleaseContactRequest(reservation_id=reservation)
            await self._notifications.ReleaseContact(request, metadata=self._as("notifications", unit), timeout=TIMEOUT_SECONDS)
            return kept
        letter = await asyncio.to_thread(_write_letter, unit, intent, answers, reservation)
        return await asyncio.to_thread(self._post.hand_in, letter)

    async def _look_for_proof(self, unit: str, wanted: ProofWanted) -> None:
        doubt, proof = "", None
        try:
            proof = await asyncio.to_thread(self._post.proof, unit, wanted.tracking_number)
        except Unreadable as unreadable:
            doubt = f"the proof cannot be read: {unreadable.code}"
        async with self._begin(unit) as tx:
            if proof is not None:
                await commands.note_proof(tx, wanted.matter_id, proof)
            else:
                await commands.note_no_proof(tx, wanted.matter_id, doubt)

    async def _reserve(self, unit: str, intent: Intent) -> str | Kept:
        """The reservation's id, or why there is none. An outage passes: the activity is tried again."""
        account = str(intent.account_id)
        request = notifications.ReserveContactRequest(key=intent.key, account_id=account, channel=CHANNEL, debt_key=account)
        try:
            answer = await self._notifications.ReserveContact(request, metadata=self._as("notifications", unit), timeout=TIMEOUT_SECONDS)
        except grpc.aio.AioRpcError as error:
            if (refused := from_rpc(error)) is None:
                raise
            return Kept(refused.code, None)
        if answer.allowed:
            return str(answer.reservation_id)
        until = datetime.fromisoformat(answer.next_allowed_at) if answer.next_allowed_at else None
        return Kept(", ".join(reason.rule for reason in answer.reasons) or "the gate gives no reason", until)

    async def _ask(self, unit: str, intent: Intent) -> Answers:
        """What is owed now, and what of it is already on its way."""
        account = str(intent.account_id)
        balance = await BillingStub(self._peers.channel("billing")).GetBalance(
            billing.GetBalanceRequest(account_id=account), metadata=self._as("billing", unit), timeout=TIMEOUT_SECONDS
        )
        cash = await PaymentsStub(self._peers.channel("payments")).GetCashInFlight(
            payments.GetCashInFlightRequest(account_id=account), metadata=self._as("payments", unit), timeout=TIMEOUT_SECONDS
        )
        items = [item for item in balance.items if item.currency == intent.currency]
        claimed = [item for item in items if item.open_minor < 0 or UUID(item.item_id) in intent.items]
        in_flight = cash.on_account_minor + cash.pending_minor + cash.unidentified_minor if cash.currency == intent.currency else 0
        versions = {
            "balance_as_of": balance.as_of,
            "items": {item.item_id: item.version for item in claimed},
            "cash_as_of": cash.as_of,
            "cash_version": cash.version,
        }
        return Answers(Claim([_line(item) for item in claimed], intent.currency), Money(in_flight, intent.currency), versions)

    @property
    def _notifications(self) -> Any:
        return NotificationsStub(self._peers.channel("notifications"))

    def _as(self, service: str, unit: str) -> Sequence[tuple[str, str]]:
        return self._peers.identity(service, unit)


def _line(item: Any) -> Line:
    issued_on, due_on = date.fromisoformat(item.issued_on), date.fromisoformat(item.due_on)
    return Line(item.invoice_number, issued_on, due_on, Money(item.open_minor, item.currency))


def _reason_to_keep(answers: Answers) -> Kept | None:
    """Nobody is written to for what is paid, or for what cash in flight covers."""
    if answers.claim.total.minor <= 0:
        return Kept("billing says that nothing is open", TOMORROW)
    if answers.in_flight.minor >= answers.claim.total.minor:
        return Kept("cash in flight covers the claim", TOMORROW)
    return None


def _write_letter(unit: str, intent: Intent, answers: Answers, reservation: str) -> Letter:
    data = letter_data(intent.procedure, intent.sender, intent.debtor, answers.claim, intent.number, intent.posted_on)
    template = TEMPLATES / f"claim_letter.{intent.procedure.letter_language}.typ"
    if not template.exists():
        raise Refused(f"no claim letter in {intent.procedure.letter_language}")
    document = render_pdf(template, data, intent.reserved_at)
    return Letter(unit, intent.number, intent.matter_id, intent.posted_on, document, {**answers.versions, "reservation_id": reservation})
