"""How fast the readers are: camt against a bare lxml walk in the same run, the other formats in MB/s, a large file's memory.

Run: python -m benchmarks.formats [--large 500] [--keep]. Pairs are interleaved and the median of their ratios is printed,
because a shared machine is never equally fast twice. --large writes a camt.053 of so many MB and has it answered by
`saiken statement --json`; --keep appends the figures to docs/evidence/formats.jsonl, from where docs/formats.md takes them.
"""

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from lxml import etree

from cli.files import BankProfiles, invoice_profiles
from services.billing.domain import formats as invoices
from services.payments.domain.formats import read

ROOT = Path(__file__).resolve().parents[1]
EVIDENCE = ROOT / "docs" / "evidence" / "formats.jsonl"
PAIRS, RUNS = 7, 3
ENTRIES = 4_000
FLOOR, GOAL = 0.25, 0.45
MAX_ABOVE_IDLE_MIB = 256

_ENTRY = """<Ntry><NtryRef>{i}</NtryRef><Amt Ccy="EUR">{a}.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
<BookgDt><Dt>2026-09-{d:02d}</Dt></BookgDt><ValDt><Dt>2026-09-{d:02d}</Dt></ValDt><AcctSvcrRef>REF{i:010d}</AcctSvcrRef>
<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd><NtryDtls><TxDtls>
<Refs><EndToEndId>E2E-{i}</EndToEndId><TxId>T{i}</TxId></Refs><Amt Ccy="EUR">{a}.00</Amt><RltdPties><Dbtr><Pty>
<Nm>Customer {i}</Nm></Pty></Dbtr><DbtrAcct><Id><IBAN>DE02120300000000202051</IBAN></Id></DbtrAcct><Cdtr><Pty><Nm>Seller GmbH</Nm></Pty>
</Cdtr></RltdPties><RmtInf><Ustrd>Invoice RE-2026-{i:06d}</Ustrd></RmtInf></TxDtls></NtryDtls><AddtlNtryInf>Credit</AddtlNtryInf></Ntry>
"""
_HEAD = (
    '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt><Id>S</Id><Acct><Id>'
    "<IBAN>DE89370400440532013000</IBAN></Id><Ccy>EUR</Ccy></Acct>"
)
_TAIL = "</Stmt></BkToCstmrStmt></Document>"
# Runs a command line in a process of its own and says its peak; what getrusage says is at least what the parent had.
ASK_THE_MEMORY = """
import re, sys
from cli.main import main
try:
    main()
except SystemExit:
    pass
print(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1], file=sys.stderr)
"""


def entry(number: int) -> str:
    """One entry with one detail."""
    return _ENTRY.format(i=number, a=number % 900 + 1, d=number % 28 + 1)


def camt(entries: int) -> bytes:
    """A statement of so many entries."""
    return f"{_HEAD}{''.join(map(entry, range(entries)))}{_TAIL}".encode()


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
    rows = "".join(f"{i % 28 + 1:02d}.09.26;Invoice RE-{i};{i}.00;01.09.26\n" for i in numbers)
    return {
        "mt940": f":20:A\n:25:1\n:28C:1/1\n:60F:C260901EUR0,00\n{mt}:62F:C260930EUR{amount},00\n-\n".encode(),
        "bai2": f"01,S,R,260901,0600,1,,,2/\n02,R,S,1,260901,,EUR,2/\n03,1,EUR,/\n{bai}49,{amount}00,{entries + 2}/\n"
        f"98,{amount}00,1,{entries + 4}/\n99,{amount}00,1,{entries + 6}/\n".encode(),
        "ofx": f"<OFX><STMTRS><CURDEF>EUR<BANKACCTFROM><ACCTID>1</BANKACCTFROM>{ofx}</STMTRS></OFX>".encode(),
        "zengin": "\r\n".join(line[:200].ljust(200) for line in lines).encode("cp932"),
        "csv": f"Datum;Buchungstext;Betrag;Valuta\n{rows}".encode(),
    }


def documents(number: int) -> dict[str, bytes]:
    """Invoices: a long one of each syntax, and a CSV of as many as there are lines."""
    folder = ROOT / "services" / "billing" / "tests" / "fixtures"
    ubl, cii = ((folder / name).read_text("utf-8") for name in ("invoice.xml", "invoice-cii.xml"))
    edi = (folder / "invoic-d96a.edi").read_text("utf-8")
    line = "LIN+{i}++4000000000101:EN'\nQTY+47:10'\nMOA+203:100'\nTAX+7+VAT+++:::19+S'\n"
    long_edi = edi.replace("UNS+S'", "".join(line.format(i=i) for i in range(number)) + "UNS+S'")
    header, first = (folder / "invoices-en.csv").read_text("utf-8").splitlines()[:2]
    of_first = first.partition(",")[0]
    return {
        "ubl": _lengthened(ubl, "cac:InvoiceLine", number).encode(),
        "cii": _lengthened(cii, "ram:IncludedSupplyChainTradeLineItem", number).encode(),
        "edifact": long_edi.encode(),
        "invoice-csv": "\n".join([header, *(first.replace(of_first, f"N-{i}", 1) for i in range(number))]).encode(),
    }


