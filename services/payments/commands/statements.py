"""Statements and their lines, stored whole or not at all."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from chassis.database import Transaction, new_id
from chassis.plumbing import Process
from kernel.errors import Unreadable
from proto.payments.v1 import events_pb2 as events
from services.payments import store
from services.payments.domain.formats import Entry, File, Statement, identities, is_return, minor, payments
from services.payments.domain.formats import Transaction as BankTransaction
from services.payments.domain.reading import bank_line, blind_token, normalise_name

IMPORT_STATEMENT = Process("ImportStatement", "statement")
# Zengin 取引区分 19: a correction; as a debit it takes an earlier credit back.
CORRECTION = "19"


@dataclass(frozen=True)
class Stored:
    """What a file brought."""

    import_id: UUID
    statements: int
    lines: int
    new_lines: int


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
        account, statement_id = _bank_account(tx, statement), new_id()
        rows = _line_rows(tx, file, statement, _Place(account["id"], statement_id, import_id))
        lines += len(rows)
        new_lines += await _add_statement(tx, statement, statement_id, file_id, rows)
    await tx.nudge(IMPORT_STATEMENT, import_id)
    return Stored(import_id, len(file.statements), lines, new_lines)


def _bank_account(tx: Transaction, statement: Statement) -> Mapping[str, Any]:
    for account in tx.unit.sections["payments"]["bank_accounts"]:
        if account["account"] == statement.account:
            return account  # type: ignore[no-any-return]
    raise Unreadable(
        "UNKNOWN_ACCOUNT", "the statement's account is not one of this business unit", place=f"…{(statement.account or '')[-4:]}"
    )


async def _add_statement(tx: Transaction, statement: Statement, statement_id: UUID, file_id: UUID, rows: Sequence[store.LineRow]) -> int:
    """The number of lines that were not known before."""
    account, added = _bank_account(tx, statement), await store.add_lines(tx, rows) if rows else 0
    days = sorted(row.booked_on for row in rows)
    fingerprint = hashlib.sha256("".join(row.identity for row in rows).encode() + str(statement.closing_balance).encode()).hexdigest()
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


class _Place(NamedTuple):
    """Where lines of a statement belong."""

    bank_account_id: str
    statement_id: UUID
    import_id: UUID


def _line_rows(tx: Transaction, file: File, statement: Statement, where: _Place) -> list[store.LineRow]:
    index = cache(lambda text: tx.vault.blind(tx.unit.id, text))
    return [
        _line_row(tx, file, where, place, identity, entry, part, index)
        for place, (identity, (entry, part)) in enumerate(zip(identities(statement), payments(statement), strict=True))
        if entry.status == "booked"
    ]


def _line_row(
    tx: Transaction, file: File, where: _Place, place: int, identity: str, entry: Entry, part: BankTransaction, index: Callable[[str], str]
) -> store.LineRow:
    if entry.booked_on is None:
        raise Unreadable("INVALID", "a line has no booking date", line=entry.line or place + 1)
    line = bank_line("", entry, part)
    correction = file.format.startswith("zengin") and entry.bank_transaction_code == CORRECTION and entry.direction == "debit"
    said = store.Said(line.texts, line.payer_name, line.end_to_end_id, line.bank_reference, part.return_reason)
    tokens = [blind_token(token, index) for token in line.tokens]
    marks = {token.partition(":")[2] for token in tokens} | (
        {index(f"name:{normalise_name(line.payer_name)}")} if line.payer_name else set()
    )
    return store.LineRow(
        new_id(), identity, *where, place, line.amount_minor, line.currency, entry.booked_on, entry.value_on or entry.booked_on,
        (entry.direction == "debit" and is_return(entry, part)) or correction, said.sealed(tx), " ".join(sorted(marks)), " ".join(tokens),
    )  # fmt: skip
