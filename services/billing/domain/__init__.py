"""The rules of billing: documents, accounts, items and the receivables ledger, as pure functions and values."""
