"""Writes camt.053.001.08 monthly statements, valid against the ISO schema."""

from xml.sax.saxutils import escape

from generator.book import Entry
from generator.days import YEAR, month_end

_CODES = {  # kind: domain, family, sub-family (ISO 20022 external code set)
    "transfer": ("PMNT", "RCDT", "ESCT"),
    "direct_debit": ("PMNT", "IDDT", "ESDD"),
    "return": ("PMNT", "IDDT", "UPDD"),
    "fee": ("ACMT", "MDOP", "CHRG"),
}


def statement(month: int, entries: list[Entry], opening: int, iban: str, owner: str) -> tuple[bytes, int]:
    """The file of a month and its closing balance."""
    closing = opening + sum(entry.amount for entry in entries)
    first, last = f"{YEAR}-{month:02d}-01", str(month_end(month))
    begins, ends = _zone(month, 1), _zone(month, 28)
    identity = f"RHEINTEL-{YEAR}-{month:02d}"
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">',
        "  <BkToCstmrStmt>",
        f"    <GrpHdr><MsgId>{identity}</MsgId><CreDtTm>{last}T23:30:00{ends}</CreDtTm></GrpHdr>",
        "    <Stmt>",
        f"      <Id>{identity}</Id>",
        f"      <ElctrncSeqNb>{month}</ElctrncSeqNb>",
        f"      <CreDtTm>{last}T23:30:00{ends}</CreDtTm>",
        f"      <FrToDt><FrDtTm>{first}T00:00:00{begins}</FrDtTm><ToDtTm>{last}T23:59:59{ends}</ToDtTm></FrToDt>",
        f"      <Acct><Id><IBAN>{iban}</IBAN></Id><Ccy>EUR</Ccy><Ownr><Nm>{owner}</Nm></Ownr></Acct>",
        *_balance("OPBD", opening, first),
        *_balance("CLBD", closing, last),
        *(line for position, entry in enumerate(entries, start=1) for line in _entry(entry, f"{month:02d}{position:04d}")),
        "    </Stmt>",
        "  </BkToCstmrStmt>",
        "</Document>",
    ]
    return ("\n".join(lines) + "\n").encode(), closing


def _zone(month: int, day: int) -> str:
    """Central European Time's offset; summer time ends on 25 October 2026."""
    return "+02:00" if (month, day) < (10, 25) else "+01:00"


def _balance(code: str, minor: int, day: str) -> list[str]:
    kind = f"<Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>"
    amount = f'<Amt Ccy="EUR">{_euro(minor)}</Amt><CdtDbtInd>{_mark(minor)}</CdtDbtInd>'
    return [f"      <Bal>{kind}{amount}<Dt><Dt>{day}</Dt></Dt></Bal>"]


def _entry(entry: Entry, number: str) -> list[str]:
    domain, family, sub = _CODES[entry.kind]
    reference = [f"        <AcctSvcrRef>{YEAR}{number}</AcctSvcrRef>"] if entry.bank_reference else []
    return [
        "      <Ntry>",
        f'        <Amt Ccy="EUR">{_euro(entry.amount)}</Amt>',
        f"        <CdtDbtInd>{_mark(entry.amount)}</CdtDbtInd>",
        "        <Sts><Cd>BOOK</Cd></Sts>",
        f"        <BookgDt><Dt>{entry.on}</Dt></BookgDt>",
        f"        <ValDt><Dt>{entry.on}</Dt></ValDt>",
        *reference,
        f"        <BkTxCd><Domn><Cd>{domain}</Cd><Fmly><Cd>{family}</Cd><SubFmlyCd>{sub}</SubFmlyCd></Fmly></Domn></BkTxCd>",
        "        <NtryDtls>",
        "          <TxDtls>",
        *_details(entry),
        "          </TxDtls>",
        "        </NtryDtls>",
        "      </Ntry>",
    ]


def _details(entry: Entry) -> list[str]:
    indent = "            "
    mandate = f"<MndtId>{entry.mandate}</MndtId>" if entry.mandate else ""
    lines = [
        f"<Refs><EndToEndId>{entry.end_to_end or 'NOTPROVIDED'}</EndToEndId>{mandate}</Refs>",
        f'<Amt Ccy="EUR">{_euro(entry.amount)}</Amt>',
        f"<CdtDbtInd>{_mark(entry.amount)}</CdtDbtInd>",
    ]
    if entry.name:
        account = f"<DbtrAcct><Id><IBAN>{entry.iban}</IBAN></Id></DbtrAcct>" if entry.iban else ""
        lines.append(f"<RltdPties><Dbtr><Pty><Nm>{escape(entry.name)}</Nm></Pty></Dbtr>{account}</RltdPties>")
    if entry.reference:
        tag = "<Tp><CdOrPrtry><Cd>SCOR</Cd></CdOrPrtry></Tp>"
        lines.append(f"<RmtInf><Strd><CdtrRefInf>{tag}<Ref>{entry.reference}</Ref></CdtrRefInf></Strd></RmtInf>")
    elif entry.texts:
        lines.append(f"<RmtInf>{''.join(f'<Ustrd>{escape(text)}</Ustrd>' for text in entry.texts)}</RmtInf>")
    if entry.reason:
        lines.append(f"<RtrInf><Rsn><Cd>{entry.reason}</Cd></Rsn></RtrInf>")
    return [indent + line for line in lines]


def _mark(minor: int) -> str:
    return "DBIT" if minor < 0 else "CRDT"


def _euro(minor: int) -> str:
    return f"{abs(minor) // 100}.{abs(minor) % 100:02d}"
