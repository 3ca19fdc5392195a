"""The normal form of bank statements: what every reader makes, whatever the bank sent."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Context, Decimal
from typing import Literal, TypeVar

from kernel.errors import Unreadable
from kernel.money import EXPONENTS, Money

T = TypeVar("T")

Kind = Literal["statement", "payment_order", "direct_debit_result", "status_report"]
Direction = Literal["credit", "debit"]
Status = Literal["booked", "pending", "information"]

# A person reads a screen of warnings, not a hundred thousand equal ones.
MAX_WARNINGS = 500

# Exact: a million amounts of 40 digits need 46.
exact_sum = Context(prec=80).add


@dataclass(frozen=True, slots=True)
class Counterparty:
    """Who paid or was paid; `code` is the number the payer has at the bank or at us."""

    name: str | None = None
    account: str | None = None
    code: str | None = None


NOBODY = Counterparty()


@dataclass(frozen=True, slots=True)
class Transaction:
    """One payment inside a bank entry. `amount` is unsigned; `bank_reference` is the bank's own for this detail."""

    amount: Decimal
    currency: str | None
    counterparty: Counterparty = NOBODY
    references: tuple[str, ...] = ()
    text: str = ""
    end_to_end_id: str | None = None
    mandate_id: str | None = None
    return_reason: str | None = None
    bank_reference: str | None = None

    def money(self) -> Money:
        """Raises Unreadable TOO_MANY_DECIMALS, UNKNOWN_CURRENCY, TOO_LARGE."""
        return minor(self.amount, self.currency)


@dataclass(frozen=True, slots=True)
class Entry:
    """One booking of the bank. `direction` is the money's on the account, after reversal; `line` is its place.

    `details_complete` is False where the bank counts more transactions in a batch than it lists.
    """

    amount: Decimal
    currency: str | None
    direction: Direction
    transactions: tuple[Transaction, ...]
    reversal: bool = False
    status: Status = "booked"
    booked_on: date | None = None
    value_on: date | None = None
    bank_reference: str | None = None
    bank_transaction_code: str | None = None
    line: int | None = None
    details_complete: bool = True

    @property
    def signed(self) -> Decimal:
        """Positive for money in."""
        return self.amount if self.direction == "credit" else -self.amount

    @property
    def details_add_up(self) -> bool:
        """True when the transactions, in the entry's currency, are the entry's money and nothing else."""
        same_currency = all(part.currency == self.currency for part in self.transactions)
        return self.details_complete and same_currency and self.amount == total(part.amount for part in self.transactions)

    def money(self) -> Money:
        """Raises Unreadable TOO_MANY_DECIMALS, UNKNOWN_CURRENCY, TOO_LARGE."""
        return minor(self.amount, self.currency)


@dataclass(frozen=True, slots=True)
class Statement:
    """One account's statement, report or notification, as the bank cut it.

    `bank` is the bank's and branch's code where the account number alone does not identify the account. `final` is
    False for what the bank may still change (camt.052, BAI2 interim). `details_reported` is False where the bank
    gave balances only, so that there is nothing to add up.
    """

    account: str | None
    currency: str | None
    id: str | None = None
    number: str | None = None
    opening_balance: Decimal | None = None
    closing_balance: Decimal | None = None
    entries: tuple[Entry, ...] = ()
    bank: str | None = None
    final: bool = True
    details_reported: bool = True

    @property
    def balance_check(self) -> str:
        """``ok``, ``diff 1.00`` (opening and booked entries minus closing) or ``n/a``.

        Entries in another currency than the account's stand in its balance with an unknown amount, and are left out.
        """
        if self.opening_balance is None or self.closing_balance is None or not self.details_reported:
            return "n/a"
        booked = (entry.signed for entry in self.entries if entry.status == "booked" and entry.currency == self.currency)
        return checked(total([self.opening_balance, *booked, -self.closing_balance]), self.currency)


@dataclass(frozen=True, slots=True)
class File:
    """What one file holds.

    `warnings` are for people; `failed_checks` are those of them that a control total, count or order in the file
    contradicts: an import quarantines the file for them (see `quarantine_reasons`), a look at it goes on.
    """

    kind: Kind
    format: str
    warnings: tuple[str, ...] = ()
    statements: tuple[Statement, ...] = ()
    failed_checks: tuple[str, ...] = ()

    @property
    def quarantine_reasons(self) -> tuple[str, ...]:
        """Why an import must not book this file; empty when it may."""
        other = () if self.kind == "statement" else (f"a {self.kind} is no statement",)
        balances = (
            f"statement {place} of account {statement.account}: {statement.balance_check}"
            for place, statement in enumerate(self.statements, 1)
            if statement.balance_check.startswith("diff")
        )
        return (*other, *self.failed_checks, *balances)


