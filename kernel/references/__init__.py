"""References and their check digits: what a payer may quote, what an account or a letter is called."""

from kernel.references.accounts import JapaneseAccount, is_bic, parse_japanese_account, yucho_account
from kernel.references.iban import is_iban, make_iban, normalise_iban
from kernel.references.national import (
    make_betalingskenmerk,
    make_creditor_id,
    make_fik,
    make_kid,
    make_ocr,
    make_ogm,
)
from kernel.references.structured import (
    PROOFS,
    SCHEMES,
    Reference,
    check_reference,
    find_valid,
    make_qrr,
    make_rf,
    make_viitenumero,
    normal_reference,
)
from kernel.references.tracking import make_tracking, tracking_check

__all__ = [
    "PROOFS",
    "SCHEMES",
    "JapaneseAccount",
    "Reference",
    "check_reference",
    "find_valid",
    "is_bic",
    "is_iban",
    "make_betalingskenmerk",
    "make_creditor_id",
    "make_fik",
    "make_iban",
    "make_kid",
    "make_ocr",
    "make_ogm",
    "make_qrr",
    "make_rf",
    "make_tracking",
    "make_viitenumero",
    "normal_reference",
    "normalise_iban",
    "parse_japanese_account",
    "tracking_check",
    "yucho_account",
]
