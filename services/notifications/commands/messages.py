"""Messages from the request to the proof of delivery: asked for, let through the gate, rendered, sent, or skipped with the reason."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from chassis.database import Transaction, new_id
from chassis.plumbing import Process
from chassis.wire import iso
from kernel.calendar import Calendar, local_date, local_instant
from kernel.errors import Refused
from proto.notifications.v1 import events_pb2 as events
from services.notifications import store
from services.notifications.commands import gate
from services.notifications.commands.policies import banks_of, delivery_policy, sender_of, texts
from services.notifications.domain import Answers, Letter, Recipient, is_covered, owed

DELIVERY = Process("Delivery", "delivery")
# The channels that messages leave by, each with a dispatcher of its own per unit.
EMAIL, LETTER = "email", "letter"
DISPATCHED = (EMAIL, LETTER)
# A look that takes more would hold up the nudges that came meanwhile.
BATCH = 25
# Events come in no order between topics: an account that is not known yet will be, and its arrival nudges.
UNKNOWN_ACCOUNT_WAIT = timedelta(minutes=15)
# A transport's temporary refusal (SMTP 4xx) is over by then as a rule (RFC 5321, 4.5.4.1: at least 30 minutes).
POSTPONED_FOR = timedelta(minutes=30)
# When a held message looks again, and when a letter handed over counts as delivered.
MORNING = time(9, 0)
# Two working weeks: cash that is not applied by then is no reason to stay silent for ever.
MAX_HOLDS = 10


@dataclass(frozen=True)
class Notice:
    """What collections asks for. `channels` in order of preference."""

    id: UUID
    case_id: UUID
    account_id: UUID
    template: str
    channels: Sequence[str]
    pay_by: date


@dataclass(frozen=True)
class Prepared:
    """A message that the gate let through. Without a reservation contacts are off: it is rendered, and nothing leaves."""

    message_id: UUID
    account_id: UUID
    channel: str
    reservation_id: UUID | None


@dataclass(frozen=True)
class Draft:
    """What is to be rendered and sent."""

    prepared: Prepared
    letter: Letter
    sender_name: str
    sender_email: str
    to_name: str
    to_email: str
    at: datetime


async def take_notice(tx: Transaction, notice: Notice) -> None:
    """Queue a message; the same notice again is silent. Refuses: UNKNOWN_TEMPLATE."""
    texts().require(notice.template)
    channels = [channel for channel in notice.channels if channel in DISPATCHED]
    today = local_date(tx.now, tx.unit.time_zone)
    channel = channels[0] if channels else DISPATCHED[0]
    added = await tx.execute(
        "INSERT INTO messages (id, business_unit, notice_id, case_id, account_id, template, channels, channel, pay_within_days, state, "
        "reason, citation, next_try_at, holds, language, currency, amount_minor, rendered_hash, created_at) VALUES (:id, :unit, :notice, "
        ":case, :account, :template, :channels, :channel, :days, 'queued', '', '', :now, 0, '', '', 0, '', :now) ON CONFLICT DO NOTHING",
        {
            "id": new_id(),
            "unit": tx.unit.id,
            "notice": notice.id,
            "case": notice.case_id,
            "account": notice.account_id,
            "template": notice.template,
            "channels": channels,
            "channel": channel,
            "days": max((notice.pay_by - today).days, 0),
            "now": tx.now,
        },
    )
    if added.rowcount:
        await tx.nudge(DELIVERY, channel)


async def nudge_waiting(tx: Transaction, account_id: UUID) -> None:
    """An account has become known or has new contact points: what waits for it looks again."""
    rows = await tx.all(
        "UPDATE messages SET next_try_at = :now WHERE account_id = :account AND state = 'queued' AND reason = 'unknown_account' "
        "RETURNING channel",
        now=tx.now,
        account=account_id,
    )
    for channel in sorted({row.channel for row in rows}):
        await tx.nudge(DELIVERY, channel)


async def begin_look(tx: Transaction, channel: str) -> tuple[int, Sequence[UUID]]:
    """How often the dispatcher was nudged so far, and the messages that are due."""
    seen = await tx.look(DELIVERY, channel)
    return seen, await store.find_due_messages(tx, channel, BATCH)


async def end_look(tx: Transaction, channel: str, seen: int) -> float | None:
    """Seconds until the next message is due, 0 when more are due already, None to wait for a nudge."""
    due_at = await store.next_due_at(tx, channel)
    seconds = await tx.wait(DELIVERY, channel, seen, due_at)
    return 0.0 if due_at is not None and due_at <= tx.now else seconds


async def prepare(tx: Transaction, message_id: UUID, channel: str) -> Prepared | None:
    """Choose the contact point and pass the gate; None when there is nothing to send now.

    A message found in `sending` was handed over or not, nobody knows: it takes the same way again, under the same
    reservation while that lives, and leaves with the same Message-ID, so that the recipient's system shows one.
    """
    row = await store.lock_message(tx, message_id)
    if row is None or row.channel != channel or row.next_try_at is None or row.next_try_at > tx.now:
        return None
    if row.state == "sent":
        await _deliver(tx, row, local_date(row.next_try_at, tx.unit.time_zone))
        return None
    account = await store.find_account(tx, row.account_id)
    if account is None:
        await store.update_message(tx, row.id, reason="unknown_account", next_try_at=tx.now + UNKNOWN_ACCOUNT_WAIT)
        return None
    if not (row.channels and has_contact_point(open_contact(tx, account), row.channel)):
        await _next_channel(tx, row, "no_contact_point")
        return None
    return await _pass_gate(tx, row)


async def _pass_gate(tx: Transaction, row: Row[Any]) -> Prepared | None:
    asked = gate.Asked(row.account_id, row.channel, str(row.account_id), f"message/{row.id}/{row.channel}", row.id)
    reserved = await gate.reserve_contact(tx, asked)
    decision = reserved.decision
    if decision.allowed or decision.only_switched_off:
        return Prepared(row.id, row.account_id, row.channel, reserved.id)
    if decision.next_at is not None:
        await store.update_message(tx, row.id, state="queued", next_try_at=decision.next_at)
    else:
        await skip(tx, row, decision.reasons[0].word, decision.reasons[0].citation)
    return None


async def settle(tx: Transaction, prepared: Prepared, answers: Answers) -> Draft | None:
    """Judge the message by what is owed now; None when it is skipped (paid) or held (cash in flight).

    Refuses: NO_BANK_ACCOUNT, NO_SENDER, UNKNOWN_LANGUAGE, UNKNOWN_TEMPLATE.
    """
    row, account = await store.lock_message(tx, prepared.message_id), await store.find_account(tx, prepared.account_id)
    assert row is not None and account is not None, "prepare has seen both"
    await store.update_message(tx, row.id, answers=_evidence(answers))
    sections = owed(answers.items, banks_of(tx.unit))
    if not sections:
        await _release(tx, prepared)
        await skip(tx, row, "paid", "")
        return None
    if is_covered(sections, answers.cash):
        await _release(tx, prepared)
        await _hold(tx, row)
        return None
    today = local_date(tx.now, tx.unit.time_zone)
    pay_by, contact, sender = today + timedelta(days=row.pay_within_days), open_contact(tx, account), sender_of(tx.unit)
    recipient = Recipient(contact["name"], tuple(contact["address"]), account.debtor_type, account.number)
    letter = texts().compose(row.template, account.language, recipient, sender, sections, today, pay_by)
    await store.update_message(
        tx,
        row.id,
        language=account.language,
        currency=sections[0].currency,
        amount_minor=sections[0].total_minor,
        pay_by=pay_by,
        contact_version=account.version,
    )
    return Draft(prepared, letter, sender.name, sender.email, contact["name"], contact.get("email") or "", tx.now)


async def start_sending(tx: Transaction, draft: Draft, answers: Answers, rendered_hash: str) -> bool:
    """Commit that the message is about to leave. False when the answers have grown old, or nothing may leave."""
    row = await store.lock_message(tx, draft.prepared.message_id)
    assert row is not None, "prepare has seen it"
    if draft.prepared.reservation_id is None:
        await store.update_message(tx, row.id, rendered_hash=rendered_hash)
        await skip(tx, row, "contacts_off", "Group policy: contacts are off until the business unit turns them on")
        return False
    if not answers.is_fresh(tx.now):
        return False
    await store.update_message(tx, row.id, state="sending", reason="", rendered_hash=rendered_hash)
    return True


async def note_sent(tx: Transaction, prepared: Prepared) -> None:
    """The transport has it: the contact was made; delivered now, or after the channel's grace."""
    row = await store.lock_message(tx, prepared.message_id)
    assert row is not None and prepared.reservation_id is not None, "start_sending has seen both"
    await gate.confirm_contact(tx, prepared.reservation_id)
    today, grace = local_date(tx.now, tx.unit.time_zone), delivery_policy()[row.channel]["grace_business_days"]
    await store.update_message(tx, row.id, sent_at=tx.now)
    if grace == 0:
        await _deliver(tx, row, today)
        return
    delivered_on = _calendar(tx).add_business_days(today, grace)
    await store.update_message(tx, row.id, state="sent", next_try_at=local_instant(delivered_on, MORNING, tx.unit.time_zone))


