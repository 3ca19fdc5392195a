"""Laws of money: exact, of one currency, read and written without loss, and never a float."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Unreadable
from kernel.money import EXPONENTS, MAX_MINOR, CurrencyMismatch, Money, exponent, format_minor

CURRENCIES = st.sampled_from(sorted(EXPONENTS))
MINORS = st.integers(-MAX_MINOR, MAX_MINOR)
MONEY = st.builds(Money, MINORS, CURRENCIES)


def refusal(text: str, currency: str) -> str:
    with pytest.raises(Unreadable) as raised:
        Money.parse(text, currency)
    return raised.value.code


@given(MONEY)
def test_what_is_written_is_read_back(money):
    assert Money.parse(str(money), money.currency) == money


@given(MONEY)
def test_what_is_written_is_the_exact_decimal(money):
    assert Decimal(format_minor(money.minor, money.currency)) * 10 ** exponent(money.currency) == money.minor


@given(MINORS, MINORS, MINORS, CURRENCIES)
def test_a_sum_does_not_depend_on_order_and_loses_nothing(one, two, three, currency):
    a, b, c = (Money(minor, currency) for minor in (one, two, three))

    assert (a + b) + c == c + (b + a)
    assert (a + b) - b == a
    assert (a + b).minor == one + two
    assert a + -a == Money(0, currency)
    assert bool(a) == (one != 0)


@given(MONEY, MONEY)
def test_two_currencies_have_no_sum(one, two):
    if one.currency == two.currency:
        assert (one + two).currency == one.currency
        return
    for operation in (one.__add__, one.__sub__):
        with pytest.raises(CurrencyMismatch):
            operation(two)


@given(st.integers(0, 10**9), CURRENCIES, st.integers(0, 6), st.integers(1, 9))
def test_as_many_decimals_as_the_currency_has_and_zeros_behind_them(whole, currency, zeros, digit):
    digits = exponent(currency)
    fits = f"{whole}." + str(digit) * digits + "0" * zeros

    assert Money.parse(fits, currency).minor == whole * 10**digits + int(str(digit) * digits or 0)
    assert refusal(f"{whole}." + str(digit) * (digits + 1), currency) == "TOO_MANY_DECIMALS"


@given(st.floats())
def test_a_float_is_no_amount(value):
    with pytest.raises((AttributeError, TypeError)):
        Money.parse(value, "EUR")


@pytest.mark.parametrize(
    "text", ["", ".", "1,50", "1.000,50", "1e3", "0x10", "١٢", "12 EUR", "--1", "1.2.3", "NaN", "inf", "１２", "1_000"]
)
def test_what_is_not_plainly_a_number_is_refused(text):
    assert refusal(text, "EUR") == "NOT_A_NUMBER"


@pytest.mark.parametrize(
    ("text", "minor"), [("+1", 100), ("-0.01", -1), ("1.", 100), (" 12.5 ", 1250), ("0.50", 50), ("-0", 0), ("007", 700)]
)
def test_signs_spaces_and_missing_decimals_are_read(text, minor):
    assert Money.parse(text, "EUR").minor == minor


@pytest.mark.parametrize("currency", ["XXX", "eur", "", "EURO", "DEM"])
def test_a_currency_that_is_not_one_is_refused_by_name(currency):
    assert refusal("1", currency) == "UNKNOWN_CURRENCY"


@pytest.mark.parametrize(("currency", "text", "minor"), [("JPY", "1200", 1200), ("KWD", "1.234", 1234), ("EUR", "1.23", 123)])
def test_decimals_are_the_currencys(currency, text, minor):
    assert Money.parse(text, currency).minor == minor
    assert format_minor(minor, currency) == text


def test_an_amount_that_no_column_could_sum_is_refused():
    assert Money.parse(format_minor(MAX_MINOR, "EUR"), "EUR").minor == MAX_MINOR
    assert refusal(format_minor(MAX_MINOR + 1, "EUR"), "EUR") == "TOO_LARGE"
    assert refusal("9" * 30, "EUR") == "TOO_LARGE"


def test_an_amount_cannot_be_changed():
    with pytest.raises(AttributeError):
        Money(1, "EUR").minor = 2  # type: ignore[misc]


def test_an_amount_of_thousands_of_digits_is_refused_by_name():
    with pytest.raises(Unreadable) as refused:
        Money.parse("9" * 5_000, "EUR")

    assert refused.value.code == "TOO_LARGE"
