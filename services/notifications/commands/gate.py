"""The stored gate: decides under a lock per person, and keeps the decision with its reservation in one transaction."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from chassis.database import Transaction, new_id
from chassis.metrics import GATE
from kernel.errors import Conflict, NotFound, Refused
from services.notifications import store
from services.notifications.commands.facts import Asked, debt_index, facts_of, inputs
from services.notifications.commands.policies import RuleBook, rule_book
from services.notifications.commands.stops import refusal
from services.notifications.domain import CHANNELS, OUTCOMES, Decision, Facts, decide

# What was reserved and not confirmed by then did not take place (design, the gate).
RESERVED_FOR = timedelta(minutes=15)
PLACES = frozenset({"", "home", "work"})


class UnknownChannel(Refused):
    """Not a channel that rules are kept for."""

    code = "UNKNOWN_CHANNEL"


class UnknownPlace(Refused):
    """Neither home nor work."""

    code = "UNKNOWN_PLACE"


class UnknownOutcome(Refused):
    """Not an outcome that rules are kept for."""

    code = "UNKNOWN_OUTCOME"


@dataclass(frozen=True)
class Reservation:
    """A decision, and the reservation's id when it allows."""

    decision: Decision
    id: UUID | None


async def may_contact(tx: Transaction, asked: Asked, book: RuleBook | None = None) -> Decision:
    """Only ask, by default all rules in force. Refuses: NOT_FOUND, UNKNOWN_CHANNEL, UNKNOWN_PLACE, UNKNOWN_COLLECTOR."""
    book = book or rule_book()
    facts = await facts_of(tx, await _account(tx, asked), asked, book)
    return await refusal(tx) or decide(facts, book.rules, tx.now)


async def reserve_contact(tx: Transaction, asked: Asked, book: RuleBook | None = None) -> Reservation:
    """Ask and take the slot in one step; the same key gives the same answer while its reservation lives.

    Refuses: NOT_FOUND, UNKNOWN_CHANNEL, UNKNOWN_PLACE, UNKNOWN_COLLECTOR, CONFLICT (the key was used for another account).
    """
    book, account = book or rule_book(), await _account(tx, asked)
    await store.lock_party(tx, account.party_id)
    before = await store.find_decision(tx, asked.key)
    if before is not None and before.account_id != asked.account_id:
        raise Conflict("this key was used for another account", key=asked.key)
    stopped = await refusal(tx)
    if before is not None and _is_alive(before, tx.now) and not stopped:
        return Reservation(Decision(True, (), None), before.id)
    facts = await facts_of(tx, account, asked, book)
    decision, id_ = stopped or decide(facts, book.rules, tx.now), new_id()
    expires_at = tx.now + RESERVED_FOR if decision.allowed else None
    await _keep(tx, asked, id_, decision, facts, book, expires_at)
    tx.count(GATE, asked.channel, "allowed" if decision.allowed else "refused", next((reason.rule for reason in decision.reasons), ""))
    if not decision.allowed:
        return Reservation(decision, None)
    await store.add_contact(tx, id_, account.party_id, asked.channel, "reserved", facts.debt, expires_at=expires_at)
    return Reservation(decision, id_)


async def _keep(
    tx: Transaction, asked: Asked, id_: UUID, decision: Decision, facts: Facts, book: RuleBook, expires_at: datetime | None
) -> None:
    """The decision, its rules, their version and what they were asked about."""
    values = {
        "id": id_,
        "key": asked.key,
        "account_id": asked.account_id,
        "message_id": asked.message_id,
        "channel": asked.channel,
        "allowed": decision.allowed,
        "rules": [reason.rule for reason in decision.reasons],
        "citations": [reason.citation for reason in decision.reasons],
        "bases": [reason.basis for reason in decision.reasons],
        "next_at": decision.next_at,
        "rules_version": book.version,
        "inputs": inputs(facts, tx.now),
        "state": "reserved" if decision.allowed else "denied",
        "expires_at": expires_at,
    }
    await store.add_decision(tx, values)


async def confirm_contact(tx: Transaction, reservation_id: UUID, outcome: str = "") -> None:
    """The contact took place, even if the reservation had lapsed meanwhile; its outcome may be told later, once.

    Refuses: NOT_FOUND (also when it was released), UNKNOWN_OUTCOME.
    """
    _known(outcome)
    await _close(tx, reservation_id, "made", "released")
    await tx.execute("SELECT confirm_contact(:id, :at, :outcome)", {"id": reservation_id, "at": tx.now, "outcome": outcome})


async def note_received(tx: Transaction, asked: Asked, outcome: str) -> None:
    """The debtor made contact: no cap counts it, but a conversation is one, whoever called.

    The same key again is silent. Refuses: NOT_FOUND, UNKNOWN_CHANNEL, UNKNOWN_OUTCOME.
    """
    _known(outcome)
    account = await _account(tx, asked)
    if await tx.once(f"{tx.unit.id}/received/{asked.key}"):
        debt = debt_index(tx, asked.account_id, asked.debt_key)
        await store.add_contact(tx, new_id(), account.party_id, asked.channel, "received", debt, outcome=outcome)


async def release_contact(tx: Transaction, reservation_id: UUID) -> None:
    """The contact did not take place: the slot is free again. Refuses: NOT_FOUND (also when the contact was made)."""
    await _close(tx, reservation_id, "released", "made")
    await tx.execute("SELECT release_contact(:id)", {"id": reservation_id})


async def _close(tx: Transaction, reservation_id: UUID, state: str, other: str) -> None:
    # A unit reaches the group's ledger only through a decision of its own.
    closed = await tx.execute(
        "UPDATE gate_decisions SET state = :state, expires_at = NULL WHERE id = :id AND allowed AND state <> :other",
        {"id": reservation_id, "state": state, "other": other},
    )
    if not closed.rowcount:
        raise NotFound("no such reservation", reservation_id=str(reservation_id))


def _is_alive(row: Row[Any], now: datetime) -> bool:
    return bool(row.state == "made" or (row.state == "reserved" and row.expires_at > now))


async def _account(tx: Transaction, asked: Asked) -> Row[Any]:
    if asked.channel not in CHANNELS:
        raise UnknownChannel(f"{asked.channel[:40]!r} is not a channel", channel=asked.channel[:40])
    if asked.place not in PLACES:
        raise UnknownPlace(f"{asked.place[:40]!r} is neither home nor work", place=asked.place[:40])
    account = await store.find_account(tx, asked.account_id)
    if account is None:
        raise NotFound("no such account", account_id=str(asked.account_id))
    return account


def _known(outcome: str) -> None:
    if outcome not in OUTCOMES:
        raise UnknownOutcome(f"{outcome[:40]!r} is none of {', '.join(sorted(OUTCOMES - {''}))}", outcome=outcome[:40])
