"""Check digits of one place: Luhn (ISO/IEC 7812), modulo 11."""

_KID_WEIGHTS = (2, 3, 4, 5, 6, 7)


def luhn(digits: str) -> str:
    """The digit that makes the whole number divisible: MOD10 of KID, OCR and FIK."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value  # noqa: PLR2004 - cross sum of two digits
    return str((10 - total % 10) % 10)


def mod11(digits: str) -> str:
    """Weights 2 to 7 from the right; 11 is 0, 10 is a hyphen (Norwegian KID)."""
    total = sum(int(digit) * _KID_WEIGHTS[place % 6] for place, digit in enumerate(reversed(digits)))
    return {10: "-", 11: "0"}.get(rest := 11 - total % 11, str(rest))
