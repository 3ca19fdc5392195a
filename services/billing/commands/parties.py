"""Accounts of a unit, and the parties of the whole group behind them."""

import json
from uuid import NAMESPACE_URL, UUID, uuid5

from chassis.database import Transaction, new_id
from kernel.errors import NotFound
from proto.billing.v1 import events_pb2 as events
from services.billing.commands.announcements import announce_party
from services.billing.domain.formats import Buyer

# What an account's sealed contact is sealed for: whoever hears of it opens it with the same purpose.
SEALED_ACCOUNT = "event.account"


async def open_account(tx: Transaction, buyer: Buyer) -> tuple[UUID, UUID]:
    """The buyer's account at this unit, opened or brought up to date; its party is one for the whole group."""
    contact = {"name": buyer.name, "name_kana": buyer.name_kana or "", "email": buyer.email or "", "address": list(buyer.address)}
    defaults = tx.units.country_defaults.get(buyer.country, {})
    facts = {
        "debtor_type": buyer.debtor_type,
        "language": buyer.language or defaults.get("language", tx.unit.language),
        "country": buyer.country or tx.unit.country,
        "time_zone": buyer.time_zone or defaults.get("time_zone", tx.unit.time_zone),
        "iban_index": tx.vault.blind(tx.unit.id, "".join(buyer.iban.split()).upper()) if buyer.iban else "",
        "payer_code": buyer.payer_code or "",
    }
    fingerprint = tx.vault.blind(tx.unit.id, json.dumps([contact, facts], sort_keys=True))
    row = await tx.first("SELECT id, party_id, fingerprint, version FROM accounts WHERE number = :number", number=buyer.account_number)
    if row is not None and row.fingerprint == fingerprint:
        return row.id, row.party_id
    party_id = row.party_id if row else await _know_party(tx, buyer)
    account_id, version = (row.id, row.version + 1) if row else (new_id(), 1)
    sealed = tx.vault.seal(tx.unit.id, json.dumps(contact).encode(), SEALED_ACCOUNT)
    await tx.execute(
        "INSERT INTO accounts (id, business_unit, number, party_id, debtor_type, language, country, time_zone, sealed, iban_index, payer_code, "
        "fingerprint, version) VALUES (:id, :unit, :number, :party, :debtor_type, :language, :country, :time_zone, :sealed, :iban_index, "
        ":payer_code, :fingerprint, :version) ON CONFLICT (id) DO UPDATE SET debtor_type = excluded.debtor_type, language = excluded.language, "
        "country = excluded.country, time_zone = excluded.time_zone, sealed = excluded.sealed, iban_index = excluded.iban_index, "
        "payer_code = excluded.payer_code, fingerprint = excluded.fingerprint, version = excluded.version",
        {"id": account_id, "unit": tx.unit.id, "number": buyer.account_number, "party": party_id, "sealed": sealed}
        | {"fingerprint": fingerprint, "version": version}
        | facts,
    )
    tx.publish(
        events.AccountChanged(
            account_id=str(account_id), version=version, party_id=str(party_id), number=buyer.account_number, sealed=sealed, **facts
        ),
        key=str(account_id),
    )
    return account_id, party_id


async def _know_party(tx: Transaction, buyer: Buyer) -> UUID:
    """One party per registration over all units; without one, a party of its own."""
    party_id = uuid5(NAMESPACE_URL, f"registration:{buyer.registration}") if buyer.registration else new_id()
    added = await tx.execute(
        "INSERT INTO parties (id, registration, debtor_type, stop_states, version) VALUES (:id, :registration, :type, '{}', 1) "
        "ON CONFLICT DO NOTHING",
        {"id": party_id, "registration": buyer.registration, "type": buyer.debtor_type},
    )
    await tx.execute("INSERT INTO party_units VALUES (:unit, :party) ON CONFLICT DO NOTHING", {"unit": tx.unit.id, "party": party_id})
    if added.rowcount:
        announce_party(tx, party_id, 1, buyer.debtor_type, [])
    return party_id


async def set_stop_state(tx: Transaction, account_number: str, state: str) -> tuple[UUID, list[str]]:
    """Note a group fact (insolvency, …) about an account's party. Refuses: NOT_FOUND."""
    row = await tx.first(
        "UPDATE parties SET stop_states = array_append(array_remove(stop_states, :state), :state), version = version + 1 "
        "WHERE id = (SELECT party_id FROM accounts WHERE number = :number) RETURNING id, version, debtor_type, stop_states",
        state=state,
        number=account_number,
    )
    if row is None:
        raise NotFound(f"no account {account_number!r}", account_number=account_number)
    announce_party(tx, row.id, row.version, row.debtor_type, row.stop_states)
    return row.id, row.stop_states
