"""The open items and the payers, indexed: what a line may pay is looked up, never searched for."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TypeVar

from services.payments.domain.matching.facts import Account, Item
from services.payments.domain.matching.text import digits_of, name_keys, name_words, number_keys, skeletons

# A bare group of fewer digits is a year, a day, a page.
TAIL_DIGITS = 4
LONG_TAIL_DIGITS = 6
NAME_START = 8
# A word that so many customers carry tells none of them.
COMMON_WORD = 40
Ids = tuple[str, ...]
Key = TypeVar("Key", str, int)
_NINES = str.maketrans("012345678", "999999999")
_LAST_DIGITS = re.compile(r"([0-9]+)[^0-9\n]*$", re.MULTILINE)


class Book:
    """Items and accounts by number, reference, payer and amount. `take` lowers what is open, `put` replaces an item.

    Indexes are made when a line first needs them, each in a few passes over all items at once: a statement of plain
    lines needs two. No answer depends on the order of items.
    """

    def __init__(self, items: Iterable[Item], accounts: Iterable[Account]) -> None:
        self.items = {item.id: item for item in items}
        self.open_minor = {id_: item.open_minor for id_, item in self.items.items()}
        self.accounts = {(account.business_unit, account.id): account for account in accounts}

    def put(self, item: Item) -> None:
        """An item as it now stands. Indexes of what does not change stay; a new item costs new ones."""
        known = self.items.get(item.id)
        self.items[item.id] = item
        self.open_minor[item.id] = item.open_minor
        self.__dict__.pop("by_amount", None)
        if known is None or (known.invoice_number, known.account_id) != (item.invoice_number, item.account_id):
            for name in ("by_number", "by_reference", "by_account", "_parts", "masks"):
                self.__dict__.pop(name, None)

    @cached_property
    def by_number(self) -> dict[str, Ids]:
        """Items by the keys of their numbers."""
        found = _index(number_keys([item.invoice_number for item in self.items.values()]), self.items)
        orders = [item.order_number for item in self.items.values()]
        if any(orders):
            _merge(found, _index(number_keys(orders), self.items))
        return found

    @cached_property
    def by_reference(self) -> dict[str, Ids]:
        """Items by the keys of their structured references."""
        references = [item.structured_reference for item in self.items.values()]
        return _index(number_keys(references), self.items) if any(references) else {}

    @cached_property
    def by_token(self) -> dict[str, tuple[tuple[str, str], ...]]:
        """Accounts by the signs of their payers."""
        found: dict[str, tuple[tuple[str, str], ...]] = {}
        for key, account in self.accounts.items():
            for token in account.tokens:
                found[token] = (*found[token], key) if token in found else (key,)
        return found

    @cached_property
    def by_account(self) -> dict[tuple[str, str], list[str]]:
        """Items by unit and account."""
        found: dict[tuple[str, str], list[str]] = defaultdict(list)
        for id_, item in self.items.items():
            found[item.business_unit, item.account_id].append(id_)
        return found

    @cached_property
    def by_amount(self) -> dict[int, Ids]:
        """Items by what is open, whatever the currency."""
        return _index(list(self.open_minor.values()), self.open_minor)

    @cached_property
    def _parts(self) -> tuple[tuple[str, dict[str, Ids]], ...]:
        """What people leave of a number, by the kind of evidence that it then is, strongest first; letters like digits are digits."""
        items = self.items.values()
        keys = number_keys([item.invoice_number for item in items])
        digits, tails = digits_of(keys), digit_tails([item.invoice_number for item in items])
        tables = (
            ("structured_reference", skeletons(number_keys([item.structured_reference for item in items]))),
            ("invoice_number", skeletons(keys)),
            ("order_number", skeletons(number_keys([item.order_number for item in items]))),
            ("number_digits", [key if len(key) >= LONG_TAIL_DIGITS else "" for key in digits]),
            ("number_digits", [key if len(key) >= LONG_TAIL_DIGITS else "" for key in tails]),
            ("number_tail", [key if TAIL_DIGITS <= len(key) < LONG_TAIL_DIGITS else "" for key in tails]),
            ("number_tail", [key.lstrip("0") if key[:1] == "0" and len(key.lstrip("0")) >= TAIL_DIGITS else "" for key in tails]),
        )
        return tuple((kind, _index(forms, self.items)) for kind, forms in tables if any(forms))

    def parts(self, key: str) -> list[tuple[str, Ids]]:
        """The items of which a skeleton is a number or what people leave of one, each with the kind of evidence."""
        return [(kind, ids) for kind, table in self._parts if (ids := table.get(key))]

    @cached_property
    def masks(self) -> frozenset[str]:
        """The shapes of our numbers, learnt from the items: RE20269999; a digit is a 9."""
        return frozenset("\n".join(number_keys([item.invoice_number for item in self.items.values()])).translate(_NINES).split("\n"))

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
    return key.translate(_NINES)


def _index(keys: Sequence[Key], ids: Iterable[str]) -> dict[Key, Ids]:
    """Ids by key, without the empty key. Most keys have one id, and then nothing is done twice."""
    keyed = list(zip(keys, ids, strict=True))
    found: dict[Key, Ids] = {key: ids for key, ids in zip(keys, zip(ids, strict=True), strict=True) if key}
    if len(found) + sum(not key for key in keys) < len(keyed):
        seen: dict[Key, list[str]] = defaultdict(list)
        for key, id_ in keyed:
            if key:
                seen[key].append(id_)
        found.update((key, tuple(several)) for key, several in seen.items() if len(several) > 1)
    return found


def _merge(found: dict[str, Ids], more: dict[str, Ids]) -> None:
    for key, ids in more.items():
        found[key] = tuple(dict.fromkeys((*found.get(key, ()), *ids)))


def digit_tails(numbers: Sequence[str]) -> list[str]:
    """The last group of digits of each number."""
    found = _LAST_DIGITS.findall("\n".join(numbers))
    return found if len(found) == len(numbers) else [(_LAST_DIGITS.findall(number) or [""])[0] for number in numbers]


def digits_tail(number: str) -> str:
    """The last group of digits: what changes from invoice to invoice."""
    return digit_tails([number])[0]
