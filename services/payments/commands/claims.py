"""A person's claim on a line: at the version that was seen, under the lock of matching, on items that take it."""

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from chassis.database import Transaction
from kernel.errors import Conflict, NotFound, Refused
from services.payments import store
from services.payments.domain.claims import check_claims
from services.payments.domain.distribution import Slice


class LineChanged(Conflict):
    """Somebody decided about the line since it was looked at."""

    code = "LINE_CHANGED"


class NotACredit(Refused):
    """Money that left, or that came back, pays no item."""

    code = "NOT_A_CREDIT"


def request_of(act: str, **asked: object) -> str:
    """What a command asks, so that its repetition is known."""
    return hashlib.sha256(json.dumps([act, asked], sort_keys=True, default=str).encode()).hexdigest()[:32]


async def claim_line(tx: Transaction, line_id: UUID, version: int, request: str) -> Row[Any] | None:
    """A credit line at the version that a person saw, locked; None when this very request has made the next one.

    Refuses: NOT_FOUND, LINE_CHANGED, NOT_A_CREDIT.
    """
    await store.lock_matching(tx)
    row = await tx.first("SELECT * FROM lines WHERE id = :id FOR UPDATE", id=line_id)
    if row is None:
        raise NotFound("no such line", line_id=str(line_id))
    if row.version != version:
        made = await tx.first(
            "SELECT 1 FROM decisions WHERE line_id = :id AND version = :version AND request = :request",
            id=line_id,
            version=version + 1,
            request=request,
        )
        if made is None:
            raise LineChanged(f"the line is at version {row.version}, not {version}", line_id=str(line_id), version=row.version)
        return None
    if row.amount_minor <= 0 or row.returned_by is not None:
        raise NotACredit("the line's money left, or has come back", line_id=str(line_id))
    if row.state == "pending":
        raise LineChanged("the line is not decided yet", line_id=str(line_id), version=row.version)
    return row


async def claim_items(tx: Transaction, currency: str, parts: Sequence[Slice], before: Sequence[Slice]) -> tuple[Slice, ...]:
    """The parts with the accounts of their items, when the items take them. Refuses: NOT_FOUND, ITEM_OVERPAID, INVALID."""
    found = await store.find_items(tx, {part.item_id for part in (*parts, *before) if part.item_id})
    items = {str(id_): store.item_of(row) for id_, row in found.items()}
    if missing := [str(part.item_id) for part in parts if part.item_id and str(part.item_id) not in items]:
        raise NotFound("no such item", item_id=missing[0])
    await _know_accounts(tx, {part.account_id for part in parts if part.account_id and not part.item_id})
    slices = tuple(replace(part, account_id=UUID(items[str(part.item_id)].account_id)) if part.item_id else part for part in parts)
    check_claims(slices, before, items, currency)
    return slices


async def _know_accounts(tx: Transaction, ids: Collection[UUID]) -> None:
    known = {UUID(one.id) for one in await store.load_accounts(tx, ids)} if ids else set[UUID]()
    if missing := sorted(str(id_) for id_ in set(ids) - known):
        raise NotFound("no such account", account_id=missing[0])
