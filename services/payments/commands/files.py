"""Keeping files as they came."""

import hashlib
from uuid import UUID

from chassis.database import Transaction, new_id


async def keep_file(tx: Transaction, name: str, content: bytes, reason: str = "") -> UUID:
    """Keep a file as it came, sealed; with a reason it is in quarantine. The same content is kept once."""
    row = await tx.first(
        "INSERT INTO files AS f (id, business_unit, name, sha256, sealed, state, reason, received_at) "
        "VALUES (:id, :unit, :name, :sha256, :sealed, :state, :reason, :at) ON CONFLICT (business_unit, sha256) "
        "DO UPDATE SET state = excluded.state, reason = excluded.reason RETURNING id",
        id=new_id(),
        unit=tx.unit.id,
        name=name,
        sha256=hashlib.sha256(content).hexdigest(),
        sealed=tx.vault.seal(tx.unit.id, content, "files.content"),
        state="quarantined" if reason else "imported",
        reason=reason,
        at=tx.now,
    )
    assert row is not None
    return row.id  # type: ignore[no-any-return]
