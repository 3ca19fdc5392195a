"""Reads texts, amounts and dates out of XML elements, by local names: namespaces carry versions, not meaning."""

import re
from datetime import date

from lxml import etree

from kernel.errors import Unreadable
from kernel.money import Money
from services.billing.domain.formats.safexml import Node, line_of
from services.billing.domain.formats.text import at, clean

# CII writes 20260930 (format 102) or 2026-09-30, with or without time and zone.
_DATE = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(?:[T ].*|Z|[+-]\d{2}:\d{2}|\d{4,6})?")


def nodes(node: Node, path: str) -> list[Node]:
    """Every descendant along a path of local names (``A/B``), in order."""
    return node.findall("/".join(f"{{*}}{step}" for step in path.split("/")))


def first(node: Node, *paths: str) -> Node | None:
    """The first element of the first path that has one."""
    return next((found for path in paths for found in nodes(node, path)), None)


def content(node: Node) -> str:
    """All text inside. Raises Unreadable TOO_LARGE, INVALID with `place` and `line`."""
    with at(place=name(node), line=line_of(node)):
        return clean("".join(str(part) for part in node.itertext()))


def name(node: Node) -> str:
    """The local name."""
    return etree.QName(node).localname


def texts(node: Node, *paths: str) -> list[str]:
    """Every text along the paths that is not blank."""
    return [text for path in paths for found in nodes(node, path) if (text := content(found))]


def text(node: Node, *paths: str) -> str | None:
    """The first text along the paths that is not blank."""
    return next(iter(texts(node, *paths)), None)


def required(node: Node, *paths: str) -> str:
    """Raises Unreadable INVALID with `place`, `line`."""
    found = text(node, *paths)
    if found is None:
        raise Unreadable("INVALID", f"the document has no {paths[0]}", place=paths[0], line=line_of(node))
    return found


def day(node: Node) -> date:
    """Raises Unreadable INVALID with `place`, `line`."""
    written = content(node)
    match = _DATE.fullmatch(written)
    try:
        return date(int(match[1]), int(match[2]), int(match[3])) if match else date.fromisoformat("")
    except ValueError:
        raise Unreadable("INVALID", f"{written[:30]!r} is not a date", place=name(node), line=line_of(node)) from None


def amount(node: Node, currency: str) -> Money:
    """Raises Unreadable NOT_A_NUMBER, TOO_MANY_DECIMALS, INVALID (another currency) with `place`, `line`."""
    with at(place=name(node), line=line_of(node)):
        stated = node.get("currencyID") or currency
        if stated != currency:
            raise Unreadable("INVALID", f"{name(node)} is in {stated[:10]!r}, the document in {currency[:10]!r}")
        return Money.parse(content(node), currency)
