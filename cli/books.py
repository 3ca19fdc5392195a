"""The services' books beside each other, bucket by bucket of ids: equal, different, or not to be told yet."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from google.protobuf.message import Message

from chassis.books import BUCKETS
from kernel.money import format_minor
from proto.common.v1.common_pb2 import Book

# A book of a unit in one currency.
Key = tuple[str, str, str]
_UUID_LENGTH = 36


class Books:
    """One reading of every keeper's books. A bucket in which they disagree is a difference unless events touched it meanwhile."""

    def __init__(self, keepers: Sequence[str]) -> None:
        self._keepers = keepers
        self.minors: dict[Key, dict[str, Sequence[int]]] = {}
        self._wrong: dict[Key, set[int]] = {}
        # Buckets that no reading could judge so far.
        self._open: dict[Key, set[int]] = {}

    def add(self, keeper: str, book: Book) -> None:
        """What one keeper says of one book; a book of its own (`ledger:…`) is a disagreement within that service."""
        key = book.business_unit, book.book, book.total.currency
        self.minors.setdefault(key, {})[keeper] = book.minor_by_bucket or [book.total.minor]

    def again(self, later: "Books") -> None:
        """Take a later reading in place of this one; what was judged stays judged."""
        self.minors = later.minors

    def judge(self, touched: frozenset[int]) -> None:
        """Compare; `touched` are the buckets that events have changed while the books were read."""
        for key, by_keeper in self.minors.items():
            unequal = set(self._unequal(key, by_keeper))
            self._wrong.setdefault(key, set()).update(unequal - touched)
            self._open[key] = unequal & touched & self._open.get(key, touched)

    @property
    def undecided(self) -> bool:
        """Whether another reading could tell more."""
        return any(self._open.values())

    def _unequal(self, key: Key, by_keeper: dict[str, Sequence[int]]) -> Iterator[int]:
        if key[1].startswith("ledger:"):
            yield 0
            return
        rows = [by_keeper.get(name, [0] * BUCKETS) for name in self._keepers_of(key)]
        for bucket, minors in enumerate(zip(*rows, strict=True)):
            if len(set(minors)) > 1:
                yield bucket

    def _keepers_of(self, key: Key) -> Sequence[str]:
        return [name for name in self._keepers if key[1] == "receivables" or name != "collections"]

    @property
    def differences(self) -> int:
        """How many books disagree in what no event under way explains."""
        return sum(bool(wrong) for wrong in self._wrong.values())

    def rows(self, under_way: list[str]) -> list[dict[str, Any]]:
        """The contract's rows; `under_way` says in words why some of them may differ and are no difference."""
        rows = []
        for key in sorted(self.minors):
            unit, book, currency = key
            own = book.startswith("ledger:")
            keepers = self.minors[key] if own else self._keepers_of(key)
            totals = {name: format_minor(sum(self.minors[key].get(name, [])), currency) for name in keepers}
            in_flight = (under_way or ["events that came while the books were read"]) if self._open.get(key) else []
            rows.append({"business_unit": unit, "currency": currency, "book": book, "by_service": totals, "in_flight": in_flight})
        return rows


def ids_in(message: Message) -> Iterator[UUID]:
    """All ids that an event names, at any depth."""
    for field, value in message.ListFields():
        for one in value if field.is_repeated else [value]:
            if isinstance(one, Message):
                yield from ids_in(one)
            elif isinstance(one, str) and len(one) == _UUID_LENGTH:
                yield UUID(one)
