"""Amounts and dates as a reader of German, Japanese or English expects them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from kernel.errors import Refused
from kernel.money import Money, exponent

_MONTHS = "January February March April May June July August September October November December".split()


class UnknownLanguage(Refused):
    """No formats are kept for this language."""

    code = "UNKNOWN_LANGUAGE"


@dataclass(frozen=True, slots=True)
class Locale:
    """How a language writes numbers and days: `signs` are currencies that stand before the number."""

    group: str
    point: str
    signs: Mapping[str, str]
    code_first: bool
    day: str


# CLDR 46, standard currency patterns and long dates, reduced to what a letter prints; German letters name a currency by its code.
_LOCALES: Mapping[str, Locale] = {
    "de": Locale(".", ",", {}, False, "{d:02d}.{m:02d}.{y}"),
    "en": Locale(",", ".", {"USD": "$", "GBP": "£", "EUR": "€", "JPY": "¥"}, True, "{month} {d}, {y}"),
    "ja": Locale(",", ".", {"JPY": "¥", "USD": "$", "EUR": "€"}, True, "{y}年{m}月{d}日"),
}


def _locale(language: str) -> Locale:
    try:
        return _LOCALES[language]
    except KeyError:
        raise UnknownLanguage(f"no formats for {language[:20]!r}", language=language[:20]) from None


def format_amount(money: Money, language: str) -> str:
    """``1.234,56 EUR``, ``¥98,000``, ``$1,234.56``. Refuses: UNKNOWN_LANGUAGE; raises Unreadable UNKNOWN_CURRENCY."""
    locale, digits = _locale(language), exponent(money.currency)
    whole, fraction = divmod(abs(money.minor), 10**digits)
    number = f"{whole:,}".replace(",", locale.group) + (f"{locale.point}{fraction:0{digits}d}" if digits else "")
    sign = "-" if money.minor < 0 else ""
    if money.currency in locale.signs:
        return f"{sign}{locale.signs[money.currency]}{number}"
    return f"{money.currency} {sign}{number}" if locale.code_first else f"{sign}{number} {money.currency}"


def format_date(on: date, language: str) -> str:
    """``01.07.2026``, ``2026年7月1日``, ``July 1, 2026``. Refuses: UNKNOWN_LANGUAGE."""
    return _locale(language).day.format(y=on.year, m=on.month, d=on.day, month=_MONTHS[on.month - 1])
