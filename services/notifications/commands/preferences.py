"""What people ask of the whole group: any unit notes it at once for all units, none clears it alone."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from chassis.database import Transaction, new_id
from kernel.errors import NotFound, Refused
from services.notifications import store
from services.notifications.domain import Preference

# Who decides for the group, and so needs no second unit.
GROUP_ROLE = "group_collector"


class ClearedAlone(Refused):
    """The unit has asked for it before; the other signature must be another unit's, or the group's."""

    code = "CLEARED_ALONE"


async def record_preference(tx: Transaction, account_id: UUID, preference: Preference) -> UUID:
    """Note it for the account's person; what is noted already stays, and a clearing under way is off. Refuses: NOT_FOUND."""
    party_id = await _party(tx, account_id)
    # Who is about to take a slot takes it before this or asks after it.
    await store.lock_party(tx, party_id)
    row = await tx.first(
        "SELECT set_preference(:id, :party, :kind, :value, :now) AS id",
        id=new_id(),
        party=party_id,
        kind=preference.kind,
        value=preference.value,
        now=tx.now,
    )
    assert row is not None, "an insert returns its row"
    tx.note("contact preference recorded", party=party_id, kind=preference.kind, preference=row.id)
    return UUID(str(row.id))


async def clear_preference(tx: Transaction, account_id: UUID, preference_id: UUID) -> bool:
    """Ask that it be cleared: True when it is, because another unit has asked before or the caller decides for the group.

    Refuses: NOT_FOUND (also when it is cleared already), CLEARED_ALONE (the unit's own asking is the only one).
    """
    party_id = await _party(tx, account_id)
    await store.lock_party(tx, party_id)
    live = next((row for row in await store.live_preferences(tx, party_id) if row.id == preference_id), None)
    if live is None:
        raise NotFound("no such preference", preference_id=str(preference_id))
    unit = None if GROUP_ROLE in tx.caller.roles else tx.vault.blind(tx.unit.id, f"clearing/{preference_id}")
    if unit is not None and live.clearing_asked_by == unit:
        raise ClearedAlone("a second business unit, or the group, must ask for it too", preference_id=str(preference_id))
    row = await tx.first("SELECT clear_preference(:id, CAST(:unit AS text), :now) AS cleared", id=preference_id, unit=unit, now=tx.now)
    assert row is not None, "it is live, and locked"
    tx.note("contact preference cleared" if row.cleared else "clearing asked for", party=party_id, preference=preference_id)
    return bool(row.cleared)


async def list_preferences(tx: Transaction, account_id: UUID) -> Sequence[Row[Any]]:
    """What holds for the account's person. Refuses: NOT_FOUND."""
    return await store.live_preferences(tx, await _party(tx, account_id))


async def _party(tx: Transaction, account_id: UUID) -> UUID:
    account = await store.find_account(tx, account_id)
    if account is None:
        raise NotFound("no such account", account_id=str(account_id))
    return UUID(str(account.party_id))
