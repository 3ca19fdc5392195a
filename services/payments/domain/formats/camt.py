"""Reads ISO 20022 camt.052, camt.053 and camt.054 of all versions, by local names."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import BinaryIO

from kernel.errors import Unreadable
from kernel.references import normalise_iban
from services.payments.domain.formats.camt_entry import Account, read_amount, read_entry
from services.payments.domain.formats.node import Node, to_flat, to_node
from services.payments.domain.formats.safexml import Element, local, looks_like_xml, namespace, root_name, stream
from services.payments.domain.formats.statement import Entry, File, Kind, Notes, Statement, checked, total
from services.payments.domain.formats.tally import Tally

# The message's own element (version 1 called it BkToCstmrStmtV01) -> message, and what holds one account.
_MESSAGES = {
    "BkToCstmrAcctRpt": ("camt.052", "Rpt"),
    "BkToCstmrStmt": ("camt.053", "Stmt"),
    "BkToCstmrDbtCdtNtfctn": ("camt.054", "Ntfctn"),
}
_OTHER_KINDS: dict[str, tuple[str, Kind]] = {
    "CstmrCdtTrfInitn": ("pain.001", "payment_order"),
    "CstmrPmtStsRpt": ("pain.002", "status_report"),
    "CstmrPmtRvsl": ("pain.007", "payment_order"),
    "CstmrDrctDbtInitn": ("pain.008", "payment_order"),
}
_ACCOUNTS = frozenset(holder for _, holder in _MESSAGES.values())
_STREAMED = _ACCOUNTS | {"Ntry"}
_VERSION = re.compile(r"(camt|pain)\.\d{3}\.\d{3}\.\d{2}[0-9a-z.]*")

_OPENING = ("OPBD", "PRCD")
_CLOSING = ("CLBD",)
_INTERIM = ("ITBD", "INTM")


def recognises(content: bytes) -> bool:
    """True for XML that is not OFX; whether it is a bank message is seen while reading."""
    return looks_like_xml(content) and root_name(content).upper() not in {"OFX", "HTML"}


def read(content: bytes, received_on: date | None = None) -> File:
    """The file's statements. Raises Unreadable UNKNOWN_FORMAT, UNSAFE_XML, TRUNCATED, ENCODING, NOT_A_NUMBER, TOO_LARGE."""
    del received_on  # ISO dates carry their century
    notes = Notes()
    statements: list[Statement] = []
    entries: list[Entry] = []
    kind: Kind = "statement"
    name = ""
    for part in parts(content, notes):
        if isinstance(part, Entry):
            entries.append(part)
        elif isinstance(part, Closed):
            statements.append(replace(part.statement, entries=tuple(entries)))
            entries = []
        else:
            kind, name = part
    return notes.file(kind, name, statements)


@dataclass(frozen=True, slots=True)
class Closed:
    """A statement whose entries were given before it; what they give together."""

    statement: Statement
    tally: Tally

    @property
    def balance_check(self) -> str:
        """As `Statement.balance_check`, without the entries."""
        one = self.statement
        if one.opening_balance is None or one.closing_balance is None:
            return "n/a"
        booked = self.tally.booked.get(one.currency, Decimal(0))
        return checked(total([one.opening_balance, booked, -one.closing_balance]), one.currency)


def parts(source: bytes | BinaryIO, notes: Notes) -> Iterator[Entry | Closed | tuple[Kind, str]]:
    """Entry by entry, after them their statement, last the file's kind and format; as it is read. Raises as `read`."""
    account: Account | None = None
    tally = Tally()
    before: Element | None = None
    closed = 0
    root: Element | None = None
    for element in stream(source, _STREAMED):
        name, holder = local(element), _holder(element)
        if name == "Ntry" and holder:
            account = account or _account_around(element)
            flat, details = to_flat(element)
            entry = read_entry(flat, details, account, notes)
            tally.count(entry)
            yield entry
            element.clear()
            # An emptied element still has its place in the tree: the one before is finished, and goes.
            if before is not None and (parent := before.getparent()) is not None:
                parent.remove(before)
            before = element
        elif name in _ACCOUNTS and holder:
            yield Closed(_statement(to_node(element), tally, notes, final=holder != "camt.052"), tally)
            account, before, tally, closed = None, None, Tally(), closed + 1
            element.clear()
        else:
            root = element
    yield _kind(root, closed, notes)


def _holder(element: Element) -> str | None:
    """The message an element stands in as an account or an account's entry; None elsewhere."""
    parent = element.getparent()
    if local(element) == "Ntry":
        parent = None if parent is None or local(parent) not in _ACCOUNTS else parent.getparent()
    if parent is None:
        return None
    message, _ = _MESSAGES.get(local(parent).partition("V")[0], (None, None))
    return message


def _kind(root: Element | None, statements: int, notes: Notes) -> tuple[Kind, str]:
    for element in root.iter() if root is not None else ():
        name = local(element).partition("V")[0]
        if name in _MESSAGES:
            message, holder = _MESSAGES[name]
            if not statements:
                notes.warn(f"the message holds no {holder}")
            return "statement", _version(element, message)
        # Version 2 of the orders named the message's element after the message itself.
        name = next((key for key, (message, _) in _OTHER_KINDS.items() if local(element).startswith(f"{message}.")), name)
        if name in _OTHER_KINDS:
            message, kind = _OTHER_KINDS[name]
            notes.warn(f"{message} is a {kind.replace('_', ' ')}, no statement")
            return kind, _version(element, message)
    name = local(root)[:40] if root is not None else ""
    raise Unreadable("UNKNOWN_FORMAT", f"XML with the root element {name!r} is no bank message that is read", line=1)


