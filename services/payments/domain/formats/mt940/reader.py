"""Reads MT940 and MT942 messages into statements, and checks what the format lets check."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from kernel.errors import Unreadable
from kernel.money import EXPONENTS
from kernel.references import is_iban, normalise_iban
from services.payments.domain.formats.mt940.details import Details, read_details
from services.payments.domain.formats.mt940.fields import Field, Message, first_tags, messages
from services.payments.domain.formats.mt940.line61 import Line, read_amount, read_line
from services.payments.domain.formats.statement import Entry, File, Notes, Statement, Transaction, amount_text, total
from services.payments.domain.formats.values import or_none, reference, tidy

_BALANCE = re.compile(r"(R?[CD])\s*(\d{6})\s*([A-Z]{3})?\s*(\d[\d.,]*)\s*")
_TOTAL = re.compile(r"(\d{1,5})([A-Z]{3})?(\d[\d.,]*)")
_FLOOR = re.compile(r"([A-Z]{3})([CD])?(\d[\d.,]*)")
_STARTS_940 = re.compile(r"(?:NS )?(?:20 .*(?:25|28|60|61)|25P? .*(?:28|60)|28C? 60|60[FM] 61|61(?: 86| 61|$)|NS$)")
_STARTS_942 = re.compile(r"(?:20 ).*?(?:34F|13D|90[CD])")
_SWIFT_942 = re.compile(rb"\{2:[IO]942")
_CURRENCY_BEHIND = re.compile(r"(.*\d)\s*([A-Z]{3})")


def recognises_942(content: bytes) -> bool:
    """True for the tags that only an interim report has before its first line, or its SWIFT header."""
    tags = first_tags(content)
    return _SWIFT_942.search(content[:200]) is not None or (_STARTS_942.match(tags) is not None and "60F" not in tags)


def recognises_940(content: bytes) -> bool:
    """True when the first tags are a statement's."""
    return _STARTS_940.match(first_tags(content)) is not None and not recognises_942(content)


def read(content: bytes, received_on: date | None = None) -> File:
    """The file's statements. Raises Unreadable UNKNOWN_FORMAT, TRUNCATED, NOT_A_NUMBER, ENCODING, TOO_LARGE; with `line`."""
    del received_on  # two-digit years have a fixed window
    notes = Notes()
    interim = recognises_942(content)
    found = list(messages(content, notes))
    statements = []
    for message in found:
        last = message is found[-1]
        statements.append(_statement(message, notes, interim=interim, last=last))
    _check_chain(statements, found, notes)
    return notes.file("statement", "mt942" if interim else "mt940", statements)


@dataclass(frozen=True, slots=True)
class _Balance:
    amount: Decimal
    currency: str | None


def _statement(message: Message, notes: Notes, *, interim: bool, last: bool) -> Statement:
    opening, closing = _balance(message.first("60F", "60M")), _balance(message.last("62F", "62M"))
    account, behind = _account(message.first("25", "25P"))
    currency = next(
        (balance.currency for balance in (opening, closing, _balance(message.first("64"))) if balance and balance.currency), None
    )
    currency = currency or _floor_currency(message) or behind
    entries = tuple(_entries(message, currency, notes, last=last))
    line = message.fields[0].line
    if account is None:
        notes.warn(f"line {line}: the statement names no account")
    if opening and closing and closing.currency not in {None, currency}:
        notes.warn(f"line {line}: the closing balance is in {closing.currency}, the opening in {currency}")
    if not interim and closing is None and entries:
        notes.fail(f"line {line}: the statement has no closing balance (62F); it may be cut off")
    if interim:
        _check_totals(message, entries, notes)
    own, number = message.first("20"), message.first("28C", "28")
    return Statement(
        account=account,
        currency=currency,
        id=or_none(own.first) if own else None,
        number=or_none(number.first) if number else None,
        opening_balance=opening.amount if opening else None,
        closing_balance=closing.amount if closing else None,
        entries=entries,
        final=not interim,
    )


def _entries(message: Message, currency: str | None, notes: Notes, *, last: bool) -> Iterator[Entry]:
    for place, field in enumerate(message.fields):
        if field.tag != "61":
            continue
        try:
            line = read_line(field, notes)
        except Unreadable as error:
            if last and place == len(message.fields) - 1 and error.code == "UNKNOWN_FORMAT":
                raise Unreadable("TRUNCATED", f"{error.message}; the file ends there", line=field.line) from None
            raise
        following = message.fields[place + 1 : place + 3]
        # A bank puts its name and address field (NS) between a line and its information.
        about = next((one for one in following if one.tag != "NS"), None)
        details = read_details(about.lines) if about is not None and about.tag == "86" else _own_details(following)
        yield _entry(line, details, currency, field.line)


