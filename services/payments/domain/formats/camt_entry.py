"""Reads one camt entry: its batches, details, parties, remittance and marks of return."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from kernel.errors import Unreadable
from kernel.references import normalise_iban
from services.payments.domain.formats.node import Flat, Node
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
from services.payments.domain.formats.values import decimal_amount, iso_date, or_none, reference, tidy

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


@dataclass(frozen=True, slots=True)
class _Draft:
    """What an entry's details have to know of it."""

    amount: Decimal
    currency: str | None
    direction: Direction
    reversal: bool
    code: str | None


def read_entry(node: Flat, details: Sequence[Flat], account: Account, notes: Notes) -> Entry:
    """One Ntry and its TxDtls. Raises Unreadable NOT_A_NUMBER (no amount), UNKNOWN_FORMAT (no direction), with `line`."""
    line = node.line
    if not node.has("Amt"):
        raise Unreadable("NOT_A_NUMBER", f"line {line}: the entry has no amount", line=line)
    amount = decimal_amount(node.texts["Amt"], line)
    direction = _direction(node, details)
    if amount < 0:
        notes.warn(f"line {line}: the entry's amount is negative and turns its direction")
        direction, amount = ("debit" if direction == "credit" else "credit"), -amount
    currency = or_none(node.get("Amt@")) or account.currency
    reversal = node.get("RvslInd") in _TRUE
    draft = _Draft(amount, currency, direction, reversal, _code(node))
    complete = _batches_are_complete(node, details, notes)
    return Entry(
        amount=amount,
        currency=currency,
        direction=direction,
        transactions=_parts(draft, node, details, account, notes, complete=complete),
        reversal=reversal,
        status=_status(node, notes),
        booked_on=_date(node, "BookgDt", notes),
        value_on=_date(node, "ValDt", notes),
        bank_reference=or_none(node.get("AcctSvcrRef") or node.get("NtryRef")),
        bank_transaction_code=draft.code,
        line=line or None,
        details_complete=complete,
    )


def _parts(
    draft: _Draft, node: Flat, details: Sequence[Flat], account: Account, notes: Notes, *, complete: bool
) -> tuple[Transaction, ...]:
    """The transactions; a single one takes the entry's money where it differs."""
    if not details:
        return (_from_entry(draft, node),)
    if len(details) > 1 or not complete:
        amounts = [_amount_of(detail, draft) for detail in details]
        if complete and not _adds_up(amounts, draft, node, details):
            notes.warn(f"line {node.line}: the details do not add up to the entry's {draft.amount:f} {draft.currency}")
        remark = tidy(node.get("AddtlNtryInf")) if len(details) == 1 else ""
        return tuple(_transaction(detail, money, draft, remark, account) for detail, money in zip(details, amounts, strict=True))
    money = _amount_of(details[0], draft)
    if money != (draft.amount, draft.currency) and not _adds_up([money], draft, node, details):
        if money[0] or money[1] != draft.currency:
            notes.warn(
                f"line {node.line}: the only detail is {money[0]:f} {money[1]}, "
                f"the entry {draft.amount:f} {draft.currency}; the entry holds"
            )
        money = draft.amount, draft.currency
    return (_transaction(details[0], money, draft, tidy(node.get("AddtlNtryInf")), account),)


def _direction(node: Flat, details: Sequence[Flat]) -> Direction:
    indicator = node.get("CdtDbtInd") or next((found for detail in details if (found := detail.get("CdtDbtInd"))), "")
    if indicator not in _DIRECTIONS:
        raise Unreadable(
            "UNKNOWN_FORMAT", f"line {node.line}: the entry does not say credit or debit", line=node.line, value=indicator[:20]
        )
    return _DIRECTIONS[indicator]


def _status(node: Flat, notes: Notes) -> Status:
    """Text until version 3, a code from version 4 on."""
    text = node.get("Sts/Cd") or node.get("Sts") or node.get("Sts/Prtry")
    if text is None:
        notes.warn(f"line {node.line}: the entry has no status and is taken as booked")
        return "booked"
    if text not in _STATUSES:
        notes.warn(f"line {node.line}: the status {text[:20]!r} is not known and is taken as information")
    return _STATUSES.get(text, "information")


