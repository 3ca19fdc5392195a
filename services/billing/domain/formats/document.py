"""An invoice or credit note in the one normal form that every reader of a format produces."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from kernel.money import Money

DebtorType = Literal["business", "consumer"]

INVOICE = "380"
CREDIT_NOTE = "381"
# UNTDID 1001: credit notes among the document types that EN 16931 (BT-3) admits.
CREDIT_TYPES = frozenset({"81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "532"})


@dataclass(frozen=True, slots=True)
class Seller:
    """Who claims: name and registration (VAT id or corporate number), as the document states them."""

    name: str
    registration: str | None


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who owes: an account of the business unit and, by `registration`, a party of the group.

    `account_number` is empty where the document names none (see `inconsistencies`); `country` is ISO 3166-1
    alpha-2 or empty; `iban` is the payer's account (direct debit); `payer_code` the ten digits of 振込依頼人コード;
    `address` is lines in the order of the envelope, without name and country.
    """

    account_number: str
    name: str
    name_kana: str | None
    registration: str | None
    debtor_type: DebtorType
    language: str | None
    country: str
    time_zone: str | None
    email: str | None
    address: tuple[str, ...]
    iban: str | None
    payer_code: str | None


@dataclass(frozen=True, slots=True)
class DueDate:
    """One date of several (BT-9, payment terms); `part` is what is due then, None for all or where it is not said."""

    due_on: date
    part: Money | None


@dataclass(frozen=True, slots=True)
class Discount:
    """A cash discount as printed: `percent` of the gross within `days`, or an amount."""

    percent: str | None
    days: str | None
    amount: Money | None


@dataclass(frozen=True, slots=True)
class Extras:
    """What a document says beyond its totals: all due dates, terms of payment (BT-20), cash discounts, who is paid if not
    the seller (BT-59), allowances BT-107 and charges BT-108, tax in the accounting currency (BT-111).
    """

    due_dates: tuple[DueDate, ...] = ()
    terms: tuple[str, ...] = ()
    discounts: tuple[Discount, ...] = ()
    payee: str | None = None
    allowances: Money | None = None
    charges: Money | None = None
    accounting_tax: Money | None = None


NOTHING_MORE = Extras()


@dataclass(frozen=True, slots=True)
class Document:
    """One invoice or credit note; amounts as printed, so a credit note's are positive (EN 16931 BG-22).

    net BT-109, tax BT-110, gross BT-112, prepaid BT-113, rounding BT-114, payable BT-115; `ibans` are the payee's;
    `preceding` the invoices that a credit note refers to (BT-25); `lines` the number of lines.
    """

    format: str
    number: str
    type_code: str
    issued_on: date
    due_on: date | None
    currency: str
    seller: Seller
    buyer: Buyer
    net: Money
    tax: Money
    gross: Money
    prepaid: Money
    rounding: Money
    payable: Money
    payment_references: tuple[str, ...]
    ibans: tuple[str, ...]
    preceding: tuple[str, ...]
    mandate_id: str | None
    lines: int
    warnings: tuple[str, ...]
    extras: Extras = NOTHING_MORE

    @property
    def is_credit(self) -> bool:
        """Whether the document lowers what is owed."""
        return self.type_code in CREDIT_TYPES


@dataclass(frozen=True, slots=True)
class InvoiceFile:
    """All documents of one file in file order; never a part of them."""

    format: str
    documents: tuple[Document, ...]
    warnings: tuple[str, ...]
