"""What collections can be told to do; one transaction each, none commits."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from sqlalchemy import Row

from chassis.database import Transaction, new_id
from chassis.plumbing import Process
from chassis.wire import iso
from kernel.calendar import Calendar, local_date
from kernel.errors import NotFound, Refused
from proto.collections.v1 import events_pb2 as events
from services.collections import store
from services.collections.domain import HAND_OVER, Case, Close, Item, Office, Step, Strategy, Take, decide, nothing_left, read_strategy
from services.collections.domain.case import CLOSED, HANDED_OVER, OPEN

COLLECTION_CASE = Process("CollectionCase", "case")
STRATEGIES = Path(__file__).parent / "policies" / "strategies"
# A hold without an end would silence a case; half a year is the longest that a credit manager may grant.
MAX_HOLD_DAYS = 183


class HoldInvalid(Refused):
    """A hold needs a reason and an end within half a year."""

    code = "HOLD_INVALID"


@cache
def strategies() -> Mapping[str, Strategy]:
    """All strategies by `name@version`, and the newest of each by its name."""
    read = [read_strategy(yaml.safe_load(path.read_text(encoding="utf-8"))) for path in sorted(STRATEGIES.glob("*.yaml"))]
    newest = {strategy.name: strategy for strategy in sorted(read, key=lambda strategy: strategy.version)}
    return {strategy.id: strategy for strategy in read} | newest


@dataclass(frozen=True)
class ItemState:
    """An item as billing announced it."""

    item: Item
    account_id: UUID
    party_id: UUID


async def take_account(tx: Transaction, account_id: UUID, party_id: UUID, number: str, version: int) -> None:
    """Keep an account's state; an older version is silent."""
    await tx.execute(
        "INSERT INTO accounts AS a (id, business_unit, party_id, number, version) VALUES (:id, :unit, :party, :number, :version) "
        "ON CONFLICT (id) DO UPDATE SET party_id = excluded.party_id, number = excluded.number, version = excluded.version "
        "WHERE excluded.version > a.version",
        {"id": account_id, "unit": tx.unit.id, "party": party_id, "number": number, "version": version},
    )


async def take_item(tx: Transaction, state: ItemState) -> None:
    """Keep an item's state; one that is overdue opens, extends or resumes the account's case.

    A case of which nothing is left closes in the transaction that hears it, not when its workflow next looks.
    """
    item = state.item
    taken = await tx.execute(
        "INSERT INTO items AS i (id, business_unit, account_id, invoice_number, currency, open_minor, issued_on, due_on, overdue, version) "
        "VALUES (:id, :unit, :account, :number, :currency, :open, :issued_on, :due_on, :overdue, :version) ON CONFLICT (id) DO UPDATE SET "
        "open_minor = excluded.open_minor, overdue = excluded.overdue, version = excluded.version WHERE excluded.version > i.version",
        {
            "id": item.id,
            "unit": tx.unit.id,
            "account": state.account_id,
            "number": item.invoice_number,
            "currency": item.currency,
            "open": item.open_minor,
            "issued_on": item.issued_on,
            "due_on": item.due_on,
            "overdue": item.overdue,
            "version": item.version,
        },
    )
    if not taken.rowcount:
        return
    case = await store.find_open_case(tx, state.account_id)
    if case is None and item.overdue and item.open_minor > 0:
        case = await _open_case(tx, state)
    if case is None:
        return
    if item.overdue:
        await tx.execute(
            "INSERT INTO case_items VALUES (:unit, :case, :item) ON CONFLICT DO NOTHING",
            {"unit": tx.unit.id, "case": case.id, "item": item.id},
        )
    if closing := nothing_left(await store.items_of(tx, state.account_id), case.currency):
        await _close(tx, store.case_of(case), closing)
    await tx.nudge(COLLECTION_CASE, case.id)


