"""What an account owes at the moment of sending, as billing and payments answered, and whether it is still to be asked for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from kernel.errors import Refused

# An answer older than this says nothing about now (design, promise 6).
MAX_ANSWER_AGE = timedelta(seconds=60)


class NoBankAccount(Refused):
    """The unit has no bank account in the currency of the debt: a letter that named another would misdirect the money."""

    code = "NO_BANK_ACCOUNT"


@dataclass(frozen=True, slots=True)
class Open:
    """An open item; a credit is negative."""

    number: str
    currency: str
    open_minor: int
    issued_on: date
    due_on: date
    overdue: bool
    version: int


@dataclass(frozen=True, slots=True)
class Cash:
    """Money of the payer that is here but not on the items."""

    currency: str
    minor: int
    version: int
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Answers:
    """What billing and payments said, and when."""

    items: tuple[Open, ...]
    as_of: datetime
    cash: Cash

    def is_fresh(self, now: datetime) -> bool:
        """True while both answers may be acted upon."""
        return now - min(self.as_of, self.cash.as_of) <= MAX_ANSWER_AGE


@dataclass(frozen=True, slots=True)
class Section:
    """What is asked for in one currency: overdue items, the credits against them, the sum, and where to pay."""

    currency: str
    items: tuple[Open, ...]
    credits: tuple[Open, ...]
    total_minor: int
    bank: str


def owed(items: Iterable[Open], banks: Mapping[str, str]) -> tuple[Section, ...]:
    """Per currency what is overdue less what is credited; currencies that owe nothing are left out.

    Refuses: NO_BANK_ACCOUNT.
    """
    known = sorted(items, key=lambda item: (item.due_on, item.number))
    sections = []
    for currency in sorted({item.currency for item in known}):
        mine = [item for item in known if item.currency == currency]
        overdue = tuple(item for item in mine if item.overdue and item.open_minor > 0)
        credited = tuple(item for item in mine if item.open_minor < 0)
        total = sum(item.open_minor for item in overdue + credited)
        if total <= 0 or not overdue:
            continue
        if currency not in banks:
            raise NoBankAccount(f"no bank account in {currency}", currency=currency)
        sections.append(Section(currency, overdue, credited, total, banks[currency]))
    return tuple(sections)


def is_covered(sections: Sequence[Section], cash: Cash) -> bool:
    """True when the cash in flight pays everything that is owed."""
    return all(section.currency == cash.currency and section.total_minor <= cash.minor for section in sections)
