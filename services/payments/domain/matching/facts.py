"""What matching reads and what it answers: items, accounts, bank lines, decisions; amounts in minor units, scores in millionths."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, NamedTuple

Status = Literal["applied", "suggested", "unidentified", "not_receivable"]
Reason = Literal["discount", "bank_charges", "rounding", "fx"]
# A score of this many millionths is certainty.
CERTAIN = 1_000_000
# Tokens say what kind of sign of the payer they are: ``iban:DE89…``, ``code:0000123456``; in the service the value is a blind index.
TOKEN_KINDS = ("iban", "code", "mandate", "virtual")


@dataclass(frozen=True, slots=True)
class Item:
    """One due date of an invoice, or a credit (`open_minor` < 0), or one that is already paid (0)."""

    id: str
    business_unit: str
    account_id: str
    invoice_number: str
    currency: str
    open_minor: int
    structured_reference: str = ""
    order_number: str = ""
    issued_on: date | None = None
    due_on: date | None = None
    discount_percent: Decimal | None = None
    discount_until: date | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """A customer of a business unit, and by what its payments are known."""

    id: str
    business_unit: str
    names: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One transaction of a statement. `amount_minor` is positive for money in; `barred` items are never offered to it.

    `business_unit` restricts the answer to one unit; empty: the items of all units may be meant. `end_to_end_id` is the payer's own: only a
    whole number of ours in it counts.
    """

    id: str
    amount_minor: int
    currency: str
    texts: tuple[str, ...] = ()
    payer_name: str = ""
    tokens: tuple[str, ...] = ()
    booked_on: date | None = None
    value_on: date | None = None
    bank_reference: str = ""
    business_unit: str = ""
    barred: frozenset[str] = frozenset()
    end_to_end_id: str = ""


# Answers are made a hundred thousand a second: a named tuple is as frozen as a dataclass and made in a quarter of its time.


class Evidence(NamedTuple):
    """One reason for an answer. `weight` is in thousandths: the doubt that it alone would remove."""

    kind: str
    weight: int
    detail: str


class Difference(NamedTuple):
    """What is granted beside the money, so that the item counts as paid."""

    amount_minor: int
    reason: Reason


class Allocation(NamedTuple):
    """Money of the line for one item; negative for a credit that is netted."""

    item_id: str
    amount_minor: int
    difference: Difference | None = None

    @property
    def settled_minor(self) -> int:
        """How much less is open afterwards: the money and what is granted beside it."""
        return self.amount_minor + (self.difference.amount_minor if self.difference else 0)


class Suggestion(NamedTuple):
    """A whole answer for a person: what would go where, the rest on the account."""

    score: int
    rule: str
    account_id: str
    allocations: tuple[Allocation, ...]
    on_account_minor: int
    evidence: tuple[Evidence, ...]


class Decision(NamedTuple):
    """What happens to a line, and why. Σ allocations + `on_account_minor` = the line's amount, always.

    `on_account_minor` of a line that is not applied is money that waits; `account_id` is the payer's where it is certain.
    `model` names the policy and the knowledge that decided.
    """

    line_id: str
    status: Status
    rule: str
    score: int
    amount_minor: int
    currency: str
    allocations: tuple[Allocation, ...] = ()
    on_account_minor: int = 0
    account_id: str | None = None
    evidence: tuple[Evidence, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    model: str = ""


def accounts_of(items: Iterable[tuple[Item, Account]]) -> list[Account]:
    """One account for each (unit, id), with all names and tokens that its rows carry, in an order that no row's place changes."""
    names: dict[tuple[str, str], set[str]] = {}
    tokens: dict[tuple[str, str], set[str]] = {}
    for _, account in items:
        key = (account.business_unit, account.id)
        names.setdefault(key, set()).update(account.names)
        tokens.setdefault(key, set()).update(account.tokens)
    return [Account(id_, unit, tuple(sorted(names[unit, id_])), tuple(sorted(tokens[unit, id_]))) for unit, id_ in sorted(names)]
