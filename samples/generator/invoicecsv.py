"""Writes invoice CSV: Japanese headers in Shift_JIS or UTF-8, English headers in UTF-8."""

import csv
import io

from generator.book import Invoice
from generator.checkdigits import corporate_number

_JA = (
    "請求書番号", "伝票区分", "発行日", "支払期日", "通貨", "発行者", "登録番号", "得意先コード", "得意先名", "得意先名カナ", "法人番号",
    "得意先区分", "言語", "国", "メール", "住所", "郵便番号", "市区町村", "振込依頼人コード", "税抜金額", "消費税額", "税込金額",
    "請求金額", "元請求書番号", "明細数",
)  # fmt: skip
_EN = (
    "Invoice Number", "Document Type", "Invoice Date", "Due Date", "Currency", "Seller", "Seller Tax ID",
    "Customer Number", "Customer Name", "Customer Tax ID", "Customer Type", "Language", "Country", "Time Zone", "Email",
    "Street", "Postal Code", "City", "Net", "Tax", "Total", "Amount Due", "Original Invoice", "Lines",
)  # fmt: skip


def japanese(invoices: list[Invoice], encoding: str) -> bytes:
    """`encoding` is cp932 or utf-8-sig: the ERP was replaced on the way."""
    return _text(_JA, [_japanese(invoice) for invoice in invoices]).encode(encoding)


def american(invoices: list[Invoice]) -> bytes:
    return _text(_EN, [_american(invoice) for invoice in invoices]).encode()


def _text(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()


def _japanese(invoice: Invoice) -> tuple[str, ...]:
    customer, party = invoice.customer, invoice.customer.party
    return (
        invoice.number, "赤伝" if invoice.preceding else "請求", f"{invoice.issued_on:%Y/%m/%d}",
        "" if invoice.preceding else f"{invoice.due_on:%Y/%m/%d}", "JPY", "株式会社なにわ電子卸", f"T{corporate_number(40007)}",
        customer.account, customer.name, party.kana or "", party.registration or "",
        "法人" if party.kind == "business" else "個人", party.language, party.country, customer.email or "",
        customer.street, customer.postal_code, customer.city, customer.payer_code or "",
        f"{invoice.net:,}", f"{invoice.tax:,}", f"{invoice.gross:,}", f"{invoice.gross:,}", invoice.preceding or "", "1",
    )  # fmt: skip


def _american(invoice: Invoice) -> tuple[str, ...]:
    customer, party = invoice.customer, invoice.customer.party
    gross = _dollars(invoice.gross)
    return (
        invoice.number, "CRM" if invoice.preceding else "INV", f"{invoice.issued_on:%m/%d/%Y}",
        "" if invoice.preceding else f"{invoice.due_on:%m/%d/%Y}", "USD", "Hudson Supply Company, Inc.", "00-4000019",
        customer.account, customer.name, party.registration or "", "B" if party.kind == "business" else "C",
        party.language, party.country, party.time_zone or "", customer.email or "",
        customer.street, customer.postal_code, customer.city,
        _dollars(invoice.net), _dollars(invoice.tax), gross, gross, invoice.preceding or "", "1",
    )  # fmt: skip


def _dollars(minor: int) -> str:
    return f"{minor // 100:,}.{minor % 100:02d}"
