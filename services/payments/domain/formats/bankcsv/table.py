"""Makes entries of the rows of a bank CSV: batches with their details, texts that go on, running balances."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from itertools import pairwise

from kernel.errors import Unreadable
from kernel.references import is_iban, normalise_iban
from services.payments.domain.formats.bankcsv.cells import read_amount, read_date
from services.payments.domain.formats.bankcsv.profile import SIGNS, BankCsv, plain
from services.payments.domain.formats.statement import Counterparty, Direction, Entry, Notes, Statement, Status, Transaction, total
from services.payments.domain.formats.values import or_none, reference, tidy

_BREAK = re.compile(r"<br ?/?>")
_IBAN_SHAPE = re.compile(r"[A-Z]{2}\d{2}( ?[A-Z0-9]{4}){2,7}( ?[A-Z0-9]{1,4})?")


def account_number(text: str | None) -> str | None:
    """An account as other formats give it: an IBAN without blanks; the IBAN where a bank writes both numbers."""
    text = or_none(text)
    if text and " / " in text and _IBAN_SHAPE.fullmatch(text.rpartition(" / ")[2]):
        text = text.rpartition(" / ")[2]
    return normalise_iban(text) if text and (_IBAN_SHAPE.fullmatch(text) or is_iban(text)) else text


@dataclass(slots=True)
class _Row:
    """A booked row while its details come in."""

    line: int
    booked_on: date
    value_on: date | None
    signed: Decimal | None
    balance: Decimal | None
    currency: str | None
    account: str | None
    part: Transaction
    status: Status
    bank_reference: str | None
    details: list[Transaction] = field(default_factory=list)


@dataclass(slots=True)
class Table:
    """Takes rows one by one; then gives a statement for each account."""

    profile: BankCsv
    fields: list[str]
    notes: Notes
    currency: str | None = None
    account: str | None = None
    opening: Decimal | None = None
    closing: Decimal | None = None
    _rows: list[_Row] = field(default_factory=list)
    _ended: bool = False

    def take(self, line: int, cells: list[str]) -> None:
        """One row below the header. Raises Unreadable NOT_A_NUMBER, UNKNOWN_FORMAT (no date), with `line`."""
        values = [cell.strip().strip('"').strip() for cell in cells]
        given = [value for value in values if value]
        if not given:
            return
        if self._ended:
            self._refuse_bookings_below(line, values)
            return
        if plain(given[0]).startswith(self.profile.footer) and self.profile.footer:
            self._foot(given, line)
            return
        row = _Cells(self.profile, self.fields, values, line)
        dated = row.text("booked_on") or row.text("value_on")
        own = row.text("amount") or row.text("debit") or row.text("credit") or row.text("balance")
        if dated and (own or not self._follows(row)):
            if not own and not self._rows and len(given) < 3:  # noqa: PLR2004 - a line of text before the first booking
                return
            self._book(row, dated)
        elif dated or row.has_place:
            self._continue(row)
        else:
            self._ended = True  # totals in a layout of their own

    def _follows(self, row: "_Cells") -> bool:
        """A dated row without money of its own belongs to the row above with the same bank reference (UBS)."""
        reference = row.text("bank_reference")
        return bool(self._rows) and (not reference or reference == self._rows[-1].bank_reference)

    def _book(self, row: "_Cells", dated: str) -> None:
        booked_on = read_date(dated, self.profile.date_order)
        if booked_on is None:
            if self._rows and not any(char.isdigit() for char in dated):  # a closing row that names itself otherwise
                self._foot([value for _, value in row.pairs if value], row.line)
                return
            raise Unreadable("UNKNOWN_FORMAT", f"line {row.line}: {dated[:20]!r} is no date", line=row.line)
        value_on = read_date(row.text("value_on"), self.profile.date_order) if row.text("value_on") else None
        currency = (row.text("currency") or self.currency or "").upper() or None
        signed = row.signed()
        part = row.transaction(abs(signed) if signed is not None else Decimal(0), currency)
        self._rows.append(
            _Row(
                row.line, booked_on, value_on, signed, row.balance(self.notes), currency, or_none(row.text("account")), part,
                row.status(self.notes), or_none(row.text("bank_reference")),
            )
        )  # fmt: skip

    def _continue(self, row: "_Cells") -> None:
        """Text, or a detail with its own amount, of the booking above."""
        if not self._rows:
            return
        above = self._rows[-1]
        detail = row.amount("detail")
        if detail is not None:
            above.details.append(row.transaction(abs(detail), (row.text("currency") or above.currency or "").upper() or None))
            return
        text = row.joined("text") or row.joined("name")
        if text and text not in above.part.text:
            above.part = replace(above.part, text=tidy(f"{above.part.text} {text}"))

    def _refuse_bookings_below(self, line: int, values: list[str]) -> None:
        """What looks like a booking below the end would be lost."""
        row = _Cells(self.profile, self.fields, values, line)
        money = row.text("amount") or row.text("debit") or row.text("credit")
        if money and read_date(row.text("booked_on"), self.profile.date_order):
            raise Unreadable("UNKNOWN_FORMAT", f"line {line}: a booking below the end of the table", line=line)

    def _foot(self, given: list[str], line: int) -> None:
        """The closing balance below the table: the last amount of the row."""
        self._ended = True
        for value in reversed(given[1:]):
            try:
                self.closing = read_amount(value, self.profile.decimal_mark, line)
            except Unreadable:
                continue
            return

    def statements(self) -> Iterator[Statement]:
        """One for each account that the rows name, in their order."""
        accounts: dict[str | None, list[_Row]] = {}
        for row in self._rows:
            accounts.setdefault(row.account, []).append(row)
        for account, found in accounts.items() or [(None, [])]:
            yield self._statement(account, found, alone=len(accounts) <= 1)

    def _statement(self, account: str | None, found: list[_Row], *, alone: bool) -> Statement:
        newest_first = _newest_first(found)
        ordered = found[::-1] if newest_first else found
        self._fill_missing(ordered)
        entries = [_entry(row, self.notes) for row in found]
        opening, closing = (self.opening, self.closing) if alone else (None, None)
        if ordered and (opening is None or closing is None):
            first, last = ordered[0], ordered[-1]
            if first.balance is not None and last.balance is not None and first.signed is not None:
                opening, closing = first.balance - first.signed, last.balance
        number = account or self.account
        currencies = dict.fromkeys(row.currency for row in found if row.currency)
        if len(currencies) > 1:
            self.notes.warn(f"the file holds several currencies: {', '.join(currencies)}"[:200])
        return Statement(
            account=account_number(number),
            currency=self.currency or next(iter(currencies), None),
            opening_balance=opening,
            closing_balance=closing,
            entries=tuple(entries),
        )

    def _fill_missing(self, ordered: list[_Row]) -> None:
        """A batch that names its details only: they are its amount, and the running balance tells which way it went."""
        for place, row in enumerate(ordered):
            if row.signed is not None:
                continue
            amount = total(part.amount for part in row.details)
            before = ordered[place - 1].balance if place else None
            if row.balance is None or before is None or abs(row.balance - before) != amount:
                self.notes.warn(f"line {row.line}: the booking has no amount; what its details and the balances say is taken")
            down = row.balance is not None and before is not None and row.balance < before
            row.signed = -amount if down or before is None else amount
            row.part = replace(row.part, amount=amount)


def _newest_first(found: list[_Row]) -> bool:
    """By the dates; within one day by the running balances."""
    if len(found) > 1 and found[0].booked_on != found[-1].booked_on:
        return found[0].booked_on > found[-1].booked_on
    down = up = 0
    for row, below in pairwise(found):
        if row.balance is not None and below.balance is not None:
            down += row.signed is not None and row.balance - row.signed == below.balance
            up += below.signed is not None and row.balance + below.signed == below.balance
    return down > up


def _entry(row: _Row, notes: Notes) -> Entry:
    signed = row.signed or Decimal(0)
    parts: tuple[Transaction, ...] = (row.part,)
    if row.details and total(part.amount for part in row.details) == abs(signed):
        parts = tuple(replace(part, text=part.text or row.part.text) for part in row.details)
    elif row.details:
        notes.warn(f"line {row.line}: the details do not add up to {abs(signed):f}; the booking holds")
    direction: Direction = "debit" if signed < 0 else "credit"
    return Entry(
        amount=abs(signed),
        currency=row.currency,
        direction=direction,
        transactions=parts,
        status=row.status,
        booked_on=row.booked_on,
        value_on=row.value_on,
        bank_reference=row.bank_reference,
        line=row.line,
    )


class _Cells:
    """The cells of one row by field."""

    def __init__(self, profile: BankCsv, fields: list[str], values: list[str], line: int) -> None:
        self._profile = profile
        self.pairs = list(zip(fields, values, strict=False))
        self.line = line

    @property
    def has_place(self) -> bool:
        """True when something stands in a column that a continued booking may fill."""
        return any(value and name in {"text", "name", "detail", "bank_reference", "reference"} for name, value in self.pairs)

    def text(self, name: str) -> str:
        return next((value for key, value in self.pairs if key == name and value), "")

    def joined(self, name: str) -> str:
        return tidy(" ".join(dict.fromkeys(value for key, value in self.pairs if key == name and value)))

    def amount(self, name: str) -> Decimal | None:
        # Some banks put a batch's details below its amount, in the same cell.
        text = _BREAK.split(self.text(name))[0]
        return read_amount(text, self._profile.decimal_mark, self.line) if text else None

    def balance(self, notes: Notes) -> Decimal | None:
        """The running balance only checks the amounts: an unreadable one is no reason to refuse them."""
        try:
            return self.amount("balance")
        except Unreadable as error:
            notes.warn(error.message.replace("amount", "balance"))
            return None

    def signed(self) -> Decimal | None:
        """Positive for money in. Raises Unreadable NOT_A_NUMBER, UNKNOWN_FORMAT (no mark of direction)."""
        debit, credit = self.amount("debit"), self.amount("credit")
        if debit or credit:
            return (credit or Decimal(0)) - abs(debit or Decimal(0))
        amount = self.amount("amount")
        if amount is None:
            return debit if debit is not None else credit
        mark = self.text("mark")
        if mark and self._profile.marks:
            if plain(mark) not in self._profile.marks:
                raise Unreadable("UNKNOWN_FORMAT", f"line {self.line}: {mark[:20]!r} is neither credit nor debit", line=self.line)
            return abs(amount) * SIGNS[self._profile.marks[plain(mark)]]
        nothing = Decimal(0)
        return amount * SIGNS[self._profile.sign] + (self.amount("fee") or nothing) - (self.amount("cost") or nothing)

    def status(self, notes: Notes) -> Status:
        text = self.text("status")
        if not text or not self._profile.statuses:
            return "booked"
        found = self._profile.statuses.get(plain(text))
        if found is None:
            notes.warn(f"line {self.line}: the status {text[:20]!r} is not known and is taken as booked")
        return {"pending": "pending", "information": "information"}.get(found or "", "booked")  # type: ignore[return-value]

    def transaction(self, amount: Decimal, currency: str | None) -> Transaction:
        references = dict.fromkeys(value for key, value in self.pairs if key == "reference" and value)
        return Transaction(
            amount=amount,
            currency=currency,
            counterparty=Counterparty(or_none(self.joined("name")), account_number(self.text("counterparty_account"))),
            references=tuple(reference(one) for one in references),
            text=self.joined("text"),
            end_to_end_id=or_none(self.text("end_to_end_id")),
            mandate_id=or_none(self.text("mandate_id")),
        )
