"""The last steps of a message: judged by what is owed now, rendered, sent, or given back."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from chassis.database import Transaction
from kernel.calendar import Calendar, local_date, local_instant
from kernel.errors import Refused
from services.notifications import store
from services.notifications.commands import gate
from services.notifications.commands.outcomes import deliver, next_channel, open_contact, skip
from services.notifications.commands.policies import banks_of, delivery_policy, sender_of, texts
from services.notifications.commands.stops import refusal, wait_for_start
from services.notifications.domain import Answers, Letter, Recipient, is_covered, owed

# A transport's temporary refusal (SMTP 4xx) is over by then as a rule (RFC 5321, 4.5.4.1: at least 30 minutes).
POSTPONED_FOR = timedelta(minutes=30)
# When a held message looks again, and when a letter handed over counts as delivered.
MORNING = time(9, 0)
# Two working weeks: cash that is not applied by then is no reason to stay silent for ever.
MAX_HOLDS = 10


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


async def settle(tx: Transaction, prepared: Prepared, answers: Answers) -> Draft | None:
    """Judge the message by what is owed now; None when it is skipped (paid) or held (cash in flight, contacts stopped).

    Refuses: NO_BANK_ACCOUNT, NO_SENDER, UNKNOWN_LANGUAGE, UNKNOWN_TEMPLATE.
    """
    row, account = await store.lock_message(tx, prepared.message_id), await store.find_account(tx, prepared.account_id)
    assert row is not None, "prepare has seen it"
    assert account is not None, "prepare has seen it"
    if await refusal(tx):
        await _release(tx, prepared)
        await wait_for_start(tx, row.id)
        return None
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
    if not answers.is_fresh(tx.now) or await refusal(tx):
        return False
    await store.update_message(tx, row.id, state="sending", reason="", rendered_hash=rendered_hash)
    return True


async def note_sent(tx: Transaction, prepared: Prepared) -> None:
    """The transport has it: the contact was made; delivered now, or after the channel's grace."""
    row = await store.lock_message(tx, prepared.message_id)
    assert row is not None, "prepare has seen it"
    assert prepared.reservation_id is not None, "start_sending lets nothing else through"
    await gate.confirm_contact(tx, prepared.reservation_id)
    today, grace = local_date(tx.now, tx.unit.time_zone), delivery_policy()[row.channel]["grace_business_days"]
    await store.update_message(tx, row.id, sent_at=tx.now)
    if grace == 0:
        await deliver(tx, row, today)
        return
    delivered_on = _calendar(tx).add_business_days(today, grace)
    await store.update_message(tx, row.id, state="sent", next_try_at=local_instant(delivered_on, MORNING, tx.unit.time_zone))


async def note_rejected(tx: Transaction, prepared: Prepared, *, for_good: bool) -> None:
    """The transport did not take it: the next channel if it never will, else later."""
    row = await store.lock_message(tx, prepared.message_id)
    assert row is not None, "prepare has seen it"
    await _release(tx, prepared)
    if for_good:
        await next_channel(tx, row, "rejected")
    else:
        await store.update_message(tx, row.id, state="queued", next_try_at=tx.now + POSTPONED_FOR)


async def note_refused(tx: Transaction, prepared: Prepared, refused: Refused) -> None:
    """A rule of ours said no: the slot is free again, and the message is skipped with the rule's code."""
    row = await store.lock_message(tx, prepared.message_id)
    assert row is not None, "prepare has seen it"
    await _release(tx, prepared)
    await skip(tx, row, refused.code.lower(), "")


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


def _evidence(answers: Answers) -> dict[str, Any]:
    """What the decision to send rests on: the answers with their versions and instants."""
    cash = answers.cash
    return {
        "billing": {"as_of": answers.as_of.isoformat(), "items": [[item.number, item.version, item.open_minor] for item in answers.items]},
        "payments": {"as_of": cash.as_of.isoformat(), "version": cash.version, "currency": cash.currency, "minor": cash.minor},
    }
