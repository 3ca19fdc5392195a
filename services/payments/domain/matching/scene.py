"""One line before the book: who may have paid, what is named, what may be granted; and the answers that come of it."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from services.payments.domain.matching.book import Book
from services.payments.domain.matching.facts import CERTAIN, Allocation, Evidence, Line
from services.payments.domain.matching.fits import Open, Terms
from services.payments.domain.matching.knowledge import Knowledge
from services.payments.domain.matching.payers import AccountKey, find_payers, named_in_text
from services.payments.domain.matching.policy import THOUSAND, Policy
from services.payments.domain.matching.signs import Signs, likeness, read_signs

_LAST = date.max


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer: what goes where, why, and how much doubt is left, in millionths."""

    rule: str
    account: AccountKey
    allocations: tuple[Allocation, ...]
    on_account_minor: int
    evidence: tuple[Evidence, ...]
    doubt: int

    @property
    def score(self) -> int:
        """In millionths."""
        return CERTAIN - self.doubt

    @property
    def order(self) -> tuple[int, tuple[str, ...], AccountKey]:
        """Best first; among equals an order that nobody's place in a file decides."""
        return self.doubt, tuple(allocation.item_id for allocation in self.allocations), self.account

    @property
    def paid(self) -> tuple[AccountKey, tuple[tuple[str, int], ...]]:
        """What makes two answers the same."""
        return self.account, tuple(sorted((allocation.item_id, allocation.amount_minor) for allocation in self.allocations))


def doubt_of(*weights: int) -> int:
    """What is left of doubt, in millionths, after pieces of evidence of so many thousandths that do not depend on each other."""
    doubt = CERTAIN
    for weight in weights:
        doubt = doubt * (THOUSAND - weight) // THOUSAND
    return doubt


class Scene:
    """Everything that the answers to one line are made of; what is not needed is not looked up."""

    def __init__(self, line: Line, book: Book, policy: Policy, knowledge: Knowledge) -> None:
        self.line, self.book, self.policy, self.knowledge = line, book, policy, knowledge
        self.on = min((on for on in (line.booked_on, line.value_on) if on), default=None)
        self._shelves: dict[AccountKey, list[Open]] = {}
        self.signs: Signs = read_signs(line, book, policy)
        for id_ in [id_ for id_ in self.signs.hits if not self.is_offered(id_)]:
            del self.signs.hits[id_]

    def is_offered(self, id_: str) -> bool:
        """True for an item in the line's currency and unit that has not rejected it."""
        item = self.book.items[id_]
        return id_ not in self.line.barred and item.currency == self.line.currency and self.line.business_unit in {"", item.business_unit}

    @cached_property
    def payers(self) -> dict[AccountKey, Evidence]:
        """Who may have paid."""
        found = find_payers(self.line, self.book, self.policy, self.knowledge)
        return {key: evidence for key, evidence in found.items() if self.line.business_unit in {"", key[0]}}

    @cached_property
    def certain_payers(self) -> frozenset[AccountKey]:
        """Accounts whose payer is certain."""
        return frozenset(key for key, evidence in self.payers.items() if evidence.weight >= self.policy.certain_from)

    @cached_property
    def in_text(self) -> dict[AccountKey, Evidence]:
        """Accounts that the text names, beside the payer's."""
        found = named_in_text(self.signs.folded, self.book, self.policy)
        return {key: evidence for key, evidence in found.items() if key not in self.payers and self.line.business_unit in {"", key[0]}}

    def who(self, account: AccountKey) -> Evidence | None:
        """What speaks for an account as the payer's."""
        return self.payers.get(account) or (self.in_text.get(account) if "in_text" in self.__dict__ else None)

    def contradicts(self, account: AccountKey) -> bool:
        """True when the payer is certainly somebody else."""
        return bool(self.certain_payers) and account not in self.payers

    def terms(self, account: AccountKey) -> Terms:
        """What this payer may deduct."""
        return Terms(self.on, self.signs.stated_minor, self.signs.charges, self.knowledge.fee_minor(account))

    def shelf(self, account: AccountKey) -> list[Open]:
        """What of an account may be paid, oldest due date first."""
        found = self._shelves.get(account)
        if found is None:
            found = self._shelves[account] = self._shelf(account)
        return found

    def _shelf(self, account: AccountKey) -> list[Open]:
        items, open_minor, currency, barred = self.book.items, self.book.open_minor, self.line.currency, self.line.barred
        found = []
        for id_ in self.book.by_account.get(account, ()):
            minor, item = open_minor[id_], items[id_]
            if minor and item.currency == currency and id_ not in barred:
                found.append((item.due_on or _LAST, id_, Open(item, minor)))
        found.sort()
        return [one for _, _, one in found]

    def is_too_young(self, one: Open) -> bool:
        """An item that was issued long after the payment was not meant, unless it is named."""
        issued, on = one.item.issued_on, self.on
        return issued is not None and on is not None and issued > on + timedelta(self.policy.known_before_issue_days)

    def number(self, one: Open) -> Evidence | None:
        """What of the text speaks for an item's number."""
        hit = self.signs.hits.get(one.item.id)
        if hit is not None:
            return Evidence(hit.kind, hit.weight, hit.detail)
        kind = likeness(self.signs, one.item.invoice_number) if self.signs.groups else ""
        return Evidence(kind, self.policy.weights[kind], one.item.invoice_number) if kind else None