@dataclass(slots=True)
class Notes:
    """Collects what a reader wants to say about a file while it reads; each thing once, in its order."""

    _warnings: dict[str, None] = field(default_factory=dict)
    _failed: dict[str, None] = field(default_factory=dict)

    def warn(self, text: str) -> None:
        """Something a person should know. Beyond MAX_WARNINGS it is dropped, and that is said."""
        if len(self._warnings) < MAX_WARNINGS:
            self._warnings[text] = None
        elif text not in self._warnings:
            self._warnings[f"more than {MAX_WARNINGS} warnings; the rest is not listed"] = None

    def fail(self, text: str) -> None:
        """A check of the file against itself does not hold."""
        if len(self._failed) < MAX_WARNINGS:
            self._failed[text] = None
        self.warn(text)

    def warn_of_amounts(self, place: int, statement: Statement) -> None:
        """Unknown currencies and too many decimals of the statement that is so many in the file."""
        for text in _amount_warnings(statement):
            self.warn(f"statement {place}: {text}")

    def warn_of_entry(self, place: int, number: int, entry: Entry) -> None:
        """The same for one entry that is read by itself."""
        for text in _entry_warnings(number, entry):
            self.warn(f"statement {place}: {text}")

    def texts(self) -> tuple[str, ...]:
        """All warnings so far."""
        return tuple(self._warnings)

    def file(self, kind: Kind, name: str, statements: Iterable[Statement] = ()) -> File:
        """The file, with what its amounts and currencies give cause to say."""
        statements = tuple(statements)
        for place, statement in enumerate(statements, 1):
            self.warn_of_amounts(place, statement)
        return File(kind, name, tuple(self._warnings), statements, tuple(self._failed))


def checked(difference: Decimal, currency: str | None) -> str:
    """The outcome of a balance check."""
    return "ok" if not difference else f"diff {amount_text(shortest(difference), currency)}"


def total(amounts: Iterable[Decimal]) -> Decimal:
    """The exact sum."""
    result = Decimal(0)
    for amount in amounts:
        result = exact_sum(result, amount)
    return result


def minor(amount: Decimal, currency: str | None) -> Money:
    """The amount as money. Raises Unreadable TOO_MANY_DECIMALS, UNKNOWN_CURRENCY, TOO_LARGE."""
    if currency is None:
        raise Unreadable("UNKNOWN_CURRENCY", f"{amount:f} has no currency", value=f"{amount:f}")
    return Money.parse(f"{amount:f}", currency)


def amount_text(amount: Decimal, currency: str | None) -> str:
    """With the currency's exponent (``1234.50``); as the bank wrote it where that has more decimals."""
    digits = EXPONENTS.get(currency or "", 0)
    amount = amount or abs(amount)  # a bank's -0.00 is 0.00
    given = -int(amount.as_tuple().exponent)
    return f"{amount:.{digits}f}" if given < digits else f"{amount:f}"


def shortest(amount: Decimal) -> Decimal:
    """The same amount without zeros behind its last decimal."""
    text = f"{amount:f}"
    return Decimal(text.rstrip("0").rstrip(".")) if "." in text else amount


def has_too_many_decimals(amount: Decimal, currency: str | None) -> bool:
    """True when the bank wrote more decimals than the currency has, zeros included."""
    return currency in EXPONENTS and -int(amount.as_tuple().exponent) > EXPONENTS[currency]


def payments(statement: Statement) -> Iterator[tuple[Entry, Transaction]]:
    """What an import books, in the order of the file.

    Each transaction of an entry whose details add up; the entry as one transaction where they do not (another
    currency, charges, incomplete details).
    """
    for entry in statement.entries:
        if entry.details_add_up:
            for part in entry.transactions:
                yield entry, part
        else:
            yield entry, as_one(entry)


def as_one(entry: Entry) -> Transaction:
    """The whole entry as one transaction: all its references and texts, and what its details agree on.

    Some details of a batch say nothing about the others: of an incomplete one only the money is taken.
    """
    if not entry.details_complete:
        return Transaction(entry.amount, entry.currency)
    parts = entry.transactions
    return Transaction(
        amount=entry.amount,
        currency=entry.currency,
        counterparty=_agreed(part.counterparty for part in parts) or NOBODY,
        references=tuple(dict.fromkeys(reference for part in parts for reference in part.references)),
        text=" ".join(dict.fromkeys(part.text for part in parts if part.text)),
        end_to_end_id=_agreed(part.end_to_end_id for part in parts),
        mandate_id=_agreed(part.mandate_id for part in parts),
        return_reason=_agreed(part.return_reason for part in parts),
        bank_reference=_agreed(part.bank_reference for part in parts),
    )


def _agreed(values: Iterable[T]) -> T | None:
    distinct = set(values)
    return distinct.pop() if len(distinct) == 1 else None


def _amount_warnings(statement: Statement) -> Iterator[str]:
    if statement.currency is None:
        yield "the account has no currency"
    elif statement.currency not in EXPONENTS:
        yield f"{statement.currency[:10]!r} is no ISO 4217 currency"
    for name, balance in (("opening", statement.opening_balance), ("closing", statement.closing_balance)):
        if balance is not None and has_too_many_decimals(balance, statement.currency):
            yield f"the {name} balance {balance:f} has more decimals than {statement.currency}"
    for number, entry in enumerate(statement.entries, 1):
        yield from _entry_warnings(number, entry)


def _entry_warnings(place: int, entry: Entry) -> Iterator[str]:
    if len(entry.transactions) == 1 and entry.transactions[0].amount == entry.amount and _is_plain(entry):
        return
    for amount, currency in dict.fromkeys([(entry.amount, entry.currency), *((p.amount, p.currency) for p in entry.transactions)]):
        if currency is None:
            yield f"entry {place} has no currency"
        elif currency not in EXPONENTS:
            yield f"entry {place}: {currency[:10]!r} is no ISO 4217 currency"
        elif has_too_many_decimals(amount, currency):
            yield f"entry {place}: {amount:f} has more decimals than {currency}"


def _is_plain(entry: Entry) -> bool:
    """The usual entry, told quickly: one known currency, and no more decimals than it has."""
    if entry.currency not in EXPONENTS or entry.transactions[0].currency != entry.currency:
        return False
    return not any(has_too_many_decimals(amount, entry.currency) for amount in (entry.amount, entry.transactions[0].amount))
