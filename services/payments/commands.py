"""What payments can be told to do; one transaction each, none commits."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from chassis.database import Transaction, new_id
from chassis.plumbing import Process
from chassis.wire import iso
from kernel.errors import NotFound, Unreadable
from proto.common.v1.common_pb2 import Money as MoneyMessage
from proto.payments.v1 import events_pb2 as events
from services.payments import store
from services.payments.domain.formats import Entry, File, Statement, identities, is_return, minor, payments
from services.payments.domain.formats import Transaction as BankTransaction
from services.payments.domain.matching import (
    ITEM,
    NOT_RECEIVABLE,
    ON_ACCOUNT,
    UNIDENTIFIED,
    Book,
    Line,
    Match,
    Slice,
    leave,
    match,
    match_return,
    normalise_name,
    payer_names,
)

IMPORT_STATEMENT = Process("ImportStatement", "statement")
# Zengin 取引区分 19: a correction; as a debit it takes an earlier credit back.
CORRECTION = "19"
# One transaction of matching: short enough to hold the unit's matching lock only for a moment.
LINES_AT_ONCE = 200

KINDS = {
    ITEM: events.SliceKind.SLICE_KIND_ITEM,
    ON_ACCOUNT: events.SliceKind.SLICE_KIND_ON_ACCOUNT,
    UNIDENTIFIED: events.SliceKind.SLICE_KIND_UNIDENTIFIED,
    NOT_RECEIVABLE: events.SliceKind.SLICE_KIND_NOT_RECEIVABLE,
}


@dataclass(frozen=True)
class Stored:
    """What a file brought."""

    import_id: UUID
    statements: int
    lines: int
    new_lines: int


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


async def import_statement(tx: Transaction, file: File, file_id: UUID) -> Stored:
    """Store statements and lines, whole or not at all; lines that are known are not stored again.

    Refuses: BALANCE_CHECK (the file contradicts itself), UNKNOWN_ACCOUNT (not a bank account of this unit),
    UNKNOWN_CURRENCY, TOO_MANY_DECIMALS.
    """
    if reasons := file.quarantine_reasons:
        raise Unreadable("BALANCE_CHECK", "; ".join(reasons))
    import_id, lines, new_lines = new_id(), 0, 0
    await tx.execute(
        "INSERT INTO imports VALUES (:id, :unit, :file, 'matching', '')", {"id": import_id, "unit": tx.unit.id, "file": file_id}
    )
    for statement in file.statements:
        if not statement.final:
            continue
        rows = _line_rows(tx, file, statement, import_id)
        lines += len(rows)
        new_lines += await _add_statement(tx, statement, file_id, rows)
    await tx.nudge(IMPORT_STATEMENT, import_id)
    return Stored(import_id, len(file.statements), lines, new_lines)


def _bank_account(tx: Transaction, statement: Statement) -> Mapping[str, Any]:
    for account in tx.unit.sections["payments"]["bank_accounts"]:
        if account["account"] == statement.account:
            return account  # type: ignore[no-any-return]
    raise Unreadable(
        "UNKNOWN_ACCOUNT", "the statement's account is not one of this business unit", place=f"…{(statement.account or '')[-4:]}"
    )


async def _add_statement(tx: Transaction, statement: Statement, file_id: UUID, rows: Sequence[Mapping[str, Any]]) -> int:
    """The number of lines that were not known before."""
    account, statement_id, added = _bank_account(tx, statement), new_id(), 0
    for row in rows:
        result = await tx.execute(
            "INSERT INTO lines (id, business_unit, identity, bank_account_id, statement_id, import_id, place, amount_minor, currency, "
            "booked_on, value_on, returned, sealed, marks, state, reason, evidence, version) VALUES (:id, :unit, :identity, :bank_account, "
            ":statement, :import, :place, :minor, :currency, :booked_on, :value_on, :returned, :sealed, :marks, 'pending', '', '', 0) "
            "ON CONFLICT (business_unit, identity) DO NOTHING",
            {**row, "bank_account": account["id"], "statement": statement_id},
        )
        added += result.rowcount
    days = sorted(row["booked_on"] for row in rows)
    fingerprint = hashlib.sha256("".join(row["identity"] for row in rows).encode() + str(statement.closing_balance).encode()).hexdigest()
    stored = await tx.execute(
        "INSERT INTO statements VALUES (:id, :unit, :account, :file, :fingerprint, :external, :opening, :closing, :from_on, :to_on) "
        "ON CONFLICT (business_unit, bank_account_id, fingerprint) DO NOTHING",
        {
            "id": statement_id,
            "unit": tx.unit.id,
            "account": account["id"],
            "file": file_id,
            "fingerprint": fingerprint,
            "external": statement.id or "",
            "opening": minor(statement.opening_balance, statement.currency).minor if statement.opening_balance is not None else None,
            "closing": minor(statement.closing_balance, statement.currency).minor if statement.closing_balance is not None else None,
            "from_on": days[0] if days else None,
            "to_on": days[-1] if days else None,
        },
    )
    if stored.rowcount:
        message = events.StatementImported(statement_id=str(statement_id), bank_account_id=account["id"], lines=added)
        tx.publish(message, key=account["id"])
    return added


def _line_rows(tx: Transaction, file: File, statement: Statement, import_id: UUID) -> list[Mapping[str, Any]]:
    booked = [
        (place, identity, entry, part)
        for place, (identity, (entry, part)) in enumerate(zip(identities(statement), payments(statement), strict=True))
        if entry.status == "booked"
    ]
    return [_line_row(tx, file, import_id, place, identity, entry, part) for place, identity, entry, part in booked]


def _line_row(
    tx: Transaction, file: File, import_id: UUID, place: int, identity: str, entry: Entry, part: BankTransaction
) -> Mapping[str, Any]:
    money = part.money()
    texts = [*part.references, part.text, part.end_to_end_id or ""]
    correction = file.format.startswith("zengin") and entry.bank_transaction_code == CORRECTION and entry.direction == "debit"
    if entry.booked_on is None:
        raise Unreadable("INVALID", "a line has no booking date", line=entry.line or place + 1)
    return {
        "id": new_id(),
        "unit": tx.unit.id,
        "identity": identity,
        "import": import_id,
        "place": place,
        "minor": money.minor if entry.direction == "credit" else -money.minor,
        "currency": money.currency,
        "booked_on": entry.booked_on,
        "value_on": entry.value_on or entry.booked_on,
        "returned": (entry.direction == "debit" and is_return(entry, part)) or correction,
        "sealed": tx.vault.seal(
            tx.unit.id,
            json.dumps({"texts": [text for text in texts if text], "return_reason": part.return_reason}).encode(),
            store.SEALED_LINE,
        ),
        "marks": " ".join(sorted(_marks(tx, part))),
    }


def _marks(tx: Transaction, part: BankTransaction) -> set[str]:
    """Blind indexes of what tells the payer: account, code, name."""
    payer, unit = part.counterparty, tx.unit.id
    marks = {tx.vault.blind(unit, text) for text in (payer.account, payer.code and f"code:{payer.code}") if text}
    return marks | {tx.vault.blind(unit, f"name:{name}") for name in payer_names(payer.name, part.text)}


async def match_lines(tx: Transaction, import_id: UUID) -> int:
    """Distribute the next lines of an import; how many were there. 0: the import is done."""
    await store.lock_matching(tx)
    seen = await tx.look(IMPORT_STATEMENT, import_id)
    rows = await store.pending_lines(tx, import_id, LINES_AT_ONCE)
    book = await store.load_book(tx)
    for row in rows:
        await _distribute(tx, row, book)
    if len(rows) < LINES_AT_ONCE:
        await tx.execute("UPDATE imports SET state = 'done' WHERE id = :id", {"id": import_id})
        await tx.end(IMPORT_STATEMENT, import_id, seen)
        return 0
    return len(rows)


async def _distribute(tx: Transaction, row: Row[Any], book: Book) -> None:
    line = await store.line_of(tx, row)
    if row.amount_minor > 0:
        found = match(line, book)
        state = "matched" if found.matched else found.slices[0].kind
    elif row.returned:
        found, state = await _undo(tx, row, line), "returned"
    else:
        found, state = leave(line), "not_receivable"
    book.take(found)
    await _save(tx, row, found, state)


async def _undo(tx: Transaction, row: Row[Any], line: Line) -> Match:
    original = await store.find_original(tx, row, line)
    slices = await store.slices_of(tx, original.id) if original else []
    found = match_return(line, slices)
    if original is not None and found.reason == "returned":
        await tx.execute("UPDATE lines SET returned_by = :by WHERE id = :id", {"by": row.id, "id": original.id})
        said = json.loads(tx.vault.open(tx.unit.id, row.sealed, store.SEALED_LINE))
        account = next((str(part.account_id) for part in slices if part.account_id), "")
        tx.publish(
            events.PaymentReturned(
                line_id=str(row.id),
                original_line_id=str(original.id),
                account_id=account,
                amount=MoneyMessage(minor=-row.amount_minor, currency=row.currency),
                reason=said["return_reason"] or "",
                booked_on=iso(row.booked_on),
            ),
            key=str(row.id),
        )
    return found


async def _save(tx: Transaction, row: Row[Any], found: Match, state: str) -> None:
    """A new version of a line's distribution: stored, taken off the projection, announced."""
    before = await store.slices_of(tx, row.id) if row.version else []
    await store.save_slices(tx, row.id, found.slices)
    await tx.execute(
        "UPDATE lines SET state = :state, reason = :reason, evidence = :evidence, version = version + 1 WHERE id = :id",
        {"id": row.id, "state": state, "reason": found.reason, "evidence": " ".join(found.evidence)},
    )
    # The projection is lowered at once, so that the next line does not claim the same money; billing's answer corrects it.
    changes = [(part.item_id, part.amount_minor) for part in found.slices] + [(part.item_id, -part.amount_minor) for part in before]
    for item_id, taken in changes:
        if item_id is not None:
            await tx.execute("UPDATE items SET open_minor = open_minor - :taken WHERE id = :id", {"id": item_id, "taken": taken})
    tx.publish(
        events.LineDistributed(
            line_id=str(row.id),
            version=row.version + 1,
            amount=MoneyMessage(minor=row.amount_minor, currency=row.currency),
            booked_on=iso(row.booked_on),
            value_on=iso(row.value_on),
            bank_account_id=row.bank_account_id,
            slices=[_slice_message(part) for part in found.slices],
        ),
        key=str(row.id),
    )


