"""References and their check digits: what a payer may quote, what an account or a letter is called."""

from kernel.references.iban import is_iban, make_iban, normalise_iban
from kernel.references.structured import (
    SCHEMES,
    Reference,
    check_reference,
    find_valid,
    make_qrr,
    make_rf,
    make_viitenumero,
)
from kernel.references.tracking import make_tracking, tracking_check

__all__ = [
    "SCHEMES",
    "Reference",
    "check_reference",
    "find_valid",
    "is_iban",
    "make_iban",
    "make_qrr",
    "make_rf",
    "make_tracking",
    "make_viitenumero",
    "normalise_iban",
    "tracking_check",
]
