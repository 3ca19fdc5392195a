"""Reads one camt entry: its batches, details, parties, remittance and marks of return."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from kernel.errors import Unreadable
from kernel.references import normalise_iban
from services.payments.domain.formats.node import Node
from services.payments.domain.formats.returns import ISO_RETURNS
from services.payments.domain.formats.statement import (
    NOBODY,
    Counterparty,
    Direction,
    Entry,
    Notes,
    Status,
    Transaction,
    total,
)
from services.payments.domain.formats.values import decimal_amount, iso_date, or_none, tidy

_DIRECTIONS: dict[str, Direction] = {"CRDT": "credit", "DBIT": "debit"}
_STATUSES: dict[str, Status] = {"BOOK": "booked", "PDNG": "pending", "FUTR": "pending", "INFO": "information"}
# What banks write where the payer gave no id (EPC AT-41 and its dialects): no key.
_NO_ID = re.compile(r"(NOT ?PROVIDED|NONREF|NOTAVAILABLE)", re.IGNORECASE)
# Reason codes of the external code set inside a bank's free text (ABN AMRO, Rabobank).
_REASON_IN_TEXT = re.compile(r"/RTRN/([A-Z]{2}[0-9]{2}|[A-Z]{4})(?=/|\s|$)")

# NbOfTxs is Max15NumericText.
_COUNT_DIGITS = 15


@dataclass(frozen=True, slots=True)
class Account:
    """Whose statement it is: tells which of two parties is the other one."""

    number: str | None
    currency: str | None
    owner: str | None


def read_amount(node: Node) -> tuple[Decimal, str | None]:
    """Amount and currency of an Amt element, sign as given. Raises Unreadable NOT_A_NUMBER with `line`."""
    return decimal_amount(node.text, node.line), or_none(node.attributes.get("Ccy"))


def read_entry(node: Node, account: Account, notes: Notes) -> Entry:
    """One Ntry. Raises Unreadable NOT_A_NUMBER (no amount), UNKNOWN_FORMAT (no direction), with `line`."""
    amount_node = node.first("Amt")
    if amount_node is None:
        raise Unreadable("NOT_A_NUMBER", f"line {node.line}: the entry has no amount", line=node.line)
    amount, currency = read_amount(amount_node)
    currency = currency or account.currency
    direction = _direction(node)
    if amount < 0:
        notes.warn(f"line {node.line}: the entry's amount is negative and turns its direction")
        direction, amount = ("debit" if direction == "credit" else "credit"), -amount
    draft = Entry(
        amount=amount,
        currency=currency,
        direction=direction,
        transactions=(),
        reversal=node.value("RvslInd") in {"true", "1"},
        status=_status(node, notes),
        booked_on=_date(node, "BookgDt", notes),
        value_on=_date(node, "ValDt", notes),
        bank_reference=or_none(node.value("AcctSvcrRef") or node.value("NtryRef")),
        bank_transaction_code=_code(node),
        line=node.line or None,
    )
    return _with_details(draft, node, account, notes)


def _with_details(draft: Entry, node: Node, account: Account, notes: Notes) -> Entry:
    details = list(node.all("NtryDtls", "TxDtls"))
    complete = _batches_are_complete(node, details, notes)
    parts = tuple(_transaction(detail, draft, node, account, only=len(details) == 1) for detail in details)
    if not parts:
        parts = (_from_entry(draft, node),)
    elif len(parts) == 1 and complete and not _adds_up(parts, draft, node, details):
        if parts[0].amount or parts[0].currency != draft.currency:
            notes.warn(
                f"line {node.line}: the only detail is {parts[0].amount:f} {parts[0].currency}, "
                f"the entry {draft.amount:f} {draft.currency}; the entry holds"
            )
        parts = (replace(parts[0], amount=draft.amount, currency=draft.currency),)
    elif complete and not _adds_up(parts, draft, node, details):
        notes.warn(f"line {node.line}: the details do not add up to the entry's {draft.amount:f} {draft.currency}")
    return replace(draft, transactions=parts, details_complete=complete)


def _direction(node: Node) -> Direction:
    indicator = node.value("CdtDbtInd") or node.value("NtryDtls", "TxDtls", "CdtDbtInd") or ""
    if indicator not in _DIRECTIONS:
        raise Unreadable(
            "UNKNOWN_FORMAT", f"line {node.line}: the entry does not say credit or debit", line=node.line, value=indicator[:20]
        )
    return _DIRECTIONS[indicator]


def _status(node: Node, notes: Notes) -> Status:
    """Text until version 3, a code from version 4 on."""
    text = node.value("Sts", "Cd") or node.value("Sts") or node.value("Sts", "Prtry")
    if text is None:
        notes.warn(f"line {node.line}: the entry has no status and is taken as booked")
        return "booked"
    if text not in _STATUSES:
        notes.warn(f"line {node.line}: the status {text[:20]!r} is not known and is taken as information")
    return _STATUSES.get(text, "information")


def _date(node: Node, name: str, notes: Notes) -> date | None:
    text = node.value(name, "Dt") or node.value(name, "DtTm") or node.value(name)
    on = iso_date(text) if text else None
    if text and on is None:
        notes.warn(f"line {node.line}: {name} {text[:20]!r} is no date")
    return on


def _code(node: Node) -> str | None:
    """``PMNT/RCDT/ESCT``; the bank's own code where it gives no other."""
    domain = node.first("BkTxCd", "Domn")
    if domain is not None:
        parts = (domain.value("Cd"), domain.value("Fmly", "Cd"), domain.value("Fmly", "SubFmlyCd"))
        return "/".join(part or "" for part in parts)
    return or_none(node.value("BkTxCd", "Prtry", "Cd"))