def _date(node: Flat, name: str, notes: Notes) -> date | None:
    text = node.get(f"{name}/Dt") or node.get(f"{name}/DtTm") or node.get(name)
    on = iso_date(text) if text else None
    if text and on is None:
        notes.warn(f"line {node.line}: {name} {text[:20]!r} is no date")
    return on


def _code(node: Flat) -> str | None:
    """``PMNT/RCDT/ESCT``; the bank's own code where it gives no other."""
    if node.has("BkTxCd/Domn"):
        family = node.get("BkTxCd/Domn/Fmly/Cd") or ""
        return f"{node.get('BkTxCd/Domn/Cd') or ''}/{family}/{node.get('BkTxCd/Domn/Fmly/SubFmlyCd') or ''}"
    return or_none(node.get("BkTxCd/Prtry/Cd"))


_AMOUNTS = tuple((path, f"{path}@") for path in ("Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/CntrValAmt/Amt", "AmtDtls/InstdAmt/Amt"))


def _amount_of(detail: Flat, draft: _Draft) -> tuple[Decimal, str | None]:
    """TxDtls/Amt (from version 4), TxAmt, counter value or InstdAmt: the first in the entry's currency, else the first."""
    found = [
        (decimal_amount(text, detail.line), or_none(currency))
        for path, currency_path in _AMOUNTS
        if path in detail.texts
        for text, currency in zip(detail.all(path), detail.all(currency_path), strict=True)
    ]
    for pair in found:
        if pair[0] and (pair[1] is None or pair[1] == draft.currency):
            return abs(pair[0]), pair[1] or draft.currency
    amount, currency = found[0] if found else (draft.amount, draft.currency)
    return abs(amount), currency or draft.currency


def _transaction(detail: Flat, money: tuple[Decimal, str | None], draft: _Draft, remark: str, account: Account) -> Transaction:
    text = _text(detail)
    end_to_end = or_none(detail.get("Refs/EndToEndId"))
    return Transaction(
        amount=money[0],
        currency=money[1],
        counterparty=_counterparty(detail, draft, account),
        references=_references(detail),
        text=text or remark,
        end_to_end_id=None if end_to_end and _NO_ID.fullmatch(end_to_end) else end_to_end,
        mandate_id=or_none(detail.get("Refs/MndtId")),
        return_reason=_return_reason(detail, text, remark),
        bank_reference=_own_reference(detail),
    )


def _from_entry(draft: _Draft, node: Flat) -> Transaction:
    text = tidy(node.get("AddtlNtryInf"))
    return Transaction(draft.amount, draft.currency, text=text, return_reason=_return_reason(node, text))


def _own_reference(detail: Flat) -> str | None:
    ids = (detail.get("Refs/AcctSvcrRef"), detail.get("Refs/TxId"), detail.get("Refs/UETR"))
    return "|".join(tidy(value) for value in ids if value) or None


def _return_reason(node: Flat, *texts: str) -> str | None:
    reason = node.get("RtrInf/Rsn/Cd") or node.get("RtrInf/Rsn/Prtry") or node.get("RtrInf/RtrRsn/Cd")
    if reason is None:
        text = " ".join(texts)
        if "/RTRN/" in text and (match := _REASON_IN_TEXT.search(text)):
            reason = match[1]
    return or_none(reason)


# The creditor's references first (CdtrRef: version 1), then the numbers of the documents that are paid.
_REFERENCES = tuple(f"RmtInf/Strd/{path}" for path in ("CdtrRefInf/Ref", "CdtrRefInf/CdtrRef", "RfrdDocInf/Nb", "RfrdDocInf/RfrdDocNb"))


def _references(detail: Flat) -> tuple[str, ...]:
    if not detail.has("RmtInf/Strd"):
        return ()
    return tuple(dict.fromkeys(reference(text) for path in _REFERENCES for text in detail.all(path) if text))


def _text(detail: Flat) -> str:
    parts = [*detail.all("RmtInf/Ustrd"), *detail.all("RmtInf/Strd/AddtlRmtInf"), *detail.all("AddtlTxInf")]
    return tidy(" ".join(dict.fromkeys(part for part in parts if part)))