def _slice_message(part: Slice) -> events.Slice:
    return events.Slice(
        kind=KINDS[part.kind],
        item_id=str(part.item_id) if part.item_id else "",
        account_id=str(part.account_id) if part.account_id else "",
        amount_minor=part.amount_minor,
    )


@dataclass(frozen=True)
class ItemState:
    """An item as billing announced it."""

    id: UUID
    account_id: UUID
    invoice_number: str
    structured_reference: str
    currency: str
    open_minor: int
    due_on: date
    version: int


async def take_item(tx: Transaction, item: ItemState) -> None:
    """Keep an item's state; one that opens or grows is tried against the money that waits unapplied."""
    before = await tx.first("SELECT open_minor, version FROM items WHERE id = :id FOR UPDATE", id=item.id)
    if before is not None and before.version >= item.version:
        return
    await tx.execute(
        "INSERT INTO items VALUES (:id, :unit, :account, :number, :reference, :currency, :open, :due_on, :version) "
        "ON CONFLICT (id) DO UPDATE SET open_minor = excluded.open_minor, version = excluded.version",
        {
            "id": item.id,
            "unit": tx.unit.id,
            "account": item.account_id,
            "number": item.invoice_number,
            "reference": item.structured_reference,
            "currency": item.currency,
            "open": item.open_minor,
            "due_on": item.due_on,
            "version": item.version,
        },
    )
    if item.open_minor > (before.open_minor if before else 0):
        await rematch(tx, item.account_id)


