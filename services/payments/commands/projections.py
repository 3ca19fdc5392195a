"""What payments keeps of items and payers, so that matching is local."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from uuid import UUID

from chassis.database import Transaction
from services.payments import store
from services.payments.commands.matching import find_waiting, rematch
from services.payments.domain.matching import Item
from services.payments.domain.reading import blind_token, code_token, normalise_name


async def take_items(tx: Transaction, items: Sequence[store.ItemState]) -> None:
    """Keep the newest states of items; what opens or grows is tried against the money that waits, one item after another."""
    await store.lock_matching(tx)
    rows = await tx.all("SELECT id, open_minor, version FROM items WHERE id = ANY(:ids)", ids=[item.id for item in items])
    known = {row.id: row for row in rows}
    newest: dict[UUID, store.ItemState] = {}
    for item in items:
        before = newest.get(item.id) or known.get(item.id)
        if before is None or item.version > before.version:
            newest[item.id] = item
    states = list(newest.values())
    grows = [state.open_minor > max(known[state.id].open_minor if state.id in known else 0, 0) for state in states]
    changed = [(_item(tx, state), grown) for state, grown in zip(states, grows, strict=True)]
    waiting = await find_waiting(tx, changed, {state.id: state.version for state in states})
    await store.keep_items(tx, states)
    if waiting:
        await rematch(tx, changed, waiting)


def _item(tx: Transaction, item: store.ItemState) -> Item:
    return Item(
        str(item.id), tx.unit.id, str(item.account_id), item.invoice_number, item.currency, item.open_minor, item.structured_reference, "",
        item.issued_on, item.due_on, Decimal(item.discount_percent) if item.discount_percent else None, item.discount_until,
    )  # fmt: skip


@dataclass(frozen=True)
class PayerState:
    """A payer as billing announced it; `iban_index` is blind already."""

    account_id: UUID
    names: tuple[str, ...]
    iban_index: str
    payer_code: str
    version: int


async def take_payer(tx: Transaction, payer: PayerState) -> None:
    """Keep by what an account's payer is known; an older version is silent."""
    unit = tx.unit.id
    index = partial(tx.vault.blind, unit)
    tokens = [f"iban:{payer.iban_index}"] if payer.iban_index else []
    tokens += [blind_token(token, index) for token in code_token(payer.payer_code)]
    marks = {token.partition(":")[2] for token in tokens} | {index(f"name:{normalise_name(name)}") for name in payer.names}
    await tx.execute(
        "INSERT INTO payers AS p (account_id, business_unit, marks, tokens, sealed, version) VALUES (:id, :unit, :marks, :tokens, :sealed, "
        ":version) ON CONFLICT (account_id) DO UPDATE SET marks = excluded.marks, tokens = excluded.tokens, sealed = excluded.sealed, "
        "version = excluded.version WHERE excluded.version > p.version OR p.sealed IS NULL",
        {
            "id": payer.account_id,
            "unit": unit,
            "marks": " ".join(sorted(marks)),
            "tokens": " ".join(tokens),
            "sealed": tx.vault.seal(unit, json.dumps(payer.names, ensure_ascii=False).encode(), store.SEALED_PAYER),
            "version": payer.version,
        },
    )
