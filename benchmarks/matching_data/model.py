"""What the generator makes: customers, items, payments with their truth; and the numbers that units give their invoices."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random

FIRST_DAY = date(2026, 9, 1)


@dataclass
class Customer:
    """A customer of a unit; `iban_known`: whether the list of items has its account number."""

    id: str
    unit: str
    name: str
    kana: str = ""
    iban: str = ""
    code: str = ""
    iban_known: bool = True
    items: list["OpenItem"] = field(default_factory=list)


@dataclass
class OpenItem:
    """A row of ITEMS.csv; amounts in minor units."""

    id: str
    customer: Customer
    number: str
    reference: str
    open_minor: int
    issued_on: date
    due_on: date
    discount_percent: int = 0
    discount_until: date | None = None
    used: bool = False

    @property
    def discount_minor(self) -> int:
        """To the nearest minor unit."""
        return int((Decimal(self.open_minor) * self.discount_percent / 100).quantize(Decimal(1), "ROUND_HALF_UP"))


@dataclass
class Payment:
    """A statement's transaction and its truth. `paid` is None where nobody can know the answer from the file (noise)."""

    kind: str
    amount_minor: int
    text: str
    name: str
    iban: str
    code: str = ""
    reference: str = ""
    on: date = FIRST_DAY
    paid: Mapping[str, int] | None = None
    granted: Mapping[str, str] = field(default_factory=dict)
    decidable: bool = True
    number: str = ""

    @property
    def on_account_minor(self) -> int:
        """What no item takes."""
        return self.amount_minor - sum((self.paid or {}).values())


@dataclass
class DataSet:
    """Customers, items and payments of one seed."""

    currency: str
    customers: list[Customer]
    items: list[OpenItem]
    payments: list[Payment]


_EURO_PATTERNS = ("RE-2026-{:06d}", "R26{:05d}", "INV-{:08d}", "2026{:06d}", "F/2026/{:05d}", "RG {:07d}", "AR.26.{:05d}", "{:07d}")
_UNSEEN_PATTERNS = ("FA26-{:06d}", "2026-09-{:05d}", "DE{:07d}", "VK/26-{:05d}", "10{:06d}", "B-{:06d}-26")


class Numbers:
    """A unit's own numbers, most of them one after another."""

    def __init__(self, dice: Random, *, unseen: bool) -> None:
        self._pattern = dice.choice(_UNSEEN_PATTERNS if unseen else _EURO_PATTERNS)
        self._next = dice.randrange(1000, 60_000)
        self._dice = dice

    def make(self) -> str:
        """The next number; some are somebody's whose invoice is paid."""
        self._next += 1 if self._dice.random() < 0.7 else self._dice.randrange(2, 5)  # noqa: PLR2004
        return self._pattern.format(self._next)


def some_day(dice: Random, earliest: int, latest: int) -> date:
    """A day so many days from the first of the statement."""
    return FIRST_DAY + timedelta(dice.randint(earliest, latest))
