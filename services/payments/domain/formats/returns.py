"""Tells returned and reversed payments from new ones, by every mark that banks use."""

import re

from services.payments.domain.formats.statement import Entry, Transaction

# ISO 20022 external bank transaction codes: unpaid, reversed or cancelled direct debits, returned transfers, unpaid cheques.
ISO_RETURNS = re.compile(r"(IDDT|RDDT)/(UPDD|PRDD|RCDD)|(ICDT|RCDT|IRCT|RRCT)/RRTN|RCHQ/UPCQ")
# German banking industry, business transaction codes (DFÜ-Abkommen, annex 3): returns and re-credits.
_GVC_RETURNS = re.compile(r"\+(108|109|159|181|184)\+")
# BAI2 type codes: deposited item returned, ACH return items and reversals.
_BAI2_RETURNS = frozenset({"255", "257", "258", "555", "557", "558"})


def is_return(entry: Entry, transaction: Transaction) -> bool:
    """True when the bank says, by mark, code or reason, that an earlier payment comes back."""
    code = entry.bank_transaction_code or ""
    return (
        entry.reversal
        or transaction.return_reason is not None
        or ISO_RETURNS.search(code) is not None
        or _GVC_RETURNS.search(code) is not None
        or code in _BAI2_RETURNS
    )
