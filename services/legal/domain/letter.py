"""The registered letter: its number, and what it says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from kernel.errors import Refused
from kernel.locale import format_amount, format_date
from kernel.money import Money
from kernel.references import make_tracking
from services.legal.domain.procedure import Procedure


class NumbersExhausted(Refused):
    """The range of tracking numbers has no number left."""

    code = "NUMBERS_EXHAUSTED"


@dataclass(frozen=True, slots=True)
class Sender:
    """The creditor as units.yaml states it; `bank` is where to pay."""

    name: str
    address: Sequence[str]
    bank: str


@dataclass(frozen=True, slots=True)
class Debtor:
    """To whom the letter goes."""

    name: str
    address: Sequence[str]
    account_number: str
    is_business: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One item of the claim; negative for a credit."""

    invoice_number: str
    issued_on: date
    due_on: date
    open: Money


@dataclass(frozen=True, slots=True)
class Claim:
    """What is asked for, as billing answered right before posting."""

    lines: Sequence[Line]
    currency: str

    @property
    def total(self) -> Money:
        """Credits netted."""
        return Money(sum(line.open.minor for line in self.lines), self.currency)


def tracking_number(procedure: Procedure, serial: int) -> str:
    """The number of a unit's n-th letter. Refuses: NUMBERS_EXHAUSTED."""
    tracking = procedure.tracking
    digits = str(serial).rjust(tracking.serial_digits, "0")
    if len(digits) > tracking.serial_digits:
        raise NumbersExhausted("the range of tracking numbers is used up", scheme=tracking.scheme, serial=serial)
    return make_tracking(tracking.scheme, digits, prefix=tracking.prefix, country=tracking.country)


def letter_data(procedure: Procedure, sender: Sender, debtor: Debtor, claim: Claim, number: str, posted_on: date) -> Mapping[str, Any]:
    """What the letter's template reads; texts are the template's own. Refuses: UNKNOWN_LANGUAGE."""
    language = procedure.letter_language
    return {
        "sender_name": sender.name,
        "sender": list(sender.address),
        "bank": sender.bank,
        "recipient": [debtor.name, *debtor.address],
        "is_business": debtor.is_business,
        "account_number": debtor.account_number,
        "service": procedure.letter_service,
        "tracking_number": number,
        "today": format_date(posted_on, language),
        "rows": [
            [
                line.invoice_number,
                format_date(line.issued_on, language),
                format_date(line.due_on, language),
                format_amount(line.open, language),
            ]
            for line in sorted(claim.lines, key=lambda line: (line.due_on, line.invoice_number))
        ],
        "total": format_amount(claim.total, language),
        "pay_within_days": procedure.pay_within_days,
    }
