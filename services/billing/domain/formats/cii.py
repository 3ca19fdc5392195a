"""Reads a UN/CEFACT Cross Industry Invoice (D16B, and ZUGFeRD 1.0) by the syntax binding of EN 16931 (CEN/TS 16931-3-3)."""

from dataclasses import replace
from datetime import date

from kernel.errors import Unreadable
from kernel.money import Money
from services.billing.domain.formats.checks import inconsistencies
from services.billing.domain.formats.document import (
    INVOICE,
    Buyer,
    DebtorType,
    Discount,
    Document,
    DueDate,
    Extras,
    InvoiceFile,
    Seller,
)
from services.billing.domain.formats.safexml import Node, line_of
from services.billing.domain.formats.text import at, compact, note, unique
from services.billing.domain.formats.tree import amount, content, day, first, nodes, required, text, texts

FORMAT = "cii-d16b"
ROOTS = frozenset({"CrossIndustryInvoice", "CrossIndustryDocument"})
# ZUGFeRD 1.0 named the same parts otherwise.
_HEAD = ("ExchangedDocument", "HeaderExchangedDocument")
_TRANSACTION = ("SupplyChainTradeTransaction", "SpecifiedSupplyChainTradeTransaction")
_AGREEMENT = ("ApplicableHeaderTradeAgreement", "ApplicableSupplyChainTradeAgreement")
_SETTLEMENT = ("ApplicableHeaderTradeSettlement", "ApplicableSupplyChainTradeSettlement")
_TOTALS = ("SpecifiedTradeSettlementHeaderMonetarySummation", "SpecifiedTradeSettlementMonetarySummation")
_MEANS = "SpecifiedTradeSettlementPaymentMeans"
_TERMS = "SpecifiedTradePaymentTerms"


def read(root: Node, file_format: str = FORMAT) -> InvoiceFile:
    """One document of one file. Raises Unreadable as `formats.read` says."""
    head, transaction = _part(root, *_HEAD), _part(root, *_TRANSACTION)
    agreement, settlement = _part(transaction, *_AGREEMENT), _part(transaction, *_SETTLEMENT)
    totals = _part(settlement, *_TOTALS)
    currency = required(settlement, "InvoiceCurrencyCode").upper()
    buyer, warnings = _buyer(agreement, settlement)
    dates = _due_dates(settlement, currency)
    document = Document(
        format=file_format,
        number=required(head, "ID"),
        type_code=text(head, "TypeCode") or INVOICE,
        issued_on=_required_day(head, "IssueDateTime/DateTimeString", "IssueDateTime/DateTime"),
        due_on=dates[0].due_on if dates else None,
        currency=currency,
        seller=_seller(agreement),
        buyer=buyer,
        net=_total(totals, currency, "TaxBasisTotalAmount"),
        tax=_tax(totals, currency),
        gross=_total(totals, currency, "GrandTotalAmount"),
        prepaid=_optional(totals, currency, "TotalPrepaidAmount"),
        rounding=_optional(totals, currency, "RoundingAmount"),
        payable=_total(totals, currency, "DuePayableAmount", "GrandTotalAmount"),
        payment_references=unique(texts(settlement, "PaymentReference")),
        ibans=unique([compact(iban) for iban in _creditor_accounts(settlement)]),
        preceding=unique(texts(settlement, "InvoiceReferencedDocument/IssuerAssignedID", "InvoiceReferencedDocument/ID")),
        mandate_id=text(settlement, f"{_TERMS}/DirectDebitMandateID"),
        lines=len(nodes(transaction, "IncludedSupplyChainTradeLineItem")),
        warnings=(),
        extras=_extras(settlement, totals, currency, dates),
    )
    document = replace(document, warnings=(*warnings, *inconsistencies(document)))
    return InvoiceFile(file_format, (document,), ())


def _part(node: Node, *names: str) -> Node:
    found = first(node, *names)
    if found is None:
        raise Unreadable("INVALID", f"the document has no {names[0]}", place=names[0], line=line_of(node))
    return found


def _seller(agreement: Node) -> Seller:
    party = first(agreement, "SellerTradeParty")
    if party is None:
        raise Unreadable("INVALID", "the document names no seller", place="SellerTradeParty")
    return Seller(_party_name(party), _registration(party))


def _buyer(agreement: Node, settlement: Node) -> tuple[Buyer, tuple[str, ...]]:
    party = first(agreement, "BuyerTradeParty")
    if party is None:
        raise Unreadable("INVALID", "the document names no buyer", place="BuyerTradeParty")
    registration = _registration(party)
    debtor_type: DebtorType = "business" if registration else "consumer"
    payer = text(settlement, f"{_MEANS}/PayerPartyDebtorFinancialAccount/IBANID")
    warnings = () if registration else ("the buyer has neither registration nor person: taken as a consumer, who is protected more",)
    buyer = Buyer(
        account_number=text(party, "ID", "GlobalID") or "",
        name=_party_name(party),
        name_kana=None,
        registration=registration,
        debtor_type=debtor_type,
        language=None,
        country=(text(party, "PostalTradeAddress/CountryID") or "").upper(),
        time_zone=None,
        email=_email(party),
        address=_address(party),
        iban=compact(payer) if payer else None,
        payer_code=None,
    )
    return buyer, warnings


