"""What a person may do with a line's money: parts that add up, on items that take them."""

from collections.abc import Mapping, Sequence
from typing import get_args

from kernel.errors import Refused, Unreadable
from services.payments.domain.distribution import ITEM, NOT_RECEIVABLE, ON_ACCOUNT, UNIDENTIFIED, Slice, settled
from services.payments.domain.matching import Item
from services.payments.domain.matching.facts import Reason

REASONS = frozenset(get_args(Reason))
# A part per item and day of a large payer's list; more is a file, not a person's decision.
MAX_PARTS = 1_000
_WITH_ACCOUNT = {ITEM: False, ON_ACCOUNT: True, UNIDENTIFIED: False, NOT_RECEIVABLE: False}


class DoesNotAddUp(Refused):
    """The parts are not the line's money, whole."""

    code = "DOES_NOT_ADD_UP"


class ItemOverpaid(Refused):
    """An item does not take so much: somebody else has paid it, or never owed it."""

    code = "ITEM_OVERPAID"


def check_parts(amount_minor: int, parts: Sequence[Slice]) -> None:
    """Refuses: DOES_NOT_ADD_UP, INVALID (a part that is none), TOO_LARGE."""
    if len(parts) > MAX_PARTS:
        raise Unreadable("TOO_LARGE", f"{len(parts)} parts; at most {MAX_PARTS} are read")
    for place, part in enumerate(parts, 1):
        if problem := _problem(part):
            raise Unreadable("INVALID", f"part {place}: {problem}", place=place)
    total = sum(part.amount_minor for part in parts)
    if total != amount_minor:
        raise DoesNotAddUp(f"the parts are {total}, the line is {amount_minor}", parts_minor=total, amount_minor=amount_minor)


def _problem(part: Slice) -> str:
    if part.kind not in _WITH_ACCOUNT:
        return f"a line has no part of kind {part.kind[:20]!r}"
    if not part.amount_minor:
        return "it has no amount"
    if (part.item_id is not None) != (part.kind == ITEM) or (_WITH_ACCOUNT[part.kind] and part.account_id is None):
        return f"a part of kind {part.kind} names {'an item' if part.kind == ITEM else 'an account' if _WITH_ACCOUNT[part.kind] else 'no item'}"
    if (
        bool(part.difference_minor) != (part.reason in REASONS)
        or part.difference_minor < 0
        or (part.difference_minor and part.kind != ITEM)
    ):
        return f"a difference is more than nothing, on an item, and for one of {', '.join(sorted(REASONS))}"
    return ""


def check_claims(slices: Sequence[Slice], before: Sequence[Slice], items: Mapping[str, Item], currency: str) -> None:
    """Whether items take what a line's next version settles, given back what the one before had. Refuses: ITEM_OVERPAID, INVALID."""
    returned = settled(before)
    for item_id, minor in settled(slices).items():
        item = items[str(item_id)]
        if item.currency != currency:
            raise Unreadable("INVALID", f"the item is in {item.currency}, the line in {currency}", item_id=str(item_id))
        left = item.open_minor + returned[item_id] - minor
        if (minor > 0 > left) or (minor < 0 < left):
            raise ItemOverpaid(f"{minor} does not fit into {item.open_minor + returned[item_id]}", item_id=str(item_id))