def _amount_of(detail: Node, draft: Entry) -> tuple[Decimal, str | None]:
    """TxDtls/Amt (from version 4), TxAmt, counter value or InstdAmt: the first in the entry's currency, else the first."""
    paths = (("Amt",), ("AmtDtls", "TxAmt", "Amt"), ("AmtDtls", "CntrValAmt", "Amt"), ("AmtDtls", "InstdAmt", "Amt"))
    found = [read_amount(amount) for path in paths for amount in detail.all(*path)]
    fitting = [pair for pair in found if pair[1] in {draft.currency, None} and pair[0]]
    amount, currency = next(iter(fitting or found), (draft.amount, draft.currency))
    return abs(amount), currency or draft.currency


def _transaction(detail: Node, draft: Entry, entry: Node, account: Account, *, only: bool) -> Transaction:
    amount, currency = _amount_of(detail, draft)
    text = _text(detail)
    remark = tidy(entry.value("AddtlNtryInf")) if only else ""
    end_to_end = or_none(detail.value("Refs", "EndToEndId"))
    return Transaction(
        amount=amount,
        currency=currency,
        counterparty=_counterparty(detail, draft, account),
        references=_references(detail),
        text=text or remark,
        end_to_end_id=None if end_to_end and _NO_ID.fullmatch(end_to_end) else end_to_end,
        mandate_id=or_none(detail.value("Refs", "MndtId")),
        return_reason=_return_reason(detail, f"{text} {remark}"),
        bank_reference=_own_reference(detail),
    )


def _from_entry(draft: Entry, node: Node) -> Transaction:
    text = tidy(node.value("AddtlNtryInf"))
    return Transaction(draft.amount, draft.currency, text=text, return_reason=_return_reason(node, text))


def _own_reference(detail: Node) -> str | None:
    ids = (detail.value("Refs", "AcctSvcrRef"), detail.value("Refs", "TxId"), detail.value("Refs", "UETR"))
    return "|".join(tidy(value) for value in ids if value) or None


def _return_reason(node: Node, text: str) -> str | None:
    reason = node.value("RtrInf", "Rsn", "Cd") or node.value("RtrInf", "Rsn", "Prtry") or node.value("RtrInf", "RtrRsn", "Cd")
    if reason is None and (match := _REASON_IN_TEXT.search(text)):
        reason = match[1]
    return or_none(reason)


def _references(detail: Node) -> tuple[str, ...]:
    """The creditor's references first, then the numbers of the documents that are paid."""
    strd = list(detail.all("RmtInf", "Strd"))
    refs = [ref.text for part in strd for ref in part.all("CdtrRefInf", "Ref")]
    refs += [ref.text for part in strd for ref in part.all("CdtrRefInf", "CdtrRef")]  # version 1
    refs += [ref.text for part in strd for ref in part.all("RfrdDocInf", "Nb")]
    refs += [ref.text for part in strd for ref in part.all("RfrdDocInf", "RfrdDocNb")]
    return tuple(dict.fromkeys(tidy(ref) for ref in refs if ref))


