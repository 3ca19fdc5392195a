"""Writes files that must be refused, each broken in one way."""

from generator import invoicecsv, ubl
from generator.book import Unit


def files(units: dict[str, Unit], statement: bytes, payee_iban: str) -> dict[str, bytes]:
    """Name to content; README.md in the folder's parent says what is wrong with each."""
    invoice = ubl.document(units["rheintel"].invoices[0], payee_iban).decode()
    japanese = units["naniwa"].invoices[:3]
    american = invoicecsv.american(units["hudson"].invoices[:3]).decode()
    return {
        "truncated-statement.xml": statement[: len(statement) * 2 // 3],
        "truncated-invoice.xml": invoice[: len(invoice) // 2].encode(),
        "doctype-invoice.xml": _with_doctype(invoice).encode(),
        "doctype-statement.xml": _with_doctype(statement.decode()).encode(),
        "wrong-encoding.csv": invoicecsv.japanese(japanese, "euc_jp"),
        "unknown-currency.xml": invoice.replace("EUR", "EUX").encode(),
        "unknown-currency.csv": american.replace(",USD,", ",USX,", 1).encode(),
        "too-many-decimals.xml": _with_third_decimal(invoice).encode(),
        "not-a-number.csv": american.replace(",0.00,", ",none,", 1).encode(),
        "same-number-other-content.xml": invoice.replace(
            f"<cbc:DueDate>{units['rheintel'].invoices[0].due_on}", "<cbc:DueDate>2026-12-31"
        ).encode(),
        "unknown-format.txt": b"Dear colleagues, please find the invoices of June in my other mail.\n",
        "empty.csv": b"",
        "balance-does-not-add-up.xml": _with_other_closing(statement.decode()).encode(),
    }


def _with_doctype(text: str) -> str:
    declaration, _, body = text.partition("\n")
    return f'{declaration}\n<!DOCTYPE x [<!ENTITY secret SYSTEM "file:///etc/hostname">]>\n{body}'


def _with_third_decimal(invoice: str) -> str:
    tag = '<cbc:PayableAmount currencyID="EUR">'
    head, _, tail = invoice.partition(tag)
    amount, _, rest = tail.partition("<")
    return f"{head}{tag}{amount}5<{rest}"


def _with_other_closing(statement: str) -> str:
    tag = '<Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">'
    return statement.replace(tag, f"{tag}1", 1)
