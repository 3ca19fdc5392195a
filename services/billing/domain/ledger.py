"""The receivables ledger: a row is a transfer from one ledger account to another, so each row balances by itself."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple
from uuid import UUID

from kernel.errors import NotFound
from services.billing.domain.items import Item

RECEIVABLES, CASH, REVENUE, TAX = "receivables", "cash", "revenue", "tax"
ITEM, ON_ACCOUNT, UNIDENTIFIED, NOT_RECEIVABLE, REFUND = "item", "on_account", "unidentified", "not_receivable", "refund"


@dataclass(frozen=True, slots=True)
class Transfer:
    """`amount_minor` > 0 from `credit` to `debit`; the rest says whose it is."""

    debit: str
    credit: str
    amount_minor: int
    currency: str
    account_id: UUID | None = None
    item_id: UUID | None = None
    line_id: UUID | None = None


def transfer(debit: str, credit: str, minor: int, currency: str, **whose: UUID | None) -> Transfer:
    """A transfer; a negative amount goes the other way."""
    if minor < 0:
        debit, credit, minor = credit, debit, -minor
    return Transfer(debit, credit, minor, currency, **whose)


def invoice_transfers(item: Item, net_minor: int, tax_minor: int) -> list[Transfer]:
    """Receivables to revenue and tax; a credit note's amounts are negative and go the other way."""
    parts = ((REVENUE, net_minor), (TAX, tax_minor))
    return [
        transfer(RECEIVABLES, credit, minor, item.currency, account_id=item.account_id, item_id=item.id) for credit, minor in parts if minor
    ]


class Target(NamedTuple):
    """Where a slice of a bank line's money belongs."""

    kind: str
    item_id: UUID | None
    account_id: UUID | None


@dataclass(frozen=True, slots=True)
class Line:
    """A bank line's money as payments distributed it, at one version; Σ slices is the line's amount."""

    id: UUID
    version: int
    currency: str
    slices: Mapping[Target, int]


@dataclass(frozen=True, slots=True)
class Moved:
    """A slice that could not stand on its item and is on account instead."""

    line: Line
    item: Item
    amount_minor: int
    reason: str


@dataclass
class Books:
    """The items and posted lines that a posting touches, in memory; the same whether lines come one by one or together."""

    items: dict[UUID, Item]
    posted: dict[UUID, Line]
    transfers: list[Transfer] = field(default_factory=list)
    moved: list[Moved] = field(default_factory=list)
    changed: set[UUID] = field(default_factory=set)
    lines: set[UUID] = field(default_factory=set)

    def post(self, line: Line) -> None:
        """Post the difference to the version posted before; an older or equal version is silent.

        Refuses: NOT_FOUND (an item that billing does not know).
        """
        before = self.posted.get(line.id)
        if before is not None and before.version >= line.version:
            return
        old = Counter(dict(before.slices)) if before else Counter()
        stands: Counter[Target] = Counter()
        for target in sorted(old.keys() | line.slices.keys(), key=lambda target: (line.slices.get(target, 0) - old[target], str(target))):
            self._slice(line, target, line.slices.get(target, 0), old[target], stands)
        for target in old.keys() | stands.keys():
            self._transfer(line, target, stands[target] - old[target])
        self.posted[line.id] = replace(line, slices={target: minor for target, minor in stands.items() if minor})
        self.lines.add(line.id)

    def _slice(self, line: Line, target: Target, minor: int, old: int, stands: Counter[Target]) -> None:
        if target.kind != ITEM or minor == old:
            stands[target] += minor
            return
        item = self.items.get(target.item_id) if target.item_id else None
        if item is None:
            raise NotFound("a slice names an item that is not billing's", item=str(target.item_id), line=str(line.id))
        if item.takes(minor - old):
            self.items[item.id] = item.settle(minor - old)
            self.changed.add(item.id)
            stands[target] += minor
            return
        # Money is never refused, only moved: the new part goes on account, what stood before is given back.
        if old and item.takes(-old):
            self.items[item.id] = item.settle(-old)
            self.changed.add(item.id)
        stands[Target(ON_ACCOUNT, None, item.account_id)] += minor
        self.moved.append(Moved(line, self.items[item.id], minor, "does_not_fit"))

    def _transfer(self, line: Line, target: Target, minor: int) -> None:
        if not minor:
            return
        account = target.account_id or (self.items[target.item_id].account_id if target.item_id else None)
        credit = RECEIVABLES if target.kind == ITEM else target.kind
        self.transfers.append(transfer(CASH, credit, minor, line.currency, account_id=account, item_id=target.item_id, line_id=line.id))


def balance(transfers: Sequence[Transfer], ledger_account: str) -> int:
    """Debits minus credits of one ledger account, in minor units of one currency."""
    return sum(t.amount_minor * ((t.debit == ledger_account) - (t.credit == ledger_account)) for t in transfers)
