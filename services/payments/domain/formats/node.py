"""A small tree of plain values out of a finished XML element: children by local name, text, attributes, line."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from services.payments.domain.formats.safexml import Element, line_of, local


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
        return next((node.text for node in self.all(*path) if node.text), None)


def to_node(element: Element) -> Node:
    """Copies an element; safe against deep nesting because the parser stops at a depth of 256."""
    children: dict[str, list[Node]] = {}
    for child in element:
        if isinstance(child.tag, str):
            node = to_node(child)
            children.setdefault(node.name, []).append(node)
    attributes = {str(key): str(value) for key, value in element.attrib.items()} if element.attrib else {}
    return Node(local(element), (element.text or "").strip(), line_of(element), attributes, children)