def _text(detail: Node) -> str:
    parts = [
        *detail.all("RmtInf", "Ustrd"),
        *detail.all("RmtInf", "Strd", "AddtlRmtInf"),
        *detail.all("AddtlTxInf"),
    ]
    return tidy(" ".join(dict.fromkeys(part.text for part in parts if part.text)))


def _counterparty(detail: Node, draft: Entry, account: Account) -> Counterparty:
    """The party that is not us: by account, by name, else by the money's direction.

    Banks name the parties of a return either as in the payment that came back or as in the return: where neither
    account nor name tells, the first is taken, because it is the more frequent.
    """
    debtor, creditor = _party(detail, "Dbtr"), _party(detail, "Cdtr")
    for candidate, other in ((debtor, creditor), (creditor, debtor)):
        if other != NOBODY and _is_us(other, account):
            return candidate
    returned = _is_return(detail, draft)
    credit = draft.direction == "credit"
    if returned and NOBODY not in {debtor, creditor}:
        credit = not credit
    wanted, spare = (debtor, creditor) if credit else (creditor, debtor)
    # Without an account the only party on the wrong side may be ourselves.
    return spare if wanted == NOBODY and (spare.account or returned) else wanted


def _is_us(party: Counterparty, account: Account) -> bool:
    if party.account and account.number:
        return party.account == account.number
    return party.name is not None and account.owner is not None and party.name.casefold() == tidy(account.owner).casefold()


def _is_return(detail: Node, draft: Entry) -> bool:
    code = _code(detail) or draft.bank_transaction_code or ""
    return draft.reversal or detail.first("RtrInf") is not None or ISO_RETURNS.search(code) is not None


def _party(detail: Node, role: str) -> Counterparty:
    """Name of the ultimate party if there is one (who owes), account of the immediate one (who paid)."""
    names: list[str] = []
    code: str | None = None
    for name in (f"Ultmt{role}", role):
        for party in detail.all("RltdPties", name):
            person = party.first("Pty") or party
            names += [value for value in (person.value("Nm"), party.value("Agt", "FinInstnId", "Nm")) if value]
            code = code or person.value("Id", "OrgId", "Othr", "Id") or person.value("Id", "PrvtId", "Othr", "Id")
    number = detail.value("RltdPties", f"{role}Acct", "Id", "IBAN")
    other = detail.value("RltdPties", f"{role}Acct", "Id", "Othr", "Id")
    other = other or detail.value("RltdPties", f"{role}Acct", "Id", "PrtryAcct", "Id")
    return Counterparty(or_none(names[0]) if names else None, normalise_iban(number) if number else or_none(other), or_none(code))


def _charges(node: Node) -> Iterator[Decimal]:
    """What charges may explain: each record, or the total, of an entry or a detail."""
    for path in (("Chrgs", "Rcrd", "Amt"), ("Chrgs", "Amt"), ("Chrgs", "TtlChrgsAndTaxAmt")):
        amounts = [read_amount(amount)[0] for amount in node.all(*path)]
        if amounts:
            yield total(amounts)


def _adds_up(parts: tuple[Transaction, ...], draft: Entry, node: Node, details: list[Node]) -> bool:
    """The details are the entry's money, or differ from it by the charges that the bank names."""
    if any(part.currency != draft.currency for part in parts):
        return False
    difference = abs(total([draft.amount, *(-part.amount for part in parts)]))
    return not difference or any(difference == charge for place in (node, *details) for charge in _charges(place))


def _batches_are_complete(node: Node, details: list[Node], notes: Notes) -> bool:
    """False when the batches count more transactions than are listed: the rest comes in a camt.054, or never."""
    counts = [count for batch in node.all("NtryDtls", "Btch") if (count := batch.value("NbOfTxs"))]
    counted = sum(int(count) for count in counts if count.isascii() and count.isdecimal() and len(count) <= _COUNT_DIGITS)
    if not counts or not details or counted == len(details):
        return True
    notes.warn(f"line {node.line}: the batch counts {counted} transactions, {len(details)} are given")
    return counted < len(details)
