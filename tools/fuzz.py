"""Coverage-guided fuzzing of a reader: whatever is raised must be a typed refusal, in time and memory of the file's size.

Run: python -m tools.fuzz FORMAT --seconds 600 [--keep]. Starts from the tests' fixtures and tests/corpus/FORMAT; inputs that
reach new code collect in .saiken/fuzz/FORMAT; one that breaks the promise is written to its `failures`, and the exit code is
not 0. --keep writes, for each kind of answer, the smallest input that gives it into tests/corpus/FORMAT.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["services", "kernel"], enable_loader_override=False):
    from cli.files import BankProfiles, invoice_profiles
    from kernel.errors import Unreadable
    from services.billing.domain import formats as invoices
    from services.payments.domain import formats as statements

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT / "tests" / "corpus"
FOUND = ROOT / ".saiken" / "fuzz"
FIXTURES = (ROOT / "services" / "payments" / "tests" / "fixtures", ROOT / "services" / "billing" / "tests" / "fixtures")
# Format -> the fixtures to start from (none: the corpus has its own), and words of the format that chance would not find.
STATEMENTS: dict[str, tuple[str | None, str]] = {
    "camt": ("*.xml", "<Ntry> </Ntry> <Amt> CRDT DBIT <Btch> <RtrInf> <!DOCTYPE <![CDATA[ &amp; xmlns="),
    "mt940": ("*.sta", ":20: :25: :28C: :60F: :61: :62F: :62M: :86: RC EUR ?20 /REMI/ {4: -}"),
    "mt942": ("*.sta", ":20: :25: :34F: :13D: :61: :86: :90C: :90D:"),
    "bai2": ("*.bai2", "01, 02, 03, 16, 88, 49, 98, 99, ,S, ,V, ,D, /"),
    "ofx": ("*.ofx", "<OFX> <STMTTRN> </STMTTRN> <TRNAMT> <CURDEF> OFXHEADER: <![CDATA[ &amp;"),
    "zengin": ("zengin*", "103 101 191 8 9 \x1a"),
    "csv": ("*.csv", "Date Amount Betrag Saldo ; , \" ' 01.09.2026"),
}
INVOICES: dict[str, tuple[str | None, str]] = {
    "ubl": ("*.xml", "<cbc:ID> <cac:TaxTotal> currencyID= <!DOCTYPE <![CDATA[ &amp;"),
    "cii": ("*cii*", "<ram:ID> <ram:GrandTotalAmount> <rsm:CrossIndustryInvoice <!DOCTYPE"),
    "pdf": (None, "%PDF- /EmbeddedFile /FlateDecode /Encrypt stream endstream %%EOF obj"),
    "edifact": ("*.edi", "UNA:+.? UNB+ UNH+ UNT+ UNZ+ UNO+ UNP+ MOA+ NAD+BY RFF+ ?' ?+"),
    "sap": (None, "|BuKr|Debitor|Belegnr|Art|Buch.dat.|Währg|Betrag| BELNR Customer |* 1.190,00-"),
    "invoice-csv": ("*.csv", 'InvoiceNumber Rechnungsnummer Netto ; , "'),
    "archive": (None, "PK\x03\x04 PK\x01\x02 PK\x05\x06"),
}
FORMATS = (*STATEMENTS, *INVOICES)
# A second a megabyte, and what a short file costs on a busy machine.
SECONDS_PER_BYTE, FIXED_SECONDS = 1e-6, 2.0
MAX_RSS_MB, MAX_BYTES = 1024, 20_000
MAX_KEPT = 24


class TooSlow(Exception):
    """A file took longer than its size allows."""


def reader(name: str) -> Callable[[bytes], object]:
    """What the command line does with a file: reads it and writes its JSON."""
    if name in STATEMENTS:
        bank = tuple(BankProfiles())

        def statement(content: bytes) -> object:
            file = statements.read(content, only=name, profiles=bank)
            for found in file.statements:
                statements.identities(found)
            return statements.to_json(file)

        return statement
    erp = invoice_profiles()

    def invoice(content: bytes) -> object:
        documents = invoices.read(content, profiles=erp).documents
        return [(invoices.to_json(document), invoices.content_hash(document)) for document in documents]

    return invoice


def timed(read: Callable[[bytes], object], content: bytes) -> str:
    """The kind of answer: a refusal without its figures, or the beginning of what was read. Raises what is no refusal, TooSlow."""
    start = time.process_time()
    try:
        answer = repr(read(content))[:60]
    except Unreadable as refusal:
        answer = refusal.code + " " + "".join(letter for letter in refusal.message[:40] if not letter.isdigit())
    if (took := time.process_time() - start) > FIXED_SECONDS + len(content) * SECONDS_PER_BYTE:
        raise TooSlow(f"{len(content)} bytes took {took:.1f} s")
    return answer


def seeds(name: str) -> list[Path]:
    """The fixtures that a format starts from."""
    pattern = {**STATEMENTS, **INVOICES}[name][0]
    return [path for path in sorted(FIXTURES[name in INVOICES].glob(pattern)) if path.is_file()] if pattern else []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("format", choices=FORMATS)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--keep", action="store_true")
    asked = parser.parse_args()
    read = reader(asked.format)
    if asked.keep:
        keep(asked.format, read)
        return
    found, failures = FOUND / asked.format, FOUND / asked.format / "failures"
    failures.mkdir(parents=True, exist_ok=True)
    for path in seeds(asked.format):
        (found / path.name).write_bytes(path.read_bytes())
    write_dictionary(asked.format)
    options = [
        sys.argv[0], str(found), *(str(folder) for folder in [CORPUS / asked.format] if folder.is_dir()),
        f"-max_total_time={asked.seconds}", f"-rss_limit_mb={MAX_RSS_MB}", f"-max_len={MAX_BYTES}", "-timeout=30", "-seed=1",
        f"-artifact_prefix={failures}/", f"-dict={FOUND / asked.format}.dict", "-print_final_stats=1", "-verbosity=1",
    ]  # fmt: skip
    atheris.Setup(options, lambda content: timed(read, content) and None)
    atheris.Fuzz()


def write_dictionary(name: str) -> None:
    """The format's words as libFuzzer reads them: a quoted word a line, every byte in hexadecimal."""
    words = {**STATEMENTS, **INVOICES}[name][1].encode().split()
    escaped = ("".join(f"\\x{byte:02x}" for byte in word) for word in words)
    (FOUND / f"{name}.dict").write_text("".join(f'"{word}"\n' for word in escaped), encoding="ascii")


def keep(name: str, read: Callable[[bytes], object]) -> None:
    """One small file for each kind of answer."""
    kinds: dict[str, bytes] = {}
    for path in sorted((path for path in (FOUND / name).iterdir() if path.is_file()), key=lambda path: (path.stat().st_size, path.name)):
        kinds.setdefault(timed(read, path.read_bytes()), path.read_bytes())
    folder = CORPUS / name
    folder.mkdir(parents=True, exist_ok=True)
    for number, content in enumerate(list(kinds.values())[:MAX_KEPT]):
        (folder / f"{number:02d}").write_bytes(content)
    print(f"{folder.relative_to(ROOT)}: {min(len(kinds), MAX_KEPT)} files for {len(kinds)} kinds of answers")


if __name__ == "__main__":
    main()
