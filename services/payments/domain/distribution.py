"""Where a line's money goes: slices, what a decision makes of them, what a return undoes."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from kernel.references import find_valid
from services.payments.domain.matching import Decision, Difference, Item, Suggestion
from services.payments.domain.matching.text import fold

ITEM, ON_ACCOUNT, UNIDENTIFIED, NOT_RECEIVABLE, REFUND = "item", "on_account", "unidentified", "not_receivable", "refund"
# How a line stands as a whole.
MATCHED, RETURNED = "matched", "returned"
# A word that may be an invoice number: letters and digits, joined by hyphens or slashes.
_WORD = re.compile(r"[A-Z0-9]+(?:[-/][A-Z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of a line's money and where it belongs; amounts in minor units, negative for money that left.

    `difference_minor` is granted beside the money for `reason`, so that the item counts as paid; it is no part of the line.
    """

    kind: str
    item_id: UUID | None
    account_id: UUID | None
    amount_minor: int
    difference_minor: int = 0
    reason: str = ""

    @property
    def settled_minor(self) -> int:
        """How much less is open on the item."""
        return self.amount_minor + self.difference_minor


def slices_of(answer: Decision | Suggestion, amount_minor: int, items: Mapping[str, Item]) -> tuple[Slice, ...]:
    """The slices that an answer makes of a line's money; what no item takes waits, on the account where that is certain."""
    if isinstance(answer, Decision) and answer.status == "not_receivable":
        return (Slice(NOT_RECEIVABLE, None, None, amount_minor),)
    made = [
        Slice(ITEM, UUID(one.item_id), UUID(items[one.item_id].account_id), one.amount_minor, *_granted(one.difference))
        for one in answer.allocations
    ]
    if answer.on_account_minor:
        made.append(waiting(answer.on_account_minor, UUID(answer.account_id) if answer.account_id else None))
    return tuple(made)


def _granted(difference: Difference | None) -> tuple[int, str]:
    return (difference.amount_minor, difference.reason) if difference else (0, "")


def settled(slices: Iterable[Slice]) -> Counter[UUID]:
    """How much less is open on each item that slices name."""
    sums: Counter[UUID] = Counter()
    for part in slices:
        if part.item_id:
            sums[part.item_id] += part.settled_minor
    return sums


def take(left: Counter[UUID], amount_minor: int) -> list[Slice]:
    """What an amount pays of what is left on items, credits first, in the order of `left`; lowers it."""
    parts = []
    for item_id, minor in left.items():
        taken = minor if minor < 0 else min(minor, amount_minor)
        if taken:
            parts.append(Slice(ITEM, item_id, None, taken))
            left[item_id] -= taken
            amount_minor -= taken
    return parts


def merged(parts: Sequence[Slice]) -> list[Slice]:
    """One slice for each item, with what was granted on it."""
    by_place: dict[object, Slice] = {}
    for part in parts:
        place = part.item_id or (part.kind, part.account_id)
        known = by_place.get(place)
        by_place[place] = (
            part
            if known is None
            else replace(
                known,
                account_id=known.account_id or part.account_id,
                amount_minor=known.amount_minor + part.amount_minor,
                difference_minor=known.difference_minor + part.difference_minor,
                reason=known.reason or part.reason,
            )
        )
    return list(by_place.values())


def waiting(amount_minor: int, account_id: UUID | None) -> Slice:
    """Money that no item takes yet."""
    return Slice(ON_ACCOUNT if account_id else UNIDENTIFIED, None, account_id, amount_minor)


def state_of(slices: Sequence[Slice]) -> str:
    """How a line stands: matched as soon as an item takes something of it."""
    return MATCHED if any(part.kind == ITEM for part in slices) else slices[0].kind


def undo_slices(amount_minor: int, original: Sequence[Slice]) -> tuple[Slice, ...] | None:
    """What money that comes back does: it undoes what it had paid, slice by slice; None when it is not that money, whole."""
    undone = tuple(replace(part, amount_minor=-part.amount_minor, difference_minor=-part.difference_minor) for part in original)
    return undone if sum(part.amount_minor for part in undone) == amount_minor else None


def moved(slices: Sequence[Slice], item_id: UUID) -> tuple[Slice, ...]:
    """The slices after an item could not take its own: its money is on account, and nothing is granted."""
    return tuple(Slice(ON_ACCOUNT, None, part.account_id, part.amount_minor) if part.item_id == item_id else part for part in slices)


def words(texts: Iterable[str]) -> frozenset[str]:
    """What a line may name: valid structured references and words that look like numbers."""
    found: set[str] = set()
    for text in map(fold, texts):
        found.update(reference.value.upper() for reference in find_valid(text))
        found.update(word for word in _WORD.findall(text) if any(character.isdigit() for character in word))
    return frozenset(found)
