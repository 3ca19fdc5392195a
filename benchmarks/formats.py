"""How fast the readers are: camt against a bare lxml walk in the same run, the other formats in MB/s.

Run: python -m benchmarks.formats. Pairs are interleaved and the median of their ratios is printed, because a shared
machine is never equally fast twice.
"""

import io
import sys
import time
from collections.abc import Callable
from statistics import median

from lxml import etree

from services.payments.domain.formats import read

PAIRS = 7
ENTRIES = 4_000
FLOOR, GOAL = 0.25, 0.45

_ENTRY = """<Ntry><NtryRef>{i}</NtryRef><Amt Ccy="EUR">{a}.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
<BookgDt><Dt>2026-09-{d:02d}</Dt></BookgDt><ValDt><Dt>2026-09-{d:02d}</Dt></ValDt><AcctSvcrRef>REF{i:010d}</AcctSvcrRef>
<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd><NtryDtls><TxDtls>
<Refs><EndToEndId>E2E-{i}</EndToEndId><TxId>T{i}</TxId></Refs><Amt Ccy="EUR">{a}.00</Amt><RltdPties><Dbtr><Pty>
<Nm>Customer {i}</Nm></Pty></Dbtr><DbtrAcct><Id><IBAN>DE02120300000000202051</IBAN></Id></DbtrAcct><Cdtr><Pty><Nm>Seller GmbH</Nm></Pty>
</Cdtr></RltdPties><RmtInf><Ustrd>Invoice RE-2026-{i:06d}</Ustrd></RmtInf></TxDtls></NtryDtls><AddtlNtryInf>Credit</AddtlNtryInf></Ntry>
"""


def camt(entries: int) -> bytes:
    """A statement of so many entries, one detail each."""
    head = (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt><Id>S</Id><Acct><Id>'
        "<IBAN>DE89370400440532013000</IBAN></Id><Ccy>EUR</Ccy></Acct>"
    )
    body = "".join(_ENTRY.format(i=i, a=i % 900 + 1, d=i % 28 + 1) for i in range(entries))
    return f"{head}{body}</Stmt></BkToCstmrStmt></Document>".encode()


def others(entries: int) -> dict[str, bytes]:
    """The same money in the other formats."""
    numbers = range(1, entries + 1)
    mt = "".join(f":61:2609{i % 28 + 1:02d}0901C{i},00NTRFNONREF//R{i}\n:86:166?20EREF+E{i}?21SVWZ+RE-{i}?32Kunde {i}\n" for i in numbers)
    bai = "".join(f"16,165,{i}00,Z,R{i},C{i},INVOICE RE-{i}/\n" for i in numbers)
    ofx = "".join(
        f"<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20260901<TRNAMT>{i}.00<FITID>{i}<NAME>Customer {i}<MEMO>RE-{i}</STMTTRN>\n" for i in numbers
    )
    amount = sum(numbers)
    record = "2{i:08d}080901080901111{i:012d}" + "0" * 12 + " " * 23 + "{i:010d}" + "ﾔﾏﾀﾞ".ljust(49) + " " * 29 + " " * 40
    lines = [("1030080930080901080930" + "9991".ljust(19) + "001".ljust(18) + "000" + "10007654321").ljust(113) + "1" + "1" + "0" * 14]
    lines += [record.format(i=i) for i in numbers]
    lines += [f"8{entries:06d}{amount:013d}{0:06d}{0:013d}1{amount:014d}{entries:07d}", f"9{entries + 3:010d}{1:05d}"]
    return {
        "mt940": f":20:A\n:25:1\n:28C:1/1\n:60F:C260901EUR0,00\n{mt}:62F:C260930EUR{amount},00\n-\n".encode(),
        "bai2": f"01,S,R,260901,0600,1,,,2/\n02,R,S,1,260901,,EUR,2/\n03,1,EUR,/\n{bai}49,{amount}00,{entries + 2}/\n"
        f"98,{amount}00,1,{entries + 4}/\n99,{amount}00,1,{entries + 6}/\n".encode(),
        "ofx": f"<OFX><STMTRS><CURDEF>EUR<BANKACCTFROM><ACCTID>1</BANKACCTFROM>{ofx}</STMTRS></OFX>".encode(),
        "zengin": "\r\n".join(line[:200].ljust(200) for line in lines).encode("cp932"),
    }


def bare_walk(content: bytes) -> None:
    """What any reader on lxml pays at least: every element seen once, finished entries cleared."""
    for _, element in etree.iterparse(io.BytesIO(content), events=("end",)):
        if element.tag.endswith("}Ntry"):
            element.clear()


def seconds(work: Callable[[], object]) -> float:
    """Processor time of one run: others share the machine."""
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    content = camt(ENTRIES)
    pairs = [(seconds(lambda: bare_walk(content)), seconds(lambda: read(content))) for _ in range(PAIRS)]
    ratio = median(bare / ours for bare, ours in pairs)
    size = len(content) / 1e6
    walk, ours = (size / median(times) for times in zip(*pairs, strict=True))
    sys.stdout.write(f"camt    {ours:6.1f} MB/s, {ratio:.2f} of a bare walk of {walk:.1f} MB/s (floor {FLOOR}, goal {GOAL})\n")
    for name, data in others(ENTRIES).items():
        read(data)
        spent = median(seconds(lambda data=data: read(data)) for _ in range(3))  # type: ignore[misc]
        sys.stdout.write(f"{name:<7} {len(data) / 1e6 / spent:6.1f} MB/s\n")


if __name__ == "__main__":
    main()
