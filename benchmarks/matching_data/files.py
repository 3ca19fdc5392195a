"""Writes a data set as people have it: ITEMS.csv, and the statement as camt.053 or Zengin (種別 01)."""

import csv
import io
from collections.abc import Sequence
from xml.sax.saxutils import escape

from benchmarks.matching_data.model import DataSet, OpenItem, Payment
from cli.matching import COLUMNS
from kernel.money import format_minor

_REIWA = 2018


def items_csv(data: DataSet) -> bytes:
    """The list of open items."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for item in data.items:
        writer.writerow(_row(item, data.currency))
    return out.getvalue().encode()


def _row(item: OpenItem, currency: str) -> Sequence[object]:
    customer = item.customer
    return (
        item.id, customer.unit, customer.id, customer.name, customer.kana, customer.iban if customer.iban_known else "", customer.code,
        item.number, item.reference, currency, format_minor(item.open_minor, currency), item.issued_on, item.due_on,
        item.discount_percent or "", item.discount_until or "",
    )  # fmt: skip


def statement(data: DataSet) -> bytes:
    """The statement in the currency's usual format; the n-th payment has the bank's reference n."""
    return _zengin(data.payments) if data.currency == "JPY" else _camt(data.payments)


def _camt(payments: Sequence[Payment]) -> bytes:
    entries = "".join(_entry(payment, place) for place, payment in enumerate(payments))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>'
        "<GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-10-01T06:00:00Z</CreDtTm></GrpHdr><Stmt><Id>S1</Id><CreDtTm>2026-10-01T06:00:00Z</CreDtTm>"
        f"<Acct><Id><IBAN>DE89370400440532013000</IBAN></Id><Ccy>EUR</Ccy></Acct>{entries}</Stmt></BkToCstmrStmt></Document>\n"
    ).encode()


def _entry(payment: Payment, place: int) -> str:
    amount = f'<Amt Ccy="EUR">{format_minor(abs(payment.amount_minor), "EUR")}</Amt>'
    mark = "CRDT" if payment.amount_minor > 0 else "DBIT"
    party = "Dbtr" if payment.amount_minor > 0 else "Cdtr"
    account = f"<{party}Acct><Id><IBAN>{payment.iban}</IBAN></Id></{party}Acct>" if payment.iban else ""
    parties = f"<RltdPties><{party}><Pty><Nm>{escape(payment.name)}</Nm></Pty></{party}>{account}</RltdPties>" if payment.name else ""
    told = f"<Ustrd>{escape(payment.text)}</Ustrd>" if payment.text else ""
    told += f"<Strd><CdtrRefInf><Ref>{payment.reference}</Ref></CdtrRefInf></Strd>" if payment.reference else ""
    return (
        f"<Ntry>{amount}<CdtDbtInd>{mark}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{payment.on}</Dt></BookgDt>"
        f"<ValDt><Dt>{payment.on}</Dt></ValDt><AcctSvcrRef>B{place:07d}</AcctSvcrRef><NtryDtls><TxDtls>"
        f"<Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs>{amount}<CdtDbtInd>{mark}</CdtDbtInd>{parties}"
        f"{f'<RmtInf>{told}</RmtInf>' if told else ''}</TxDtls></NtryDtls></Ntry>\n"
    )


def _zengin(payments: Sequence[Payment]) -> bytes:
    """Deposits and withdrawals (種別 03)."""
    head = f"1030{'080930080901080930'}{'9991'}{'':15}{'001'}{'':15}000{'1'}{'0004000123'}{'':40}11{0:014d}"
    deposits = [payment.amount_minor for payment in payments if payment.amount_minor > 0]
    debits = [-payment.amount_minor for payment in payments if payment.amount_minor < 0]
    closing = sum(deposits) - sum(debits)
    records = [head, *(_record(payment, place) for place, payment in enumerate(payments))]
    records.append(f"8{len(deposits):06d}{sum(deposits):013d}{len(debits):06d}{sum(debits):013d}1{closing:014d}{len(payments):07d}")
    records.append(f"9{len(payments) + 3:010d}00001")
    return "".join(f"{record:200}\r\n" for record in records).encode("cp932")


def _record(payment: Payment, place: int) -> str:
    day = f"{payment.on.year - _REIWA:02d}{payment.on:%m%d}"
    code = payment.code or "0" * 10
    return (
        f"2{place:08d}{day}{day}{'1' if payment.amount_minor > 0 else '2'}11{abs(payment.amount_minor):012d}{0:012d}{0:06d}{0:06d}0{0:07d}000"
        f"{code}{payment.name:48}{'':15}{'':15}{payment.text[:20] if not payment.number else '':20}{payment.text[:20] if payment.number else '':20} "
    )
