"""Reads Zengin files: the order of records, accounts, entries, and the checks the format carries in itself."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from kernel.errors import Unreadable
from services.payments.domain.formats.statement import (
    Counterparty,
    Direction,
    Entry,
    File,
    Kind,
    Notes,
    Statement,
    Transaction,
    total,
)
from services.payments.domain.formats.zengin import layout
from services.payments.domain.formats.zengin.csvform import csv_records, starts_like_zengin_csv
from services.payments.domain.formats.zengin.eras import EraDates, is_blank
from services.payments.domain.formats.zengin.records import Record, records, starts_like_zengin

_CURRENCY = "JPY"
_TIME_DEPOSITS = frozenset("567")
_DIRECTIONS: dict[str, Direction] = {"1": "credit", "2": "debit"}
_OTHER_KINDS: dict[str, Kind] = {"11": "payment_order", "12": "payment_order", "21": "payment_order"}


def recognises(content: bytes) -> bool:
    """True for a header of a known kind."""
    return starts_like_zengin(content) or starts_like_zengin_csv(content)


def read(content: bytes, received_on: date | None = None) -> File:
    """The file's accounts, one statement each. `received_on` decides which era its years are of.

    Raises Unreadable ENCODING, TRUNCATED, NOT_A_NUMBER, UNKNOWN_FORMAT, with `line`.
    """
    notes = Notes()
    as_csv = starts_like_zengin_csv(content)
    kind, all_records = csv_records(content, notes) if as_csv else records(content, notes)
    name = f"zengin.{kind}"
    if all_records[-1].kind != "9":
        line = all_records[-1].line
        raise Unreadable("TRUNCATED", f"line {line}: the file ends without its end record (9)", line=line)
    if kind in {"01", "03"}:
        file = _File(kind, notes, received_on)
        for record in all_records:
            file.take(record)
        return notes.file("statement", name, file.statements)
    if kind == "91":
        result = any(record.kind == "8" and record.cut(*layout.RESULT_COUNTS_91).strip(" 0") for record in all_records)
        notes.warn(f"{name} is a direct debit {'result' if result else 'request'}, no statement")
        return notes.file("direct_debit_result" if result else "payment_order", name)
    if kind in _OTHER_KINDS:
        notes.warn(f"{name} is a payment order, no statement")
        return notes.file(_OTHER_KINDS[kind], name)
    raise Unreadable("UNKNOWN_FORMAT", f"種別コード {kind} is not read", line=1)


@dataclass(slots=True)
class _Account:
    header: Record
    dates: EraDates
    entries: list[Entry] = field(default_factory=list)


@dataclass(slots=True)
class _File:
    """The order 1 2* 8, repeated, then 9."""

    kind: str
    notes: Notes
    received_on: date | None
    statements: list[Statement] = field(default_factory=list)
    account: _Account | None = None
    accounts: int = 0
    records: int = 0
    format_b: bool = False

    def take(self, record: Record) -> None:
        self.records += 1
        steps: dict[str, Callable[[Record], None]] = {
            "1": self._header,
            "2": self._data,
            "8": self._trailer,
            "9": self._end,
        }
        step = steps.get(record.kind)
        if step is None:
            raise Unreadable("UNKNOWN_FORMAT", f"line {record.line}: データ区分 {record.kind!r} is none", line=record.line)
        step(record)

    def _header(self, record: Record) -> None:
        if self.account is not None:
            raise _no_trailer(record)
        if record.cut(1, 3) != self.kind:
            raise Unreadable("UNKNOWN_FORMAT", f"line {record.line}: another 種別コード than the file's", line=record.line)
        record = record.using(layout.HEADER_03 if self.kind == "03" else layout.HEADER_01)
        self.accounts += 1
        self.account = _Account(record, _dates(record, self.received_on, self.notes))

    def _data(self, record: Record) -> None:
        if self.account is None:
            raise _out_of_order(record)
        read_data = self._movement if self.kind == "03" else self._transfer
        self.account.entries.append(read_data(record, self.account))

    def _movement(self, record: Record, account: _Account) -> Entry:
        time_deposit = account.header.text("deposit") in _TIME_DEPOSITS
        record = record.using(layout.DATA_03_TIME if time_deposit else layout.DATA_03)
        direction = _DIRECTIONS.get(record.text("direction"))
        if direction is None:
            raise Unreadable("UNKNOWN_FORMAT", f"line {record.line}: 入払区分 is neither 1 nor 2", line=record.line)
        return _entry(record, account.dates, Decimal(record.number("amount")), direction, self.notes)

    def _transfer(self, record: Record, account: _Account) -> Entry:
        self.format_b = self.format_b or _is_format_b(record)
        record = record.using(layout.DATA_01_B if self.format_b else layout.DATA_01_A)
        amount = record.number("amount")
        if self.format_b and not amount:
            amount = record.optional_number("large_amount")
        cancelled = record.text("cancelled") == "1"
        return _entry(record, account.dates, Decimal(amount), "debit" if cancelled else "credit", self.notes, reversal=cancelled)

    def _trailer(self, record: Record) -> None:
        if self.account is None:
            raise _out_of_order(record)
        account, self.account = self.account, None
        record = record.using(layout.TRAILER_03 if self.kind == "03" else layout.TRAILER_01)
        _check_trailer(record, account.entries, self.notes)
        header = account.header
        opening = closing = None
        if self.kind == "03":
            opening, closing = _balance(header, "opening"), _balance(record, "closing")
        self.statements.append(
            Statement(
                account=header.text("account") or None,
                currency=_CURRENCY,
                opening_balance=opening,
                closing_balance=closing,
                entries=tuple(account.entries),
                bank=f"{header.text('bank')}-{header.text('branch')}-{header.text('deposit')}",
            )
        )

    def _end(self, record: Record) -> None:
        if self.account is not None:
            raise _no_trailer(record)
        if self.kind == "03":
            record = record.using(layout.END_03)
            for name, held in (("records", self.records), ("accounts", self.accounts)):
                said = record.optional_number(name)
                if said and said != held:
                    self.notes.fail(f"line {record.line}: the end record counts {said} {name}, the file holds {held}")
        self.records = self.accounts = 0  # what follows is another file behind the first


def _no_trailer(record: Record) -> Unreadable:
    return Unreadable("TRUNCATED", f"line {record.line}: the account before has no trailer (8)", line=record.line)


def _out_of_order(record: Record) -> Unreadable:
    return Unreadable("UNKNOWN_FORMAT", f"line {record.line}: a record {record.kind} outside an account", line=record.line)


def _dates(header: Record, received_on: date | None, notes: Notes) -> EraDates:
    """The creation date settles the era of the others; 勘定日 (自) <= (至) <= 作成日."""
    made_on = EraDates(received_on=received_on).made(header.text("made_on"))
    dates = EraDates(made_on, received_on)
    if made_on is None:
        notes.warn(f"line {header.line}: 作成日 {header.text('made_on')!r} is no date")
    period = [dates.near(header.text("from_on")), dates.near(header.text("to_on")), made_on]
    given = [on for on in period if on is not None]
    if given != sorted(given):
        notes.warn(f"line {header.line}: 勘定日 (自), (至) and 作成日 are not in order")
    return dates


def _balance(record: Record, name: str) -> Decimal:
    amount = Decimal(record.optional_number(name))
    return -amount if record.text("sign") == "2" and amount else amount


def _is_format_b(record: Record) -> bool:
    """Two amounts of twelve digits, or text where format A has nothing."""
    amounts, edi = record.cut(*layout.AMOUNTS_01_B), record.cut(*layout.EDI_ONLY_01_B)
    return (amounts.isascii() and amounts.isdecimal()) or bool(edi.strip())


def _entry(record: Record, dates: EraDates, amount: Decimal, direction: Direction, notes: Notes, *, reversal: bool = False) -> Entry:
    reference, edi = record.text("reference"), record.text("edi")
    text = " ".join(part for part in (record.text("text"), edi) if part)
    part = Transaction(
        amount,
        _CURRENCY,
        counterparty=_counterparty(record, direction, reversal=reversal),
        references=(edi,) if edi else (),
        text=text,
    )
    return Entry(
        amount=amount,
        currency=_CURRENCY,
        direction=direction,
        transactions=(part,),
        reversal=reversal,
        booked_on=_date(record, "booked_on", dates, notes),
        value_on=_date(record, "value_on", dates, notes),
        bank_reference=reference if reference.strip("0") else None,
        bank_transaction_code=record.text("kind") or None,
        line=record.line,
    )


def _date(record: Record, name: str, dates: EraDates, notes: Notes) -> date | None:
    text = record.text(name)
    on = dates.near(text)
    if on is None and not is_blank(text):
        notes.warn(f"line {record.line}: {name} {text!r} is no date")
    return on


def _counterparty(record: Record, direction: Direction, *, reversal: bool) -> Counterparty:
    """Who transferred; on money out by direct debit the field holds our contract number instead (left 20 bytes)."""
    code = record.text("payer_code")
    code = code if code.strip("0") else ""
    contract = record.text("contract")
    if direction == "debit" and not reversal and contract.isascii() and contract and record.text("payer") == contract:
        return Counterparty(code=contract)
    return Counterparty(name=record.text("payer") or None, code=code or None)


def _check_trailer(record: Record, entries: list[Entry], notes: Notes) -> None:
    for direction, word in (("credit", "入金"), ("debit", "出金")):
        mine = [entry for entry in entries if entry.direction == direction]
        held = total(entry.amount for entry in mine)
        count, said = record.optional_number(f"{direction}_count"), record.optional_number(f"{direction}_sum")
        if count != len(mine):
            notes.fail(f"line {record.line}: the trailer counts {count} {direction} lines ({word}), there are {len(mine)}")
        if said != held:
            notes.fail(f"line {record.line}: the trailer's {direction} sum ({word}) is {said}, the lines give {held}")
    if "records" in record.layout:
        said_records = record.optional_number("records")
        if said_records and said_records != len(entries):
            notes.fail(f"line {record.line}: the trailer counts {said_records} data records, there are {len(entries)}")
