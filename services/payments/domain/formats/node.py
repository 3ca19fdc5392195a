"""A small tree of plain values out of a finished XML element: children by local name, text, attributes, line."""

from collections.abc import Iterator
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