def _own_details(following: list[Field]) -> Details:
    """Hungarian banks put what others say in 86 into NS: two digits, then text, on each line."""
    own = next((one for one in following[:1] if one.tag == "NS"), None)
    return Details(text=tidy(" ".join(line[2:] if line[:2].isdecimal() else line for line in own.lines))) if own else Details()


def _entry(line: Line, details: Details, currency: str | None, number: int) -> Entry:
    party = details.counterparty
    more = tidy(line.more)
    if party.account is None and is_iban(more):
        party, more = replace(party, account=normalise_iban(more)), ""
    references = dict.fromkeys(reference(one) for one in (*details.references, line.reference) if one)
    part = Transaction(
        amount=line.amount,
        currency=currency,
        counterparty=party,
        references=tuple(references),
        text=details.text or more,
        end_to_end_id=details.end_to_end_id,
        mandate_id=details.mandate_id,
        return_reason=details.return_reason,
    )
    return Entry(
        amount=line.amount,
        currency=currency,
        direction=line.direction,
        transactions=(part,),
        reversal=line.reversal,
        booked_on=line.booked_on,
        value_on=line.value_on,
        bank_reference=line.bank_reference,
        bank_transaction_code=f"{line.kind}+{details.code}+" if details.code else line.kind or None,
        line=number,
    )


def _account(field: Field | None) -> tuple[str | None, str | None]:
    """The account, and the currency that some banks write behind it."""
    if field is None:
        return None, None
    text = tidy(field.first).removeprefix("/")
    match = _CURRENCY_BEHIND.fullmatch(text)
    behind = match[2] if match and match[2] in EXPONENTS else None
    if match and behind:
        text = match[1].strip()
    return (normalise_iban(text) if is_iban(text) else or_none(text)), behind


def _balance(field: Field | None) -> _Balance | None:
    """``C260930EUR1234,56``. Raises Unreadable NOT_A_NUMBER with `line`."""
    if field is None:
        return None
    match = _BALANCE.fullmatch(field.first)
    if match is None:
        raise Unreadable("NOT_A_NUMBER", f"line {field.line}: {field.first[:40]!r} is no balance", line=field.line)
    amount = read_amount(match[4], field.line)
    return _Balance(-amount if match[1].endswith("D") else amount, match[3])


def _floor_currency(message: Message) -> str | None:
    """An interim report has no balance to name its currency: the floor limits or the sums do."""
    field = message.first("34F")
    match = _FLOOR.match(field.first) if field else None
    sums = (_TOTAL.match(one.first) for one in message.fields if one.tag in {"90C", "90D"})
    return match[1] if match else next((found[2] for found in sums if found and found[2]), None)


def _check_totals(message: Message, entries: tuple[Entry, ...], notes: Notes) -> None:
    """90D and 90C: count and sum. Lines below the floor limit (34F) are counted but not listed."""
    floors = [read_amount(match[3], one.line) for one in message.fields if one.tag == "34F" and (match := _FLOOR.match(one.first))]
    for field in message.fields:
        match = _TOTAL.match(field.first) if field.tag in {"90C", "90D"} else None
        if match is None:
            continue
        direction = "credit" if field.tag == "90C" else "debit"
        mine = [entry for entry in entries if entry.direction == direction]
        count, said = int(match[1]), read_amount(match[3], field.line)
        held = total(entry.amount for entry in mine)
        if count == len(mine) and said == held:
            continue
        text = f"line {field.line}: {field.tag} says {count} {direction}s of {said:f}, the report holds {len(mine)} of {held:f}"
        (notes.warn if any(floors) else notes.fail)(text)


def _check_chain(statements: list[Statement], found: list[Message], notes: Notes) -> None:
    """A page goes on where the one before ended; so does an account's next statement in the same file."""
    last: dict[tuple[str | None, str | None], Statement] = {}
    for statement, message in zip(statements, found, strict=True):
        key = (statement.account, statement.currency)
        before = last.get(key)
        if before is not None and not _goes_on(before, statement):
            opening = amount_text(statement.opening_balance or Decimal(0), statement.currency)
            closing = amount_text(before.closing_balance or Decimal(0), statement.currency)
            text = f"line {message.fields[0].line}: opens with {opening}, the statement before closed with {closing}"
            (notes.fail if message.first("60M") else notes.warn)(text)
        last[key] = statement


def _goes_on(before: Statement, statement: Statement) -> bool:
    """True where the balances meet, or one of them is unknown."""
    return None in {before.closing_balance, statement.opening_balance} or before.closing_balance == statement.opening_balance
