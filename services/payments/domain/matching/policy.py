"""What evidence weighs and what is granted: numbers from dated data, as whole thousandths and minor units."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from kernel.errors import Unreadable
from kernel.money import EXPONENTS, Money

THOUSAND = 1000
# Shorter words are found in too many others.
COMPOUND = 6


@dataclass(frozen=True, slots=True)
class Amounts:
    """What is granted in one currency, in minor units; `fee_from_minor` 0 with `fee_to_minor` 0: no transfer fee is."""

    rounding_minor: int
    fee_from_minor: int
    fee_to_minor: int
    stated_charges_minor: int


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of matching in force on a day. `apply` and `suggest` are millionths, weights and `coincidence` thousandths."""

    version: str
    apply: int
    suggest: int
    margin: int
    suggestions: int
    weights: Mapping[str, int]
    certain_from: int
    name_start_letters: int
    subset_items: int
    coincidence: int
    coincidence_beside_a_number: int
    list_items: int
    charges_share: int
    known_before_issue_days: int
    granted: Mapping[str, Mapping[str, Any]]
    charges: re.Pattern[str]
    prepayment: re.Pattern[str]
    _amounts: dict[str, Amounts]

    def amounts(self, currency: str) -> Amounts:
        """What is granted in a currency."""
        found = self._amounts.get(currency)
        if found is None:
            found = self._amounts[currency] = _amounts(self.granted.get(currency, self.granted["default"]), currency)
        return found


def read_policy(data: Mapping[str, Any], on: date) -> Policy:
    """The row of the parsed policy in force on a day. Raises Unreadable INVALID where there is none, or a number is missing."""
    rows = [row for row in data["rows"] if row["effective_from"] <= on]
    if not rows:
        raise Unreadable("INVALID", f"no rules of matching are in force on {on}", on=str(on))
    row = max(rows, key=lambda row: row["effective_from"])
    try:
        return _policy(row)
    except KeyError as error:
        raise Unreadable("INVALID", f"the rules of matching lack {error.args[0]}", place=str(error.args[0])) from None


def _policy(row: Mapping[str, Any]) -> Policy:
    limits = row["thresholds"]
    canonical = json.dumps(row, sort_keys=True, default=str, ensure_ascii=True)
    return Policy(
        version=hashlib.sha256(canonical.encode()).hexdigest()[:12],
        apply=_scaled(limits["apply"], THOUSAND * THOUSAND),
        suggest=_scaled(limits["suggest"], THOUSAND * THOUSAND),
        margin=limits["margin"],
        suggestions=limits["suggestions"],
        weights={name: _scaled(weight, THOUSAND) for name, weight in row["weights"].items()},
        certain_from=_scaled(row["name_certain_from"], THOUSAND),
        name_start_letters=row["name_start_letters"],
        subset_items=row["subset_items"],
        coincidence=_scaled(row["coincidence"], THOUSAND),
        coincidence_beside_a_number=_scaled(row["coincidence_beside_a_number"], THOUSAND),
        list_items=row["list_items"],
        charges_share=_scaled(row["charges_share"], THOUSAND),
        known_before_issue_days=row["known_before_issue_days"],
        granted=row["amounts"],
        charges=_any_of(row["words"]["charges"]),
        prepayment=_any_of(row["words"]["prepayment"]),
        _amounts={},
    )


def _any_of(words: Sequence[str]) -> re.Pattern[str]:
    """Short words stand alone; longer ones are also found inside German compounds and kana without blanks."""
    return re.compile("|".join(rf"\b{word}\b" if len(word) < COMPOUND and word.isascii() else word for word in words))


def _scaled(number: object, by: int) -> int:
    return int(Decimal(str(number)) * by)


def _amounts(row: Mapping[str, Any], currency: str) -> Amounts:
    low, high = row["transfer_fee"]
    return Amounts(*(_minor(text, currency) for text in (row["rounding"], low, high, row["stated_charges"])))


def _minor(text: str, currency: str) -> int:
    """Amounts of the default row are of no currency: decimals that this one lacks are cut off."""
    if EXPONENTS.get(currency) == 0:
        text = text.partition(".")[0]
    return Money.parse(text, currency).minor
