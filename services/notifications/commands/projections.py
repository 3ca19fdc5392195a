"""What notifications keeps of other services' facts: contact points of accounts, states of parties."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from chassis.database import Transaction
from services.notifications.commands.messages import nudge_waiting
from services.notifications.commands.outcomes import CONTACT

EVENT_ACCOUNT = "event.account"


@dataclass(frozen=True)
class Account:
    """An account as billing announced it; `sealed` is for the purpose `event.account`."""

    id: UUID
    version: int
    party_id: UUID
    number: str
    debtor_type: str
    language: str
    country: str
    time_zone: str
    sealed: bytes


async def take_account(tx: Transaction, account: Account) -> None:
    """Keep an account's contact points, sealed for this table; an older version is silent."""
    contact = json.loads(tx.vault.open(tx.unit.id, account.sealed, EVENT_ACCOUNT))
    taken = await tx.execute(
        "INSERT INTO accounts AS a (id, business_unit, party_id, number, debtor_type, language, country, time_zone, contact, version) "
        "VALUES (:id, :unit, :party, :number, :debtor_type, :language, :country, :time_zone, :contact, :version) "
        "ON CONFLICT (id) DO UPDATE SET party_id = excluded.party_id, number = excluded.number, debtor_type = excluded.debtor_type, "
        "language = excluded.language, country = excluded.country, time_zone = excluded.time_zone, contact = excluded.contact, "
        "version = excluded.version WHERE excluded.version > a.version",
        {
            "id": account.id,
            "unit": tx.unit.id,
            "party": account.party_id,
            "number": account.number,
            "debtor_type": account.debtor_type,
            "language": account.language,
            "country": account.country,
            "time_zone": account.time_zone,
            "contact": tx.vault.seal(tx.unit.id, json.dumps(contact).encode(), CONTACT),
            "version": account.version,
        },
    )
    if taken.rowcount:
        await nudge_waiting(tx, account.id)


async def take_party(tx: Transaction, party_id: UUID, version: int, debtor_type: str, stop_states: Sequence[str]) -> None:
    """Keep a party's state, for the whole group; an older version is silent."""
    await tx.execute(
        "INSERT INTO party_states AS p VALUES (:id, :debtor_type, :stop_states, :version) ON CONFLICT (party_id) DO UPDATE SET "
        "debtor_type = excluded.debtor_type, stop_states = excluded.stop_states, version = excluded.version "
        "WHERE excluded.version > p.version",
        {"id": party_id, "debtor_type": debtor_type, "stop_states": list(stop_states), "version": version},
    )
