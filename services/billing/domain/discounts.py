"""The cash discount that a document agrees: so many per cent of what is paid until a day."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

from services.billing.domain.formats import Document

# KoSIT, XRechnung 3.0, BR-DE-18: how terms of payment (BT-20) state a discount so that a machine can read it.
_STATED = re.compile(r"#SKONTO#TAGE=(\d+)#PROZENT=(\d+\.\d{2})#(?!BASISBETRAG)")
_HUNDRED = 100
# Nobody grants a discount for longer; a larger number is a mistake in the document.
_MOST_DAYS = 365


@dataclass(frozen=True, slots=True)
class CashDiscount:
    """`percent` as printed, without needless zeros."""

    percent: str
    until: date


def cash_discount(document: Document) -> CashDiscount | None:
    """The largest discount in per cent that a document states; None for none, for amounts, and for credit notes.

    Where a document grants less for longer, a person decides on what comes between.
    """
    stated = [(one.percent, one.days) for one in document.extras.discounts if one.percent and one.days]
    stated += [(percent, days) for terms in document.extras.terms for days, percent in _STATED.findall(terms)]
    found = [one for percent, days in stated if (one := _read(percent, days, document.issued_on))]
    return max(found, key=lambda one: (Decimal(one.percent), one.until), default=None) if not document.is_credit else None


def _read(percent: str, days: str, issued_on: date) -> CashDiscount | None:
    try:
        share, length = Decimal(percent), int(Decimal(days))
    except InvalidOperation:
        return None
    if not (0 < share < _HUNDRED and 0 <= length <= _MOST_DAYS):
        return None
    return CashDiscount(f"{share.normalize():f}", issued_on + timedelta(length))
