"""The open items and the payers, indexed: what a line may pay is looked up, never searched for."""

from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property

from services.payments.domain.matching.facts import Account, Item
from services.payments.domain.matching.text import name_keys, name_words, number_key, skeleton

# A bare group of fewer digits is a year, a day, a page.
TAIL_DIGITS = 4
LONG_TAIL_DIGITS = 6
NAME_START = 8
# A word that so many customers carry tells none of them.
COMMON_WORD = 40


class Book:
    """Items and accounts by number, reference, payer and amount. `take` lowers what is open, `put` replaces an item.

    Indexes beyond numbers and payers are made when a line first needs them. No answer depends on the order of items.
    """

    def __init__(self, items: Iterable[Item], accounts: Iterable[Account]) -> None:
        self.items: dict[str, Item] = {}
        self.open_minor: dict[str, int] = {}
        self.accounts = {(account.business_unit, account.id): account for account in accounts}
        self.by_number: dict[str, tuple[str, ...]] = {}
        self.by_account: dict[tuple[str, str], list[str]] = {}
        for item in items:
            self._add(item)
        self.by_token: dict[str, tuple[tuple[str, str], ...]] = {}
        for key, account in self.accounts.items():
            for token in account.tokens:
                self.by_token[token] = (*self.by_token.get(token, ()), key)

    def _add(self, item: Item) -> None:
        id_ = item.id
        self.items[id_] = item
        self.open_minor[id_] = item.open_minor
        account = (item.business_unit, item.account_id)
        mine = self.by_account.get(account)
        if mine is None:
            self.by_account[account] = [id_]
        else:
            mine.append(id_)
        by_number = self.by_number
        for number in (item.invoice_number, item.structured_reference, item.order_number):
            if number:
                key = number_key(number)
                by_number[key] = (*by_number[key], id_) if key in by_number else (id_,)

    def put(self, item: Item) -> None:
        """An item as it now stands; its numbers and its account never change."""
        if item.id in self.items:
            self.items[item.id] = item
            self.open_minor[item.id] = item.open_minor
            self.__dict__.pop("by_amount", None)
        else:
            self._add(item)
            for name in ("by_amount", "by_part", "masks"):
                self.__dict__.pop(name, None)

    @cached_property
    def by_amount(self) -> dict[tuple[str, int], list[str]]:
        """Items by currency and what is open."""
        found: dict[tuple[str, int], list[str]] = defaultdict(list)
        for id_, open_minor in self.open_minor.items():
            found[self.items[id_].currency, open_minor].append(id_)
        return found

    @cached_property
    def by_part(self) -> dict[str, list[tuple[str, str]]]:
        """Items by what people leave of a number, each with the kind of evidence that it then is."""
        found: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for item in self.items.values():
            for key, kind in number_parts(item.invoice_number).items():
                found[key].append((item.id, kind))
            if item.structured_reference:
                found[skeleton(number_key(item.structured_reference))].append((item.id, "structured_reference"))
            if item.order_number:
                found[skeleton(number_key(item.order_number))].append((item.id, "order_number"))
        return found

    @cached_property
    def masks(self) -> frozenset[str]:
        """The shapes of our numbers, learnt from the items: RE20269999; a digit is a 9."""
        return frozenset(mask(number_key(item.invoice_number)) for item in self.items.values() if item.invoice_number)

    @cached_property
    def by_name(self) -> dict[str, set[tuple[str, str]]]:
        """Accounts by their whole names."""
        found: dict[str, set[tuple[str, str]]] = defaultdict(set)
        for key, account in self.accounts.items():
            for name in account.names:
                for form in name_keys(name):
                    found[form].add(key)
        return found

    @cached_property
    def by_name_start(self) -> dict[str, set[tuple[str, tuple[str, str]]]]:
        """Whole names and their accounts by the first letters of the name."""
        found: dict[str, set[tuple[str, tuple[str, str]]]] = defaultdict(set)
        for form, keys in self.by_name.items():
            for key in keys:
                found[form[:NAME_START]].add((form, key))
        return found

    @cached_property
    def by_word(self) -> dict[str, set[tuple[str, str]]]:
        """Accounts by the words of their names, without the words that many have."""
        found: dict[str, set[tuple[str, str]]] = defaultdict(set)
        for key, account in self.accounts.items():
            for name in account.names:
                for word in name_words(name):
                    if len(word) >= TAIL_DIGITS:
                        found[word].add(key)
        return {word: keys for word, keys in found.items() if len(keys) <= COMMON_WORD}


def mask(key: str) -> str:
    """``RE20260042`` = ``RE99999999``."""
    return "".join("9" if character.isdigit() else character for character in key)


def number_parts(number: str) -> dict[str, str]:
    """What people write of an invoice number, as skeletons, with the kind of evidence; the strongest kind of each."""
    key = number_key(number)
    found = {skeleton(key): "invoice_number"}
    digits = "".join(character for character in key if character.isdigit())
    tail = digits_tail(number)
    if len(digits) >= TAIL_DIGITS:
        found.setdefault(digits, "number_digits" if len(digits) >= LONG_TAIL_DIGITS else "number_tail")
    if len(tail) >= TAIL_DIGITS:
        found.setdefault(tail, "number_digits" if len(tail) >= LONG_TAIL_DIGITS else "number_tail")
        short = tail.lstrip("0")
        if len(short) >= TAIL_DIGITS:
            found.setdefault(short, "number_tail")
    return found


def digits_tail(number: str) -> str:
    """The last group of digits: what changes from invoice to invoice."""
    end = len(number)
    while end and not number[end - 1].isdigit():
        end -= 1
    start = end
    while start and number[start - 1].isdigit():
        start -= 1
    return number[start:end]
