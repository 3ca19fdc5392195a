"""Puts the segments of a message into groups: what a date, amount or reference belongs to decides what it means."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

from kernel.errors import Unreadable
from services.billing.domain.formats.edifact.segments import Message, Segment

# What begins a group; other segments belong to the group before them.
_HEADS = frozenset({"NAD", "CUX", "PAT", "PYT", "TAX", "ALC", "TDT", "TOD", "EQD", "LIN", "UNS"})


@dataclass(slots=True)
class Group:
    """A segment that begins something, and what is said about it."""

    head: Segment
    members: list[Segment] = field(default_factory=list)

    @property
    def tag(self) -> str:
        return self.head.tag

    def all(self, tag: str) -> Iterator[Segment]:
        """Its members of one tag, in order."""
        return (one for one in self.members if one.tag == tag)

    def references(self, *qualifiers: str) -> list[str]:
        """What its RFF of these qualifiers say, in their order."""
        return [one.get(0, 1) for one in self.all("RFF") if one.get(0) in qualifiers]


@dataclass(frozen=True, slots=True)
class Parts:
    """A message by its sections: `head` until the first group, `header` groups, number of `lines`, `summary`, its `taxes`."""

    begin: Segment
    head: Group
    header: tuple[Group, ...]
    lines: int
    summary: Group
    taxes: tuple[Group, ...]

    def all(self, tag: str) -> Iterator[Segment]:
        """Segments of one tag in the header, whatever they belong to."""
        heads = (group.head for group in self.header)
        members = (one for group in (self.head, *self.header) for one in group.members)
        return (one for one in chain(heads, members) if one.tag == tag)

    def references(self, *qualifiers: str) -> list[str]:
        """References of the whole document: those before the first party."""
        return self.head.references(*qualifiers)


def parts_of(message: Message) -> Parts:
    """Raises Unreadable INVALID (no BGM)."""
    begin = next((one for one in message.segments if one.tag == "BGM"), None)
    if begin is None:
        raise Unreadable("INVALID", "the message has no BGM", place="BGM")
    head = Group(message.header)
    summary = Group(message.header)
    header: list[Group] = []
    taxes: list[Group] = []
    lines, section, current = 0, "header", head
    for one in message.segments:
        if one.tag == "UNS":
            section, current = "summary", summary
        elif one.tag == "LIN":
            lines += 1
            section, current = "lines", Group(one)
        elif one.tag in _HEADS:
            current = Group(one)
            if section == "header":
                header.append(current)
            elif section == "summary" and one.tag == "TAX":
                taxes.append(current)
        else:
            current.members.append(one)
    return Parts(begin, head, tuple(header), lines, summary, tuple(taxes))
