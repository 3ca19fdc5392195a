"""Tracking numbers of registered mail: UPU S10, Japan Post, USPS."""

import re
from collections.abc import Callable

from kernel.errors import Unreadable

_S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)
_S10 = re.compile(r"[A-Z]{2}[0-9]{9}[A-Z]{2}")
# Letters have 11 digits (NNN-NN-NNNNN-C), parcels 12; both end in the remainder modulo 7.
_JAPAN_POST = re.compile(r"[0-9]{11,12}")
# 420 and a ZIP code of 5 or 9 digits may precede the 22 digits of the Intelligent Mail package barcode or the 20 of old labels.
_USPS = re.compile(r"(?:420(?:[0-9]{5}|[0-9]{9}))?(?:([0-9]{22})|([0-9]{20}))")
_USPS_LENGTHS = (20, 22)
# What a carrier without a known check may print (La Poste: 1A, 2C and digits): letters and digits together, kept as they are.
# Digits alone, or an S10 number with digits lost or added, are damaged numbers of a carrier that is known.
OPAQUE = "opaque"
_OPAQUE = re.compile(r"(?=[0-9]*[A-Z])(?=[A-Z]*[0-9])(?![A-Z]{2}[0-9]+[A-Z]{2}\Z)[A-Z0-9]{10,35}")


def _s10_check(serial: str) -> str:
    rest = 11 - sum(int(digit) * weight for digit, weight in zip(serial, _S10_WEIGHTS, strict=True)) % 11
    return {10: "0", 11: "5"}.get(rest, str(rest))


def _usps_check(body: str) -> str:
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body)))
    return str((10 - total % 10) % 10)


def _is_upu(number: str) -> bool:
    return _s10_check(number[2:10]) == number[10]


def _is_japan_post(number: str) -> bool:
    return int(number[:-1]) % 7 == int(number[-1])


def _is_usps(number: str) -> bool:
    match = _USPS.fullmatch(number)
    if match is None:
        return False
    digits = match[1] or match[2]
    # Some old 20-digit numbers were computed as if "91" stood before them; the post accepts both.
    forms = (digits, "91" + digits) if match[2] else (digits,)
    return any(_usps_check(form[:-1]) == form[-1] for form in forms)


_CARRIERS: dict[str, tuple[re.Pattern[str], Callable[[str], bool]]] = {
    "upu": (_S10, _is_upu),
    "japan_post": (_JAPAN_POST, _is_japan_post),
    "usps": (_USPS, _is_usps),
}


def _compact(number: str) -> str:
    return re.sub(r"[\s-]", "", number).upper()


def tracking_check(number: str, carrier: str | None = None) -> tuple[bool | None, str | None]:
    """Whether the number's check digit fits, and the scheme its shape belongs to (None: no known shape).

    Blanks and hyphens do not count. `carrier` (``japan_post``, ``upu``, ``usps``) allows only that one. The number of any other
    carrier is ``opaque`` and neither valid nor not: None. Without a carrier only a shape that mixes letters and digits is opaque.
    Source: UPU S10; Japan Post and USPS publication 199 (numbers are re-used: keep carrier and posting date too).
    """
    value = _compact(number)
    if not value.isascii():
        return False, None
    if carrier is not None and carrier not in _CARRIERS:
        return (None, OPAQUE) if re.fullmatch("[A-Z0-9]+", value) else (False, None)
    for scheme, (shape, fits) in _CARRIERS.items():
        if carrier in {None, scheme} and shape.fullmatch(value):
            return fits(value), scheme
    return (None, OPAQUE) if carrier is None and _OPAQUE.fullmatch(value) else (False, None)


def make_tracking(scheme: str, serial: str, *, prefix: str = "", country: str = "") -> str:
    """A number with a valid check digit.

    ``upu``: two letters of service (`prefix`), up to 8 digits, `country`; ``japan_post``: `prefix` and serial give
    10 digits; ``usps``: 19 or 21 digits, the serial is filled up to 21. Raises Unreadable INVALID.
    """
    if not re.fullmatch(r"[0-9]+", serial):
        raise Unreadable("INVALID", "a serial is digits", scheme=scheme)
    if scheme == "upu" and re.fullmatch(r"[A-Z]{2}", prefix) and re.fullmatch(r"[A-Z]{2}", country):
        digits = serial.rjust(8, "0")
        if len(digits) == len(_S10_WEIGHTS):
            return f"{prefix}{digits}{_s10_check(digits)}{country}"
    if scheme == "japan_post":
        body = prefix + serial.rjust(10 - len(prefix), "0")
        if re.fullmatch(r"[0-9]{10}", body):
            return f"{body}{int(body) % 7}"
    if scheme == "usps":
        body = prefix + serial.rjust(21 - len(prefix), "0") if len(prefix + serial) != 19 else prefix + serial  # noqa: PLR2004
        if re.fullmatch(r"[0-9]+", body) and len(body) + 1 in _USPS_LENGTHS:
            return body + _usps_check(body)
    raise Unreadable("INVALID", f"{scheme}: prefix, serial or country do not make a number", scheme=scheme)
