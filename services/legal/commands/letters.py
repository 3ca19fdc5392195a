"""The registered letter between two transactions: what is reserved before it is posted, what is noted after."""

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from chassis.database import Transaction, new_id
from chassis.wire import iso
from kernel.calendar import local_date
from proto.legal.v1 import events_pb2 as events
from services.legal import store
from services.legal.commands.office import office_of
from services.legal.domain import LETTER_DELIVERED, LETTER_POSTED, LETTER_POSTING, OPENED, Debtor, Office, Procedure, Sender, move
from services.legal.domain.letter import tracking_number
from services.legal.gateways import RETURNED, Proof, Receipt


@dataclass(frozen=True)
class Intent:
    """A letter that is to be posted under a number of its own. `key` names this attempt at the gate."""

    matter_id: UUID
    letter_id: UUID
    account_id: UUID
    key: str
    number: str
    procedure: Procedure
    sender: Sender
    debtor: Debtor
    currency: str
    items: frozenset[UUID]
    posted_on: date
    reserved_at: datetime


@dataclass(frozen=True)
class Kept:
    """Why a letter is not posted now. Without `until` a clerk decides."""

    reason: str
    until: datetime | None


async def reserve(tx: Transaction, row: Row[Any], office: Office) -> Intent | None:
    """Give the letter its number and say what it needs; None when something is missing, which a clerk then sees.

    A letter that already has a number keeps it. Refuses: NUMBERS_EXHAUSTED.
    """
    account = await tx.first("SELECT number, sealed, address_index FROM accounts WHERE id = :id", id=row.account_id)
    accounts = tx.unit.sections["payments"]["bank_accounts"]
    bank = next((entry["shown"] for entry in accounts if entry["currency"] == row.currency), None)
    if account is None or not account.address_index:
        await _keep(tx, row, office, "find the address")
        return None
    if bank is None:
        await _keep(tx, row, office, f"no bank account in {row.currency} to ask for payment to")
        return None
    letter_id, number, reserved_at = row.letter_id, row.tracking_number, row.reserved_at
    if letter_id is None:
        letter_id, reserved_at = new_id(), tx.now
        number = await _insert(tx, row, office.procedure, letter_id, account.address_index)
    else:
        await store.update_letter(tx, letter_id, address_index=account.address_index)
    if row.stage == OPENED:
        today = local_date(tx.now, tx.unit.time_zone)
        await store.update_matter(tx, row.id, stage=move(row.stage, LETTER_POSTING), stage_on=today, letter_id=letter_id)
    debtor = json.loads(tx.vault.open(tx.unit.id, account.sealed, "accounts.sealed"))
    sender = tx.unit.sections["notifications"]
    return Intent(
        matter_id=row.id,
        letter_id=letter_id,
        account_id=row.account_id,
        key=f"legal/{row.id}/{number}/{row.asked}",
        number=number,
        procedure=office.procedure,
        sender=Sender(sender["sender_name"], sender["address"], bank),
        debtor=Debtor(debtor["name"], debtor["address"], account.number, debtor["is_business"]),
        currency=row.currency,
        items=await store.claim_items_of(tx, row.id),
        posted_on=local_date(tx.now, tx.unit.time_zone),
        reserved_at=reserved_at,
    )


async def _insert(tx: Transaction, row: Row[Any], procedure: Procedure, letter_id: UUID, address_index: str) -> str:
    carrier = procedure.tracking.scheme
    number = tracking_number(procedure, await store.next_serial(tx, carrier))
    await tx.execute(
        "INSERT INTO letters (id, business_unit, matter_id, carrier, tracking_number, state, address_index, reserved_at, document_sha256, "
        "answers, doubt, proof_sha256) VALUES (:id, :unit, :matter, :carrier, :number, 'posting', :address, :now, '', '', '', '')",
        {
            "id": letter_id,
            "unit": tx.unit.id,
            "matter": row.id,
            "carrier": carrier,
            "number": number,
            "address": address_index,
            "now": tx.now,
        },
    )
    return number


