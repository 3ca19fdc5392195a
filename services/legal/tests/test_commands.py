"""Legal's commands on real PostgreSQL: what they store, what they announce, what they refuse."""

import hashlib
import json
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest

from chassis.auth import Caller
from chassis.database import new_id
from chassis.testing import announced, rolled_back
from kernel.errors import NotFound
from kernel.money import CurrencyMismatch, Money
from kernel.references import tracking_check
from proto.legal.v1 import events_pb2 as events
from services.legal import commands, store
from services.legal.commands import AccountState, Intent, ItemState, Kept, ProofWanted
from services.legal.domain import Filing
from services.legal.domain.filing import DocumentChanged, SamePerson
from services.legal.domain.matter import WrongStage
from services.legal.gateways import Proof, Receipt

UNIT = "rheintel"
ALL = (
    events.MatterOpened,
    events.LetterPosted,
    events.LetterDelivered,
    events.FilingApproved,
    events.FilingRecorded,
    events.MatterClosed,
)
DOCUMENT = b"Antrag"
SHA256 = hashlib.sha256(DOCUMENT).hexdigest()


def names(tx) -> list[str]:
    return [type(event).__name__ for event in announced(tx, *ALL)]


async def known_account(tx, account_id: UUID, *address: str, version: int = 1) -> None:
    await commands.take_account(tx, AccountState(account_id, "K-1", "Nord GmbH", address, True, version))


async def handed_over(tx, open_minor: int = 11900, case_id: UUID | None = None) -> tuple[UUID, ItemState]:
    item = ItemState(new_id(), new_id(), "EUR", open_minor, 1)
    await known_account(tx, item.account_id, "Weg 1", "00010 Ort")
    return await commands.open_matter(tx, case_id or new_id(), item.account_id, "EUR", [item]), item


async def posted(tx) -> tuple[UUID, ItemState, Intent]:
    matter_id, item = await handed_over(tx)
    intent = await commands.advance(tx, matter_id)
    assert isinstance(intent, Intent)
    receipt = Receipt(intent.posted_on, "ab" * 32, b"%PDF", {"cash_version": 1})
    await commands.note_posted(tx, intent, receipt)
    return matter_id, item, intent


def proof(on: date, outcome: str = "delivered") -> Proof:
    return Proof(on, outcome, json.dumps({"delivered_on": on.isoformat(), "outcome": outcome}).encode())


async def ready(tx) -> tuple[UUID, ItemState]:
    matter_id, item, intent = await posted(tx)
    await commands.note_proof(tx, matter_id, proof(intent.posted_on))
    tx.now += timedelta(days=20)
    await commands.advance(tx, matter_id)
    return matter_id, item


async def row_of(tx, matter_id: UUID):
    return await store.get_matter(tx, matter_id)


def acting(tx, subject: str) -> None:
    tx.caller = Caller(subject, "cli", frozenset({UNIT}), frozenset())


@pytest.fixture
async def tx(database_of):
    legal = database_of("legal")
    async with rolled_back(legal.database, legal.caller, UNIT) as transaction:
        yield transaction


async def test_a_hand_over_opens_one_matter_for_the_case(tx):
    case_id = new_id()
    matter_id, item = await handed_over(tx, case_id=case_id)
    other = replace(item, id=new_id(), open_minor=-1900)

    assert await commands.open_matter(tx, case_id, item.account_id, "EUR", [other]) == matter_id

    row = await row_of(tx, matter_id)
    assert (row.stage, row.procedure, row.claim_minor) == ("opened", "DE@1", 10000)
    assert names(tx) == ["MatterOpened"]


async def test_a_case_that_comes_again_after_a_withdrawal_opens_a_new_matter(tx):
    case_id = new_id()
    matter_id, item = await handed_over(tx, case_id=case_id)
    await commands.take_item(tx, replace(item, open_minor=0, version=2))
    assert await commands.advance(tx, matter_id) == commands.ENDED

    again = await commands.open_matter(tx, case_id, item.account_id, "EUR", [replace(item, version=3)])

    assert again != matter_id
    assert (await row_of(tx, again)).claim_minor == 11900
    assert names(tx) == ["MatterOpened", "MatterClosed", "MatterOpened"]


