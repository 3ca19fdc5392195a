"""What the stored gate is asked about: the unit's account, the group's preferences, counts of the group's ledger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import holidays
from sqlalchemy import Row

from chassis.database import Transaction
from kernel.calendar import Calendar, local_date
from services.notifications import store
from services.notifications.commands.outcomes import open_contact
from services.notifications.commands.policies import RuleBook, collector_of, contacts_on
from services.notifications.domain import Facts, Place, Preference, Rule, Usage, Window, frees_at, window_start, wishes


@dataclass(frozen=True)
class Asked:
    """Whether, on which channel, about which debt (empty: the account whole); `key` makes it idempotent.

    `place` is home or work, where the caller knows whose telephone or door it is.
    """

    account_id: UUID
    channel: str
    debt_key: str
    key: str = ""
    message_id: UUID | None = None
    place: str = ""


async def facts_of(tx: Transaction, account: Row[Any], asked: Asked, book: RuleBook) -> Facts:
    """All that the rules ask about. Refuses: UNKNOWN_COLLECTOR."""
    place = book.place(account.country, open_contact(tx, account).get("address") or ())
    zones, subdivision = zones_of(place, account.time_zone), _subdivision(tx, account, place)
    asked_for = wishes(Preference(row.kind, row.value) for row in await store.live_preferences(tx, account.party_id))
    year = local_date(tx.now, zones[0]).year
    facts = Facts(
        channel=asked.channel,
        country=account.country,
        time_zone=zones[0],
        debtor_type=account.debtor_type,
        stop_states=frozenset(account.stop_states) | asked_for.stop_states,
        contacts_on=contacts_on(tx.unit),
        calendar=Calendar(account.country, subdivision),
        holidays=public_holidays(account.country, subdivision, year) | public_holidays(account.country, subdivision, year + 1),
        usage={},
        state=place.state,
        residence=place.residence,
        collector=collector_of(tx.unit),
        zones=zones,
        opt_outs=asked_for.opt_outs,
        inconvenient=asked_for.inconvenient,
        place=asked.place,
        debt=debt_index(tx, asked.account_id, asked.debt_key),
    )
    return replace(facts, usage=await _usage(tx, account.party_id, facts, book.rules))


def zones_of(place: Place, told: str) -> tuple[str, ...]:
    """All zones where the debtor may be: the told one if the state lies in it, else it and all of the state's."""
    return (told,) if told in place.zones else (told, *place.zones)


def debt_index(tx: Transaction, account_id: UUID, debt_key: str) -> str:
    """The ledger's key of a debt: the account's blind index, and that of the debt within it if one is told."""
    whole = tx.vault.blind(tx.unit.id, str(account_id))
    return whole if debt_key in {"", str(account_id)} else f"{whole}/{tx.vault.blind(tx.unit.id, debt_key)}"


def inputs(facts: Facts, now: datetime) -> Mapping[str, Any]:
    """What a decision rests on, without anything that names a person."""
    return {
        "at": now.isoformat(),
        "channel": facts.channel,
        "country": facts.country,
        "state": facts.state,
        "residence": facts.residence,
        "zones": list(facts.places),
        "collector": facts.collector,
        "debtor_type": facts.debtor_type,
        "stop_states": sorted(facts.stop_states),
        "opt_outs": sorted(facts.opt_outs),
        "inconvenient": [_told(window) for window in facts.inconvenient],
        "place": facts.place,
        "debt": facts.debt,
        "contacts_on": facts.contacts_on,
        "usage": {rule: [usage.used, usage.frees_at.isoformat() if usage.frees_at else None] for rule, usage in facts.usage.items()},
    }


@lru_cache(maxsize=256)
def public_holidays(country: str, subdivision: str | None, year: int) -> frozenset[date]:
    """Public holidays of a place, weekends aside; a country that is not known has none, and its business days are refused."""
    if country not in holidays.list_supported_countries():
        return frozenset()
    return frozenset(holidays.country_holidays(country, subdiv=subdivision, years=year))


def _subdivision(tx: Transaction, account: Row[Any], place: Place) -> str | None:
    """Whose holidays count besides the country's: the debtor's state, else the unit's, as its debtors are mostly near."""
    return place.state or (tx.unit.subdivision if account.country == tx.unit.country else None)


async def _usage(tx: Transaction, party_id: UUID, facts: Facts, rules: Sequence[Rule]) -> Mapping[str, Usage]:
    """What each rule that counts has counted; also one not in force yet, for it may be when the next time comes."""
    count = {"cap": _contacts, "conversation": _conversation}
    return {
        rule.id: await count[rule.kind](tx, party_id, facts, rule)
        for rule in rules
        if rule.kind in count
        and rule.concerns(facts.channel, facts.country, facts.debtor_type)
        and rule.binds(facts.state, facts.residence, facts.collector)
    }


async def _contacts(tx: Transaction, party_id: UUID, facts: Facts, rule: Rule) -> Usage:
    row = await tx.first(
        "SELECT used, leaving FROM count_contacts(:party, :since, :now, CAST(:channels AS text[]), CAST(:most AS int), "
        "CAST(:not_counted AS text[]), CAST(:debt AS text))",
        party=party_id,
        since=min(window_start(rule, zone, tx.now) for zone in facts.places),
        now=tx.now,
        channels=list(rule.values["channels"]),
        most=rule.values["contacts"],
        not_counted=list(rule.values.get("not_counted", ())),
        debt=facts.debt if rule.values.get("per") == "debt" else None,
    )
    assert row is not None, "a count is one row"
    return Usage(row.used, _free_everywhere(rule, facts, row.leaving))


async def _conversation(tx: Transaction, party_id: UUID, facts: Facts, rule: Rule) -> Usage:
    row = await tx.first(
        "SELECT last_contact(:party, CAST(:channels AS text[]), CAST(:outcomes AS text[]), :debt) AS at",
        party=party_id,
        channels=list(rule.values["channels"]),
        outcomes=list(rule.values["outcomes"]),
        debt=facts.debt,
    )
    assert row is not None, "a greatest instant is one row"
    return Usage(int(row.at is not None), _free_everywhere(rule, facts, row.at))


def _free_everywhere(rule: Rule, facts: Facts, contacted_at: datetime | None) -> datetime | None:
    return contacted_at and max(frees_at(rule, zone, contacted_at) for zone in facts.places)


def _told(window: Window) -> str:
    return f"{','.join(map(str, sorted(window.weekdays)))} {window.begins:%H:%M}-{window.ends:%H:%M}"
