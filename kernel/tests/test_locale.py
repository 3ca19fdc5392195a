"""Amounts and dates in three languages."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.locale import UnknownLanguage, format_amount, format_date
from kernel.money import Money


@pytest.mark.parametrize(
    ("minor", "currency", "language", "shown"),
    [
        (123456, "EUR", "de", "1.234,56 EUR"),
        (-5, "EUR", "de", "-0,05 EUR"),
        (98000, "JPY", "ja", "¥98,000"),
        (123456, "USD", "en", "$1,234.56"),
        (-123456, "CHF", "en", "CHF -1,234.56"),
        (1234567, "KWD", "de", "1.234,567 KWD"),
    ],
)
def test_an_amount_is_written_as_its_reader_expects(minor, currency, language, shown):
    assert format_amount(Money(minor, currency), language) == shown


@given(st.integers(-(10**12), 10**12), st.sampled_from(["EUR", "JPY", "USD", "KWD"]), st.sampled_from(["de", "ja", "en"]))
def test_every_digit_of_an_amount_is_printed(minor, currency, language):
    shown = format_amount(Money(minor, currency), language)

    assert int("".join(char for char in shown if char.isdigit())) == abs(minor)
    assert ("-" in shown) == (minor < 0)


def test_a_date_is_written_as_its_reader_expects():
    assert [format_date(date(2026, 7, 1), language) for language in ("de", "ja", "en")] == ["01.07.2026", "2026年7月1日", "July 1, 2026"]


def test_a_language_without_formats_is_refused_by_name():
    with pytest.raises(UnknownLanguage, match="'xx'"):
        format_date(date(2026, 7, 1), "xx")
