"""How long a million interest amounts over half-year segments take on one core: `python -m benchmarks.interest [COUNT]`."""

import sys
from collections.abc import Iterator
from datetime import date, timedelta
from time import process_time

from cli.law import documents
from kernel.series import read_book
from services.billing.domain.interest import accumulator

MILLION = 1_000_000
FIRST, LAST = date(2015, 1, 1), date(2026, 12, 31)
# The delays: 1 to 900 days, so that most cross one half-year or more.
LONGEST = 900


def amounts(count: int) -> Iterator[tuple[int, date, date]]:
    """Invented claims, the same on every run."""
    span = (LAST - FIRST).days - LONGEST
    for number in range(count):
        due = FIRST + timedelta(number * 7919 % span)
        yield 1_000 + number * 104_729 % 10_000_000, due, due + timedelta(1 + number * 31 % LONGEST)


def run(count: int) -> tuple[float, int]:
    """Seconds of one core, rates read and compiled included, and the sum of all interest in minor units."""
    claims = list(amounts(count))
    started = process_time()
    book = read_book(documents("interest"))
    rule = book.find(FIRST, {"kind": "interest", "jurisdiction": "DE", "debtor": "business", "claim": "goods", "creditor": "business"})
    total = sum(accumulator(book, rule, FIRST, LAST, "actual/365").many(claims))
    return process_time() - started, total


if __name__ == "__main__":
    size = int(sys.argv[1]) if len(sys.argv) > 1 else MILLION
    seconds, total_minor = run(size)
    sys.stdout.write(f"{size:,} amounts in {seconds:.2f} s ({size / seconds:,.0f} a second), {total_minor:,} minor units\n")
