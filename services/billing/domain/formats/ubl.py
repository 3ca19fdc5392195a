"""Reads a UBL 2.1 Invoice or CreditNote by the syntax binding of EN 16931 (CEN/TS 16931-3-2)."""

import re
from dataclasses import replace
from datetime import date

from lxml import etree

from kernel.errors import Unreadable
from kernel.money import Money
from services.billing.domain.formats.checks import inconsistencies
from services.billing.domain.formats.document import (
    CREDIT_NOTE,
    INVOICE,
    Buyer,
    DebtorType,
    Document,
    DueDate,
    Extras,
    InvoiceFile,
    Seller,
)
from services.billing.domain.formats.safexml import Node, line_of
from services.billing.domain.formats.text import at, clean, compact, note, unique

FORMAT = "ubl-2.1"

_NAMESPACE = "urn:oasis:names:specification:ubl:schema:xsd:{}-2"
_PREFIXES = {"a": _NAMESPACE.format("CommonAggregateComponents"), "b": _NAMESPACE.format("CommonBasicComponents")}
_TYPES = {
    f"{{{_NAMESPACE.format('Invoice')}}}Invoice": ("Invoice", INVOICE),
    f"{{{_NAMESPACE.format('CreditNote')}}}CreditNote": ("CreditNote", CREDIT_NOTE),
}
# xs:date may carry a zone; the calendar day as printed is what counts.
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(T[\d:.]{5,20})?(Z|[+-]\d{2}:\d{2})?")


def read(root: Node, file_format: str = FORMAT) -> InvoiceFile:
    """One document of one file. Raises Unreadable as `formats.read` says."""
    if root.tag not in _TYPES:
        name = etree.QName(root).localname
        message = f"an XML document {name[:60]!r}, not an invoice in UBL 2.1 or CII"
        raise Unreadable("UNKNOWN_FORMAT", message, line=line_of(root))
    document = replace(_document(root), format=file_format)
    return InvoiceFile(file_format, (document,), ())


def _document(root: Node) -> Document:
    kind, usual_type = _TYPES[root.tag]
    currency = _required(root, "b:DocumentCurrencyCode").upper()
    buyer, warnings = _buyer(root)
    document = Document(
        format=FORMAT,
        number=_required(root, "b:ID"),
        type_code=_text(root, f"b:{kind}TypeCode") or usual_type,
        issued_on=_required_date(root, "b:IssueDate"),
        due_on=_date(root, "b:DueDate") or _date(root, "a:PaymentMeans/b:PaymentDueDate"),
        currency=currency,
        seller=_seller(root),
        buyer=buyer,
        net=_total(root, "TaxExclusiveAmount", currency),
        tax=_tax(root, currency),
        gross=_total(root, "TaxInclusiveAmount", currency),
        prepaid=_optional_total(root, "PrepaidAmount", currency),
        rounding=_optional_total(root, "PayableRoundingAmount", currency),
        payable=_total(root, "PayableAmount", currency),
        payment_references=unique(_texts(root, "a:PaymentMeans/b:PaymentID")),
        ibans=unique([compact(iban) for iban in _texts(root, "a:PaymentMeans/a:PayeeFinancialAccount/b:ID")]),
        preceding=unique(_texts(root, "a:BillingReference/a:InvoiceDocumentReference/b:ID")),
        mandate_id=_text(root, "a:PaymentMeans/a:PaymentMandate/b:ID"),
        lines=len(_nodes(root, f"a:{kind}Line")),
        warnings=(),
        extras=_extras(root, currency),
    )
    return _with_warnings(document, warnings)


def _extras(root: Node, currency: str) -> Extras:
    """All due dates (installments stand in the terms of payment), terms, payee, allowances, tax in another currency."""
    dates = [
        DueDate(due_on, None if part is None else _amount(part, currency))
        for term in _nodes(root, "a:PaymentTerms")
        if (due_on := _date(term, "b:InstallmentDueDate") or _date(term, "b:PaymentDueDate"))
        for part in [_node(term, "b:Amount")]
    ]
    usual = _date(root, "b:DueDate") or _date(root, "a:PaymentMeans/b:PaymentDueDate")
    accounting = _text(root, "b:TaxCurrencyCode")
    other = [node for node in _nodes(root, "a:TaxTotal/b:TaxAmount") if accounting and node.get("currencyID") == accounting != currency]
    return Extras(
        due_dates=tuple(sorted(dates, key=lambda due: due.due_on)) or ((DueDate(usual, None),) if usual else ()),
        terms=unique([note("".join(map(str, one.itertext()))) for one in _nodes(root, "a:PaymentTerms/b:Note")]),
        payee=_text(root, "a:PayeeParty/a:PartyName/b:Name"),
        allowances=_optional_total(root, "AllowanceTotalAmount", currency),
        charges=_optional_total(root, "ChargeTotalAmount", currency),
        accounting_tax=_amount(other[0], accounting) if other and accounting else None,
    )


def _with_warnings(document: Document, warnings: tuple[str, ...]) -> Document:
    return replace(document, warnings=(*warnings, *inconsistencies(document)))


def _seller(root: Node) -> Seller:
    party = _node(root, "a:AccountingSupplierParty/a:Party")
    if party is None:
        raise Unreadable("INVALID", "the document names no seller", place="AccountingSupplierParty")
    return Seller(_party_name(party, "AccountingSupplierParty"), _registration(party))


