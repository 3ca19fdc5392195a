"""Interest beside other charges: the cap on both together, and the order in which a part payment is used up."""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction

from kernel.interest import ACTUAL_365, FLOOR, Piece, round_to, simple
from kernel.series import Book


def within_cap(principal: int, charges: int, pieces: Sequence[Piece], day_count: str = ACTUAL_365) -> bool:
    """True when fees and interest together stay within what the capped rate yields (消費者契約法第9条第1項第2号)."""
    return charges <= round_to(simple(principal, pieces, day_count), FLOOR)


def payment_order(book: Book, jurisdiction: str, claim: str, debtor: str, on: date) -> tuple[str, ...]:
    """The statutory order of costs, interest and principal. Refuses: NO_RULE."""
    facts = {"kind": "allocation", "jurisdiction": jurisdiction, "claim": claim, "debtor": debtor}
    return tuple(book.find(on, facts).values["order"])


def percent_of(rate: Fraction) -> str:
    """``10.27``, ``12.5``, ``9``: a rate as people write it; more than six decimals are cut."""
    whole, rest = divmod(round_to(abs(rate) * 10**6, FLOOR), 10**6)
    digits = f"{rest:06d}".rstrip("0")
    return ("-" if rate < 0 else "") + (f"{whole}.{digits}" if digits else str(whole))
