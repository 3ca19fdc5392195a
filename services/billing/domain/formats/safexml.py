"""Parses XML from outside: no DOCTYPE, no entities, no network, no huge trees; errors say what and where."""

import re

from lxml import etree

from kernel.errors import Unreadable

Node = etree._Element  # noqa: SLF001  lxml's element class has no public name

# libxml2's own messages; its codes name the token that was missing, not that the file ended.
_ENDED = re.compile(r"Premature end|EndTag: '</' not found|end of data|Couldn't find end of|not terminated")
_TOO_DEEP = re.compile(r"Excessive depth|use XML_PARSE_HUGE|huge|[Mm]aximum")
_ENCODING = re.compile(r"not proper UTF-8|[Ee]ncoding|Invalid bytes|invalid multibyte")


def parse(content: bytes) -> Node:
    """The root element. Raises Unreadable UNSAFE_XML, TRUNCATED, ENCODING, TOO_LARGE, INVALID, with `line`."""
    content = _without_padding(content)
    # Before parsing, because an entity is expanded in attributes while parsing; NULs go for UTF-16's sake.
    visible = content.replace(b"\x00", b"").upper()
    for forbidden in (b"<!DOCTYPE", b"<!ENTITY"):
        if forbidden in visible:
            line = visible[: visible.index(forbidden)].count(b"\n") + 1
            raise Unreadable("UNSAFE_XML", "XML with a DOCTYPE is not read: it may name files and entities", line=line)
    try:
        root: Node = etree.fromstring(content, _parser())
    except etree.XMLSyntaxError as error:
        raise _refusal(content, error) from None
    except (ValueError, LookupError) as error:
        raise Unreadable("ENCODING", str(error)[:200], line=1) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise Unreadable("UNSAFE_XML", "XML with a DOCTYPE is not read: it may name files and entities", line=1)
    return root


def _without_padding(content: bytes) -> bytes:
    """Without blanks before the XML and what mainframes leave behind it; where two bytes make a character they are halves of one."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in content[:4]:
        return content
    return content.removeprefix(b"\xef\xbb\xbf").strip(b"\x00\x1a \t\r\n")


def line_of(node: Node) -> int:
    """The line of an element's start tag; 0 where the parser does not know it."""
    line: object = node.sourceline  # the stubs call it an ellipsis
    return line if isinstance(line, int) else 0


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_pis=True,
        remove_comments=True,
    )


def _refusal(content: bytes, error: etree.XMLSyntaxError) -> Unreadable:
    message = (error.msg or "not well-formed XML")[:200]
    line = error.lineno or 1
    if _TOO_DEEP.search(message):
        return Unreadable("TOO_LARGE", message, line=line)
    if _ENCODING.search(message):
        return Unreadable("ENCODING", message, line=line)
    at_the_end = line >= content.rstrip().count(b"\n") + 1
    if "Extra content" in message:
        return Unreadable("INVALID", f"something follows the XML: {message}", line=line)
    if not content.rstrip().endswith(b">") or (at_the_end and _ENDED.search(message)):
        return Unreadable("TRUNCATED", f"the file ends before its XML does: {message}", line=line)
    return Unreadable("INVALID", f"not well-formed XML: {message}", line=line)
