"""Statements and their lines, stored whole or not at all."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chassis.database import Transaction, new_id
from chassis.plumbing import Process
from kernel.errors import Unreadable
from proto.payments.v1 import events_pb2 as events
from services.payments import store
from services.payments.domain.distribution import (
    payer_names,
)
from services.payments.domain.formats import Entry, File, Statement, identities, is_return, minor, payments
from services.payments.domain.formats import Transaction as BankTransaction

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
