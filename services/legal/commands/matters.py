"""A matter is opened, looked at, closed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from chassis.database import Transaction, new_id
from kernel.calendar import local_date
from kernel.errors import NotFound
from proto.legal.v1 import events_pb2 as events
from services.legal import store
from services.legal.commands import letters
from services.legal.commands.office import MATTER, office_of, procedure_of_unit
from services.legal.commands.projections import ItemState, keep_item
from services.legal.domain import CLOSED, OPENED, Close, LookForProof, Move, Post, decide, move

# What `advance` answers when nothing is left to wait for.
ENDED = -1.0


@dataclass(frozen=True)
class ProofWanted:
    """The post is to be asked about a letter."""

    matter_id: UUID
    tracking_number: str


async def open_matter(tx: Transaction, case_id: UUID, account_id: UUID, currency: str, claim: Sequence[ItemState]) -> UUID:
    """Open the case's matter, or add to the one that is open. Refuses: UNKNOWN_PROCEDURE."""
    for item in claim:
        await keep_item(tx, item)
    matter_id = await store.find_open_matter(tx, case_id)
    if matter_id is None:
        matter_id = await _insert(tx, case_id, account_id, currency)
    for item in claim:
        await tx.execute(
            "INSERT INTO matter_items VALUES (:unit, :matter, :item) ON CONFLICT DO NOTHING",
            {"unit": tx.unit.id, "matter": matter_id, "item": item.id},
        )
    await tx.nudge(MATTER, matter_id)
    return matter_id


async def _insert(tx: Transaction, case_id: UUID, account_id: UUID, currency: str) -> UUID:
    procedure, matter_id = procedure_of_unit(tx), new_id()
    await tx.execute(
        "INSERT INTO matters (id, business_unit, case_id, account_id, currency, procedure, stage, stage_on, asked, obstacle, court, "
        "document_sha256, prepared_by, approved_by, court_file_number, cost_minor, next_action, next_action_at, owner, reason, opened_at) "
        "VALUES (:id, :unit, :case, :account, :currency, :procedure, :stage, :today, 0, '', '', '', '', '', '', 0, 'post the letter', :now, "
        ":owner, '', :now)",
        {
            "id": matter_id,
            "unit": tx.unit.id,
            "case": case_id,
            "account": account_id,
            "currency": currency,
            "procedure": procedure.id,
            "stage": OPENED,
            "today": local_date(tx.now, tx.unit.time_zone),
            "now": tx.now,
            "owner": procedure.clerk,
        },
    )
    opened = events.MatterOpened(matter_id=str(matter_id), case_id=str(case_id), account_id=str(account_id), procedure=procedure.id)
    tx.publish(opened, key=str(account_id))
    return matter_id


async def advance(tx: Transaction, matter_id: UUID) -> letters.Intent | ProofWanted | float | None:
    """Do what the matter's time has come for.

    Gives what must be done outside of a transaction (post a letter, ask for a proof; then it is called again), or the
    instant of the next look, ENDED when the matter is closed. Refuses: NOT_FOUND, UNKNOWN_PROCEDURE, NUMBERS_EXHAUSTED.
    """
    seen = await tx.look(MATTER, matter_id)
    row = await store.lock_matter(tx, matter_id)
    if row is None:
        raise NotFound("no such matter", matter_id=str(matter_id))
    while row.stage != CLOSED:
        office = office_of(tx, row)
        match decide(store.matter_of(row), row.claim_minor, office, tx.now):
            case Close(reason):
                await _close(tx, row, reason)
            case Move(to):
                await _move(tx, row, to)
            case Post():
                if (intent := await letters.reserve(tx, row, office)) is not None:
                    return intent
            case LookForProof():
                return ProofWanted(matter_id, row.tracking_number)
            case wait:
                await store.update_matter(tx, matter_id, next_action=wait.action, next_action_at=wait.due_at, owner=wait.owner)
                return await tx.wait(MATTER, matter_id, seen, wait.look_at)
        row = await store.get_matter(tx, matter_id)
        assert row is not None
    await tx.end(MATTER, matter_id, seen)
    return ENDED


async def _move(tx: Transaction, row: Row[Any], to: str) -> None:
    letter = {"letter_id": None} if to == OPENED else {}
    await store.update_matter(tx, row.id, stage=move(row.stage, to), stage_on=local_date(tx.now, tx.unit.time_zone), **letter)


async def _close(tx: Transaction, row: Row[Any], reason: str) -> None:
    await store.update_matter(
        tx,
        row.id,
        stage=move(row.stage, CLOSED),
        stage_on=local_date(tx.now, tx.unit.time_zone),
        reason=reason,
        obstacle="",
        not_before=None,
        next_action="",
        next_action_at=None,
        owner="",
    )
    closed = events.MatterClosed(matter_id=str(row.id), case_id=str(row.case_id), account_id=str(row.account_id), reason=reason)
    tx.publish(closed, key=str(row.account_id))
