"""An item: one due date of an invoice; what is aged, matched, dunned, disputed."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Self
from uuid import UUID

from kernel.errors import Refused


class ItemOverpaid(Refused):
    """An amount does not fit into what is open (or, given back, into what was settled)."""

    code = "ITEM_OVERPAID"


@dataclass(frozen=True, slots=True)
class Item:
    """Amounts in minor units of `currency`; a credit item's are negative. `version` counts its changes.

    `discount_percent`: of what is paid until `discount_until`; empty where no cash discount was agreed.
    """

    id: UUID
    account_id: UUID
    party_id: UUID
    invoice_id: UUID
    invoice_number: str
    structured_reference: str
    currency: str
    amount_minor: int
    open_minor: int
    issued_on: date
    due_on: date
    overdue: bool
    version: int
    discount_percent: str = ""
    discount_until: date | None = None

    def takes(self, minor: int) -> bool:
        """Whether `minor` can be settled on it: what stays open lies between nothing and the whole amount."""
        low, high = sorted((0, self.amount_minor))
        return low <= self.open_minor - minor <= high

    def settle(self, minor: int) -> Self:
        """Settle an amount (negative: open it again). Refuses: ITEM_OVERPAID."""
        if not self.takes(minor):
            raise ItemOverpaid(f"{minor} does not fit into {self.open_minor} open of {self.amount_minor}", item=str(self.id))
        return replace(self, open_minor=self.open_minor - minor, version=self.version + 1)


def offset(credit: Item, debit: Item) -> tuple[Item, Item]:
    """Set a credit item off against a debit item of the same account and currency, as far as both are open."""
    minor = min(-credit.open_minor, debit.open_minor)
    if minor <= 0 or credit.currency != debit.currency or credit.account_id != debit.account_id:
        return credit, debit
    return credit.settle(-minor), debit.settle(minor)


# Days past due of each bucket, the way credit departments report them; the last has no end.
BUCKETS = (("1-30", 30), ("31-60", 60), ("61-90", 90), ("91+", 10**6))


def bucket(due_on: date, as_of: date) -> str | None:
    """The bucket of an open item at a date; None while it is not overdue."""
    days = (as_of - due_on).days
    return None if days < 1 else next(name for name, last in BUCKETS if days <= last)
