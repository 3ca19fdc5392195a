"""The normal form as the JSON of `saiken statement`."""

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from services.payments.domain.formats.statement import Entry, File, Statement, Transaction, amount_text


def to_json(file: File) -> dict[str, Any]:
    """One document in the shape of the command line's contract; amounts and dates are strings."""
    return {
        "kind": file.kind,
        "format": file.format,
        "warnings": list(file.warnings),
        "statements": [_statement(statement) for statement in file.statements],
    }


def json_pieces(file: File) -> Iterator[str]:
    """The same document as text in pieces, so that a large file is never a second time in memory."""
    head = {"kind": file.kind, "format": file.format, "warnings": list(file.warnings)}
    yield _dumps(head)[:-1] + ', "statements": ['
    for place, statement in enumerate(file.statements):
        yield (",\n" if place else "\n") + _dumps(statement_head(statement))[:-1] + ', "entries": ['
        for number, entry in enumerate(statement.entries):
            yield (",\n " if number else "\n ") + _dumps(entry_json(entry))
        yield "]}"
    yield "]}\n"


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _statement(statement: Statement) -> dict[str, Any]:
    return {**statement_head(statement), "entries": [entry_json(entry) for entry in statement.entries]}


def statement_head(statement: Statement) -> dict[str, Any]:
    """All of a statement but its entries."""
    return {
        "account": statement.account,
        "currency": statement.currency,
        "id": statement.id,
        "number": statement.number,
        "opening_balance": _amount(statement.opening_balance, statement.currency),
        "closing_balance": _amount(statement.closing_balance, statement.currency),
        "balance_check": statement.balance_check,
    }


def entry_json(entry: Entry) -> dict[str, Any]:
    """One entry with its transactions."""
    return {
        "amount": amount_text(entry.amount, entry.currency),
        "currency": entry.currency,
        "direction": entry.direction,
        "reversal": entry.reversal,
        "status": entry.status,
        "booked_on": _date(entry.booked_on),
        "value_on": _date(entry.value_on),
        "bank_reference": entry.bank_reference,
        "transactions": [_transaction(transaction) for transaction in entry.transactions],
    }


def _transaction(transaction: Transaction) -> dict[str, Any]:
    party = transaction.counterparty
    return {
        "amount": amount_text(transaction.amount, transaction.currency),
        "currency": transaction.currency,
        "counterparty": {"name": party.name, "account": party.account, "code": party.code},
        "references": list(transaction.references),
        "text": transaction.text,
        "end_to_end_id": transaction.end_to_end_id,
        "return_reason": transaction.return_reason,
    }


def _amount(amount: Decimal | None, currency: str | None) -> str | None:
    return None if amount is None else amount_text(amount, currency)


def _date(on: date | None) -> str | None:
    return None if on is None else on.isoformat()
