"""A profile: which columns of a bank's CSV mean what, and how it writes dates, signs and states."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from kernel.errors import Unreadable
from kernel.money import EXPONENTS

FIELDS = frozenset(
    "booked_on value_on amount debit credit mark currency balance text name counterparty_account reference end_to_end_id mandate_id "
    "bank_reference account fee cost detail status ignored".split()
)
PREAMBLE = frozenset("account iban currency opening closing ignored".split())
DATE_ORDERS = frozenset({"dmy", "mdy", "ymd"})
STATUSES = frozenset({"booked", "pending", "information"})
SIGNS = {"credit": 1, "debit": -1}
# "Saldo CHF", "Saldo (CHF)", "Amount (EUR)", "Betrag (€)"
_CURRENCY_BEHIND = re.compile(r"(.*?)\s*[\[( ]\s*([A-Z]{3}|€)\s*[\])]?$")
_LOST = "\ufffd"
_SYMBOLS = {"€": "EUR"}


def plain(cell: str) -> str:
    """A header as it is compared: without outer quotes, colon and runs of blanks, in small letters."""
    return " ".join(cell.strip().strip('"').rstrip(":").split()).casefold()


def split_currency(cell: str) -> tuple[str, str | None]:
    """A header without the currency behind it, and the currency."""
    match = _CURRENCY_BEHIND.match(cell.strip().strip('"'))
    if match is None:
        return cell, None
    currency = _SYMBOLS.get(match[2], match[2])
    return (match[1], currency) if currency in EXPONENTS else (cell, None)


@dataclass(frozen=True, slots=True)
class BankCsv:
    """One layout. `columns` maps headers (as `plain` gives them) to fields; every header of a file must be among them.

    `fee` is added to the amount as it stands, `cost` taken off it. `date_order` decides dates with slashes; points mean
    day first, a year of four digits in front means year first. `decimal_mark` decides only where one mark stands before
    three digits. `sign` is the direction of a positive amount; `marks` and `statuses` map cells; `preamble` maps the
    labels above the table; `footer` starts closing rows.
    """

    name: str
    columns: Mapping[str, str]
    date_order: str = "dmy"
    decimal_mark: str = "."
    sign: str = "credit"
    currency: str | None = None
    marks: Mapping[str, str] = field(default_factory=dict)
    statuses: Mapping[str, str] = field(default_factory=dict)
    preamble: Mapping[str, str] = field(default_factory=dict)
    footer: tuple[str, ...] = ()

    @classmethod
    def from_mapping(cls, name: str, data: Mapping[str, Any]) -> "BankCsv":
        """A profile from its YAML (`services/payments/policies/bank_csv`). Raises Unreadable INVALID, `place` the key."""
        columns = {plain(header): key for key, headers in _mapping(data, "columns").items() for header in _texts(headers)}
        profile = cls(
            name=name,
            columns=columns,
            date_order=str(data.get("date_order", "dmy")),
            decimal_mark=str(data.get("decimal_mark", ".")),
            sign=str(data.get("sign", "credit")),
            currency=data.get("currency"),
            marks={plain(cell): key for key, cells in _mapping(data, "marks").items() for cell in _texts(cells)},
            statuses={plain(cell): key for key, cells in _mapping(data, "statuses").items() for cell in _texts(cells)},
            preamble={plain(label): key for key, labels in _mapping(data, "preamble").items() for label in _texts(labels)},
            footer=tuple(plain(text) for text in _texts(data.get("footer", ()))),
        )
        profile._check()
        return profile

    def fields(self, header: Sequence[str]) -> tuple[list[str], str | None] | None:
        """The field of each column and the currency in the headers; None when a header is not of this profile."""
        found, currency = [], None
        for cell in header:
            if not plain(cell):
                found.append("ignored")
                continue
            key = self._field(cell)
            if key is None:
                base, named = split_currency(cell)
                key, currency = self._field(base), named or currency
            if key is None:
                return None
            found.append(key)
        has_amount = "amount" in found or {"debit", "credit"} <= set(found)
        return (found, currency) if "booked_on" in found and has_amount else None

    def _field(self, cell: str) -> str | None:
        """The field of a header; one in the profile may hold a star for anything."""
        text = plain(cell)
        found = self.columns.get(text)
        if found is None and _LOST in text:  # someone saved the file in a wrong encoding: letters are gone for good
            pattern = text.replace("[", "[[]").replace("*", "[*]").replace(_LOST, "?")
            found = next((key for header, key in self.columns.items() if fnmatchcase(header, pattern)), None)
        return found or next((key for header, key in self.columns.items() if "*" in header and fnmatchcase(text, header)), None)

    def _check(self) -> None:
        named = set(self.columns.values())
        checks = {
            "columns": named <= FIELDS and "booked_on" in named and ("amount" in named or {"debit", "credit"} <= named),
            "date_order": self.date_order in DATE_ORDERS,
            "decimal_mark": self.decimal_mark in {".", ","},
            "sign": self.sign in SIGNS,
            "marks": set(self.marks.values()) <= set(SIGNS),
            "statuses": set(self.statuses.values()) <= STATUSES,
            "preamble": set(self.preamble.values()) <= PREAMBLE,
        }
        for place, right in checks.items():
            if not right:
                raise Unreadable("INVALID", f"profile {self.name}: {place} is not what a profile may hold", place=place)


def _mapping(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = data.get(key) or {}
    if not isinstance(value, dict):
        raise Unreadable("INVALID", f"{key} maps names to lists", place=key)
    return value


def _texts(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)]
