"""Reads BAI2 (Cash Management Balance Reporting, version 2): records 01 02 03 16 49 88 98 99."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from kernel.errors import Unreadable
from kernel.money import EXPONENTS
from services.payments.domain.formats.bai2_fields import Fields, split_summaries
from services.payments.domain.formats.bai2_records import Record, records, starts_like_bai2
from services.payments.domain.formats.statement import Direction, Entry, File, Notes, Statement, Transaction
from services.payments.domain.formats.values import or_none, short_date, tidy, whole_number

_OPENING_LEDGER, _CLOSING_LEDGER = "010", "015"
# Group status (02, field 5): deletion and test are no statements to book.
_DELETION, _TEST = "2", "4"
# As-of-date modifier (02, field 8): interim data of the previous or the same day.
_INTERIM = frozenset({"1", "3"})
_DEFAULT_EXPONENT = 2


def recognises(content: bytes) -> bool:
    """True when the first record is 01."""
    return starts_like_bai2(content)


def read(content: bytes, received_on: date | None = None) -> File:
    """The file's accounts, one statement each per group.

    Raises Unreadable UNKNOWN_FORMAT (order of records), TRUNCATED, NOT_A_NUMBER, ENCODING; with `line`.
    """
    del received_on  # two-digit years have a fixed window
    notes = Notes()
    file = _File(notes)
    for record in records(content, notes):
        file.take(record)
    file.end()
    return notes.file("statement", "bai2", file.statements)


@dataclass(slots=True)
class _Level:
    """What a closing record must say about what it closes: its control total and its count of records."""

    line: int
    total: int = 0
    records: int = 0
    lines: int = 0
    children: int = 0

    def count(self, record: Record) -> None:
        self.records += record.records
        self.lines += record.lines


@dataclass(slots=True)
class _Group:
    level: _Level
    currency: str | None
    as_of: date | None
    status: str
    final: bool


@dataclass(slots=True)
class _Account:
    level: _Level
    number: str | None
    currency: str | None
    opening: Decimal | None = None
    closing: Decimal | None = None
    entries: list[Entry] = field(default_factory=list)


@dataclass(slots=True)
class _File:
    """The nesting of file, group and account while the records go by."""

    notes: Notes
    statements: list[Statement] = field(default_factory=list)
    level: _Level | None = None
    group: _Group | None = None
    account: _Account | None = None
    last_line: int = 1

    def take(self, record: Record) -> None:
        self.last_line = record.line
        for level in (self.level, self.group and self.group.level, self.account and self.account.level):
            if level:
                level.count(record)
        steps = {
            "01": self._open_file,
            "02": self._open_group,
            "03": self._open_account,
            "16": self._detail,
            "49": self._close_account,
            "98": self._close_group,
            "99": self._close_file,
        }
        steps[record.code](record)

    def end(self) -> None:
        if self.level is not None:
            raise Unreadable("TRUNCATED", "the file ends without its record 99", line=self.last_line)

    def _open_file(self, record: Record) -> None:
        if self.level is not None:
            raise _out_of_order(record)
        self.level = _Level(record.line)
        self.level.count(record)

    def _open_group(self, record: Record) -> None:
        if self.level is None or self.group is not None:
            raise _out_of_order(record)
        fields = Fields(record)
        fields.skip(2)
        status, as_of = fields.next(), fields.next()
        fields.skip(1)
        currency, modifier = fields.next().upper() or None, fields.next()
        on = short_date(as_of)
        if on is None:
            self.notes.warn(f"line {record.line}: the group's date {as_of[:20]!r} is no date")
        if status in {_DELETION, _TEST}:
            self.notes.fail(f"line {record.line}: the group's status is {'deletion' if status == _DELETION else 'test'}")
        self.group = _Group(_Level(record.line), currency, on, status, modifier not in _INTERIM)
        self.group.level.count(record)

    def _open_account(self, record: Record) -> None:
        if self.group is None or self.account is not None:
            raise _out_of_order(record)
        fields = Fields(record)
        number, currency = fields.next(), fields.next().upper() or self.group.currency
        if currency is None:
            self.notes.warn(f"line {record.line}: neither account nor group names a currency; amounts are read with two decimals")
        account = _Account(_Level(record.line), or_none(number), currency)
        account.level.count(record)
        for code, amount in split_summaries(fields):
            account.level.total += amount or 0
            if code == _OPENING_LEDGER and amount is not None:
                account.opening = scaled(amount, currency)
            if code == _CLOSING_LEDGER and amount is not None:
                account.closing = scaled(amount, currency)
        self.account = account

    def _detail(self, record: Record) -> None:
        if self.group is None or self.account is None:
            raise _out_of_order(record)
        entry, amount = _entry(record, self.account.currency, self.group, self.notes)
        self.account.level.total += amount
        self.account.entries.append(entry)

    def _close_account(self, record: Record) -> None:
        if self.group is None or self.account is None:
            raise _out_of_order(record)
        account = self.account
        _check(record, account.level, "account", 0, self.notes)
        self.group.level.total += account.level.total
        self.group.level.children += 1
        self.statements.append(
            Statement(
                account=account.number,
                currency=account.currency,
                opening_balance=account.opening,
                closing_balance=account.closing,
                entries=tuple(account.entries),
                final=self.group.final,
                details_reported=bool(account.entries),
            )
        )
        self.account = None

    def _close_group(self, record: Record) -> None:
        if self.level is None or self.group is None or self.account is not None:
            raise _out_of_order(record)
        _check(record, self.group.level, "group", 1, self.notes)
        self.level.total += self.group.level.total
        self.level.children += 1
        self.group = None

    def _close_file(self, record: Record) -> None:
        if self.level is None or self.group is not None:
            raise _out_of_order(record)
        _check(record, self.level, "file", 1, self.notes)
        self.level = None


def scaled(amount: int, currency: str | None) -> Decimal:
    """Minor units as a decimal of the currency; exact."""
    return Decimal(amount).scaleb(-EXPONENTS.get(currency or "", _DEFAULT_EXPONENT))


def _out_of_order(record: Record) -> Unreadable:
    return Unreadable(
        "UNKNOWN_FORMAT", f"line {record.line}: record {record.code} does not belong here", line=record.line, record=record.code
    )


def _check(record: Record, level: _Level, what: str, counts: int, notes: Notes) -> None:
    """Control total, number of groups or accounts (98, 99), number of records; each only where it is given."""
    fields = Fields(record)
    said = fields.amount("control total")
    if said is not None and said != level.total:
        notes.fail(f"line {record.line}: the {what}'s control total is {said}, its amounts give {level.total}")
    children = fields.next() if counts else ""
    if children and whole_number(children, record.line, "count") != level.children:
        notes.fail(f"line {record.line}: the {what} counts {children[:20]} parts, it holds {level.children}")
    number = fields.next()
    # Some banks count a wrapped line as a record of its own.
    if number and whole_number(number, record.line, "count") not in {level.records, level.lines}:
        notes.fail(f"line {record.line}: the {what} counts {number[:20]} records, it holds {level.records}")


def _direction(code: str, record: Record) -> Direction:
    """By the type code's range: 100-399 credit, 400-699 debit, loans and the bank's own codes by halves."""
    number = whole_number(code, record.line, "type code")
    for low, high, direction in _RANGES:
        if low <= number <= high:
            return direction
    raise Unreadable("UNKNOWN_FORMAT", f"line {record.line}: type code {code[:20]} is neither credit nor debit", line=record.line)


_RANGES: tuple[tuple[int, int, Direction], ...] = (
    (100, 399, "credit"),
    (400, 699, "debit"),
    (700, 759, "credit"),
    (760, 799, "debit"),
    (920, 959, "credit"),
    (960, 999, "debit"),
)
# 890 and 900-919 carry text or status, no money.
_NON_MONETARY = frozenset({"890", *(str(code) for code in range(900, 920))})


def _entry(record: Record, currency: str | None, group: _Group, notes: Notes) -> tuple[Entry, int]:
    """The entry, and its amount as it enters the control total."""
    fields = Fields(record)
    code = fields.next()
    amount = fields.amount("amount") or 0
    value_on = fields.value_date()
    reference, customer = or_none(fields.reference()), or_none(fields.reference())
    text = tidy(fields.rest())
    information = code in _NON_MONETARY
    direction: Direction = "credit" if information else _direction(code, record)
    if amount < 0 and direction == "credit":
        notes.warn(f"line {record.line}: a negative credit takes money out and is read as debit")
        direction = "debit"
    money = scaled(abs(amount), currency)
    entry = Entry(
        amount=money,
        currency=currency,
        direction=direction,
        transactions=(Transaction(money, currency, references=(customer,) if customer else (), text=text),),
        status="information" if information or group.status == _TEST else "booked",
        booked_on=group.as_of,
        value_on=value_on,
        bank_reference=reference,
        bank_transaction_code=code,
        line=record.line,
    )
    return entry, amount