async def rematch(tx: Transaction, account_id: UUID) -> None:
    """Try the unit's unapplied lines again; a line moves only when items now take it whole."""
    await store.lock_matching(tx)
    rows = await store.unapplied_lines(tx, account_id)
    book = await store.load_book(tx) if rows else None
    for row in rows:
        assert book is not None
        found = match(await store.line_of(tx, row), book)
        if found.matched:
            book.take(found)
            await _save(tx, row, found, "matched")


async def take_payer(tx: Transaction, account_id: UUID, marks: Sequence[str], version: int) -> None:
    """Keep by what an account's payer is known; an older version is silent."""
    await tx.execute(
        "INSERT INTO payers AS p VALUES (:id, :unit, :marks, :version) ON CONFLICT (account_id) "
        "DO UPDATE SET marks = excluded.marks, version = excluded.version WHERE excluded.version > p.version",
        {"id": account_id, "unit": tx.unit.id, "marks": " ".join(sorted(set(marks))), "version": version},
    )


def payer_marks(tx: Transaction, names: Sequence[str], iban_index: str, payer_code: str) -> list[str]:
    """The blind indexes of a payer: as billing gave them, and of the names."""
    marks = [tx.vault.blind(tx.unit.id, f"name:{normalise_name(name)}") for name in names if name]
    marks += [tx.vault.blind(tx.unit.id, f"code:{payer_code}")] if payer_code else []
    return marks + ([iban_index] if iban_index else [])


async def move_slice(tx: Transaction, line_id: UUID, item_id: UUID, item_version: int, open_minor: int) -> None:
    """Billing moved a slice on account: do likewise, and offer that item to this line only when it has changed.

    Refuses: NOT_FOUND.
    """
    row = await tx.first("SELECT * FROM lines WHERE id = :id FOR UPDATE", id=line_id)
    if row is None:
        raise NotFound("no such line", line_id=str(line_id))
    await tx.execute(
        "INSERT INTO rejections AS r VALUES (:unit, :line, :item, :version, 1) ON CONFLICT (business_unit, line_id, item_id) "
        "DO UPDATE SET item_version = excluded.item_version, times = r.times + 1",
        {"unit": tx.unit.id, "line": line_id, "item": item_id, "version": item_version},
    )
    slices = [
        Slice(ON_ACCOUNT, None, part.account_id, part.amount_minor) if part.item_id == item_id else part
        for part in await store.slices_of(tx, line_id)
    ]
    found = Match(tuple(slices), "moved_by_billing", ())
    await _save(tx, row, found, "matched" if found.matched else ON_ACCOUNT)
    # The answer carries the item's state; a later ItemChanged with a higher version goes over it.
    await tx.execute(
        "UPDATE items SET open_minor = :open, version = :version WHERE id = :id AND version <= :version",
        {"id": item_id, "open": open_minor, "version": item_version},
    )
