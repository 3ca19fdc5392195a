"""`saiken match`: which payment pays what, from a list of open items and bank statements, without server or database."""

import csv
import gc
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.output import Json, progress, show
from kernel.errors import Unreadable

if TYPE_CHECKING:
    from services.payments.domain.matching import Account, Allocation, Decision, Item, Line, Policy

POLICY = Path(__file__).resolve().parents[1] / "services" / "payments" / "policies" / "matching" / "default.yaml"
COLUMNS = (
    "item_id,business_unit,account_id,party_name,party_name_kana,iban,payer_code,invoice_number,structured_reference,currency,"
    "open_amount,issued_on,due_on,discount_percent,discount_until"
).split(",")
_NEEDED = ("item_id", "currency", "open_amount")
# Begins the account of an item whose customer is unknown: nobody else's.
_NOBODY = "\x00"
# A list of this size is a mistake: a portfolio of a million items is a fifth of it.
MAX_ITEMS_BYTES = 1024 * 1024 * 1024
_STATUSES = ("applied", "suggested", "unidentified", "not_receivable")


def _on(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a date like 2026-09-30") from None


def match(
    items: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="Open items: CSV with the header of docs/matching.md.")],
    statement: Annotated[list[Path], typer.Option(exists=True, dir_okay=False, help="A bank's file of any known format; repeatable.")],
    more: Annotated[list[Path] | None, typer.Argument(exists=True, dir_okay=False, help="Further statements.")] = None,
    as_of: Annotated[date | None, typer.Option(parser=_on, metavar="DATE", help="The rules of this day; else of the last line's.")] = None,
    as_json: Json = False,
) -> None:
    """Find out which payment pays what: applied, suggested to a person, or unidentified, each with its reasons.

    Example: saiken match --items items.csv --statement statement.xml --json
    """
    from services.payments.domain.matching import Book, accounts_of, match_lines

    began = perf_counter()
    gc.disable()  # nothing made here is ever garbage, and looking for it costs a third of the time
    with progress("matching"):
        rows = read_items(items.read_bytes())
        lines = list(read_lines([*statement, *(more or ())]))
        policy = matching_policy(as_of or max((line.booked_on for line in lines if line.booked_on), default=date.max))
        decisions = match_lines(lines, Book((item for item, _ in rows), accounts_of(rows)), policy)
    seconds = round(perf_counter() - began, 3)
    if as_json:
        show(to_json(lines, decisions, seconds))
    else:
        _print(lines, decisions, seconds)


def matching_policy(on: date) -> "Policy":
    """The rules of matching in force on a day."""
    from cli.law.books import parsed
    from services.payments.domain.matching import read_policy

    return read_policy(parsed(POLICY), on)


def read_items(content: bytes) -> "list[tuple[Item, Account]]":
    """The items of ITEMS.csv, each with the customer that its row describes.

    Raises Unreadable with `line`: ENCODING, EMPTY, INVALID (columns, dates, percentages, an id that is there twice),
    NOT_A_NUMBER, TOO_MANY_DECIMALS, UNKNOWN_CURRENCY, TOO_LARGE.
    """
    if len(content) > MAX_ITEMS_BYTES:
        raise Unreadable("TOO_LARGE", f"{len(content)} bytes; at most {MAX_ITEMS_BYTES} are read")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable("ENCODING", "the list of items is not UTF-8", line=content.count(b"\n", 0, error.start) + 1) from None
    reader = csv.reader(io.StringIO(text, newline=""))
    header = [name.strip() for name in next(reader, [])]
    if not header:
        raise Unreadable("EMPTY", "the list of items holds nothing")
    if missing := [name for name in COLUMNS if name not in header]:
        raise Unreadable("INVALID", f"the list of items lacks the columns {', '.join(missing)}", line=1)
    found, seen = [], set[str]()
    for cells in reader:
        if not any(cells):
            continue
        if len(cells) != len(header):
            raise Unreadable("INVALID", f"{len(cells)} cells, the header has {len(header)}", line=reader.line_num)
        row = dict(zip(header, map(str.strip, cells), strict=True))
        pair = _row(row, reader.line_num)
        if pair[0].id in seen:
            raise Unreadable("INVALID", f"item_id {pair[0].id[:40]!r} is there twice", line=reader.line_num)
        seen.add(pair[0].id)
        found.append(pair)
    return found


def _row(row: Mapping[str, str], line: int) -> "tuple[Item, Account]":
    from kernel.money import Money
    from services.payments.domain.matching import Account, Item
    from services.payments.domain.reading import account_token, code_token

    for name in _NEEDED:
        if not row[name]:
            raise Unreadable("INVALID", f"{name} is empty", line=line)
    try:
        open_minor = Money.parse(row["open_amount"], row["currency"]).minor
    except Unreadable as error:
        raise Unreadable(error.code, f"open_amount: {error.message}", **{**error.details, "line": line}) from None
    account_id = row["account_id"] or f"{_NOBODY}{row['item_id']}"
    item = Item(
        row["item_id"],
        row["business_unit"],
        account_id,
        row["invoice_number"],
        row["currency"],
        open_minor,
        row["structured_reference"],
        issued_on=_date(row, "issued_on", line),
        due_on=_date(row, "due_on", line),
        discount_percent=_percent(row["discount_percent"], line),
        discount_until=_date(row, "discount_until", line),
    )
    names = tuple(filter(None, (row["party_name"], row["party_name_kana"])))
    tokens = (*account_token(row["iban"]), *code_token(row["payer_code"]))
    return item, Account(account_id, row["business_unit"], names, tokens)


