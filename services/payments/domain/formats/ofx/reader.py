"""Makes statements of OFX aggregates: one for each bank, card or investment account."""

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

from kernel.errors import Unreadable
from services.payments.domain.formats.ofx.tags import Aggregate, aggregates, refuse_doctype
from services.payments.domain.formats.safexml import looks_like_xml, root_name
from services.payments.domain.formats.statement import Counterparty, Direction, Entry, File, Notes, Statement, Transaction
from services.payments.domain.formats.values import MAX_AMOUNT_CHARACTERS, decode_text, iso_date, or_none, reference, tidy

_STARTS = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:OFXHEADER\s*:|<\?OFX|<OFX[\s>])", re.IGNORECASE)
_VERSION = re.compile(r"(?<![A-Z])VERSION\s*[:=]\s*[\"']?(\d{3})")
_ROOT = re.compile(r"<(?:\w{1,20}:)?OFX[\s>]", re.IGNORECASE)
_HEADER_CHARACTERS = 2_000
_STATEMENTS = frozenset({"STMTRS", "CCSTMTRS", "INVSTMTRS"})
_LINES = frozenset({"STMTTRN", "STMTTRNP"})
# Buys, sells and their like move securities; what they do to the cash of the account a broker reports elsewhere.
_SECURITIES = frozenset(
    "BUYDEBT BUYMF BUYOPT BUYOTHER BUYSTOCK CLOSUREOPT INCOME INVEXPENSE JRNLFUND JRNLSEC MARGININTEREST REINVEST RETOFCAP "
    "SELLDEBT SELLMF SELLOPT SELLOTHER SELLSTOCK SPLIT TRANSFER".split()
)
_FAILURES = frozenset({"STMTTRNRS", "CCSTMTTRNRS", "INVSTMTTRNRS"})
_DEBITS = frozenset("DEBIT FEE SRVCHG ATM POS CHECK PAYMENT CASH DIRECTDEBIT REPEATPMT".split())
_COMMA = re.compile(r"[+-]?\d*,\d+")
_POINT = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")
_GROUPS = re.compile(r"[+-]?\d{1,3}(,\d{3})+\.\d+")
_GROUPS_POINT = re.compile(r"[+-]?\d{1,3}(\.\d{3})+,\d+")


def recognises(content: bytes) -> bool:
    """True for an OFX header, or the root element OFX."""
    return _STARTS.match(content) is not None or (looks_like_xml(content) and root_name(content).upper() == "OFX")


def read(content: bytes, received_on: date | None = None) -> File:
    """The file's accounts. Raises Unreadable TRUNCATED, NOT_A_NUMBER, ENCODING, UNSAFE_XML, TOO_LARGE; with `line`."""
    del received_on  # years have four digits
    notes = Notes()
    text = decode_text(content, notes)
    refuse_doctype(text)
    statements: list[Statement] = []
    entries: list[Entry] = []
    securities = 0
    version = _VERSION.search(text[:_HEADER_CHARACTERS])
    root = _ROOT.search(text)
    if root is None:
        raise Unreadable("TRUNCATED", "the file ends before its <OFX> begins", line=text.count("\n") + 1)
    # The header stays as empty lines, so that places are the file's.
    body = "\n" * text.count("\n", 0, root.start()) + text[root.start() :]
    for found in aggregates(body, _STATEMENTS | _LINES | _SECURITIES | _FAILURES):
        if found.name in _LINES:
            entries.append(_entry(found, notes))
        elif found.name in _SECURITIES:
            securities += 1
        elif found.name in _STATEMENTS:
            statements.append(_statement(found, entries))
            entries = []
        elif found.get("STATUS.SEVERITY") == "ERROR":
            notes.warn(f"line {found.line}: the bank answers with error {(found.get('STATUS.CODE') or '')[:10]}")
    if securities:
        notes.warn(f"{securities} movements of securities are not listed: they are no movements of cash")
    if not statements:
        notes.warn("the file holds no statement")
    return notes.file("statement", f"ofx.{version[1]}" if version else "ofx", statements)


