"""Amounts and dates as a reader of German, Japanese or English expects them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from kernel.errors import Refused
from kernel.money import exponent

_MONTHS = "January February March April May June July August September October November December".split()


class UnknownLanguage(Refused):
    """No texts and no formats are kept in this language."""

    code = "UNKNOWN_LANGUAGE"


@dataclass(frozen=True, slots=True)
class Locale:
    """How a language writes numbers and days: `signs` are currencies that stand before the number."""

    group: str
    point: str
    signs: Mapping[str, str]
    code_first: bool
    day: str


# CLDR's patterns for currency and long dates, reduced to what a letter prints; a German letter names the currency by code.
LOCALES: Mapping[str, Locale] = {
    "de": Locale(".", ",", {}, False, "{d:02d}.{m:02d}.{y}"),
    "en": Locale(",", ".", {"USD": "$", "GBP": "£", "EUR": "€", "JPY": "¥"}, True, "{month} {d}, {y}"),
    "ja": Locale(",", ".", {"JPY": "¥", "USD": "$", "EUR": "€"}, True, "{y}年{m}月{d}日"),
}


def locale_of(language: str) -> Locale:
    """Refuses: UNKNOWN_LANGUAGE."""
    try:
        return LOCALES[language]
    except KeyError:
        raise UnknownLanguage(f"no texts in {language!r}", language=language) from None


def format_money(minor: int, currency: str, language: str) -> str:
    """``1.234,56 EUR``, ``¥98,000``, ``$1,234.56``. Refuses: UNKNOWN_LANGUAGE; raises Unreadable UNKNOWN_CURRENCY."""
    locale, digits = locale_of(language), exponent(currency)
    whole, fraction = divmod(abs(minor), 10**digits)
    number = f"{whole:,}".replace(",", locale.group) + (f"{locale.point}{fraction:0{digits}d}" if digits else "")
    sign = "-" if minor < 0 else ""
    if currency in locale.signs:
        return f"{sign}{locale.signs[currency]}{number}"
    return f"{currency} {sign}{number}" if locale.code_first else f"{sign}{number} {currency}"


def format_date(day: date, language: str) -> str:
    """``01.07.2026``, ``2026年7月1日``, ``July 1, 2026``. Refuses: UNKNOWN_LANGUAGE."""
    return locale_of(language).day.format(y=day.year, m=day.month, d=day.day, month=_MONTHS[day.month - 1])
