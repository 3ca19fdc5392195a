"""IBAN (ISO 13616): normal form, length by country, MOD 97-10."""

from kernel.errors import Unreadable
from kernel.references.mod97 import check_digits, rotated_is_valid

# IBAN registry (SWIFT, ISO 13616-2), total lengths.
_LENGTHS_TEXT = (
    # The SEPA area with its territories of own code (EPC409-09).
    "AD24 AL28 AT20 BE16 BG22 CH21 CY28 CZ24 DE22 DK18 EE20 ES24 FI18 FO18 FR27 GB22 GI23 GL18 GR27 HR21 HU28 IE22 "
    "IS26 IT27 LI21 LT20 LU20 LV21 MC27 MD24 ME22 MK19 MT31 NL18 NO15 PL28 PT25 RO24 RS22 SE24 SI19 SK24 SM27 VA22 "
    # The rest of the registry.
    "AE23 AZ28 BA20 BH22 BI27 BR29 BY28 CR22 DJ27 DO28 EG29 FK18 GE22 GT28 HN28 IL23 IQ23 JO30 KW30 KZ20 LB28 LC32 "
    "LY25 MN20 MR27 MU30 NI28 OM23 PK24 PS29 QA29 RU33 SA24 SC31 SD18 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VG24 XK20 "
    "YE30"
)
LENGTHS = {entry[:2]: int(entry[2:]) for entry in _LENGTHS_TEXT.split()}


def normalise_iban(text: str) -> str:
    """Without blanks, in capitals; the printed form may start with ``IBAN``."""
    value = "".join(text.split()).upper()
    return value.removeprefix("IBAN").removeprefix(":") if value.startswith("IBAN") else value


def is_iban(text: str) -> bool:
    """True for a country of the registry, its length, and check digits that fit."""
    value = normalise_iban(text)
    return LENGTHS.get(value[:2]) == len(value) and value[2:4].isdecimal() and rotated_is_valid(value)


def make_iban(country: str, account: str) -> str:
    """An IBAN from the national account number. Raises Unreadable INVALID when country or length do not fit."""
    body = "".join(account.split()).upper()
    if LENGTHS.get(country) != len(body) + 4 or not (body.isascii() and body.isalnum()):
        raise Unreadable("INVALID", f"{country} {len(body)} characters: not a national account number of the registry")
    return f"{country}{check_digits(country, body)}{body}"
