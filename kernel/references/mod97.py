"""ISO/IEC 7064 MOD 97-10 over letters and digits, as IBAN and the creditor reference use it."""


def _number(text: str) -> int:
    """Digits stay, letters become 10 to 35. Raises ValueError for anything else."""
    return int("".join(str(int(char, 36)) for char in text))


def rotated_is_valid(value: str) -> bool:
    """True when the value with its first four characters moved to the end leaves 1 modulo 97."""
    if len(value) < 5 or not value.isascii() or not value.isalnum():  # noqa: PLR2004 - two letters, two digits, a body
        return False
    return _number(value[4:] + value[:4]) % 97 == 1


def check_digits(prefix: str, body: str) -> str:
    """The two digits that follow the prefix (a country, ``RF``): 98 minus the remainder with ``00`` in their place."""
    return f"{98 - _number(body + prefix + '00') % 97:02d}"
