"""The values of the sample world: customers, their invoices, and what moves on the bank accounts."""

import hashlib
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True)
class Party:
    """Who a customer is, in whatever unit: customers of two units share one party and so one registration."""

    name: str
    kind: str  # business or consumer
    country: str
    language: str
    registration: str | None = None
    kana: str | None = None
    time_zone: str | None = None
    latin: str | None = None  # how units outside Japan write the name
    mail: bool = True  # a customer without a mail address is written to by letter


@dataclass(frozen=True)
class Customer:
    """A party at a unit, how it behaves, and in which months (6 to 10) it is invoiced."""

    unit: str
    account: str
    party: Party
    behaviour: str
    months: tuple[int, ...]
    terms_days: int = 30
    channel: str = "transfer"  # hudson: ach, wire, lockbox
    street: str = ""
    postal_code: str = ""
    city: str = ""
    email: str | None = None
    iban: str | None = None
    payer_code: str | None = None
    mandate: str | None = None

    @property
    def name(self) -> str:
        return self.party.name if self.unit == "naniwa" else self.party.latin or self.party.name


@dataclass(frozen=True)
class Invoice:
    """A document; amounts in minor units; `preceding` makes it a credit note."""

    customer: Customer
    number: str
    issued_on: date
    due_on: date
    net: int
    tax: int
    reference: str | None
    preceding: str | None = None

    @property
    def gross(self) -> int:
        return self.net + self.tax


@dataclass(frozen=True)
class Entry:
    """One movement on a unit's bank account; `amount` in minor units, negative is money out."""

    on: date
    amount: int
    kind: str  # transfer, wire, lockbox, ach, direct_debit, ach_debit, return, correction, fee
    name: str = ""
    iban: str | None = None
    payer_code: str | None = None
    reference: str | None = None
    texts: tuple[str, ...] = ()
    end_to_end: str | None = None
    mandate: str | None = None
    reason: str | None = None
    bank_reference: bool = True  # false: the bank gives nothing to tell two equal lines apart


@dataclass
class Unit:
    """A business unit's sample books."""

    id: str
    customers: list[Customer]
    invoices: list[Invoice] = field(default_factory=list)
    credit_notes: list[Invoice] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)


def pick(seed: str, low: int, high: int) -> int:
    """A choice in [low, high] that depends on nothing but its seed: no order, no library, no version."""
    digest = hashlib.sha256(f"saiken samples 1/{seed}".encode()).digest()
    return low + int.from_bytes(digest[:8]) % (high - low + 1)