def _counterparty(detail: Flat, draft: _Draft, account: Account) -> Counterparty:
    """The party that is not us: by account, by name, else by the money's direction.

    Banks name the parties of a return either as in the payment that came back or as in the return: where neither
    account nor name tells, the first is taken, because it is the more frequent.
    """
    debtor, creditor = _party(detail, "Dbtr"), _party(detail, "Cdtr")
    for candidate, other in ((debtor, creditor), (creditor, debtor)):
        if other is not NOBODY and _is_us(other, account):
            return candidate
    returned = _is_return(detail, draft)
    credit = draft.direction == "credit"
    if returned and debtor is not NOBODY and creditor is not NOBODY:
        credit = not credit
    wanted, spare = (debtor, creditor) if credit else (creditor, debtor)
    # Without an account the only party on the wrong side may be ourselves.
    return spare if wanted is NOBODY and (spare.account or returned) else wanted


def _is_us(party: Counterparty, account: Account) -> bool:
    if party.account and account.number:
        return party.account == account.number
    return party.name is not None and account.owner is not None and party.name.casefold() == tidy(account.owner).casefold()


def _is_return(detail: Flat, draft: _Draft) -> bool:
    code = _code(detail) or draft.code or ""
    return draft.reversal or detail.has("RtrInf") or ISO_RETURNS.search(code) is not None


def _party(detail: Flat, role: str) -> Counterparty:
    """Name of the ultimate party if there is one (who owes), account of the immediate one (who paid)."""
    name: str | None = None
    code: str | None = None
    for base in (f"RltdPties/Ultmt{role}", f"RltdPties/{role}"):
        if not detail.has(base):
            continue
        person = f"{base}/Pty" if detail.has(f"{base}/Pty") else base
        name = name or detail.get(f"{person}/Nm") or detail.get(f"{base}/Agt/FinInstnId/Nm")
        code = code or detail.get(f"{person}/Id/OrgId/Othr/Id") or detail.get(f"{person}/Id/PrvtId/Othr/Id")
    account = f"RltdPties/{role}Acct/Id"
    number = detail.get(f"{account}/IBAN")
    other = None if number else detail.get(f"{account}/Othr/Id") or detail.get(f"{account}/PrtryAcct/Id")
    if name is None and code is None and number is None and other is None:
        return NOBODY
    return Counterparty(or_none(name), normalise_iban(number) if number else or_none(other), or_none(code))


_TRUE = frozenset({"true", "1"})
_CHARGES = ("Chrgs/Rcrd/Amt", "Chrgs/Amt", "Chrgs/TtlChrgsAndTaxAmt")


def _charges(node: Flat) -> Iterator[Decimal]:
    """What charges may explain: each record, or the total, of an entry or a detail."""
    for path in _CHARGES:
        amounts = [decimal_amount(text, node.line) for text in node.all(path)]
        if amounts:
            yield total(amounts)


def _adds_up(amounts: Sequence[tuple[Decimal, str | None]], draft: _Draft, node: Flat, details: Sequence[Flat]) -> bool:
    """The details are the entry's money, or differ from it by the charges that the bank names."""
    if any(currency != draft.currency for _, currency in amounts):
        return False
    difference = abs(total([draft.amount, *(-amount for amount, _ in amounts)]))
    return not difference or any(difference == charge for place in (node, *details) for charge in _charges(place))


def _batches_are_complete(node: Flat, details: Sequence[Flat], notes: Notes) -> bool:
    """False when the batches count more transactions than are listed: the rest comes in a camt.054, or never."""
    if not details or not node.has("NtryDtls/Btch"):
        return True
    counts = [count for count in node.all("NtryDtls/Btch/NbOfTxs") if count]
    counted = sum(int(count) for count in counts if count.isascii() and count.isdecimal() and len(count) <= _COUNT_DIGITS)
    if not counts or counted == len(details):
        return True
    notes.warn(f"line {node.line}: the batch counts {counted} transactions, {len(details)} are given")
    return counted < len(details)
