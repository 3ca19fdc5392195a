"""Money: whole minor units of one ISO 4217 currency; never a float, never two currencies in one sum."""

import re
from dataclasses import dataclass
from typing import Self

from kernel.errors import Refused, Unreadable

# ISO 4217 active codes whose minor unit is not two decimals (ISO 4217:2015, list one).
_EXPONENT_0 = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split()
_EXPONENT_3 = "BHD IQD JOD KWD LYD OMR TND".split()
_EXPONENT_2 = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP "
    "CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR "
    "JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN "
    "NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP "
    "SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG"
).split()
EXPONENTS = {
    **dict.fromkeys(_EXPONENT_0, 0),
    **dict.fromkeys(_EXPONENT_2, 2),
    **dict.fromkeys(_EXPONENT_3, 3),
}

# 64-bit columns hold the sum of a million items of this size.
MAX_MINOR = 10**12
# More digits than any amount has, fewer than Python refuses to convert.
MAX_TEXT = 100

_DECIMAL = re.compile(r"[+-]?\d+(\.\d*)?")


class CurrencyMismatch(Refused):
    """Two currencies in one sum."""

    code = "CURRENCY_MISMATCH"


def exponent(currency: str) -> int:
    """Decimals of a currency. Raises Unreadable UNKNOWN_CURRENCY."""
    try:
        return EXPONENTS[currency]
    except KeyError:
        raise Unreadable("UNKNOWN_CURRENCY", f"{currency!r} is not an ISO 4217 currency", currency=currency) from None


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (cents, yen) of one currency."""

    minor: int
    currency: str

    @classmethod
    def parse(cls, text: str, currency: str) -> Self:
        """Read ``1234.5`` (point as the decimal mark, no grouping).

        Raises Unreadable: UNKNOWN_CURRENCY, NOT_A_NUMBER, TOO_MANY_DECIMALS, TOO_LARGE.
        """
        digits = exponent(currency)
        text = text.strip()
        if not text.isascii() or not _DECIMAL.fullmatch(text):
            raise Unreadable("NOT_A_NUMBER", f"{text[:40]!r} is not an amount", value=text[:40])
        if len(text) > MAX_TEXT:
            raise Unreadable("TOO_LARGE", f"an amount of {len(text)} characters", value=text[:40])
        whole, _, fraction = text.partition(".")
        if len(fraction.rstrip("0")) > digits:
            raise Unreadable("TOO_MANY_DECIMALS", f"{text[:40]} has more than {digits} decimals of {currency}", value=text[:40])
        minor = int(whole + fraction[:digits].ljust(digits, "0"))
        if abs(minor) > MAX_MINOR:
            raise Unreadable("TOO_LARGE", f"{text[:40]} {currency} is beyond {MAX_MINOR} minor units", value=text[:40])
        return cls(minor, currency)

    def __add__(self, other: Self) -> Self:
        self._same(other)
        return type(self)(self.minor + other.minor, self.currency)

    def __sub__(self, other: Self) -> Self:
        self._same(other)
        return type(self)(self.minor - other.minor, self.currency)

    def __neg__(self) -> Self:
        return type(self)(-self.minor, self.currency)

    def __bool__(self) -> bool:
        return self.minor != 0

    def __str__(self) -> str:
        return format_minor(self.minor, self.currency)

    def _same(self, other: "Money") -> None:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} in one sum")


def format_minor(minor: int, currency: str) -> str:
    """``format_minor(123450, "EUR")`` = ``1234.50``; JPY has no decimals."""
    digits = exponent(currency)
    sign, units = ("-", -minor) if minor < 0 else ("", minor)
    if digits == 0:
        return f"{sign}{units}"
    whole, fraction = divmod(units, 10**digits)
    return f"{sign}{whole}.{fraction:0{digits}d}"
