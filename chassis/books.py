"""Books as the audit compares them: totals by buckets of ids, so that what events under way explain can be told from the rest."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from proto.common.v1.common_pb2 import Book, Money

# The last ten bits of an id: events under way touch few of them, and a book is still a few kilobytes.
BUCKETS = 1 << 10


def bucket_of(id_: UUID) -> int:
    """The bucket of an id; its last bits are random in every version that is used here."""
    return id_.int % BUCKETS


def bucket(column: str) -> str:
    """The same in SQL, of a column."""
    return f"(get_byte(uuid_send({column}), 14) & 3) * 256 + get_byte(uuid_send({column}), 15)"


def to_books(unit: str, rows: Iterable[Any]) -> list[Book]:
    """Books from rows `(currency, book, bucket, minor)`."""
    made: dict[tuple[str, str], list[int]] = {}
    for row in rows:
        made.setdefault((row.book, row.currency), [0] * BUCKETS)[row.bucket] = row.minor
    return [
        Book(business_unit=unit, book=book, total=Money(minor=sum(minors), currency=currency), minor_by_bucket=minors)
        for (book, currency), minors in sorted(made.items())
    ]