def _date(row: Mapping[str, str], name: str, line: int) -> date | None:
    try:
        return date.fromisoformat(row[name]) if row[name] else None
    except ValueError:
        raise Unreadable("INVALID", f"{name} {row[name][:40]!r} is not a date like 2026-09-30", line=line) from None


def _percent(text: str, line: int) -> Decimal | None:
    try:
        percent = Decimal(text) if text else None
    except InvalidOperation:
        percent = Decimal(-1)
    if percent is not None and not (percent.is_finite() and 0 <= percent < 100):  # noqa: PLR2004
        raise Unreadable("NOT_A_NUMBER", f"discount_percent {text[:40]!r} is not a percentage from 0 to 100", line=line)
    return percent


def read_lines(files: Sequence[Path]) -> "Iterator[Line]":
    """The booked transactions of statements; entries are numbered through all files, in the order given."""
    from cli.files import BankProfiles
    from services.payments.domain.formats import payments, read
    from services.payments.domain.reading import bank_line

    place = 0
    for file in files:
        for found in read(file.read_bytes(), file.name, profiles=BankProfiles()).statements:
            parts: Counter[int] = Counter()
            numbers: dict[int, int] = {}
            for entry in found.entries:
                place += 1
                numbers[id(entry)] = place
            for entry, part in payments(found):
                number = numbers[id(entry)]
                parts[number] += 1
                if entry.status == "booked":
                    yield bank_line(f"{number}/{parts[number]}", entry, part)


def to_json(lines: "Sequence[Line]", decisions: "Sequence[Decision]", seconds: float) -> dict[str, Any]:
    """The document of the command line's contract."""
    counts = Counter[str](decision.status for decision in decisions)
    summary = {"lines": len(lines), **{status: counts[status] for status in _STATUSES}, "seconds": seconds}
    return {"summary": summary, "lines": [_decision(line, decision) for line, decision in zip(lines, decisions, strict=True)]}


def _decision(line: "Line", decision: "Decision") -> dict[str, Any]:
    from kernel.money import format_minor

    currency = decision.currency
    sign = -1 if decision.status == "not_receivable" else 1
    return {
        "line": line.id,
        "bank_reference": line.bank_reference or None,
        "amount": format_minor(sign * line.amount_minor, currency),
        "currency": currency,
        "status": decision.status,
        "score": decision.score / 1_000_000,
        "rule": decision.rule,
        "evidence": [{"kind": one.kind, "weight": one.weight / 1000, "detail": one.detail} for one in decision.evidence],
        "allocations": [{**_allocation(one, currency), "difference": _difference(one, currency)} for one in decision.allocations],
        "on_account": format_minor(sign * decision.on_account_minor, currency),
        "account_id": _account(decision.account_id),
        "suggestions": [
            {
                "score": one.score / 1_000_000,
                "allocations": [_allocation(part, currency) for part in one.allocations],
                "on_account": format_minor(one.on_account_minor, currency),
                "account_id": _account(one.account_id),
            }
            for one in decision.suggestions
        ],
        "model": decision.model,
    }


def _account(id_: str | None) -> str | None:
    return None if id_ is None or id_.startswith(_NOBODY) else id_


def _allocation(one: "Allocation", currency: str) -> dict[str, Any]:
    from kernel.money import format_minor

    return {"item_id": one.item_id, "amount": format_minor(one.amount_minor, currency)}


def _difference(one: "Allocation", currency: str) -> dict[str, Any] | None:
    from kernel.money import format_minor

    if one.difference is None:
        return None
    return {"amount": format_minor(one.difference.amount_minor, currency), "reason": one.difference.reason}


def _print(lines: "Sequence[Line]", decisions: "Sequence[Decision]", seconds: float) -> None:
    document = to_json(lines, decisions, seconds)
    for line, row in zip(lines, document["lines"], strict=True):
        where = ", ".join(f"{part['item_id']} {part['amount']}" for part in row["allocations"])
        rest = f"on account {row['on_account']}" if row["on_account"].strip("0.") and row["status"] == "applied" else ""
        about = "; ".join(filter(None, (where, rest))) or " ".join((line.payer_name, *line.texts))[:60]
        print(f"{row['line']:>8}  {row['amount']:>14} {row['currency']}  {row['status']:<14} {row['score']:.3f}  {row['rule']:<24} {about}")
    print(", ".join(f"{name} {count}" for name, count in document["summary"].items()))
