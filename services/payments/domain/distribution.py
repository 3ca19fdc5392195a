"""Which payment pays what: a line against the open items, with the evidence; what is not certain goes to a person."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from kernel.references import find_valid

ITEM, ON_ACCOUNT, UNIDENTIFIED, NOT_RECEIVABLE = "item", "on_account", "unidentified", "not_receivable"
# A word that may be an invoice number: letters and digits, joined by hyphens or slashes.
_WORD = re.compile(r"[A-Z0-9]+(?:[-/][A-Z0-9]+)*")
# NACHA addenda as BAI2 prints them: the payer's name stands in the text only.
_ORIGINATOR = re.compile(r"ORIG CO NAME:(.+?)(?= [A-Z]+(?: [A-Z]+)*:|$)")


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of a line's money and where it belongs; amounts in minor units, negative for money that left."""

    kind: str
    item_id: UUID | None
    account_id: UUID | None
    amount_minor: int


@dataclass(frozen=True, slots=True)
class OpenItem:
    """An item of the projection, also when it is paid: a payment of it then goes on account."""

    id: UUID
    account_id: UUID
    invoice_number: str
    structured_reference: str
    currency: str
    open_minor: int


@dataclass(frozen=True, slots=True)
class Line:
    """What matching reads of a bank line. `marks` are the blind indexes of payer's account, code and name.

    `barred`: items that rejected this line and have not changed since.
    """

    id: UUID
    amount_minor: int
    currency: str
    texts: tuple[str, ...]
    marks: tuple[str, ...]
    barred: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Match:
    """The slices of a line, why, and whether items took all of it without a person."""

    slices: tuple[Slice, ...]
    reason: str
    evidence: tuple[str, ...]

    @property
    def matched(self) -> bool:
        """True when an item takes something of the line."""
        return any(part.kind == ITEM for part in self.slices)


@dataclass
class Book:
    """The unit's items and payers, indexed; `take` keeps what was given out, so that no item is paid twice at once."""

    items: dict[UUID, OpenItem]
    accounts_by_mark: Mapping[str, frozenset[UUID]]
    by_reference: dict[str, list[UUID]] = field(init=False)
    by_account: dict[UUID, list[UUID]] = field(init=False)

    def __post_init__(self) -> None:
        self.by_reference, self.by_account = defaultdict(list), defaultdict(list)
        for item in self.items.values():
            self.by_account[item.account_id].append(item.id)
            for key in filter(None, (item.structured_reference.upper(), item.invoice_number.upper())):
                self.by_reference[key].append(item.id)

    def take(self, match: Match) -> None:
        """Lower what is open by what a match takes."""
        for part in match.slices:
            if part.item_id is not None:
                item = self.items[part.item_id]
                self.items[item.id] = replace(item, open_minor=item.open_minor - part.amount_minor)


def normalise(text: str) -> str:
    """Full-width and half-width alike, upper case, single spaces: for references."""
    return " ".join(unicodedata.normalize("NFKC", text).upper().split())


def normalise_name(text: str) -> str:
    """What two spellings of a name share: no spaces, no punctuation, one width, one case."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in folded if character.isalnum())


def payer_names(name: str | None, text: str) -> tuple[str, ...]:
    """The payer's name as the bank gives it, or as the text carries it."""
    found = _ORIGINATOR.search(text)
    return tuple(filter(None, (normalise_name(name or ""), normalise_name(found.group(1)) if found else "")))


def match(line: Line, book: Book) -> Match:
    """Distribute a credit line. Two equal fits are no match: a person decides."""
    named, evidence = _named(line, book)
    if named:
        return _named_match(line, [book.items[id_] for id_ in named], evidence)
    accounts = {account for mark in line.marks for account in book.accounts_by_mark.get(mark, frozenset())}
    if len(accounts) != 1:
        return _rest(line, None, "several_payers" if accounts else "unknown_payer", ())
    (account,) = accounts
    items = [book.items[id_] for id_ in book.by_account.get(account, ())]
    items = [item for item in items if item.open_minor > 0 and item.currency == line.currency and item.id not in line.barred]
    equal = [item for item in items if item.open_minor == line.amount_minor]
    if len(equal) == 1:
        return _whole(equal, "payer_and_amount", ("payer", "amount"))
    if not equal and items and sum(item.open_minor for item in items) == line.amount_minor:
        return _whole(items, "payer_and_total", ("payer", "total"))
    return _rest(line, account, "two_equal_fits" if equal else "no_item_fits", ("payer",))


def match_return(line: Line, original: Sequence[Slice]) -> Match:
    """Money that comes back undoes what it had paid, slice by slice."""
    undone = tuple(replace(part, amount_minor=-part.amount_minor) for part in original)
    if sum(part.amount_minor for part in undone) != line.amount_minor:
        return Match((Slice(UNIDENTIFIED, None, None, line.amount_minor),), "return_without_original", ())
    return Match(undone, "returned", ("original",))


def leave(line: Line) -> Match:
    """Money that is no receivable's: charges, payments of ours."""
    return Match((Slice(NOT_RECEIVABLE, None, None, line.amount_minor),), "not_receivable", ())


def words(texts: Iterable[str]) -> frozenset[str]:
    """What a line may name: valid structured references and words that look like numbers."""
    found: set[str] = set()
    for text in map(normalise, texts):
        found.update(reference.value.upper() for reference in find_valid(text))
        found.update(word for word in _WORD.findall(text) if any(character.isdigit() for character in word))
    return frozenset(found)


def _named(line: Line, book: Book) -> tuple[list[UUID], tuple[str, ...]]:
    """Items that the line names by reference or number, in the order of their due dates as the book has them."""
    found: dict[UUID, str] = {}
    for word in sorted(words(line.texts)):
        for id_ in book.by_reference.get(word, ()):
            item = book.items[id_]
            if item.currency == line.currency:
                found.setdefault(id_, "structured_reference" if word == item.structured_reference.upper() else "invoice_number")
    order = {id_: place for place, id_ in enumerate(book.items)}
    return sorted(found, key=order.__getitem__), tuple(sorted(set(found.values())))


def _named_match(line: Line, items: Sequence[OpenItem], evidence: tuple[str, ...]) -> Match:
    accounts = {item.account_id for item in items}
    account = items[0].account_id if len(accounts) == 1 else None
    open_items = [item for item in items if item.open_minor > 0 and item.id not in line.barred]
    if not open_items:
        return _rest(line, account, "already_paid", evidence)
    if sum(item.open_minor for item in open_items) == line.amount_minor:
        return _whole(open_items, evidence[-1], evidence)
    if len(open_items) > 1:
        return _rest(line, account, "amounts_do_not_fit", evidence)
    (item,) = open_items
    paid = min(item.open_minor, line.amount_minor)
    slices = [Slice(ITEM, item.id, item.account_id, paid)]
    if line.amount_minor > paid:
        slices.append(Slice(ON_ACCOUNT, None, item.account_id, line.amount_minor - paid))
    return Match(tuple(slices), "overpaid" if line.amount_minor > paid else "part_payment", evidence)


def _whole(items: Sequence[OpenItem], reason: str, evidence: tuple[str, ...]) -> Match:
    return Match(tuple(Slice(ITEM, item.id, item.account_id, item.open_minor) for item in items), reason, evidence)


def _rest(line: Line, account: UUID | None, reason: str, evidence: tuple[str, ...]) -> Match:
    kind = UNIDENTIFIED if account is None else ON_ACCOUNT
    return Match((Slice(kind, None, account, line.amount_minor),), reason, evidence)
