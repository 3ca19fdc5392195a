"""A profile: which columns of an invoice CSV mean what, and how its dates, numbers and codes are written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from string import Formatter
from typing import Any

from kernel.errors import Unreadable

REQUIRED = frozenset({"number", "issued_on", "account_number", "buyer_name", "net", "tax", "gross"})
# A file with a row for each line of a document: its totals are the lines' sums, or stand in every row.
LINE_AMOUNT = "line_amount"
REQUIRED_BY_LINE = frozenset({"number", "issued_on", "account_number", LINE_AMOUNT})
LINE_FIELDS = frozenset({LINE_AMOUNT, "line_tax", "discount", "amounts"})
ADDRESS_FIELDS = frozenset({"street", "postal_code", "city"})
# The order of an envelope in most of Europe and America; Japan writes it the other way round.
USUAL_ADDRESS = ["{street}", "{postal_code} {city}"]
OPTIONAL = frozenset(
    {
        "type", "due_on", "currency", "seller_name", "seller_registration", "buyer_name_kana", "buyer_registration",
        "debtor_type", "language", "country", "time_zone", "email", "street", "postal_code", "city", "buyer_iban",
        "payer_code", "prepaid", "rounding", "payable", "payment_reference", "iban", "preceding", "mandate_id", "lines",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Profile:
    """One layout of invoice CSV.

    `columns` maps a header as printed to a field; `defaults` gives fields that the file does not carry; `types` maps
    a cell of the type column to a UNTDID 1001 code, `debtor_types` one to business or consumer, `amount_types` one to
    net or gross (what the amounts of lines are); `encodings` are tried in order; `address` gives the lines of an
    envelope; a header fits when all columns of required fields are there. With a column of line amounts a row is a line.
    """

    name: str
    encodings: tuple[str, ...]
    delimiter: str
    decimal_mark: str
    grouping: str
    date_formats: tuple[str, ...]
    address: tuple[str, ...]
    columns: Mapping[str, str]
    types: Mapping[str, str]
    debtor_types: Mapping[str, str]
    amount_types: Mapping[str, str]
    defaults: Mapping[str, str]

    @classmethod
    def from_mapping(cls, name: str, data: Mapping[str, Any]) -> "Profile":
        """A profile from its YAML (`services/billing/policies/csv`). Raises Unreadable INVALID, `place` the key."""
        columns = _texts(data, "columns")
        profile = cls(
            name=name,
            encodings=_list(data, "encodings"),
            delimiter=str(data.get("delimiter", ",")),
            decimal_mark=str(data.get("decimal_mark", ".")),
            grouping=str(data.get("grouping", "")),
            date_formats=_list(data, "date_formats"),
            address=_list({"address": USUAL_ADDRESS, **data}, "address"),
            columns=columns,
            types=_texts(data, "types"),
            debtor_types=_texts(data, "debtor_types"),
            amount_types=_texts(data, "amount_types"),
            defaults=_texts(data, "defaults"),
        )
        profile._check()
        return profile

    @property
    def is_by_line(self) -> bool:
        """True where a row is a line, and the rows of one number are one document."""
        return LINE_AMOUNT in self.columns.values()

    @property
    def required(self) -> frozenset[str]:
        """The fields that every file of this profile has a column for."""
        return REQUIRED_BY_LINE if self.is_by_line else REQUIRED

    def missing(self, header: Sequence[str]) -> tuple[str, ...]:
        """The columns of required fields that a header lacks; empty when the profile fits."""
        return tuple(name for name, field in self.columns.items() if field in self.required and name not in header)

    def _check(self) -> None:
        fields = {*self.columns.values(), *self.defaults}
        if unknown := sorted(fields - REQUIRED - OPTIONAL - (LINE_FIELDS if self.is_by_line else frozenset())):
            raise Unreadable("INVALID", f"profile {self.name} names unknown fields {unknown}", place="columns")
        if absent := sorted(self.required - set(self.columns.values())):
            raise Unreadable("INVALID", f"profile {self.name} has no column for {absent}", place="columns")
        if len(set(self.columns.values())) < len(self.columns):
            raise Unreadable("INVALID", f"profile {self.name} gives one field two columns", place="columns")
        if len(self.delimiter) != 1 or len(self.decimal_mark) != 1 or self.decimal_mark == self.grouping:
            raise Unreadable("INVALID", f"profile {self.name}: delimiter and decimal mark are one character each")
        if any(set(fields_of(line)) - ADDRESS_FIELDS for line in self.address):
            known = ", ".join(sorted(ADDRESS_FIELDS))
            raise Unreadable("INVALID", f"profile {self.name}: an address is made of {known}", place="address")
        if wrong := sorted(set(self.amount_types.values()) - {"net", "gross"}):
            raise Unreadable("INVALID", f"profile {self.name}: {wrong} is neither net nor gross", place="amount_types")
        if wrong := sorted(set(self.debtor_types.values()) - {"business", "consumer"}):
            raise Unreadable("INVALID", f"profile {self.name}: {wrong} is no debtor type", place="debtor_types")


@cache  # a profile has three lines of address
def fields_of(line: str) -> tuple[str, ...]:
    """The fields that an address line names: ``{postal_code} {city}``. Raises Unreadable INVALID."""
    try:
        return tuple(field for _, field, _, _ in Formatter().parse(line) if field is not None)
    except ValueError:
        raise Unreadable("INVALID", f"{line[:60]!r} is not a pattern of an address line", place="address") from None


def _list(data: Mapping[str, Any], key: str) -> tuple[str, ...]:
    values = data.get(key)
    if not isinstance(values, list) or not values:
        raise Unreadable("INVALID", f"a profile needs a list of {key}", place=key)
    return tuple(str(value) for value in values)


def _texts(data: Mapping[str, Any], key: str) -> dict[str, str]:
    values = data.get(key) or {}
    if not isinstance(values, dict):
        raise Unreadable("INVALID", f"{key} maps texts to texts", place=key)
    return {str(name): str(value) for name, value in values.items()}
