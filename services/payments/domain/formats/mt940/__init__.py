"""Reads SWIFT MT940 (statements) and MT942 (interim reports) in the dialects that banks really send."""

from services.payments.domain.formats.mt940.reader import read, recognises_940, recognises_942

__all__ = ["read", "recognises_940", "recognises_942"]
