"""Reads OFX 1 (SGML, closing tags optional) and OFX 2 (XML): bank, card and investment statements."""

from services.payments.domain.formats.ofx.reader import read, recognises

__all__ = ["read", "recognises"]
