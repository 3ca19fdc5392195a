"""Check digits of the identifiers that the samples print; the bodies belong to nobody."""


def _mod97(text: str) -> int:
    return int("".join(str(int(character, 36)) for character in text)) % 97


def iban(country: str, body: str) -> str:
    """ISO 13616; the samples use bank codes that no bank has."""
    return f"{country}{98 - _mod97(body + country + '00'):02d}{body}"


def creditor_reference(body: str) -> str:
    """ISO 11649."""
    return f"RF{98 - _mod97(body + 'RF00'):02d}{body}"


def german_iban(account: int) -> str:
    """Bank code 999 00 001: no clearing area begins with 9."""
    return iban("DE", f"99900001{account:010d}")


def corporate_number(body: int) -> str:
    """法人番号: check digit before twelve digits (財務省令); 9999 is no registry office."""
    digits = f"9999{body:08d}"
    total = sum(int(digit) * (1 + index % 2) for index, digit in enumerate(reversed(digits)))
    return f"{9 - total % 9}{digits}"


def vat_id(body: int) -> str:
    """German VAT id, ISO 7064 MOD 11,10; real ones never begin with 0."""
    digits = f"0{body:07d}"
    product = 10
    for digit in digits:
        total = (int(digit) + product) % 10 or 10
        product = 2 * total % 11
    return f"DE{digits}{(11 - product) % 10}"
