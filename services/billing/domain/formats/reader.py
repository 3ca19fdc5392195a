"""The one way in: finds the format of an invoice file from its content and reads it whole or not at all."""

import re
from collections.abc import Sequence

from kernel import archive
from kernel.errors import Unreadable
from services.billing.domain.formats import cii, csvfile, edifact, pdf, saplist, ubl
from services.billing.domain.formats.document import InvoiceFile
from services.billing.domain.formats.profile import Profile
from services.billing.domain.formats.safexml import parse
from services.billing.domain.formats.text import at
from services.billing.domain.formats.tree import name as local_name

# A UBL invoice with a scanned annex stays below 10 MB, a month of 100,000 CSV rows below 30 MB; beyond that a file
# is a mistake or an attack, and parsing it would take a worker's memory.
MAX_BYTES = 32 * 1024 * 1024

_UTF_16_OR_32 = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
_XML_START = re.compile(rb"^(\xef\xbb\xbf)?\s*<[?!A-Za-z]")
_HTML = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+)?html[\s>]", re.IGNORECASE)
_HEAD_BYTES = 1_000
_PDF = b"%PDF-"
# Peppol's transport puts an invoice into this (SBDH).
_ENVELOPE = "StandardBusinessDocument"
_OTHERS = {b"{": "JSON", b"[": "JSON", b"ISA*": "ANSI X12"}


def read(content: bytes, name: str = "", profiles: Sequence[Profile] = ()) -> InvoiceFile:
    """Read an invoice file: UBL 2.1, CII, Factur-X/ZUGFeRD PDF, EDIFACT INVOIC, a SAP list of open items, a CSV that one of
    `profiles` describes; a zip or gzip of them as one file.

    `name` is only repeated in refusals (`file`). Raises Unreadable, and nothing else, with `line` and `place` where
    there are: EMPTY, TOO_LARGE, UNKNOWN_FORMAT, TRUNCATED, ENCODING, UNSAFE_XML, NOT_A_NUMBER, UNKNOWN_CURRENCY,
    TOO_MANY_DECIMALS, INVALID.
    """
    with at(**({"file": name} if name else {})):
        if len(content) > MAX_BYTES:
            raise Unreadable("TOO_LARGE", f"the file has more than the {MAX_BYTES} bytes that are read")
        inside = archive.members(content, name, MAX_BYTES)
        if inside is None:
            return _read_one(content, profiles)
        return _together([_read_member(member, data, profiles) for member, data in inside])


def _read_member(member: str, content: bytes, profiles: Sequence[Profile]) -> InvoiceFile:
    with at(**({"file": member} if member else {})):
        archive.refuse_nested(content)
        return _read_one(content, profiles)


def _together(files: list[InvoiceFile]) -> InvoiceFile:
    """The members of an archive as one file."""
    return InvoiceFile(
        "+".join(dict.fromkeys(file.format for file in files)),
        tuple(document for file in files for document in file.documents),
        tuple(dict.fromkeys(warning for file in files for warning in file.warnings)),
    )


def _read_one(content: bytes, profiles: Sequence[Profile]) -> InvoiceFile:
    if not content.strip(b" \t\r\n\x1a\xef\xbb\xbf"):
        raise Unreadable("EMPTY", "the file has no content")
    if _HTML.match(content[:_HEAD_BYTES]):
        raise Unreadable("UNKNOWN_FORMAT", "this is an HTML page, not an invoice", line=1)
    if _looks_like_xml(content):
        return _read_xml(content)
    if content.lstrip().startswith(_PDF):
        return _read_xml(pdf.embedded_invoice(content), "factur-x")
    if edifact.recognises(content):
        return edifact.read(content)
    if saplist.recognises(content):
        return saplist.read(content)
    _refuse_others(content)
    return csvfile.read(content, profiles)


def _read_xml(content: bytes, carrier: str = "") -> InvoiceFile:
    root = parse(content)
    if local_name(root) == _ENVELOPE:
        root = next((inside for inside in root if local_name(inside) != f"{_ENVELOPE}Header"), root)
    if local_name(root) in cii.ROOTS:
        return cii.read(root, carrier or cii.FORMAT)
    return ubl.read(root, carrier or ubl.FORMAT)


def _looks_like_xml(content: bytes) -> bool:
    head = content[:200]
    if head.startswith(_UTF_16_OR_32):
        head = head[2:].replace(b"\x00", b"")
    return _XML_START.match(head) is not None


def _refuse_others(content: bytes) -> None:
    for magic, kind in _OTHERS.items():
        if content.lstrip().startswith(magic):
            raise Unreadable("UNKNOWN_FORMAT", f"this is {kind}, not an invoice in UBL, CII, PDF or CSV")