def _lengthened(text: str, name: str, number: int) -> str:
    """The document with its first line again and again."""
    first = text.index(f"<{name}")
    end = "/>" if text[first:].partition(">")[0].endswith("/") else f"</{name}>"
    last = text.index(end, first) + len(end)
    return text[:first] + text[first:last] * number + text[last:]


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


def speeds() -> dict[str, Any]:
    """MB/s by format, and camt's part of a bare walk."""
    content = camt(ENTRIES)
    pairs = [(seconds(lambda: bare_walk(content)), seconds(lambda: read(content))) for _ in range(PAIRS)]
    found = {"camt": round(len(content) / 1e6 / median(ours for _, ours in pairs), 1)}
    bank, erp = tuple(BankProfiles()), invoice_profiles()
    work: list[tuple[str, bytes, Callable[[bytes], object]]] = [
        *((name, data, lambda data: read(data, profiles=bank)) for name, data in others(ENTRIES).items()),
        *((name, data, lambda data: invoices.read(data, profiles=erp)) for name, data in documents(ENTRIES).items()),
    ]
    for name, data, reader in work:
        reader(data)
        spent = median(seconds(lambda data=data, reader=reader: reader(data)) for _ in range(RUNS))  # type: ignore[misc]
        found[name] = round(len(data) / 1e6 / spent, 1)
    return {"mb_per_second": found, "camt_of_bare_walk": round(median(bare / ours for bare, ours in pairs), 2)}


def large(megabytes: int) -> dict[str, Any]:
    """A camt.053 of so many MB through `saiken statement --json`: seconds, peak memory above the idle process, entries answered."""
    with tempfile.TemporaryDirectory() as folder:
        file, answer = Path(folder) / "large.xml", Path(folder) / "answer.json"
        entries = _write_large(file, megabytes * 1_000_000)
        start = time.monotonic()
        with answer.open("wb") as output:
            peak = _peak_kb(["statement", str(file), "--json"], output)
        took = time.monotonic() - start
        with answer.open("rb") as output:
            answered = sum(piece.count(b'"bank_reference": "REF') for piece in output)
    idle = _peak_kb(["--help"], subprocess.DEVNULL)
    return {
        "megabytes": megabytes,
        "entries": entries,
        "entries_answered": answered,
        "seconds": round(took, 1),
        "peak_mib_above_idle": round((peak - idle) / 1024, 1),
    }


def _write_large(file: Path, size: int) -> int:
    number = 0
    with file.open("w", encoding="utf-8") as output:
        written = output.write(_HEAD)
        while written < size:
            written += output.write(entry(number))
            number += 1
        output.write(_TAIL)
    return number


def _peak_kb(arguments: list[str], output: Any) -> int:
    command = [sys.executable, "-c", ASK_THE_MEMORY, *arguments]
    child = subprocess.run(  # noqa: S603 - our own command line
        command, cwd=ROOT, stdout=output, stderr=subprocess.PIPE, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    return int(child.stderr.split()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", type=int, default=0, metavar="MB")
    parser.add_argument("--keep", action="store_true")
    asked = parser.parse_args()
    found = speeds()
    for name, speed in found["mb_per_second"].items():
        print(f"{name:<12} {speed:6.1f} MB/s")
    print(f"camt is {found['camt_of_bare_walk']:.2f} of a bare walk (floor {FLOOR}, goal {GOAL})")
    if asked.large:
        found["large"] = large(asked.large)
        print(", ".join(f"{name} {value}" for name, value in found["large"].items()), f"(at most {MAX_ABOVE_IDLE_MIB} MiB)")
    if asked.keep:
        commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S607
        row = {
            "on": datetime.now(UTC).date().isoformat(),
            "commit": commit.stdout.strip(),
            "command": " ".join(["python -m benchmarks.formats", *sys.argv[1:]]),
        }
        with EVIDENCE.open("a", encoding="utf-8") as file:
            file.write(json.dumps({**row, **found}) + "\n")


if __name__ == "__main__":
    main()
