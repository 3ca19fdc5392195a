"""Readers of bank files: bytes in, one normal form out."""

from services.payments.domain.formats.bankcsv import BankCsv
from services.payments.domain.formats.identity import identities
from services.payments.domain.formats.reader import MAX_BYTES, READERS, Reader, read
from services.payments.domain.formats.returns import is_return
from services.payments.domain.formats.statement import (
    Counterparty,
    Entry,
    File,
    Statement,
    Transaction,
    minor,
    payments,
)
from services.payments.domain.formats.tojson import to_json

__all__ = [
    "MAX_BYTES",
    "READERS",
    "BankCsv",
    "Counterparty",
    "Entry",
    "File",
    "Reader",
    "Statement",
    "Transaction",
    "identities",
    "is_return",
    "minor",
    "payments",
    "read",
    "to_json",
]
