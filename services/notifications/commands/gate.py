"""The stored gate: decides under a lock per person, and keeps the decision with its reservation in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import holidays
from sqlalchemy import Row

from chassis.database import Transaction, new_id
from chassis.metrics import GATE
from kernel.calendar import Calendar, local_date
from kernel.errors import Conflict, NotFound, Refused
from services.notifications import store
from services.notifications.commands.policies import contacts_on, rule_book
from services.notifications.commands.stops import refusal
from services.notifications.domain import (
    CHANNELS,
    Decision,
    Facts,
    Rule,
    Usage,
    applicable,
    decide,
    frees_at,
    window_start,
)

# What was reserved and not confirmed by then did not take place (design, the gate).
RESERVED_FOR = timedelta(minutes=15)


class UnknownChannel(Refused):
    """Not a channel that rules are kept for."""

    code = "UNKNOWN_CHANNEL"


@dataclass(frozen=True)
class Asked:
    """Whether, on which channel, about which debt; `key` makes it idempotent."""

    account_id: UUID
    channel: str
    debt_key: str
    key: str = ""
    message_id: UUID | None = None


@dataclass(frozen=True)
class Reservation:
    """A decision, and the reservation's id when it allows."""

    decision: Decision
    id: UUID | None


async def may_contact(tx: Transaction, asked: Asked) -> Decision:
    """Only ask. Refuses: NOT_FOUND, UNKNOWN_CHANNEL."""
    account = await _account(tx, asked)
    facts = await _facts(tx, account, asked.channel)
    return await refusal(tx) or decide(facts, rule_book().rules, tx.now)


async def reserve_contact(tx: Transaction, asked: Asked) -> Reservation:
    """Ask and take the slot in one step; the same key gives the same answer while its reservation lives.

    Refuses: NOT_FOUND, UNKNOWN_CHANNEL, CONFLICT (the key was used for another account).
    """
    account = await _account(tx, asked)
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended(:party, 0))", {"party": f"contact:{account.party_id}"})
    before = await store.find_decision(tx, asked.key)
    if before is not None and before.account_id != asked.account_id:
        raise Conflict("this key was used for another account", key=asked.key)
    stopped = await refusal(tx)
    if before is not None and _is_alive(before, tx.now) and not stopped:
        return Reservation(Decision(True, (), None), before.id)
    facts = await _facts(tx, account, asked.channel)
    decision, id_ = stopped or decide(facts, rule_book().rules, tx.now), new_id()
    expires_at = tx.now + RESERVED_FOR if decision.allowed else None
    await _keep(tx, asked, id_, decision, facts, expires_at)
    tx.count(GATE, asked.channel, "allowed" if decision.allowed else "refused", next((reason.rule for reason in decision.reasons), ""))
    if not decision.allowed:
        return Reservation(decision, None)
    await tx.execute(
        "INSERT INTO contact_ledger (id, party_id, channel, at, kind, debt_key, expires_at) "
        "VALUES (:id, :party, :channel, :at, 'reserved', :debt_key, :expires_at)",
        {
            "id": id_,
            "party": account.party_id,
            "channel": asked.channel,
            "at": tx.now,
            "debt_key": tx.vault.blind(tx.unit.id, asked.debt_key or str(asked.account_id)),
            "expires_at": expires_at,
        },
    )
    return Reservation(decision, id_)


async def _keep(tx: Transaction, asked: Asked, id_: UUID, decision: Decision, facts: Facts, expires_at: datetime | None) -> None:
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
        "rules_version": rule_book().version,
        "inputs": _inputs(facts, tx.now),
        "state": "reserved" if decision.allowed else "denied",
        "expires_at": expires_at,
    }
    await store.add_decision(tx, values)


async def confirm_contact(tx: Transaction, reservation_id: UUID) -> None:
    """The contact took place, even if the reservation had lapsed meanwhile. Refuses: NOT_FOUND (also when it was released)."""
    await _close(tx, reservation_id, "made", "released")
    await tx.execute("SELECT confirm_contact(:id, :at)", {"id": reservation_id, "at": tx.now})


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
    account = await store.find_account(tx, asked.account_id)
    if account is None:
        raise NotFound("no such account", account_id=str(asked.account_id))
    return account


async def _facts(tx: Transaction, account: Row[Any], channel: str) -> Facts:
    subdivision = tx.unit.subdivision if account.country == tx.unit.country else None
    year = local_date(tx.now, account.time_zone).year
    caps = [rule for rule in rule_book().rules if rule.kind == "cap"]
    facts = Facts(
        channel=channel,
        country=account.country,
        time_zone=account.time_zone,
        debtor_type=account.debtor_type,
        stop_states=frozenset(account.stop_states),
        contacts_on=contacts_on(tx.unit),
        calendar=Calendar(account.country, subdivision),
        holidays=public_holidays(account.country, subdivision, year) | public_holidays(account.country, subdivision, year + 1),
        # A cap that comes into force while a message waits has counted nothing yet; the message asks again at its time.
        usage={rule.id: Usage(0, None) for rule in caps},
    )
    counted = {rule.id: await _count(tx, rule, account) for rule in applicable(facts, caps, tx.now)}
    return replace(facts, usage={**facts.usage, **counted})


async def _count(tx: Transaction, rule: Rule, account: Row[Any]) -> Usage:
    row = await tx.first(
        "SELECT used, leaving FROM count_contacts(:party, :since, :now, CAST(:channels AS text[]), CAST(:most AS int))",
        party=account.party_id,
        since=window_start(rule, account.time_zone, tx.now),
        now=tx.now,
        channels=list(rule.values["channels"]),
        most=rule.values["contacts"],
    )
    assert row is not None, "a count is one row"
    return Usage(row.used, frees_at(rule, account.time_zone, row.leaving) if row.leaving else None)


@lru_cache(maxsize=256)
def public_holidays(country: str, subdivision: str | None, year: int) -> frozenset[date]:
    """Public holidays of a place, weekends aside; a country that is not known has none, and its business days are refused."""
    if country not in holidays.list_supported_countries():
        return frozenset()
    return frozenset(holidays.country_holidays(country, subdiv=subdivision, years=year))


def _inputs(facts: Facts, now: datetime) -> Mapping[str, Any]:
    """What the decision rests on, without anything that names a person."""
    return {
        "at": now.isoformat(),
        "channel": facts.channel,
        "country": facts.country,
        "time_zone": facts.time_zone,
        "debtor_type": facts.debtor_type,
        "stop_states": sorted(facts.stop_states),
        "contacts_on": facts.contacts_on,
        "usage": {rule: [usage.used, usage.frees_at.isoformat() if usage.frees_at else None] for rule, usage in facts.usage.items()},
    }