async def _open_case(tx: Transaction, state: ItemState) -> Row[Any]:
    """A new case; or the old one goes on where it stood, when a payment of one of its items came back."""
    before = await store.find_case_of_item(tx, state.item.id)
    today = local_date(tx.now, tx.unit.time_zone)
    if before is not None:
        await store.update_case(
            tx,
            before.id,
            state=OPEN,
            since_on=today,
            awaiting=None,
            reason="",
            next_action="resume",
            next_action_at=tx.now,
            owner="collector",
        )
        case_id, strategy = before.id, before.strategy
    else:
        case_id, strategy = new_id(), strategies()[tx.unit.sections["collections"]["strategy"]].id
        await tx.execute(
            "INSERT INTO cases (id, business_unit, account_id, party_id, currency, strategy, state, taken, hold_reason, obstacle, next_action, "
            "next_action_at, owner, reason, opened_at) VALUES (:id, :unit, :account, :party, :currency, :strategy, 'open', 0, '', '', 'open', "
            ":now, 'collector', '', :now)",
            {
                "id": case_id,
                "unit": tx.unit.id,
                "account": state.account_id,
                "party": state.party_id,
                "currency": state.item.currency,
                "strategy": strategy,
                "now": tx.now,
            },
        )
    opened = events.CaseOpened(
        case_id=str(case_id), account_id=str(state.account_id), party_id=str(state.party_id), strategy=strategy, resumed=before is not None
    )
    tx.publish(opened, key=str(state.account_id))
    case = await store.lock_case(tx, case_id)
    assert case is not None
    return case


async def advance(tx: Transaction, case_id: UUID) -> float | None:
    """Do what the case's time has come for; the instant of its next action, -1 when it is closed.

    Refuses: NOT_FOUND.
    """
    seen = await tx.look(COLLECTION_CASE, case_id)
    row = await store.lock_case(tx, case_id)
    if row is None:
        raise NotFound("no such case", case_id=str(case_id))
    if row.state == CLOSED:
        await tx.end(COLLECTION_CASE, case_id, seen)
        return -1
    case, office = store.case_of(row), _office(tx, row)
    items = await store.items_of(tx, case.account_id)
    while isinstance(decision := decide(case, items, office, tx.now), Take):
        case = await _take(tx, case, decision.step, items, row)
    if isinstance(decision, Close):
        await _close(tx, case, decision)
        await tx.end(COLLECTION_CASE, case_id, seen)
        return -1
    await store.update_case(tx, case_id, next_action=decision.action, next_action_at=decision.due_at, owner=decision.owner)
    return await tx.wait(COLLECTION_CASE, case_id, seen, decision.due_at)


def _office(tx: Transaction, row: Row[Any]) -> Office:
    calendar = Calendar(tx.unit.country, tx.unit.subdivision)
    return Office(strategies()[row.strategy], calendar, tx.unit.time_zone, row.currency)


async def _take(tx: Transaction, case: Case, step: Step, items: list[Item], row: Row[Any]) -> Case:
    """Take a step: ask for its message, or hand over to legal. Whether it may be sent is decided when it is sent."""
    today, step_id = local_date(tx.now, tx.unit.time_zone), new_id()
    if step.action == HAND_OVER:
        case = replace(case, taken=case.taken + 1, state=HANDED_OVER, handed_over_on=today)
        tx.publish(_handed_over(case, row.currency, items), key=str(case.account_id))
        outcome = "handed_over"
    else:
        case = replace(case, taken=case.taken + 1, awaiting=step_id, asked_on=today)
        notice = events.NoticeRequested(
            notice_id=str(step_id),
            case_id=str(case.id),
            account_id=str(case.account_id),
            party_id=str(case.party_id),
            step=step.name,
            template=step.template,
            channels=step.channels,
            strategy=row.strategy,
            pay_by=iso(today + timedelta(days=step.pay_within_days)),
        )
        tx.publish(notice, key=str(case.account_id))
        outcome = "requested"
    await tx.execute(
        "INSERT INTO steps VALUES (:id, :unit, :case, :step, :today, :outcome, '')",
        {"id": step_id, "unit": tx.unit.id, "case": case.id, "step": step.name, "today": today, "outcome": outcome},
    )
    await store.update_case(
        tx, case.id, taken=case.taken, state=case.state, awaiting=case.awaiting, asked_on=case.asked_on, handed_over_on=case.handed_over_on
    )
    return case