async def note_rejected(tx: Transaction, prepared: Prepared, *, for_good: bool) -> None:
    """The transport did not take it: the next channel if it never will, else later."""
    row = await store.lock_message(tx, prepared.message_id)
    assert row is not None, "prepare has seen it"
    await _release(tx, prepared)
    if for_good:
        await _next_channel(tx, row, "rejected")
    else:
        await store.update_message(tx, row.id, state="queued", next_try_at=tx.now + POSTPONED_FOR)


async def note_refused(tx: Transaction, prepared: Prepared, refused: Refused) -> None:
    """A rule of ours said no: the slot is free again, and the message is skipped with the rule's code."""
    row = await store.lock_message(tx, prepared.message_id)
    assert row is not None, "prepare has seen it"
    await _release(tx, prepared)
    await skip(tx, row, refused.code.lower(), "")


async def skip(tx: Transaction, row: Row[Any], reason: str, citation: str) -> None:
    """The message will not be sent, and why."""
    await store.update_message(tx, row.id, state="skipped", reason=reason, citation=citation, next_try_at=None)
    tx.publish(
        events.MessageSkipped(
            message_id=str(row.id),
            notice_id=str(row.notice_id),
            case_id=str(row.case_id),
            account_id=str(row.account_id),
            channel=row.channel,
            reason=reason,
            citation=citation,
        ),
        key=str(row.account_id),
    )


