"""Money that pays several items in an order: lines combined by a person, and on-account cash of an account."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from chassis.database import Transaction
from kernel.calendar import local_date
from kernel.errors import NotFound, Refused, Unreadable
from services.payments import store
from services.payments.commands.claims import claim_items, claim_line, request_of
from services.payments.commands.distribution import Change, save
from services.payments.commands.people import tell_confirmed
from services.payments.commands.policies import orders
from services.payments.domain.claims import ItemOverpaid
from services.payments.domain.distribution import ON_ACCOUNT, Slice, merged, settled, take, waiting
from services.payments.domain.matching.order import Order, Owed, distribute

# The preset of a unit that names none: costs, interest, principal of what is due, then of what is not.
DEFAULT_ORDER = "statute"


class UnknownOrder(Refused):
    """No preset of the allocation policy has this name."""

    code = "UNKNOWN_ORDER"


@dataclass(frozen=True, slots=True)
class Applied:
    """What on-account cash has paid, in minor units, and in which order."""

    applied_minor: int
    left_minor: int
    order: str


async def combine_lines(tx: Transaction, lines: Sequence[tuple[UUID, int]], item_ids: Sequence[UUID]) -> None:
    """Several lines pay items together, the oldest item first; what is left stays on the items' account.

    Refuses: NOT_FOUND, LINE_CHANGED, NOT_A_CREDIT, INVALID, ITEM_OVERPAID (nothing is open, or what is left has several accounts).
    """
    request = request_of("combine", lines=lines, items=item_ids)
    claimed = [await claim_line(tx, line_id, version, request) for line_id, version in sorted(lines)]
    rows = [row for row in claimed if row is not None]
    if not rows:
        return
    if len(currencies := {row.currency for row in rows}) > 1:
        raise Unreadable("INVALID", f"the lines are in {', '.join(sorted(currencies))}")
    before = await store.slices_of(tx, [row.id for row in rows])
    owed, accounts = await _what_items_owe(tx, item_ids, before)
    left = Counter({item_id: minor for item_id, _, minor in sorted(owed, key=lambda one: (one[2] > 0, one[1], one[0]))})
    changes = []
    for row in rows:
        parts = take(left, row.amount_minor)
        rest = row.amount_minor - sum(part.amount_minor for part in parts)
        if rest and len(accounts) != 1:
            raise ItemOverpaid(f"{rest} is left, and the items are of {len(accounts)} accounts", left_minor=rest)
        parts += [waiting(rest, next(iter(accounts)))] if rest else []
        account = str(next(iter(accounts))) if len(accounts) == 1 else None
        record = store.Record("combined", "combined", account_id=account, verdict="right", request=request)
        changes.append((row, parts, record))
    await _claim_together(tx, changes, before)
    for row, _, _ in changes:
        tell_confirmed(tx, row, "combined", "")


async def _what_items_owe(
    tx: Transaction, item_ids: Sequence[UUID], before: dict[UUID, tuple[Slice, ...]]
) -> tuple[list[tuple[UUID, date, int]], set[UUID]]:
    found = await store.find_items(tx, item_ids)
    if missing := [str(id_) for id_ in item_ids if id_ not in found]:
        raise NotFound("no such item", item_id=missing[0])
    freed = settled(part for slices in before.values() for part in slices)
    return [(id_, row.due_on, row.open_minor + freed[id_]) for id_, row in found.items()], {row.account_id for row in found.values()}


async def _claim_together(
    tx: Transaction, changes: Sequence[tuple[Row[Any], list[Slice], store.Record]], before: dict[UUID, tuple[Slice, ...]]
) -> None:
    """Save lines whose parts fit the items together; each item's account is put into its parts."""
    every = [part for _, parts, _ in changes for part in parts]
    currency = changes[0][0].currency
    fitted = iter(await claim_items(tx, currency, every, [part for slices in before.values() for part in slices]))
    await save(tx, [Change(row, tuple(next(fitted) for _ in parts), record, by_person=True) for row, parts, record in changes])


async def apply_on_account(tx: Transaction, account_id: UUID, designated: Sequence[UUID], order_name: str, request_id: str) -> Applied:
    """On-account cash pays what its account owes in an order; what the debtor designates comes first. The same request again changes nothing.

    Refuses: NOT_FOUND (no such account), UNKNOWN_ORDER.
    """
    name = order_name or tx.unit.sections["payments"].get("allocation_order", DEFAULT_ORDER)
    order = orders().get(name)
    if order is None:
        raise UnknownOrder(f"no order is called {name[:40]!r}; there are {', '.join(sorted(orders()))}", order=name[:40])
    await store.lock_matching(tx)
    if not await store.load_accounts(tx, [account_id]):
        raise NotFound("no such account", account_id=str(account_id))
    rows = await store.lines_on_account(tx, account_id)
    repeated = bool(request_id) and not await tx.once(f"{tx.unit.id}/apply_on_account/{request_id}")
    before = await store.slices_of(tx, [row.id for row in rows])
    cash = {row.id: sum(part.amount_minor for part in before[row.id] if _is_cash(part, account_id)) for row in rows}
    applied = 0
    for currency in sorted({row.currency for row in rows}) if not repeated else ():
        mine = [row for row in rows if row.currency == currency]
        applied += await _apply(tx, mine, before, cash, account_id, await _owed(tx, account_id, currency), order, designated)
    return Applied(applied, sum(cash.values()) - applied, name)


def _is_cash(part: Slice, account_id: UUID) -> bool:
    return part.kind == ON_ACCOUNT and part.account_id == account_id


async def _owed(tx: Transaction, account_id: UUID, currency: str) -> list[Owed]:
    """What the account owes. Costs and interest are items of their own once they are claimed; so far all of an item is principal."""
    rows = await store.open_items_of(tx, account_id, currency)
    return [Owed(str(row.id), "principal", row.due_on, row.open_minor) for row in rows]


async def _apply(
    tx: Transaction, rows: Sequence[Row[Any]], before: dict[UUID, tuple[Slice, ...]], cash: dict[UUID, int], account_id: UUID,
    owed: Sequence[Owed], order: Order, designated: Sequence[UUID],
) -> int:  # fmt: skip
    today = local_date(tx.now, tx.unit.time_zone)
    paid, _ = distribute(sum(cash[row.id] for row in rows), owed, order, today, [str(id_) for id_ in designated])
    left = Counter[UUID]()
    for one in paid:
        left[UUID(one.item_id)] += one.amount_minor
    changes = []
    for row in rows:
        parts = take(left, cash[row.id])
        if not parts:
            continue
        rest = cash[row.id] - sum(part.amount_minor for part in parts)
        kept = [part for part in before[row.id] if not _is_cash(part, account_id)]
        slices = merged([*kept, *parts]) + ([waiting(rest, account_id)] if rest else [])
        changes.append((row, slices, store.Record("on_account", order.name, account_id=str(account_id), verdict="right")))
    if changes:
        await _claim_together(tx, changes, {row.id: before[row.id] for row, _, _ in changes})
    for row, _, _ in changes:
        tell_confirmed(tx, row, "on_account", order.name)
    return sum(one.amount_minor for one in paid)