async def test_a_letter_keeps_its_number_until_it_is_posted_and_is_noted_once(tx):
    matter_id, _ = await handed_over(tx)
    first = await commands.advance(tx, matter_id)
    again = await commands.advance(tx, matter_id)

    assert first == again
    assert tracking_check(first.number, "upu") == (True, "upu")
    receipt = Receipt(first.posted_on, "ab" * 32, b"%PDF", {"cash_version": 1})
    await commands.note_posted(tx, first, receipt)
    await commands.note_posted(tx, first, receipt)
    row = await row_of(tx, matter_id)
    letter = await tx.first("SELECT * FROM letters WHERE id = :id", id=first.letter_id)
    assert (row.stage, row.tracking_number) == ("letter_posted", first.number)
    assert tx.vault.open(UNIT, letter.document, "letters.document") == b"%PDF"
    assert names(tx) == ["MatterOpened", "LetterPosted"]


async def test_two_letters_have_two_numbers(tx):
    one, other = [await commands.advance(tx, (await handed_over(tx))[0]) for _ in range(2)]

    assert one.number != other.number


async def test_what_the_gate_forbids_for_good_is_a_clerks_decision_that_is_looked_at_again(tx):
    matter_id, _ = await handed_over(tx)
    first = await commands.advance(tx, matter_id)
    await commands.note_kept(tx, matter_id, Kept("DE.insolvency", None))

    until = await commands.advance(tx, matter_id)

    row = await row_of(tx, matter_id)
    assert (row.stage, row.next_action, row.owner) == ("letter_posting", "clerk decides: DE.insolvency", "legal_clerk")
    assert until == row.next_action_at.timestamp()
    tx.now = row.next_action_at
    second = await commands.advance(tx, matter_id)
    assert second.number == first.number
    assert second.key != first.key  # another question to the gate


async def test_what_the_gate_allows_later_is_asked_again_then(tx):
    matter_id, _ = await handed_over(tx)
    await commands.advance(tx, matter_id)
    later = tx.now + timedelta(hours=20)
    await commands.note_kept(tx, matter_id, Kept("group.cap", later))

    assert await commands.advance(tx, matter_id) == later.timestamp()
    assert (await row_of(tx, matter_id)).next_action == "letter waits: group.cap"


async def test_without_an_address_nothing_is_posted_until_one_comes(tx):
    item = ItemState(new_id(), new_id(), "EUR", 11900, 1)
    matter_id = await commands.open_matter(tx, new_id(), item.account_id, "EUR", [item])

    assert isinstance(await commands.advance(tx, matter_id), float)
    assert (await row_of(tx, matter_id)).next_action == "find the address"

    await known_account(tx, item.account_id, "Weg 1")
    assert isinstance(await commands.advance(tx, matter_id), Intent)


async def test_a_proof_is_kept_with_its_digest_and_the_waiting_period_runs(tx):
    matter_id, _, intent = await posted(tx)
    await commands.advance(tx, matter_id)
    tx.now += timedelta(days=2)
    assert await commands.advance(tx, matter_id) == ProofWanted(matter_id, intent.number)
    came = proof(intent.posted_on + timedelta(days=1))
    await commands.note_proof(tx, matter_id, came)
    await commands.advance(tx, matter_id)

    row = await row_of(tx, matter_id)
    letter = await tx.first("SELECT * FROM letters WHERE id = :id", id=intent.letter_id)
    assert row.stage == "letter_delivered"
    assert row.next_action.startswith("waiting period")
    assert letter.proof_sha256 == hashlib.sha256(came.content).hexdigest()
    assert tx.vault.open(UNIT, letter.proof, "letters.proof") == came.content
    tx.now = row.next_action_at
    await commands.advance(tx, matter_id)
    assert (await row_of(tx, matter_id)).stage == "ready_to_prepare"


async def test_a_proof_from_the_future_is_a_clerks_matter(tx):
    matter_id, _, intent = await posted(tx)
    await commands.note_proof(tx, matter_id, proof(intent.posted_on + timedelta(days=1)))
    await commands.advance(tx, matter_id)

    row = await row_of(tx, matter_id)
    assert row.stage == "letter_posted"
    assert row.next_action.startswith("the proof says 2026-06-02")


async def test_a_letter_that_came_back_goes_out_again_to_a_new_address_under_a_new_number(tx):
    matter_id, item, intent = await posted(tx)
    await commands.note_proof(tx, matter_id, proof(intent.posted_on, "returned"))
    await commands.advance(tx, matter_id)
    assert (await row_of(tx, matter_id)).next_action == "find a new address"

    await known_account(tx, item.account_id, "Gasse 2", version=2)

    again = await commands.advance(tx, matter_id)
    assert again.debtor.address == ["Gasse 2"]
    assert again.number != intent.number
    assert "LetterDelivered" not in names(tx)