async def _deliver(tx: Transaction, row: Row[Any], delivered_on: date) -> None:
    await store.update_message(tx, row.id, state="delivered", next_try_at=None, delivered_on=delivered_on)
    tx.publish(
        events.MessageDelivered(
            message_id=str(row.id),
            notice_id=str(row.notice_id),
            case_id=str(row.case_id),
            account_id=str(row.account_id),
            channel=row.channel,
            delivered_on=iso(delivered_on),
        ),
        key=str(row.account_id),
    )


async def _next_channel(tx: Transaction, row: Row[Any], reason: str) -> None:
    left = row.channels[1:]
    if not left:
        await skip(tx, row, reason, "")
        return
    await store.update_message(tx, row.id, state="queued", channels=left, channel=left[0], next_try_at=tx.now)
    await tx.nudge(DELIVERY, left[0])


async def _hold(tx: Transaction, row: Row[Any]) -> None:
    if row.holds >= MAX_HOLDS:
        await skip(tx, row, "cash_in_flight", "")
        return
    morning = _calendar(tx).add_business_days(local_date(tx.now, tx.unit.time_zone), 1)
    next_try_at = local_instant(morning, MORNING, tx.unit.time_zone)
    await store.update_message(tx, row.id, state="queued", reason="cash_in_flight", holds=row.holds + 1, next_try_at=next_try_at)


async def _release(tx: Transaction, prepared: Prepared) -> None:
    if prepared.reservation_id is not None:
        await gate.release_contact(tx, prepared.reservation_id)


def _calendar(tx: Transaction) -> Calendar:
    return Calendar(tx.unit.country, tx.unit.subdivision)


CONTACT = "accounts.contact"


def open_contact(tx: Transaction, account: Row[Any]) -> dict[str, Any]:
    """An account's contact points: name, name_kana, email, address."""
    return json.loads(tx.vault.open(tx.unit.id, account.contact, CONTACT))  # type: ignore[no-any-return]


def has_contact_point(contact: dict[str, Any], channel: str) -> bool:
    """True when the channel has something to send to."""
    email = contact.get("email") or ""
    if channel == EMAIL:
        return "@" in email and email.isprintable() and not any(mark in email for mark in ' ,;<>"')
    return any(line.strip() for line in contact.get("address") or ())


def _evidence(answers: Answers) -> dict[str, Any]:
    """What the decision to send rests on: the answers with their versions and instants."""
    cash = answers.cash
    return {
        "billing": {"as_of": answers.as_of.isoformat(), "items": [[item.number, item.version, item.open_minor] for item in answers.items]},
        "payments": {"as_of": cash.as_of.isoformat(), "version": cash.version, "currency": cash.currency, "minor": cash.minor},
    }
