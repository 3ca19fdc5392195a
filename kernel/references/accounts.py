"""Bank identifiers without check digits: BIC (ISO 9362), Japanese bank, branch and account."""

import re
from dataclasses import dataclass

from kernel.errors import Unreadable

# Since 2014 the party prefix may have digits; the country stays two letters.
_BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?")
_JAPANESE = re.compile(r"(\d{4})[- ]?(\d{3})[- ]?(?:([1249])[- ]?)?(\d{7})")
_YUCHO = re.compile(r"([01])(\d{2})\d0[- ]?(?:\d[- ])?(\d{2,8})")
# ゆうちょ銀行: the branch and the account of a transfer follow from 記号 and 番号.
_YUCHO_BANK = "9900"
_ORDINARY, _CURRENT = "1", "2"
_ACCOUNT_DIGITS = 7


def is_bic(text: str) -> bool:
    """True for the shape of a BIC of 8 or 11 characters; that it exists only a directory tells."""
    return _BIC.fullmatch("".join(text.split()).upper()) is not None


@dataclass(frozen=True, slots=True)
class JapaneseAccount:
    """統一金融機関番号, 店番号, 預金種目 (1 ordinary, 2 current, 4 savings, 9 other), 口座番号."""

    bank: str
    branch: str
    kind: str
    number: str

    def __str__(self) -> str:
        return f"{self.bank}-{self.branch}-{self.kind}-{self.number}"


def parse_japanese_account(text: str) -> JapaneseAccount:
    """``0001-001-1-1234567``; without 預金種目 an ordinary one. Full-width digits are read. Raises Unreadable INVALID."""
    match = _JAPANESE.fullmatch(_narrow(text))
    if match is None or match[1] == "0000":
        raise Unreadable("INVALID", "a Japanese account is a bank of 4, a branch of 3 and an account of 7 digits", length=len(text))
    return JapaneseAccount(match[1], match[2], match[3] or _ORDINARY, match[4])


def yucho_account(symbol_and_number: str) -> JapaneseAccount:
    """ゆうちょ ``記号-番号`` (``10940-12345671``) as other banks address it: 9900-098-1-1234567. Raises Unreadable INVALID.

    Ordinary accounts (記号 1nn.0): branch nn8, the number without its last 1; transfer accounts (0nn.0): branch nn9.
    """
    match = _YUCHO.fullmatch(_narrow(symbol_and_number))
    if match is None:
        raise Unreadable("INVALID", "ゆうちょ: 記号 of 5 digits and 番号 of up to 8", length=len(symbol_and_number))
    ordinary = match[1] == "1"
    number = match[3]
    if ordinary:
        if not number.endswith("1"):
            raise Unreadable("INVALID", "ゆうちょ: the 番号 of an ordinary account ends in 1", length=len(number))
        number = number[:-1]
    if len(number) > _ACCOUNT_DIGITS:
        raise Unreadable("INVALID", "ゆうちょ: the 番号 is too long", length=len(number))
    kind, place = (_ORDINARY, "8") if ordinary else (_CURRENT, "9")
    return JapaneseAccount(_YUCHO_BANK, f"{match[2]}{place}", kind, number.rjust(_ACCOUNT_DIGITS, "0"))


def _narrow(text: str) -> str:
    return text.strip().translate({0xFF10 + digit: str(digit) for digit in range(10)} | {0xFF0D: "-", 0x30FC: "-", 0x2212: "-"})
