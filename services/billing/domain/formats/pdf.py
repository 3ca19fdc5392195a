"""Finds the invoice that a Factur-X or ZUGFeRD PDF carries as an embedded file."""

import re
import zlib

from kernel.errors import Unreadable

# An invoice's XML with annexes stays below this; what inflates beyond it, all streams together, is a bomb.
MAX_XML_BYTES = 32 * 1024 * 1024
# A PDF of more objects with streams is no invoice.
MAX_STREAMS = 20_000
# Dictionaries before a stream are short; a longer one is not searched.
_DICTIONARY_BYTES = 4_096

_STREAM = re.compile(rb"stream\r?\n")
_OBJECT = re.compile(rb"(\d{1,10})\s+(\d{1,5})\s+obj\b")
_INVOICE = re.compile(rb"<(?:[\w.-]+:)?(CrossIndustryInvoice|CrossIndustryDocument|Invoice|CreditNote)[\s>]")
_XML = re.compile(rb"(?:\xef\xbb\xbf)?\s*<")


def embedded_invoice(content: bytes) -> bytes:
    """The XML. Raises Unreadable UNKNOWN_FORMAT (none, encrypted, several), TRUNCATED, TOO_LARGE."""
    if re.search(rb"/Encrypt\s*(?:\d+\s+\d+\s+R|<<)", content):
        raise Unreadable("UNKNOWN_FORMAT", "the PDF is encrypted; its embedded file cannot be read")
    found: dict[bytes, bytes] = {}
    left = MAX_XML_BYTES
    for key, dictionary, data in _streams(content):
        xml = _inflated(dictionary, data, left)
        left -= len(xml or b"")
        # A later definition of the same object replaces the earlier one.
        if xml is not None and _XML.match(xml) and _INVOICE.search(xml[:65_536]):
            found[key] = xml
    different = list(dict.fromkeys(found.values()))
    if not different and b" obj" in content and b"%%EOF" not in content[-2_048:]:
        raise Unreadable("TRUNCATED", "the PDF ends before its end mark")
    if not different:
        raise Unreadable("UNKNOWN_FORMAT", "the PDF carries no invoice as data (Factur-X, ZUGFeRD)")
    if len(different) > 1:
        raise Unreadable("UNKNOWN_FORMAT", f"the PDF carries {len(different)} different invoices")
    return different[0]


def _streams(content: bytes) -> "list[tuple[bytes, bytes, bytes]]":
    """Object number, dictionary and raw data of each stream that may be an embedded file."""
    found: list[tuple[bytes, bytes, bytes]] = []
    place = 0
    for _ in range(MAX_STREAMS):
        match = _STREAM.search(content, place)
        if match is None:
            return found
        end = content.find(b"endstream", match.end())
        if end < 0:
            raise Unreadable("TRUNCATED", "the PDF ends within a stream")
        before = content[max(place, match.start() - _DICTIONARY_BYTES) : match.start()]
        objects = list(_OBJECT.finditer(before))
        if objects:
            dictionary = before[objects[-1].end() :]
            if b"/EmbeddedFile" in dictionary or b"xml" in dictionary.lower():
                found.append((objects[-1][0], dictionary, content[match.end() : end]))
        place = end + len(b"endstream")
    raise Unreadable("TOO_LARGE", f"the PDF has more than {MAX_STREAMS} streams")


def _inflated(dictionary: bytes, data: bytes, left: int) -> bytes | None:
    if b"/FlateDecode" not in dictionary and b"/Fl " not in dictionary:
        return None if b"/Filter" in dictionary else data
    decoder = zlib.decompressobj()
    try:
        xml = decoder.decompress(data, left + 1)
    except zlib.error:
        return None
    if len(xml) > left:
        raise Unreadable("TOO_LARGE", f"embedded files of more than {MAX_XML_BYTES} bytes")
    return xml
