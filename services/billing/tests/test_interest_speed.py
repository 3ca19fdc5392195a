"""The bulk function at a small size: far inside what a million may take."""

from benchmarks.interest import run

# A million may take 20 seconds on one core; reading the rates is part of it.
SECONDS, SIZE = 2, 20_000


def test_twenty_thousand_amounts_take_less_than_a_tenth_of_what_a_million_may():
    seconds, total_minor = run(SIZE)
    assert total_minor > 0
    assert seconds < SECONDS
