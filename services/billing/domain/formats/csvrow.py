"""The rows of a document in an invoice CSV, by their profile: one row with totals, or a row for each line."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache
from typing import TypedDict, TypeVar, cast

from kernel.errors import Unreadable
from kernel.money import Money, exponent
from services.billing.domain.formats.checks import inconsistencies
from services.billing.domain.formats.document import INVOICE, Buyer, DebtorType, Document, Seller
from services.billing.domain.formats.profile import ADDRESS_FIELDS, Profile, fields_of
from services.billing.domain.formats.text import at, clean, compact, unique

Value = TypeVar("Value")

# Several references or preceding numbers share a cell, parted by blanks, semicolons or bars.
_LIST = re.compile(r"[;|\s]+")
# What the rows of one document must agree on.
_OF_THE_DOCUMENT = ("issued_on", "due_on", "currency", "account_number", "type", "discount", "tax", "payable", "amounts")


class _Totals(TypedDict):
    net: Money
    tax: Money
    gross: Money
    prepaid: Money
    rounding: Money
    payable: Money
    lines: int


def document(rows: Sequence[tuple[int, Mapping[str, str]]], profile: Profile) -> Document:
    """All rows of one number, each its line and its cells by field. Raises Unreadable with `line`, and the column as `place`."""
    line, cells = rows[0]
    with at(line=line):
        row = _Row(cells, profile)
        currency = row.required("currency").upper()
        row.value("currency", exponent, of=currency)
        found = _document(row, profile, currency, _summed(rows, profile, currency) if profile.is_by_line else _stated(row, currency))
        return replace(found, warnings=inconsistencies(found))


def _document(row: "_Row", profile: Profile, currency: str, totals: _Totals) -> Document:
    return Document(
        format=f"csv/{profile.name}",
        number=row.required("number"),
        type_code=row.code("type", profile.types) or INVOICE,
        issued_on=row.day("issued_on"),
        due_on=row.day("due_on") if row.text("due_on") else None,
        currency=currency,
        seller=Seller(row.text("seller_name"), compact(row.text("seller_registration")) or None),
        buyer=_buyer(row, profile),
        **totals,
        payment_references=row.texts("payment_reference"),
        ibans=tuple(compact(iban) for iban in row.texts("iban")),
        preceding=row.texts("preceding"),
        mandate_id=row.text("mandate_id") or None,
        warnings=(),
    )


def _stated(row: "_Row", currency: str) -> _Totals:
    gross = row.amount("gross", currency)
    prepaid, rounding = row.amount_or_zero("prepaid", currency), row.amount_or_zero("rounding", currency)
    return {
        "net": row.amount("net", currency),
        "tax": row.amount("tax", currency),
        "gross": gross,
        "prepaid": prepaid,
        "rounding": rounding,
        "payable": row.amount("payable", currency) if row.text("payable") else gross - prepaid + rounding,
        "lines": row.count("lines"),
    }


def _summed(rows: Sequence[tuple[int, Mapping[str, str]]], profile: Profile, currency: str) -> _Totals:
    """The lines' sums less the document's discount; tax and what is to be paid as stated; the difference is rounding."""
    first = _Row(rows[0][1], profile)
    amount = tax = Money(0, currency)
    for line, cells in rows:
        with at(line=line):
            row = _Row(cells, profile)
            row.agrees_with(first)
            amount, tax = amount + row.amount("line_amount", currency), tax + row.amount_or_zero("line_tax", currency)
    amount -= first.amount_or_zero("discount", currency)
    tax = first.amount("tax", currency) if first.text("tax") else tax
    gross = amount if first.code("amounts", profile.amount_types) == "gross" else amount + tax
    prepaid = first.amount_or_zero("prepaid", currency)
    payable = first.amount("payable", currency) if first.text("payable") else gross - prepaid
    return {
        "net": gross - tax,
        "tax": tax,
        "gross": gross,
        "prepaid": prepaid,
        "rounding": payable - gross + prepaid,
        "payable": payable,
        "lines": len(rows),
    }


def _buyer(row: "_Row", profile: Profile) -> Buyer:
    # Unstated means consumer, who is protected more.
    debtor_type = row.code("debtor_type", profile.debtor_types) or "consumer"
    return Buyer(
        account_number=row.required("account_number"),
        name=row.text("buyer_name") if profile.is_by_line else row.required("buyer_name"),
        name_kana=row.text("buyer_name_kana") or None,
        registration=compact(row.text("buyer_registration")) or None,
        debtor_type=cast(DebtorType, debtor_type),
        language=row.text("language").lower() or None,
        country=row.text("country").upper(),
        time_zone=row.text("time_zone") or None,
        email=row.text("email") or None,
        address=_address(row, profile),
        iban=compact(row.text("buyer_iban")) or None,
        payer_code=row.text("payer_code") or None,
    )


def _address(row: "_Row", profile: Profile) -> tuple[str, ...]:
    parts = {field: row.text(field) for field in ADDRESS_FIELDS}
    return tuple(clean(line.format_map(parts)) for line in profile.address if any(parts[field] for field in fields_of(line)))


class _Row:
    """The cells of a row by field; every refusal names the column."""

    def __init__(self, cells: Mapping[str, str], profile: Profile) -> None:
        self._cells = cells
        self._profile = profile

    def text(self, field: str) -> str:
        cell = self._cells.get(field, "")
        if cell:
            try:
                cell = clean(cell)
            except Unreadable as refusal:
                raise Unreadable(refusal.code, refusal.message, place=self._place(field)) from None
        return cell or self._profile.defaults.get(field, "")

    def required(self, field: str) -> str:
        text = self.text(field)
        if not text:
            raise Unreadable("INVALID", "the cell is empty", place=self._place(field))
        return text

    def texts(self, field: str) -> tuple[str, ...]:
        return unique(_LIST.split(self.text(field)))

    def agrees_with(self, first: "_Row") -> None:
        """Raises Unreadable INVALID where a row of the same document says something else of it."""
        for field in _OF_THE_DOCUMENT:
            if self.text(field) != first.text(field):
                message = f"{self.text(field)[:40]!r} here, {first.text(field)[:40]!r} in the document's first row"
                raise Unreadable("INVALID", message, place=self._place(field))

    def value(self, field: str, reading: Callable[[str], Value], *, of: str) -> Value:
        try:
            return reading(of)
        except Unreadable as refusal:
            raise Unreadable(refusal.code, refusal.message, **{**refusal.details, "place": self._place(field)}) from None

    def code(self, field: str, codes: Mapping[str, str]) -> str:
        """The code of a cell, which may also stand there itself; empty for an empty cell."""
        text = self.text(field)
        if text and text not in codes and text not in codes.values():
            raise Unreadable("INVALID", f"{text[:40]!r} is none of {', '.join(codes)}", place=self._place(field))
        return codes.get(text, text)

    def amount(self, field: str, currency: str) -> Money:
        return self.value(field, lambda text: Money.parse(self._plain(text), currency), of=self.required(field))

    def amount_or_zero(self, field: str, currency: str) -> Money:
        return self.amount(field, currency) if self.text(field) else Money(0, currency)

    def count(self, field: str) -> int:
        text = self.text(field)
        if text and not (text.isascii() and text.isdigit() and len(text) <= 6):  # noqa: PLR2004  a million lines
            raise Unreadable("NOT_A_NUMBER", f"{text[:40]!r} is not a count of lines", place=self._place(field))
        return int(text or "1")

    def day(self, field: str) -> date:
        text = self.required(field)
        found = _day(text, self._profile.date_formats)
        if found is not None:
            return found
        formats = " or ".join(self._profile.date_formats)
        raise Unreadable("INVALID", f"{text[:40]!r} is not a date ({formats})", place=self._place(field))

    def _plain(self, text: str) -> str:
        """``1.234,50`` as ``1234.50``; a grouping mark anywhere but before three digits is no number."""
        mark, grouping = self._profile.decimal_mark, self._profile.grouping
        whole, point, fraction = text.partition(mark)
        if grouping and grouping in whole:
            first, *rest = whole.split(grouping)
            if grouping in fraction or not first.strip("+-") or any(len(part) != 3 for part in rest):  # noqa: PLR2004
                raise Unreadable("NOT_A_NUMBER", f"{text[:40]!r} is not an amount", value=text[:40])
            whole = "".join((first, *rest))
        if mark != "." and "." in whole + fraction:
            raise Unreadable("NOT_A_NUMBER", f"{text[:40]!r} is not an amount", value=text[:40])
        return f"{whole}.{fraction}" if point else whole

    def _place(self, field: str) -> str:
        return next((column for column, named in self._profile.columns.items() if named == field), field)


@lru_cache(maxsize=4096)  # a file is of a few hundred days
def _day(text: str, layouts: tuple[str, ...]) -> date | None:
    for layout in layouts:
        try:
            return datetime.strptime(text, layout).date()
        except ValueError:
            continue
    return None