async def _keep(tx: Transaction, row: Row[Any], office: Office, obstacle: str) -> None:
    review = office.at(local_date(tx.now, tx.unit.time_zone) + timedelta(days=office.procedure.review_days))
    await store.update_matter(tx, row.id, obstacle=obstacle, not_before=review)


async def note_kept(tx: Transaction, matter_id: UUID, kept: Kept) -> None:
    """The letter is not posted now: the gate said no, nothing is open, or money is on its way."""
    row = await _locked(tx, matter_id)
    if row.stage != LETTER_POSTING:
        return
    office = office_of(tx, row)
    if kept.until is None:
        await _keep(tx, row, office, f"clerk decides: {kept.reason}")
    else:
        until = kept.until if kept.until > tx.now else office.next_morning(tx.now)
        await store.update_matter(tx, matter_id, obstacle=f"letter waits: {kept.reason}", not_before=until)
    await store.update_matter(tx, matter_id, asked=row.asked + 1)


async def note_posted(tx: Transaction, intent: Intent, receipt: Receipt) -> None:
    """The post has the letter. Once: a letter that is noted is not noted again."""
    row = await _locked(tx, intent.matter_id)
    if row.letter_id != intent.letter_id or row.letter_state != "posting":
        return
    await store.update_letter(
        tx,
        intent.letter_id,
        state="posted",
        posted_on=receipt.posted_on,
        looked_on=receipt.posted_on,
        document_sha256=receipt.sha256,
        document=tx.vault.seal(tx.unit.id, receipt.document, "letters.document"),
        answers=json.dumps(receipt.answers, sort_keys=True),
    )
    if row.stage == LETTER_POSTING:
        stage = move(row.stage, LETTER_POSTED)
        await store.update_matter(tx, row.id, stage=stage, stage_on=receipt.posted_on, obstacle="", not_before=None)
    posted = events.LetterPosted(
        matter_id=str(row.id),
        account_id=str(row.account_id),
        tracking_number=intent.number,
        posted_on=iso(receipt.posted_on),
        document_sha256=receipt.sha256,
    )
    tx.publish(posted, key=str(row.account_id))


async def note_no_proof(tx: Transaction, matter_id: UUID, doubt: str = "") -> None:
    """The post knows nothing yet; or, with a doubt, what came is no proof: a clerk looks at it, and the post is asked again."""
    row = await _locked(tx, matter_id)
    await store.update_letter(tx, row.letter_id, looked_on=local_date(tx.now, tx.unit.time_zone), doubt=doubt)


async def note_proof(tx: Transaction, matter_id: UUID, proof: Proof) -> None:
    """The letter was delivered or came back; the evidence is kept on the day it appears."""
    row, today = await _locked(tx, matter_id), local_date(tx.now, tx.unit.time_zone)
    if row.stage != LETTER_POSTED:
        return
    if not row.posted_on <= proof.delivered_on <= today:
        await note_no_proof(tx, matter_id, f"the proof says {proof.delivered_on}: before posting or in the future")
        return
    returned = proof.outcome == RETURNED
    await store.update_letter(
        tx,
        row.letter_id,
        state=proof.outcome,
        delivered_on=None if returned else proof.delivered_on,
        returned_on=proof.delivered_on if returned else None,
        looked_on=today,
        doubt="",
        proof_sha256=hashlib.sha256(proof.content).hexdigest(),
        proof=tx.vault.seal(tx.unit.id, proof.content, "letters.proof"),
    )
    if returned:
        return
    await store.update_matter(tx, matter_id, stage=move(row.stage, LETTER_DELIVERED), stage_on=today)
    delivered = events.LetterDelivered(
        matter_id=str(matter_id),
        account_id=str(row.account_id),
        tracking_number=row.tracking_number,
        delivered_on=iso(proof.delivered_on),
    )
    tx.publish(delivered, key=str(row.account_id))


async def _locked(tx: Transaction, matter_id: UUID) -> Row[Any]:
    row = await store.lock_matter(tx, matter_id)
    assert row is not None, "a matter is never deleted"
    return row