def _buyer(root: Node) -> tuple[Buyer, tuple[str, ...]]:
    customer = _node(root, "a:AccountingCustomerParty")
    party = None if customer is None else _node(customer, "a:Party")
    if customer is None or party is None:
        raise Unreadable("INVALID", "the document names no buyer", place="AccountingCustomerParty")
    debtor_type, warnings = _debtor_type(party)
    language = _text(party, "a:Language/b:ID")
    account = _text(customer, "b:SupplierAssignedAccountID") or _text(party, "a:PartyIdentification/b:ID")
    payer_account = _text(root, "a:PaymentMeans/a:PaymentMandate/a:PayerFinancialAccount/b:ID")
    buyer = Buyer(
        account_number=account or "",
        name=_party_name(party, "AccountingCustomerParty"),
        name_kana=None,
        registration=_registration(party),
        debtor_type=debtor_type,
        language=language.lower() if language else None,
        country=(_text(party, "a:PostalAddress/a:Country/b:IdentificationCode") or "").upper(),
        time_zone=None,
        email=_text(party, "a:Contact/b:ElectronicMail") or _text(party, "b:EndpointID[@schemeID='EM']"),
        address=_address(party),
        iban=compact(payer_account) if payer_account else None,
        payer_code=None,
    )
    return buyer, warnings


def _debtor_type(party: Node) -> tuple[DebtorType, tuple[str, ...]]:
    """UBL says it only indirectly: a cac:Person is a natural person, a tax or company number a business."""
    if _node(party, "a:Person") is not None:
        return "consumer", ()
    if _registration(party) is not None:
        return "business", ()
    return "consumer", ("the buyer has neither registration nor person: taken as a consumer, who is protected more",)


def _party_name(party: Node, place: str) -> str:
    name = _text(party, "a:PartyLegalEntity/b:RegistrationName") or _text(party, "a:PartyName/b:Name")
    if not name:
        raise Unreadable("INVALID", "a party without a name", place=place, line=line_of(party))
    return name


def _registration(party: Node) -> str | None:
    """The VAT id, else the company number; an id in another tax scheme (a local tax number) is no identity."""
    schemes = [node for node in _nodes(party, "a:PartyTaxScheme") if _text(node, "a:TaxScheme/b:ID") == "VAT"]
    numbers = [_text(node, "b:CompanyID") for node in schemes]
    number = next(filter(None, numbers), None) or _text(party, "a:PartyLegalEntity/b:CompanyID")
    return compact(number) if number else None


def _address(party: Node) -> tuple[str, ...]:
    base = "a:PostalAddress"
    town = " ".join(_texts(party, f"{base}/b:PostalZone") + _texts(party, f"{base}/b:CityName"))
    lines = [
        *_texts(party, f"{base}/b:StreetName"),
        *_texts(party, f"{base}/b:AdditionalStreetName"),
        *_texts(party, f"{base}/a:AddressLine/b:Line"),
        town,
    ]
    return tuple(line for line in lines if line)


def _tax(root: Node, currency: str) -> Money:
    """BT-110; the total in the accounting currency (BT-111) stands beside it under another currencyID."""
    totals = [node for node in _nodes(root, "a:TaxTotal/b:TaxAmount") if node.get("currencyID", currency) == currency]
    return _amount(totals[0], currency) if totals else Money(0, currency)


def _total(root: Node, name: str, currency: str) -> Money:
    node = _node(root, f"a:LegalMonetaryTotal/b:{name}")
    if node is None:
        raise Unreadable("INVALID", f"the document has no {name}", place=f"LegalMonetaryTotal/{name}")
    return _amount(node, currency)


def _optional_total(root: Node, name: str, currency: str) -> Money:
    node = _node(root, f"a:LegalMonetaryTotal/b:{name}")
    return Money(0, currency) if node is None or not _content(node) else _amount(node, currency)


def _amount(node: Node, currency: str) -> Money:
    name = etree.QName(node).localname
    with at(place=name, line=line_of(node)):
        stated = node.get("currencyID", currency)
        if stated != currency:
            raise Unreadable("INVALID", f"{name} is in {stated[:10]!r}, the document in {currency[:10]!r}")
        return Money.parse(_content(node), currency)


def _required_date(root: Node, path: str) -> date:
    day = _date(root, path)
    if day is None:
        raise Unreadable("INVALID", f"the document has no {path[2:]}", place=path[2:])
    return day


def _date(root: Node, path: str) -> date | None:
    node = _node(root, path)
    if node is None or not _content(node):
        return None
    found = _DATE.fullmatch(_content(node))
    try:
        return date.fromisoformat(found[1] if found else "")
    except ValueError:
        message = f"{_content(node)[:30]!r} is not a date"
        raise Unreadable("INVALID", message, place=etree.QName(node).localname, line=line_of(node)) from None


def _required(root: Node, path: str) -> str:
    text = _text(root, path)
    if not text:
        raise Unreadable("INVALID", f"the document has no {path[2:]}", place=path[2:])
    return text


def _text(node: Node, path: str) -> str | None:
    return next((text for text in _texts(node, path) if text), None)


def _texts(node: Node, path: str) -> list[str]:
    return [_content(found) for found in _nodes(node, path)]


def _content(node: Node) -> str:
    with at(place=etree.QName(node).localname, line=line_of(node)):
        return clean("".join(str(part) for part in node.itertext()))


def _node(node: Node, path: str) -> Node | None:
    return next(iter(_nodes(node, path)), None)


def _nodes(node: Node, path: str) -> list[Node]:
    return node.findall(path, namespaces=_PREFIXES)
