"""Reads Zengin (全銀) files, of fixed width or comma separated: 03 account movements and 01 incoming transfers; names 21 and 91."""

from services.payments.domain.formats.zengin.reader import read, recognises

__all__ = ["read", "recognises"]