def _party_name(party: Node) -> str:
    found = text(party, "Name", "SpecifiedLegalOrganization/TradingBusinessName", "DefinedTradeContact/PersonName")
    if found is None:
        raise Unreadable("INVALID", "a party without a name", line=line_of(party))
    return found


def _registration(party: Node) -> str | None:
    """The VAT id, else the company number; a local tax number (FC) is no identity."""
    registrations = nodes(party, "SpecifiedTaxRegistration/ID")
    number = next((content(one) for one in registrations if one.get("schemeID") == "VA" and content(one)), None)
    number = number or text(party, "SpecifiedLegalOrganization/ID")
    return compact(number) if number else None


def _email(party: Node) -> str | None:
    contact = text(party, "DefinedTradeContact/EmailURIUniversalCommunication/URIID")
    addresses = [one for one in nodes(party, "URIUniversalCommunication/URIID") if one.get("schemeID") == "EM"]
    return contact or next((content(one) for one in addresses), None)


def _address(party: Node) -> tuple[str, ...]:
    base = "PostalTradeAddress"
    town = " ".join(texts(party, f"{base}/PostcodeCode", f"{base}/CityName"))
    lines = [*texts(party, f"{base}/LineOne", f"{base}/LineTwo", f"{base}/LineThree"), town]
    return tuple(line for line in lines if line)


def _creditor_accounts(settlement: Node) -> list[str]:
    accounts = nodes(settlement, f"{_MEANS}/PayeePartyCreditorFinancialAccount")
    return [number for account in accounts if (number := text(account, "IBANID", "ProprietaryID"))]


def _due_dates(settlement: Node, currency: str) -> tuple[DueDate, ...]:
    """Each payment term's date, with its part of the amount where the document gives one."""
    found = []
    for term in nodes(settlement, _TERMS):
        on = first(term, "DueDateDateTime/DateTimeString", "DueDateDateTime/DateTime")
        if on is not None and content(on):
            part = first(term, "PartialPaymentAmount")
            found.append(DueDate(day(on), None if part is None or not content(part) else amount(part, currency)))
    return tuple(sorted(found, key=lambda due: due.due_on))


def _extras(settlement: Node, totals: Node, currency: str, dates: tuple[DueDate, ...]) -> Extras:
    accounting = text(settlement, "TaxCurrencyCode")
    other = [one for one in nodes(totals, "TaxTotalAmount") if accounting and one.get("currencyID") == accounting != currency]
    return Extras(
        due_dates=dates,
        terms=unique([note("".join(map(str, one.itertext()))) for one in nodes(settlement, f"{_TERMS}/Description")]),
        discounts=tuple(_discounts(settlement, currency)),
        payee=text(settlement, "PayeeTradeParty/Name"),
        allowances=_optional(totals, currency, "AllowanceTotalAmount"),
        charges=_optional(totals, currency, "ChargeTotalAmount"),
        accounting_tax=Money.parse(content(other[0]), accounting) if other and accounting else None,
    )


def _discounts(settlement: Node, currency: str) -> list[Discount]:
    """Cash discount of the extended profile (ApplicableTradePaymentDiscountTerms); elsewhere it stands in the terms."""
    found = []
    for terms in nodes(settlement, f"{_TERMS}/ApplicableTradePaymentDiscountTerms"):
        percent, days = text(terms, "CalculationPercent"), text(terms, "BasisPeriodMeasure")
        part = first(terms, "ActualDiscountAmount")
        found.append(Discount(percent, days, None if part is None or not content(part) else amount(part, currency)))
    return found


def _tax(totals: Node, currency: str) -> Money:
    """BT-110; BT-111 stands beside it in the accounting currency."""
    found = [one for one in nodes(totals, "TaxTotalAmount") if content(one)]
    own = [one for one in found if one.get("currencyID") == currency] or [one for one in found if not one.get("currencyID")]
    return amount(own[0], currency) if own else Money(0, currency)


def _total(totals: Node, currency: str, *names: str) -> Money:
    found = next((one for name in names for one in nodes(totals, name) if content(one)), None)
    if found is None:
        raise Unreadable("INVALID", f"the document has no {names[0]}", place=names[0], line=line_of(totals))
    return amount(found, currency)


def _optional(totals: Node, currency: str, name: str) -> Money:
    found = first(totals, name)
    return amount(found, currency) if found is not None and content(found) else Money(0, currency)


def _required_day(node: Node, *paths: str) -> date:
    found = first(node, *paths)
    if found is None:
        raise Unreadable("INVALID", f"the document has no {paths[0]}", place=paths[0], line=line_of(node))
    with at(place=paths[0]):
        return day(found)
