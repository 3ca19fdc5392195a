"""Reads SAP lists of open items (FBL5N, BSID) as they are saved to a file: bars, tabs or semicolons, German or English."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from kernel.errors import Unreadable
from kernel.money import Money
from services.billing.domain.formats.checks import inconsistencies
from services.billing.domain.formats.document import CREDIT_NOTE, INVOICE, Buyer, Document, InvoiceFile, Seller
from services.billing.domain.formats.text import at, clean, unique

FORMAT = "sap/open-items"
# A list's header stands below a title and the selection.
HEADER_LINES = 60
MAX_ROWS = 100_000
_MARKS = ("|", "\t", ";")
# Labels of the standard layouts in German and English, and the field names of table BSID.
_LABELS = {
    "company": "bukr bukrs cocd company",
    "account": "debitor konto kunnr customer account",
    "document": "belegnr belnr documentno document docno documentnumber",
    "kind": "art ba blart type ty doctype documenttype belegart",
    "posted_on": "buchdat buchungsdat budat postingdate pstngdate",
    "issued_on": "belegdat belegdatum bldat docdate documentdate",
    "baseline": "zfbdt basisdatum bslinedate baselinedate blinedate",
    "days1": "zbd1t tage1 days1",
    "days2": "zbd2t tage2 days2",
    "days3": "zbd3t tagenetto daysnet",
    "due_on": "falligk fälligk fälligkeit nettofälligk nettofälligkeit nettofaellig netduedt netduedate duedate duedt faedt",
    "currency": "währg wahrg waers hwaer curr crcy currency lcurr dcurr hwähr lcrcy",
    "amount": "betrag betraginbw betrinbelw betrinhw betraginhw wrbtr dmshb dmbtr amount amountindc amtindc amntindoccur amtinloccur "
    "amountinlocalcur amountinlocalcurrency amountinlc amountindoccurr amountindocumentcurrency",
    "reference": "referenz xblnr reference",
    "name": "name name1 customername",
    "sign": "shkzg sh dc debitcredit",
}
_FIELDS = {label: field for field, labels in _LABELS.items() for label in labels.split()}
_NEEDED = frozenset({"document", "kind", "currency", "amount"})
# A list by customer names it in a line of its own, above its items.
_ABOVE = re.compile(r"\W*(?P<label>Debitor|Kunde|Customer|Name)\s*:?\s+(?P<value>\S.*)", re.IGNORECASE)
_ABOVE_FIELDS = {"debitor": "account", "kunde": "account", "customer": "account", "name": "name"}
_MAX_TERM_DAYS = 999
# Document types of the standard system: invoices, credit memos, payments and clearing.
_INVOICES = frozenset({"RV", "DR", "RE", "RA"})
_CREDITS = frozenset({"RG", "DG", "DW"})
_PAYMENTS = frozenset({"DZ", "ZP", "AB", "ZV", "DA"})
_AMOUNT = re.compile(r"-?[\d.,' ]*\d-?")
_DATES = (re.compile(r"(?P<d>\d{2})\.(?P<m>\d{2})\.(?P<y>\d{4})"), re.compile(r"(?P<y>\d{4})-?(?P<m>\d{2})-?(?P<d>\d{2})"))


def recognises(content: bytes) -> bool:
    """True when one of the first lines is the header of such a list."""
    return _header(_decode(content[:65_536]).splitlines()[:HEADER_LINES]) is not None


def read(content: bytes) -> InvoiceFile:
    """Invoices and credit memos; payments are named in a warning. Raises Unreadable with `line`: NOT_A_NUMBER, INVALID,
    UNKNOWN_CURRENCY, TOO_LARGE, EMPTY.
    """
    found = _rows(_decode(content))
    documents, warnings = [], []
    payments = 0
    for line, row in found:
        with at(line=line):
            if not row.get("document", "").strip("0"):
                continue
            kind = row["kind"].upper()
            if kind in _PAYMENTS:
                payments += 1
            elif kind in _INVOICES | _CREDITS:
                documents.append(_document(row, credit=kind in _CREDITS))
            else:
                warnings.append(f"line {line}: document type {kind[:4]!r} is not known and is left out")
    if not documents and not payments:
        raise Unreadable("EMPTY", "the list holds no open item")
    if payments:
        warnings.append(f"{payments} payments on account are no invoices and are left out")
    return InvoiceFile(FORMAT, tuple(documents), tuple(warnings))


def _document(row: dict[str, str], *, credit: bool) -> Document:
    currency = row["currency"].upper()
    amount = _amount(row["amount"], currency)
    if row.get("sign", "").upper() in {"H", "C"}:
        amount = -amount
    due_on, posted_on = _due_on(row), _day(row.get("posted_on", ""))
    issued_on = _day(row.get("issued_on", "")) or posted_on
    if issued_on is None:
        raise Unreadable("INVALID", "the item has no date", place="posted_on")
    # A credit memo's amount is negative in the list and positive in the document (EN 16931).
    gross = -amount if credit else amount
    buyer = Buyer(
        account_number=row.get("account", "").lstrip("0"), name=row.get("name") or row.get("account", ""), name_kana=None, registration=None,
        debtor_type="business", language=None, country="", time_zone=None, email=None, address=(), iban=None, payer_code=None,
    )  # fmt: skip
    nothing = Money(0, currency)
    reference = row.get("reference", "")
    found = Document(
        format=FORMAT, number=row["document"] if credit or not reference else reference,
        type_code=CREDIT_NOTE if credit else INVOICE, issued_on=issued_on, due_on=due_on, currency=currency,
        seller=Seller(row.get("company", ""), None), buyer=buyer, net=gross, tax=nothing, gross=gross, prepaid=nothing,
        rounding=nothing, payable=gross, payment_references=unique([row["document"]]), ibans=(),
        preceding=unique([reference]) if credit else (), mandate_id=None, lines=1, warnings=(),
    )  # fmt: skip
    return replace(found, warnings=("the list gives no tax: net is the whole open amount", *inconsistencies(found)))


def _due_on(row: dict[str, str]) -> date | None:
    """The net due date; where the list has none, the baseline date (ZFBDT) and the days of the last term (ZBD3T, 2T, 1T)."""
    due_on, baseline = _day(row.get("due_on", "")), _day(row.get("baseline", ""))
    if due_on is not None or baseline is None:
        return due_on
    for name in ("days3", "days2", "days1"):
        days = row.get(name, "").rstrip(".")
        if days.isascii() and days.isdecimal() and 0 < int(days[:4]) <= _MAX_TERM_DAYS:
            return baseline + timedelta(days=int(days))
    return baseline


def _rows(text: str) -> list[tuple[int, dict[str, str]]]:
    """Line and cells by field of each item."""
    lines = text.splitlines()
    header = _header(lines[:HEADER_LINES])
    if header is None:
        raise Unreadable("UNKNOWN_FORMAT", "no header of a list of open items")
    place, mark, fields = header
    found: list[tuple[int, dict[str, str]]] = []
    above: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if (match := _ABOVE.match(line)) and (field := _ABOVE_FIELDS.get(match["label"].casefold())):
            above[field] = match["value"].strip("| ")
        cells = _cells(line, mark) if number > place + 1 else []
        if len(found) >= MAX_ROWS:
            raise Unreadable("TOO_LARGE", f"more than {MAX_ROWS} rows", line=number)
        # Rules, page headers, and sums, which start with stars.
        if len(cells) < len(fields) or cells[0].startswith("*") or _fields(cells) == fields:
            continue
        with at(line=number):
            found.append((number, {**above, **dict(zip(fields, map(clean, cells), strict=False))}))
    return found


def _header(lines: list[str]) -> tuple[int, str, list[str]] | None:
    for place, line in enumerate(lines):
        for mark in _MARKS:
            fields = _fields(_cells(line, mark))
            if set(fields) >= _NEEDED and ({"posted_on", "issued_on"} & set(fields)):
                return place, mark, fields
    return None


def _fields(cells: list[str]) -> list[str]:
    return list(_names(cells))


def _names(cells: list[str]) -> Iterator[str]:
    """Each field once; a label that is not known, or comes again, is none."""
    seen: set[str] = set()
    for cell in cells:
        label = re.sub(r"[^a-zäöü0-9]", "", cell.casefold())
        field = _FIELDS.get(label) or _FIELDS.get(label.rstrip("0123456789")) or ""
        yield field if field not in seen else ""
        seen.add(field)


def _cells(line: str, mark: str) -> list[str]:
    inner = line.strip().strip("|") if mark == "|" else line
    return [cell.strip() for cell in inner.split(mark)] if mark in inner else []


def _amount(text: str, currency: str) -> Money:
    """``1.190,00``, ``119,00-``, ``1,190.00``."""
    value = text.replace(" ", "").replace("'", "")
    if not _AMOUNT.fullmatch(text.strip()) or not value.isascii():
        raise Unreadable("NOT_A_NUMBER", f"{text[:40]!r} is not an amount", value=text[:40])
    value = "-" + value[:-1] if value.endswith("-") else value
    mark = max(",.", key=value.rfind)
    whole, point, fraction = value.rpartition(mark) if mark in value else (value, "", "")
    return Money.parse(whole.replace(",", "").replace(".", "") + ("." + fraction if point else ""), currency)


def _day(text: str) -> date | None:
    match = next((match for pattern in _DATES if (match := pattern.fullmatch(text.strip()))), None)
    if match is None:
        if text.strip(" 0./-"):
            raise Unreadable("INVALID", f"{text[:30]!r} is not a date")
        return None
    try:
        return date(int(match["y"]), int(match["m"]), int(match["d"]))
    except ValueError:
        raise Unreadable("INVALID", f"{text[:30]!r} is not a date") from None


def _decode(content: bytes) -> str:
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("iso-8859-1")
