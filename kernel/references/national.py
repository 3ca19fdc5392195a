"""National payment references: Norwegian KID, Belgian OGM, Swedish OCR, Danish FIK, Dutch betalingskenmerk; SEPA creditor id."""

import re

from kernel.errors import Unreadable
from kernel.references.digits import luhn, mod11
from kernel.references.mod97 import check_digits, rotated_is_valid

_KENMERK_WEIGHTS = (2, 4, 8, 5, 10, 9, 7, 3, 6, 1)
_KENMERK_LENGTH = 16
_FIK_LENGTH = 15
_OGM_BODY = 10
_CREDITOR_ID = re.compile(r"([A-Z]{2})([0-9]{2})([A-Z0-9]{3})([A-Z0-9]{1,28})")


def is_kid(value: str) -> bool:
    """Norwegian KID: 2 to 25 characters, the last by MOD10 or MOD11; which of them an agreement with the bank says."""
    if not re.fullmatch(r"[0-9]{1,24}[0-9-]", value) or not value[:-1].strip("0"):
        return False
    return value[-1] in {luhn(value[:-1]), mod11(value[:-1])}


def make_kid(body: str, modulus: int = 10) -> str:
    """``make_kid("1234567")`` = ``12345674``; modulus 11 may end in a hyphen. Raises Unreadable INVALID."""
    if not re.fullmatch(r"[0-9]{1,24}", body) or modulus not in {10, 11}:
        raise Unreadable("INVALID", "the body of a KID is 1 to 24 digits, its modulus 10 or 11", length=len(body))
    return body + (luhn(body) if modulus == 10 else mod11(body))  # noqa: PLR2004


def is_ogm(value: str) -> bool:
    """Belgian OGM-VCS: ten digits and their remainder modulo 97 (97 for 0); printed ``+++090/7483/80009+++``."""
    digits = _ogm_digits(value)
    return digits is not None and digits.strip("0") != "" and int(digits[_OGM_BODY:]) == (int(digits[:_OGM_BODY]) % 97 or 97)


def _ogm_digits(value: str) -> str | None:
    match = re.fullmatch(r"(?:\+{3}|\*{3})?([0-9]{3})/?([0-9]{4})/?([0-9]{5})(?:\+{3}|\*{3})?", value)
    return "".join(match.groups()) if match else None


def make_ogm(body: str) -> str:
    """``make_ogm("0907483800")`` = ``+++090/7483/80009+++``; zeros are put in front. Raises Unreadable INVALID."""
    if not re.fullmatch(r"[0-9]{1,10}", body) or not body.strip("0"):
        raise Unreadable("INVALID", "the body of an OGM is at most 10 digits", length=len(body))
    digits = body.rjust(_OGM_BODY, "0")
    digits += f"{int(digits) % 97 or 97:02d}"
    return f"+++{digits[:3]}/{digits[3:7]}/{digits[7:]}+++"


def is_ocr(value: str) -> bool:
    """Swedish OCR: 2 to 25 digits, the last by Luhn. A length digit before it is the agreement's, see `make_ocr`."""
    return re.fullmatch(r"[0-9]{2,25}", value) is not None and value.strip("0") != "" and luhn(value[:-1]) == value[-1]


def make_ocr(body: str, *, with_length: bool = False) -> str:
    """``make_ocr("123456", with_length=True)`` = ``12345682``: the length digit counts itself and the check digit."""
    if not re.fullmatch(r"[0-9]{1,23}", body):
        raise Unreadable("INVALID", "the body of an OCR reference is 1 to 23 digits", length=len(body))
    body += str((len(body) + 2) % 10) if with_length else ""
    return body + luhn(body)


def is_fik(value: str) -> bool:
    """Danish FIK, card type 71: 15 digits, the last by Luhn; printed ``+71<123456789012347+12345678<``."""
    match = re.fullmatch(r"(?:\+?71<)?([0-9]{15})(?:\+[0-9]{8}<)?", value)
    return match is not None and match[1].strip("0") != "" and luhn(match[1][:-1]) == match[1][-1]


def make_fik(body: str) -> str:
    """14 digits or fewer, zeros in front, and the check digit. Raises Unreadable INVALID."""
    if not re.fullmatch(r"[0-9]{1,14}", body):
        raise Unreadable("INVALID", "the body of a FIK reference is at most 14 digits", length=len(body))
    body = body.rjust(_FIK_LENGTH - 1, "0")
    return body + luhn(body)


def _kenmerk_check(body: str) -> str:
    total = sum(int(digit) * _KENMERK_WEIGHTS[place % 10] for place, digit in enumerate(reversed(body)))
    return {10: "1", 11: "0"}.get(rest := 11 - total % 11, str(rest))


def is_betalingskenmerk(value: str) -> bool:
    """Dutch payment reference of 16 digits: the first is the check digit (modulo 11) of the others."""
    return re.fullmatch(r"[0-9]{16}", value) is not None and value.strip("0") != "" and _kenmerk_check(value[1:]) == value[0]


def make_betalingskenmerk(body: str) -> str:
    """15 digits or fewer, zeros in front. Raises Unreadable INVALID."""
    if not re.fullmatch(r"[0-9]{1,15}", body):
        raise Unreadable("INVALID", "the body of a betalingskenmerk is at most 15 digits", length=len(body))
    body = body.rjust(_KENMERK_LENGTH - 1, "0")
    return _kenmerk_check(body) + body


def is_creditor_id(value: str) -> bool:
    """SEPA creditor identifier (AT-02, EPC262-08): as an IBAN, without the business code in places 5 to 7."""
    match = _CREDITOR_ID.fullmatch(value)
    return match is not None and rotated_is_valid(match[1] + match[2] + match[4])


def make_creditor_id(country: str, national: str, business: str = "ZZZ") -> str:
    """``make_creditor_id("DE", "09999999999")`` = ``DE98ZZZ09999999999``. Raises Unreadable INVALID."""
    made = f"{country}00{business}{national}"
    if not _CREDITOR_ID.fullmatch(made):
        raise Unreadable("INVALID", "a creditor id is a country, three characters of business and a national id", length=len(made))
    return f"{country}{check_digits(country, national)}{business}{national}"
