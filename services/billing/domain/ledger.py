"""The receivables ledger: a row is a transfer from one ledger account to another, so each row balances by itself."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from kernel.errors import NotFound
from services.billing.domain.items import Item

RECEIVABLES, CASH, REVENUE, TAX = "receivables", "cash", "revenue", "tax"
ITEM, ON_ACCOUNT, UNIDENTIFIED, NOT_RECEIVABLE, REFUND = "item", "on_account", "unidentified", "not_receivable", "refund"
# What is granted beside the money, each an expense account of this name: it settles an item like money, and is none.
GRANTED = frozenset({"discount", "bank_charges", "rounding", "fx"})


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
    """Where a slice of a bank line's money belongs; a kind of GRANTED is a difference on an item."""

    kind: str
    item_id: UUID | None
    account_id: UUID | None


@dataclass(frozen=True, slots=True)
class Line:
    """A bank line's money as payments distributed it, at one version; Σ slices without what is granted is the line's amount."""

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
    # The lines of which an earlier version is stored.
    known: frozenset[UUID] = field(init=False)

    def __post_init__(self) -> None:
        self.known = frozenset(self.posted)

    def post(self, line: Line) -> None:
        """Post the difference to the version posted before; an older or equal version is silent.

        Refuses: NOT_FOUND (an item that billing does not know).
        """
        before = self.posted.get(line.id)
        if before is not None and before.version >= line.version:
            return
        old = Counter(dict(before.slices)) if before else Counter()
        stands: Counter[Target] = Counter()
        by_item: dict[UUID, set[Target]] = {}
        for target in old.keys() | line.slices.keys():
            if target.item_id is None:
                stands[target] += line.slices.get(target, 0)
            else:
                by_item.setdefault(target.item_id, set()).add(target)
        for item_id in sorted(by_item):
            self._settle(line, item_id, {target: line.slices.get(target, 0) for target in by_item[item_id]}, old, stands)
        for target in old.keys() | stands.keys():
            self._transfer(line, target, stands[target] - old[target])
        self.posted[line.id] = Line(line.id, line.version, line.currency, {target: minor for target, minor in stands.items() if minor})
        self.lines.add(line.id)

    def _settle(self, line: Line, item_id: UUID, parts: Mapping[Target, int], old: Counter[Target], stands: Counter[Target]) -> None:
        """Money and what is granted beside it stand on their item together, or neither does."""
        minor, before = sum(parts.values()), sum(old[target] for target in parts)
        if all(old[target] == part for target, part in parts.items()):
            stands.update(parts)
            return
        item = self.items.get(item_id)
        if item is None:
            raise NotFound("a slice names an item that is not billing's", item=str(item_id), line=str(line.id))
        if item.takes(minor - before):
            self._change(item, minor - before)
            stands.update(parts)
            return
        # Money is never refused, only moved: the new part goes on account, what stood before is given back.
        if item.takes(-before):
            self._change(item, -before)
        money = parts.get(Target(ITEM, item_id, None), 0)
        stands[Target(ON_ACCOUNT, None, item.account_id)] += money
        self.moved.append(Moved(line, self.items[item.id], money, "does_not_fit"))

    def _change(self, item: Item, minor: int) -> None:
        if minor:
            self.items[item.id] = item.settle(minor)
            self.changed.add(item.id)

    def _transfer(self, line: Line, target: Target, minor: int) -> None:
        if not minor:
            return
        account = target.account_id or (self.items[target.item_id].account_id if target.item_id else None)
        debit = target.kind if target.kind in GRANTED else CASH
        credit = RECEIVABLES if target.item_id else target.kind
        self.transfers.append(transfer(debit, credit, minor, line.currency, account_id=account, item_id=target.item_id, line_id=line.id))


def balance(transfers: Sequence[Transfer], ledger_account: str) -> int:
    """Debits minus credits of one ledger account, in minor units of one currency."""
    return sum(t.amount_minor * ((t.debit == ledger_account) - (t.credit == ledger_account)) for t in transfers)
