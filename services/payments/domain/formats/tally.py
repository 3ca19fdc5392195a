"""Counts and sums of a statement's entries while they are read, so that checking them needs none of them again."""

from dataclasses import dataclass, field
from decimal import Decimal

from services.payments.domain.formats.statement import Entry, exact_sum, total

_NOTHING = Decimal(0)


@dataclass(slots=True)
class Tally:
    """`booked`: signed sums of booked entries by currency; `currencies` in the order of their first appearance."""

    booked: dict[str | None, Decimal] = field(default_factory=dict)
    currencies: dict[str | None, None] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)
    _sums: dict[str, Decimal] = field(default_factory=dict)
    _seen: dict[str, set[str | None]] = field(default_factory=dict)

    def count(self, entry: Entry) -> None:
        """One more entry."""
        currency, direction, amount = entry.currency, entry.direction, entry.amount
        self.currencies[currency] = None
        self._counts[direction] = self._counts.get(direction, 0) + 1
        self._sums[direction] = exact_sum(self._sums.get(direction, _NOTHING), amount)
        self._seen.setdefault(direction, set()).add(currency)
        if entry.status == "booked":
            signed = amount if direction == "credit" else amount.copy_negate()
            self.booked[currency] = exact_sum(self.booked.get(currency, _NOTHING), signed)

    def of(self, direction: str) -> tuple[int, Decimal, int]:
        """How many entries, their unsigned sum, in how many currencies; ``all`` for both directions."""
        asked = ("credit", "debit") if direction == "all" else (direction,)
        seen = set[str | None]().union(*(self._seen.get(one, set()) for one in asked))
        return sum(self._counts.get(one, 0) for one in asked), total(self._sums.get(one, Decimal(0)) for one in asked), len(seen)