async def test_a_filing_takes_two_people_and_keeps_its_cost(tx):
    matter_id, _ = await ready(tx)
    acting(tx, "anna")
    assert await commands.prepare_filing(tx, matter_id, "Amtsgericht", DOCUMENT) == SHA256
    with pytest.raises(SamePerson):
        await commands.approve_filing(tx, matter_id, SHA256)
    acting(tx, "bert")
    with pytest.raises(DocumentChanged):
        await commands.approve_filing(tx, matter_id, "0" * 64)
    await commands.approve_filing(tx, matter_id, SHA256)
    today = tx.now.date()
    with pytest.raises(CurrencyMismatch):
        await commands.record_filing(tx, matter_id, Filing("1 B 2/26", today, Money(3800, "USD")))
    await commands.record_filing(tx, matter_id, Filing("1 B 2/26", today, Money(3800, "EUR")))

    row = await row_of(tx, matter_id)
    assert (row.stage, row.cost_minor, row.prepared_by, row.approved_by) == ("filed", 3800, "anna", "bert")
    assert row.next_action == "follow the court"
    assert await store.document_of(tx, matter_id, SHA256) == DOCUMENT
    assert names(tx)[-2:] == ["FilingApproved", "FilingRecorded"]


async def test_nothing_is_prepared_before_the_waiting_period_is_over(tx):
    matter_id, _, _ = await posted(tx)

    with pytest.raises(WrongStage):
        await commands.prepare_filing(tx, matter_id, "Amtsgericht", DOCUMENT)
    with pytest.raises(NotFound):
        await commands.prepare_filing(tx, new_id(), "Amtsgericht", DOCUMENT)


async def test_a_document_may_be_replaced_until_it_is_approved(tx):
    matter_id, _ = await ready(tx)
    acting(tx, "anna")
    await commands.prepare_filing(tx, matter_id, "Amtsgericht", DOCUMENT)
    newer = await commands.prepare_filing(tx, matter_id, "Amtsgericht", b"Antrag 2")
    acting(tx, "bert")
    with pytest.raises(DocumentChanged):
        await commands.approve_filing(tx, matter_id, SHA256)
    await commands.approve_filing(tx, matter_id, newer)
    with pytest.raises(WrongStage):
        await commands.prepare_filing(tx, matter_id, "Amtsgericht", DOCUMENT)


async def test_a_payment_withdraws_a_matter_also_after_filing(tx):
    matter_id, item = await ready(tx)
    acting(tx, "anna")
    await commands.prepare_filing(tx, matter_id, "Amtsgericht", DOCUMENT)
    acting(tx, "bert")
    await commands.approve_filing(tx, matter_id, SHA256)
    await commands.record_filing(tx, matter_id, Filing("1 B 2/26", tx.now.date(), Money(3800, "EUR")))

    await commands.take_item(tx, replace(item, open_minor=5000, version=2))
    assert isinstance(await commands.advance(tx, matter_id), float)
    await commands.take_item(tx, replace(item, open_minor=0, version=4))
    await commands.take_item(tx, replace(item, open_minor=5000, version=3))  # late, and silent

    assert await commands.advance(tx, matter_id) == commands.ENDED
    row = await row_of(tx, matter_id)
    assert (row.stage, row.reason, row.cost_minor, row.next_action) == ("closed", "paid", 3800, "")
    (closed,) = announced(tx, events.MatterClosed)
    assert (closed.matter_id, closed.reason) == (str(matter_id), "paid")


async def test_a_credit_of_the_account_counts_against_the_claim(tx):
    matter_id, item = await handed_over(tx)
    await commands.take_item(tx, ItemState(new_id(), item.account_id, "EUR", -11900, 1))

    assert await commands.advance(tx, matter_id) == commands.ENDED


async def test_figures_count_matters_by_stage_and_none_is_silent(tx):
    before = {row.stage: row.matters for row in await store.figures(tx)}
    await posted(tx)
    matter_id, item = await handed_over(tx)
    await commands.take_item(tx, replace(item, open_minor=0, version=2))
    await commands.advance(tx, matter_id)

    rows = await store.figures(tx)

    counted = {row.stage: row.matters - before.get(row.stage, 0) for row in rows}
    assert (counted["letter_posted"], counted["closed"]) == (1, 1)
    assert sum(row.silent for row in rows) == 0
