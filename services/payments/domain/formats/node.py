"""Plain values out of a finished XML element: a small tree, or texts by path where speed counts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from services.payments.domain.formats.safexml import Element, line_of

_NONE: dict[str, str] = {}


@dataclass(slots=True)
class Node:
    """One element. Namespaces and versions do not show: ``Dbtr`` is ``Dbtr`` in every version."""

    name: str
    text: str
    line: int
    attributes: dict[str, str] = field(default_factory=dict)
    children: dict[str, list["Node"]] = field(default_factory=dict)

    def all(self, *path: str) -> Iterator["Node"]:
        """Every descendant along the path, in order."""
        if not path:
            yield self
            return
        for child in self.children.get(path[0], ()):
            yield from child.all(*path[1:])

    def first(self, *path: str) -> "Node | None":
        """The first descendant along the path."""
        return next(self.all(*path), None)

    def value(self, *path: str) -> str | None:
        """The first text along the path that is not blank, without outer blanks."""
        node = self
        for depth, name in enumerate(path):
            found = node.children.get(name)
            if found is None:
                return None
            if len(found) > 1:  # the rare case; walking generators for every value takes half the reading time
                return next((last.text for last in node.all(*path[depth:]) if last.text), None)
            node = found[0]
        return node.text or None


def to_node(element: Element) -> Node:
    """Copies an element; safe against deep nesting because the parser stops at a depth of 256."""
    children: dict[str, list[Node]] = {}
    for child in element:
        if isinstance(child.tag, str):
            node = to_node(child)
            if node.name in children:
                children[node.name].append(node)
            else:
                children[node.name] = [node]
    attributes = {str(key): str(value) for key, value in element.items()} if element.keys() else _NONE
    text = element.text
    return Node(_local_name(str(element.tag)), text.strip() if text else "", line_of(element), attributes, children)


@lru_cache(maxsize=4096)  # more names than any schema has; a file that invents names does not fill the memory
def _local_name(tag: str) -> str:
    return tag.rpartition("}")[2]


class Flat:
    """The texts of an element's descendants by path of local names (``Refs/EndToEndId``); amounts' currency at ``Amt@``.

    `texts` holds the first text of each path that is not blank, and every path that is there; `more` all of them where
    a path comes again. One flat dictionary instead of a tree halves the time of reading a statement.
    """

    __slots__ = ("line", "more", "texts")

    def __init__(self, line: int) -> None:
        self.line = line
        self.texts: dict[str, str] = {}
        self.more: dict[str, list[str]] = {}

    def get(self, path: str) -> str | None:
        """The first text of the path that is not blank."""
        return self.texts.get(path) or None

    def has(self, path: str) -> bool:
        """True where there is such an element, blank or not."""
        return path in self.texts

    def all(self, path: str) -> Sequence[str]:
        """Every text of the path, in order, blank ones too."""
        found = self.more.get(path)
        if found is not None:
            return found
        text = self.texts.get(path)
        return () if text is None else (text,)

    def keep(self, path: str, text: str) -> None:
        """One more text of a path."""
        texts = self.texts
        if path not in texts:
            texts[path] = text
            return
        self.more.setdefault(path, [texts[path]]).append(text)
        if text and not texts[path]:
            texts[path] = text

    def fill(self, element: Element, step: "_Step") -> None:
        """Takes all descendants; safe against deep nesting because the parser stops at a depth of 256."""
        texts, below = self.texts, step.below
        for child in element:
            tag = child.tag
            under = below.get(tag)
            if under is None:
                under = step.learn(tag)
            if under.is_unread:
                continue
            path = under.path
            text = child.text
            text = text.strip() if text else ""
            if path in texts:
                self.keep(path, text)
            else:
                texts[path] = text
            if under.is_amount:
                self.keep(under.currency, child.get("Ccy") or "")
            if len(child):
                self.fill(child, under)


# Parts of an entry that say nothing a receivable needs; addresses and agents are half of a real file.
_UNREAD = frozenset(
    "RltdAgts PstlAdr CtctDtls CcyXchg RltdDts RltdPric RltdQties FinInstrmId Tax Issr SchmeNm Purp CardTx Avlbty CorpActn SfkpgAcct "
    "CshDpst TechInptChanl Intrst SplmtryData".split()
)


class _Step:
    """One path that was seen: looking it up is cheaper than putting it together for each element."""

    __slots__ = ("below", "currency", "is_amount", "is_unread", "kept", "path")

    def __init__(self, path: str, kept: list[str]) -> None:
        self.path = path
        self.kept = kept
        self.currency = f"{path}@"
        self.is_amount = path.endswith("Amt")
        self.is_unread = path.rpartition("/")[2] in _UNREAD
        self.below: dict[str, _Step] = {}

    def learn(self, tag: str) -> "_Step":
        """The step to a child. More than any schema has is not kept: a file that invents names does not fill the memory."""
        name = tag.rpartition("}")[2]
        step = _Step(f"{self.path}/{name}" if self.path else name, self.kept)
        if len(self.kept) < _MAX_STEPS:
            self.kept.append(step.path)
            self.below[tag] = step
        return step


_MAX_STEPS = 4096


def to_flat(entry: Element) -> tuple[Flat, list[Flat]]:
    """An Ntry without its details, and its details (NtryDtls/TxDtls), each by paths of its own."""
    flat, details = Flat(line_of(entry)), []
    for holder in entry.iterchildren("{*}NtryDtls"):
        for child in holder.iterchildren("{*}TxDtls"):
            detail = Flat(line_of(child))
            detail.fill(child, _DETAIL)
            details.append(detail)
            child.clear()
    flat.fill(entry, _ENTRY)
    return flat, details


_ENTRY, _DETAIL = _Step("", []), _Step("", [])