def _statement(found: Aggregate, entries: list[Entry]) -> Statement:
    currency = or_none(found.get("CURDEF"))
    balance = found.get("LEDGERBAL.BALAMT", "INVBAL.AVAILCASH")
    accounts = ("BANKACCTFROM", "CCACCTFROM", "INVACCTFROM")
    bank = [found.get(*(f"{account}.{part}" for account in accounts)) for part in ("BANKID", "BROKERID", "BRANCHID")]
    return Statement(
        account=or_none(found.get(*(f"{account}.ACCTID" for account in accounts))),
        currency=currency.upper() if currency else None,
        closing_balance=read_amount(balance, found.line) if balance else None,
        entries=tuple(_in_currency(entry, currency) for entry in entries),
        bank="-".join(tidy(part) for part in bank if part) or None,
        details_reported=bool(entries),
    )


def _in_currency(entry: Entry, currency: str | None) -> Entry:
    """The account's currency stands before its transactions in the file, but is complete only after them."""
    if entry.currency is not None or currency is None:
        return entry
    currency = currency.upper()
    return replace(entry, currency=currency, transactions=tuple(replace(part, currency=currency) for part in entry.transactions))


def _entry(found: Aggregate, notes: Notes) -> Entry:
    amount = read_amount(found.get("TRNAMT") or "", found.line)
    kind = (found.get("TRNTYPE") or "").upper()
    direction: Direction = "debit" if amount < 0 or (not amount and kind in _DEBITS) else "credit"
    # CURRENCY says what the amount is in; ORIGCURRENCY only what it was before.
    currency = or_none(found.get("CURRENCY.CURSYM"))
    name, memo = tidy(found.get("NAME", "PAYEE.NAME")), tidy(found.get("MEMO"))
    references = (found.get("REFNUM"), found.get("CHECKNUM"))
    part = Transaction(
        amount=abs(amount),
        currency=currency,
        counterparty=Counterparty(name or None, or_none(found.get("BANKACCTTO.ACCTID", "CCACCTTO.ACCTID"))),
        references=tuple(dict.fromkeys(reference(value) for value in references if value and value.strip("0 "))),
        text=memo or name,
    )
    return Entry(
        amount=abs(amount),
        currency=currency,
        direction=direction,
        transactions=(part,),
        status="pending" if found.name == "STMTTRNP" else "booked",
        booked_on=_date(found, "DTPOSTED", notes),
        value_on=_date(found, "DTAVAIL", notes) if found.get("DTAVAIL") else None,
        bank_reference=or_none(found.get("FITID")),
        bank_transaction_code=kind or None,
        line=found.line,
    )


def _date(found: Aggregate, name: str, notes: Notes) -> date | None:
    text = found.get(name) or ""
    on = iso_date(text)
    if on is None:
        notes.warn(f"line {found.line}: {name} {text[:20]!r} is no date")
    return on


def read_amount(text: str, line: int) -> Decimal:
    """``-10.00``, ``10,00``, ``1,234.56``: OFX allows comma and point. Raises Unreadable NOT_A_NUMBER with `line`."""
    plain = "".join(text.split())
    if len(plain) <= MAX_AMOUNT_CHARACTERS and plain.isascii():
        if _POINT.fullmatch(plain):
            return Decimal(plain)
        if _COMMA.fullmatch(plain):
            return Decimal(plain.replace(",", "."))
        if _GROUPS.fullmatch(plain):
            return Decimal(plain.replace(",", ""))
        if _GROUPS_POINT.fullmatch(plain):
            return Decimal(plain.replace(".", "").replace(",", "."))
    raise Unreadable("NOT_A_NUMBER", f"line {line}: {text[:40]!r} is no amount", line=line, value=text[:40])