def _version(element: Element, message: str) -> str:
    """``camt.053.001.08`` from the namespace; the message alone where the bank gives none."""
    for place in (element, element.getparent()):
        match = _VERSION.search(namespace(place)) if place is not None else None
        if match:
            return match[0].removesuffix(".xsd")
    return message


@dataclass(frozen=True, slots=True)
class _Balance:
    code: str
    amount: Decimal
    currency: str | None


def _account_around(entry: Element) -> Account:
    """The account comes before its entries in every version, so it is complete when the first of them ends."""
    holder = entry.getparent()
    return Account(None, None, None) if holder is None else _account(to_node(holder))


def _account(node: Node) -> Account:
    """The account of a Stmt, Rpt or Ntfctn."""
    iban = node.value("Acct", "Id", "IBAN")
    number = normalise_iban(iban) if iban else _other_account(node)
    owner = node.value("Acct", "Ownr", "Nm") or node.value("Acct", "Ownr", "Pty", "Nm")
    return Account(number, node.value("Acct", "Ccy"), owner)


def _statement(node: Node, tally: Tally, notes: Notes, *, final: bool) -> Statement:
    balances = [balance for part in node.all("Bal") if (balance := _balance(part, notes))]
    account = _account(node)
    currency = account.currency
    if currency is None:
        # The balances are in the account's currency, entries nearly always.
        candidates = dict.fromkeys([*(b.currency for b in balances), *tally.currencies])
        currency = next((candidate for candidate in candidates if candidate), None)
    opening, closing = _opening_and_closing(_in_currency(balances, currency, node, notes))
    statement = Statement(
        account=account.number,
        currency=currency,
        id=node.value("Id"),
        number=node.value("ElctrncSeqNb"),
        opening_balance=opening,
        closing_balance=closing,
        bank=_servicer(node) if node.value("Acct", "Id", "IBAN") is None else None,
        final=final,
    )
    if account.number is None:
        notes.warn(f"line {node.line}: the statement names no account")
    _check_summary(node, tally, notes)
    return statement


def _other_account(node: Node) -> str | None:
    paths = (("Othr", "Id"), ("PrtryAcct", "Id"), ("BBAN",), ("UPIC",))
    return next((value for path in paths if (value := node.value("Acct", "Id", *path))), None)


def _servicer(node: Node) -> str | None:
    bank = node.first("Acct", "Svcr", "FinInstnId")
    paths = (("BICFI",), ("BIC",), ("ClrSysMmbId", "MmbId"), ("CmbndId", "BIC"))
    return next((value for path in paths if bank and (value := bank.value(*path))), None)


def _balance(node: Node, notes: Notes) -> _Balance | None:
    amount = node.first("Amt")
    code = node.value("Tp", "CdOrPrtry", "Cd") or node.value("Tp", "Cd")
    if amount is None or code is None:
        return None
    value, currency = read_amount(amount)
    indicator = node.value("CdtDbtInd")
    if indicator not in {"CRDT", "DBIT"} and value:
        notes.warn(f"line {node.line}: the balance {code} has no CdtDbtInd and is taken as credit")
    return _Balance(code, -value if indicator == "DBIT" else value, currency)


def _in_currency(balances: list[_Balance], currency: str | None, node: Node, notes: Notes) -> list[_Balance]:
    """Of each kind the balances in the account's currency; another one only where there is none, and named."""
    own = [balance for balance in balances if balance.currency in {currency, None}]
    known = {balance.code for balance in own}
    foreign = [balance for balance in balances if balance.code not in known]
    for balance in foreign:
        if balance.code in {*_OPENING, *_CLOSING}:
            notes.fail(f"line {node.line}: the balance {balance.code} is in {balance.currency}, the account in {currency}")
    return [*own, *foreign]


def _opening_and_closing(balances: list[_Balance]) -> tuple[Decimal | None, Decimal | None]:
    """OPBD, or the previous closing; CLBD; on pages in between the interim balances (first opens, last closes)."""

    def find(codes: tuple[str, ...]) -> Iterator[Decimal]:
        return (balance.amount for code in codes for balance in balances if balance.code == code)

    opening, closing = next(find(_OPENING), None), next(find(_CLOSING), None)
    interim = list(find(_INTERIM))
    if opening is None and interim and (closing is not None or len(interim) > 1):
        opening = interim[0]
        interim = interim[1:]
    if closing is None and interim and opening is not None:
        closing = interim[-1]
    return opening, closing


def _check_summary(node: Node, tally: Tally, notes: Notes) -> None:
    """The bank's own count and sum of the entries (TxsSummry), by direction and for all."""
    for name, direction in (("TtlNtries", "all"), ("TtlCdtNtries", "credit"), ("TtlDbtNtries", "debit")):
        claim = node.first("TxsSummry", name)
        if claim is None:
            continue
        held_count, held, currencies = tally.of(direction)
        count, amount = claim.value("NbOfNtries"), claim.first("Sum")
        if count is not None and (count.lstrip("0") or "0") != str(held_count):
            notes.fail(f"line {claim.line}: {name} says {count[:20]} entries, the statement holds {held_count}")
        if amount is not None and currencies <= 1:
            said = read_amount(amount)[0]
            if said != held:
                notes.fail(f"line {claim.line}: {name} says a sum of {said:f}, the entries give {held:f}")
