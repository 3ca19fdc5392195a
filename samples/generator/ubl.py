"""Writes UBL 2.1 invoices and credit notes (EN 16931)."""

from xml.sax.saxutils import escape

from generator.book import Customer, Invoice
from generator.checkdigits import vat_id

SELLER = "Rheintel Telekommunikation GmbH"
SELLER_VAT = vat_id(4000001)
_NAMESPACE = "urn:oasis:names:specification:ubl:schema:xsd"


def document(invoice: Invoice, payee_iban: str) -> bytes:
    """One XML file."""
    kind = "CreditNote" if invoice.preceding else "Invoice"
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<{kind} xmlns="{_NAMESPACE}:{kind}-2"',
        f'  xmlns:cac="{_NAMESPACE}:CommonAggregateComponents-2"',
        f'  xmlns:cbc="{_NAMESPACE}:CommonBasicComponents-2">',
        "  <cbc:CustomizationID>urn:cen.eu:en16931:2017</cbc:CustomizationID>",
        f"  <cbc:ID>{invoice.number}</cbc:ID>",
        f"  <cbc:IssueDate>{invoice.issued_on}</cbc:IssueDate>",
        *([] if invoice.preceding else [f"  <cbc:DueDate>{invoice.due_on}</cbc:DueDate>"]),
        f"  <cbc:{kind}TypeCode>{'381' if invoice.preceding else '380'}</cbc:{kind}TypeCode>",
        "  <cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>",
        *_billing_reference(invoice),
        *_seller(),
        *_buyer(invoice.customer),
        *([] if invoice.preceding else _payment_means(invoice, payee_iban)),
        *_totals(invoice),
        *_line(invoice, kind),
        f"</{kind}>",
    ]
    return ("\n".join(lines) + "\n").encode()


def _billing_reference(invoice: Invoice) -> list[str]:
    if not invoice.preceding:
        return []
    return [
        "  <cac:BillingReference>",
        f"    <cac:InvoiceDocumentReference><cbc:ID>{invoice.preceding}</cbc:ID></cac:InvoiceDocumentReference>",
        "  </cac:BillingReference>",
    ]


def _seller() -> list[str]:
    return [
        "  <cac:AccountingSupplierParty>",
        "    <cac:Party>",
        *_address("Probegasse 1", "00010", "Neuenrath", "DE"),
        *_vat(SELLER_VAT),
        f"      <cac:PartyLegalEntity><cbc:RegistrationName>{SELLER}</cbc:RegistrationName></cac:PartyLegalEntity>",
        "    </cac:Party>",
        "  </cac:AccountingSupplierParty>",
    ]


def _buyer(customer: Customer) -> list[str]:
    party = customer.party
    german = (party.registration or "").startswith("DE")
    company = f"<cbc:CompanyID>{party.registration}</cbc:CompanyID>" if party.registration and not german else ""
    name = f"<cbc:RegistrationName>{escape(customer.name)}</cbc:RegistrationName>"
    first, _, last = customer.name.partition(" ")
    person = f"<cbc:FirstName>{first}</cbc:FirstName><cbc:FamilyName>{last}</cbc:FamilyName>"
    return [
        "  <cac:AccountingCustomerParty>",
        "    <cac:Party>",
        f"      <cac:PartyIdentification><cbc:ID>{customer.account}</cbc:ID></cac:PartyIdentification>",
        f"      <cac:Language><cbc:ID>{party.language}</cbc:ID></cac:Language>",
        *_address(customer.street, customer.postal_code, customer.city, party.country),
        *(_vat(party.registration) if german else []),
        f"      <cac:PartyLegalEntity>{name}{company}</cac:PartyLegalEntity>",
        *([f"      <cac:Contact><cbc:ElectronicMail>{customer.email}</cbc:ElectronicMail></cac:Contact>"]
          if customer.email else []),
        *([f"      <cac:Person>{person}</cac:Person>"] if party.kind == "consumer" else []),
        "    </cac:Party>",
        "  </cac:AccountingCustomerParty>",
    ]  # fmt: skip


def _address(street: str, postal_code: str, city: str, country: str) -> list[str]:
    return [
        "      <cac:PostalAddress>",
        f"        <cbc:StreetName>{street}</cbc:StreetName>",
        f"        <cbc:CityName>{city}</cbc:CityName>",
        f"        <cbc:PostalZone>{postal_code}</cbc:PostalZone>",
        f"        <cac:Country><cbc:IdentificationCode>{country}</cbc:IdentificationCode></cac:Country>",
        "      </cac:PostalAddress>",
    ]


def _vat(number: str) -> list[str]:
    return [
        "      <cac:PartyTaxScheme>",
        f"        <cbc:CompanyID>{number}</cbc:CompanyID>",
        "        <cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>",
        "      </cac:PartyTaxScheme>",
    ]


def _payment_means(invoice: Invoice, payee_iban: str) -> list[str]:
    """59 SEPA direct debit, 58 SEPA credit transfer (UNTDID 4461); the payer's account (BT-91) where it is known."""
    customer = invoice.customer
    payer = f"<cac:PayerFinancialAccount><cbc:ID>{customer.iban}</cbc:ID></cac:PayerFinancialAccount>"
    mandate = f"<cbc:ID>{customer.mandate}</cbc:ID>" if customer.mandate else ""
    return [
        "  <cac:PaymentMeans>",
        f"    <cbc:PaymentMeansCode>{'59' if customer.mandate else '58'}</cbc:PaymentMeansCode>",
        f"    <cbc:PaymentID>{invoice.reference}</cbc:PaymentID>",
        f"    <cac:PayeeFinancialAccount><cbc:ID>{payee_iban}</cbc:ID></cac:PayeeFinancialAccount>",
        *([f"    <cac:PaymentMandate>{mandate}{payer}</cac:PaymentMandate>"] if customer.iban else []),
        "  </cac:PaymentMeans>",
    ]


def _totals(invoice: Invoice) -> list[str]:
    net, tax, gross = _euro(invoice.net), _euro(invoice.tax), _euro(invoice.gross)
    return [
        f'  <cac:TaxTotal><cbc:TaxAmount currencyID="EUR">{tax}</cbc:TaxAmount></cac:TaxTotal>',
        "  <cac:LegalMonetaryTotal>",
        f'    <cbc:LineExtensionAmount currencyID="EUR">{net}</cbc:LineExtensionAmount>',
        f'    <cbc:TaxExclusiveAmount currencyID="EUR">{net}</cbc:TaxExclusiveAmount>',
        f'    <cbc:TaxInclusiveAmount currencyID="EUR">{gross}</cbc:TaxInclusiveAmount>',
        f'    <cbc:PayableAmount currencyID="EUR">{gross}</cbc:PayableAmount>',
        "  </cac:LegalMonetaryTotal>",
    ]


def _line(invoice: Invoice, kind: str) -> list[str]:
    quantity = "InvoicedQuantity" if kind == "Invoice" else "CreditedQuantity"
    net = _euro(invoice.net)
    return [
        f"  <cac:{kind}Line>",
        "    <cbc:ID>1</cbc:ID>",
        f'    <cbc:{quantity} unitCode="MON">1</cbc:{quantity}>',
        f'    <cbc:LineExtensionAmount currencyID="EUR">{net}</cbc:LineExtensionAmount>',
        "    <cac:Item><cbc:Name>Telefon- und Internetanschluss</cbc:Name></cac:Item>",
        f'    <cac:Price><cbc:PriceAmount currencyID="EUR">{net}</cbc:PriceAmount></cac:Price>',
        f"  </cac:{kind}Line>",
    ]


def _euro(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02d}"