def _handed_over(case: Case, currency: str, items: list[Item]) -> events.CaseHandedOver:
    claim = [
        events.ClaimItem(
            item_id=str(item.id),
            invoice_number=item.invoice_number,
            open_minor=item.open_minor,
            version=item.version,
            issued_on=iso(item.issued_on),
            due_on=iso(item.due_on),
        )
        for item in items
        if item.currency == currency and (item.overdue or item.open_minor < 0)
    ]
    return events.CaseHandedOver(
        case_id=str(case.id), account_id=str(case.account_id), party_id=str(case.party_id), items=claim, currency=currency
    )


async def _close(tx: Transaction, case: Case, decision: Close) -> None:
    await store.update_case(
        tx, case.id, state=CLOSED, reason=decision.reason, awaiting=None, next_action="", next_action_at=None, owner="", handed_over_on=None
    )
    tx.publish(events.CaseClosed(case_id=str(case.id), account_id=str(case.account_id), reason=decision.reason), key=str(case.account_id))


async def note_delivery(tx: Transaction, case_id: UUID, notice_id: UUID, delivered_on: date) -> None:
    """A step's message arrived: the next step counts from there."""
    await _note_outcome(tx, notice_id, "delivered", "")
    row = await store.lock_case(tx, case_id)
    if row is None or row.awaiting != notice_id:
        return
    await store.update_case(tx, case_id, awaiting=None, since_on=delivered_on, obstacle="")
    await tx.nudge(COLLECTION_CASE, case_id)


async def note_skipped(tx: Transaction, case_id: UUID, notice_id: UUID, reason: str) -> None:
    """A step's message was not sent: the step is not taken, and a person sees why unless the debt is paid."""
    await _note_outcome(tx, notice_id, "skipped", reason)
    row = await store.lock_case(tx, case_id)
    if row is None or row.awaiting != notice_id:
        return
    obstacle = "" if reason == "paid" else f"message not sent: {reason}"
    today = local_date(tx.now, tx.unit.time_zone)
    await store.update_case(tx, case_id, awaiting=None, taken=row.taken - 1, obstacle=obstacle, since_on=today)
    await tx.nudge(COLLECTION_CASE, case_id)


async def _note_outcome(tx: Transaction, notice_id: UUID, outcome: str, reason: str) -> None:
    await tx.execute(
        "UPDATE steps SET outcome = :outcome, reason = :reason WHERE id = :id", {"id": notice_id, "outcome": outcome, "reason": reason}
    )


async def place_hold(tx: Transaction, case_id: UUID | None, account_number: str, reason: str, until_on: date) -> UUID:
    """Stop the ladder until a day. Refuses: NOT_FOUND (no open case), HOLD_INVALID (no reason, no end, or too far)."""
    today = local_date(tx.now, tx.unit.time_zone)
    if not reason or not today <= until_on <= today + timedelta(days=MAX_HOLD_DAYS):
        raise HoldInvalid(f"a hold needs a reason and an end within {MAX_HOLD_DAYS} days", until_on=iso(until_on))
    row = await _find_case(tx, case_id, account_number)
    await store.update_case(tx, row.id, hold_until=until_on, hold_reason=reason)
    tx.publish(
        events.HoldPlaced(case_id=str(row.id), account_id=str(row.account_id), reason=reason, until_on=iso(until_on)),
        key=str(row.account_id),
    )
    await tx.nudge(COLLECTION_CASE, row.id)
    return row.id  # type: ignore[no-any-return]


async def lift_hold(tx: Transaction, case_id: UUID) -> UUID:
    """End a hold now. Refuses: NOT_FOUND."""
    row = await _find_case(tx, case_id, "")
    await store.update_case(tx, row.id, hold_until=None, hold_reason="", obstacle="")
    tx.publish(events.HoldLifted(case_id=str(row.id), account_id=str(row.account_id)), key=str(row.account_id))
    await tx.nudge(COLLECTION_CASE, row.id)
    return row.id  # type: ignore[no-any-return]


async def _find_case(tx: Transaction, case_id: UUID | None, account_number: str) -> Row[Any]:
    if case_id is not None:
        row = await store.lock_case(tx, case_id)
    else:
        account = await tx.first("SELECT id FROM accounts WHERE number = :number", number=account_number)
        row = await store.find_open_case(tx, account.id) if account else None
    if row is None or row.state == CLOSED:
        raise NotFound("no open case", case_id=str(case_id or ""), account_number=account_number)
    return row
