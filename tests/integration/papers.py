"""The papers of a story: an invoice as an ERP sends it, a statement as the bank cuts it."""

from dataclasses import dataclass

UBL = """<?xml version="1.0" encoding="UTF-8"?>
<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
  xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
  xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
  <cbc:CustomizationID>urn:cen.eu:en16931:2017</cbc:CustomizationID>
  <cbc:ID>{number}</cbc:ID><cbc:IssueDate>{issued}</cbc:IssueDate><cbc:DueDate>{due}</cbc:DueDate>
  <cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode><cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>
  <cac:AccountingSupplierParty><cac:Party>
    <cac:PartyLegalEntity><cbc:RegistrationName>Rheintel</cbc:RegistrationName></cac:PartyLegalEntity>
  </cac:Party></cac:AccountingSupplierParty>
  <cac:AccountingCustomerParty><cac:Party>
    <cac:PartyIdentification><cbc:ID>{account}</cbc:ID></cac:PartyIdentification>
    <cac:PostalAddress><cbc:StreetName>Weg 1</cbc:StreetName><cbc:CityName>Neuenrath</cbc:CityName><cbc:PostalZone>00010</cbc:PostalZone>
      <cac:Country><cbc:IdentificationCode>DE</cbc:IdentificationCode></cac:Country></cac:PostalAddress>
    <cac:PartyLegalEntity><cbc:RegistrationName>{name}</cbc:RegistrationName></cac:PartyLegalEntity>
    <cac:Contact><cbc:ElectronicMail>{account}@example.org</cbc:ElectronicMail></cac:Contact>
    <cac:Person><cbc:FamilyName>{name}</cbc:FamilyName></cac:Person>
  </cac:Party></cac:AccountingCustomerParty>
  <cac:TaxTotal><cbc:TaxAmount currencyID="EUR">0.00</cbc:TaxAmount></cac:TaxTotal>
  <cac:LegalMonetaryTotal>
    <cbc:LineExtensionAmount currencyID="EUR">{amount}</cbc:LineExtensionAmount>
    <cbc:TaxExclusiveAmount currencyID="EUR">{amount}</cbc:TaxExclusiveAmount>
    <cbc:TaxInclusiveAmount currencyID="EUR">{amount}</cbc:TaxInclusiveAmount>
    <cbc:PayableAmount currencyID="EUR">{amount}</cbc:PayableAmount>
  </cac:LegalMonetaryTotal>
  <cac:InvoiceLine><cbc:ID>1</cbc:ID><cbc:LineExtensionAmount currencyID="EUR">{amount}</cbc:LineExtensionAmount>
    <cac:Item><cbc:Name>Anschluss</cbc:Name></cac:Item></cac:InvoiceLine>
</Invoice>
"""

CAMT = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>
  <GrpHdr><MsgId>{id}</MsgId><CreDtTm>2026-06-30T23:30:00+02:00</CreDtTm></GrpHdr>
  <Stmt><Id>{id}</Id><CreDtTm>2026-06-30T23:30:00+02:00</CreDtTm>
    <Acct><Id><IBAN>DE92999000010001001200</IBAN></Id><Ccy>EUR</Ccy></Acct>
    <Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">1000000.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-06-01</Dt></Dt></Bal>
    <Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{closing}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-06-30</Dt></Dt></Bal>
{entries}
  </Stmt></BkToCstmrStmt></Document>
"""

ENTRY = """    <Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{direction}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
      <BookgDt><Dt>{on}</Dt></BookgDt><ValDt><Dt>{on}</Dt></ValDt><AcctSvcrRef>{reference}</AcctSvcrRef>
      <BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>{family}</Cd><SubFmlyCd>{sub}</SubFmlyCd></Fmly></Domn></BkTxCd>
      <NtryDtls><TxDtls><Refs><EndToEndId>{end_to_end}</EndToEndId></Refs><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{direction}</CdtDbtInd>
        <RltdPties><{side}><Pty><Nm>{payer}</Nm></Pty></{side}></RltdPties><RmtInf><Ustrd>{text}</Ustrd></RmtInf>{reason}</TxDtls></NtryDtls>
    </Ntry>"""


@dataclass(frozen=True)
class Payment:
    """A line of a statement: money in, or with `returned` (a reason code) the same money going back."""

    amount: str
    on: str
    text: str
    payer: str = "Nobody Known"
    end_to_end: str = "NOTPROVIDED"
    returned: str = ""


def invoice(number: str, account: str, amount: str, issued: str, due: str, name: str) -> bytes:
    """A UBL invoice of the telephone company."""
    return UBL.format(number=number, account=account, amount=amount, issued=issued, due=due, name=name).encode()


def statement(id_: str, lines: list[Payment]) -> bytes:
    """A camt.053 statement of its bank account; it adds up."""
    cents = 100_000_000
    entries = []
    for place, line in enumerate(lines):
        cents += (-1 if line.returned else 1) * int(line.amount.replace(".", ""))
        entries.append(
            ENTRY.format(
                amount=line.amount,
                direction="DBIT" if line.returned else "CRDT",
                on=line.on,
                reference=f"{id_}-{place}",
                family="IDDT" if line.returned else "RCDT",
                sub="UPDD" if line.returned else "ESCT",
                end_to_end=line.end_to_end,
                side="Cdtr" if line.returned else "Dbtr",
                payer=line.payer,
                text=line.text,
                reason=f"<RtrInf><Rsn><Cd>{line.returned}</Cd></Rsn></RtrInf>" if line.returned else "",
            )
        )
    return CAMT.format(id=id_, closing=f"{cents // 100}.{cents % 100:02d}", entries="\n".join(entries)).encode()
