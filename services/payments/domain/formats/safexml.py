"""Streams XML from outside: no DOCTYPE, no entities, no network, no huge trees; errors say what and where."""

import io
import re
from collections.abc import Iterator
from typing import BinaryIO

from lxml import etree

from kernel.errors import Unreadable

Element = etree._Element  # noqa: SLF001 - lxml's element class has no public name

_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_BLANKS, _PADDING = b" \t\r\n", b"\x00\x1a \t\r\n"
_UNSAFE = "XML with a DOCTYPE is not read: it may name files and entities"
_TOO_LARGE = re.compile(r"Excessive depth|XML_PARSE_HUGE|huge|amplification|[Mm]aximum")
_ENCODING = re.compile(r"not proper UTF-8|[Ee]ncoding|Invalid bytes|multibyte|invalid Char|xmlns: URI|Char 0x")
_FIRST_TAG = re.compile(rb"<([^\s!?/>][^\s/>]*)")
# How far into a file its root element is looked for; a longer prolog is no bank's.
_HEAD_BYTES = 65_536
_PIECE_BYTES = 4 * 1024 * 1024
# More than the longest forbidden word, in UTF-32.
_OVERLAP_BYTES = 64


def looks_like_xml(content: bytes) -> bool:
    """True when the first character is ``<``."""
    return _plain(content[:_HEAD_BYTES]).lstrip().startswith(b"<")


def root_name(content: bytes) -> str:
    """The root element's local name, read off the first tag; empty if there is none."""
    match = _FIRST_TAG.search(_plain(content[:_HEAD_BYTES]))
    return match[1].rpartition(b":")[2].decode("ascii", "replace") if match else ""


def stream(content: bytes | BinaryIO, names: frozenset[str]) -> Iterator[Element]:
    """Each element with one of these local names when it ends, then the root.

    An open file is read twice, in pieces: for what must not be in it, then for what is. The caller clears what it has
    read. Raises Unreadable UNSAFE_XML, TRUNCATED, ENCODING, TOO_LARGE, UNKNOWN_FORMAT (not well-formed), with `line`.
    """
    source = io.BytesIO(content) if isinstance(content, bytes) else content
    _refuse_doctype(source)
    events = etree.iterparse(
        _Body(source),
        events=("end",),
        tag=[f"{{*}}{name}" for name in sorted(names)],
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        for _, element in events:
            yield element
    except etree.XMLSyntaxError as error:
        raise _refusal(source, error) from None
    except (ValueError, LookupError) as error:
        raise Unreadable("ENCODING", f"the XML's encoding cannot be read: {error}", line=1) from None
    root: Element = events.root
    if root.getroottree().docinfo.internalDTD is not None:
        raise Unreadable("UNSAFE_XML", _UNSAFE, line=1)
    yield root


class _Body:
    """An open file without the blanks before its XML and the padding behind it, which mainframes leave there."""

    def __init__(self, source: BinaryIO) -> None:
        size = source.seek(0, io.SEEK_END)
        source.seek(max(0, size - _HEAD_BYTES))
        tail = source.read()
        source.seek(0)
        head = source.read(_HEAD_BYTES)
        # Where two or four bytes make a character, blanks and zeros are halves of one.
        narrow = not head.startswith(_BOMS[1:]) and b"\x00" not in head[:4]
        self._source = source
        self._end = size - (len(tail) - len(tail.rstrip(_PADDING)) if narrow else 0)
        source.seek(len(head) - len(head.removeprefix(_BOMS[0]).lstrip(_BLANKS)) if narrow else 0)

    def read(self, size: int = -1) -> bytes:
        left = max(0, self._end - self._source.tell())
        return self._source.read(left if size < 0 else min(size, left))


def local(element: Element) -> str:
    """The element's name without its namespace; empty for what is no element."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def namespace(element: Element) -> str:
    """The element's namespace; empty without one."""
    tag = element.tag
    return tag[1:].partition("}")[0] if isinstance(tag, str) and tag.startswith("{") else ""


def line_of(element: Element) -> int:
    """The line of an element's start tag; 0 where the parser does not know it."""
    line: object = element.sourceline  # the stubs know no type for it
    return line if isinstance(line, int) else 0


def _plain(content: bytes) -> bytes:
    """ASCII as ASCII also where two bytes make a character."""
    for bom in _BOMS:
        content = content.removeprefix(bom)
    return content.replace(b"\x00", b"") if b"\x00" in content else content


def _refuse_doctype(source: BinaryIO) -> None:
    # Before parsing, because entities in attributes are expanded while parsing.
    lines, kept = 1, b""
    while piece := source.read(_PIECE_BYTES):
        visible = _plain(kept + piece)
        for forbidden in (b"<!DOCTYPE", b"<!doctype", b"<!ENTITY"):
            if forbidden in visible:
                line = lines + visible.count(b"\n", 0, visible.index(forbidden))
                raise Unreadable("UNSAFE_XML", _UNSAFE, line=line)
        kept = (kept + piece)[-_OVERLAP_BYTES:]
        lines += visible.count(b"\n") - _plain(kept).count(b"\n")


def _refusal(source: BinaryIO, error: etree.XMLSyntaxError) -> Unreadable:
    source.seek(0)
    head = source.read(_HEAD_BYTES)
    source.seek(max(0, source.seek(0, io.SEEK_END) - _HEAD_BYTES))
    message = (error.msg or "not well-formed XML")[:200]
    line = error.lineno or 1
    if _TOO_LARGE.search(message):
        return Unreadable("TOO_LARGE", f"the XML is nested or grown beyond what is read: {message}", line=line)
    first = _FIRST_TAG.search(_plain(head))
    tail = _plain(source.read()).rstrip()
    if "Extra content" in message:
        return Unreadable("UNKNOWN_FORMAT", f"something follows the XML: {message}", line=line)
    if first is None or not tail.endswith(b">") or b"</" + first[1] not in tail:
        return Unreadable("TRUNCATED", f"the XML ends too early: {message}", line=line)
    if _ENCODING.search(message):
        return Unreadable("ENCODING", message, line=line)
    return Unreadable("UNKNOWN_FORMAT", f"the XML is not well-formed: {message}", line=line)
