"""Writes docs/formats.md: each published sample, and whether it is answered or refused as expected.

Run: python -m tools.write_formats SAMPLES, the folder with MANIFEST.tsv and expected/. Names of files are written, nothing
of their contents; the speed is what `benchmarks.formats --keep` kept last.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cli.files import BankProfiles, invoice_profiles
from kernel.errors import Unreadable
from services.billing.domain import formats as invoices
from services.payments.domain import formats as statements

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "formats.md"
EVIDENCE = ROOT / "docs" / "evidence" / "formats.jsonl"
STATEMENTS = ("camt", "mt940", "mt942", "bai2", "ofx", "zengin", "pain", "csv")
INVOICES = ("invoice-ubl", "invoice-cii", "facturx-pdf", "invoice-csv", "invoice-sap")
# What has to be refused, although something of it was computed.
REFUSALS = {
    "mt940/generic-wolph/invalid_statement.sta": "numbers, no statement",
    "mt940/mbank-pl/with_newline_in_tnr.yml": "a test's expectation, no statement",
    "ofx/oca/test_ofx_wrong.ofx": "account and amount are commented out",
    "pain/mockbank/pain001_broken_not_xml.xml": "no XML",
    "invoice-csv/banana/contacts.csv": "addresses, no invoices",
}
HEAD = """# Formats

What `saiken statement` and `saiken invoice` say to every published sample that the readers were held to. The samples are
not part of this repository; their expected values were computed independently, and the tests `test_formats_published_*`
compare values, not only answers. Written by `python -m tools.write_formats SAMPLES`; do not edit.

"""


def main(samples: Path) -> None:
    rows = list(_rows(samples))
    counts = Counter((kind, outcome) for kind, _, outcome, _ in rows)
    lines = ["| format | files | answered | refused as expected | otherwise |", "| --- | --- | --- | --- | --- |"]
    for kind in (*STATEMENTS, *INVOICES):
        answered, refused = counts[kind, "answered"], counts[kind, "refused as expected"]
        whole = sum(count for (name, _), count in counts.items() if name == kind)
        lines.append(f"| {kind} | {whole} | {answered} | {refused} | {whole - answered - refused} |")
    lines += ["", *_speed(), "## Samples", "", "| sample | answer | what |", "| --- | --- | --- |"]
    lines += [f"| {path} | {outcome} | {what} |" for _, path, outcome, what in rows]
    PAGE.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)}: {len(rows)} samples, {sum(outcome == 'otherwise' for _, _, outcome, _ in rows)} otherwise")


def _speed() -> Iterator[str]:
    """The last figures that were kept, and the command that gives them."""
    kept = EVIDENCE.read_text("utf-8").splitlines() if EVIDENCE.exists() else []
    if not kept:
        return
    row = json.loads(kept[-1])
    yield from ("## Speed", "", f"`{row['command']}` on {row['on']}, one core of a shared machine (docs/evidence/formats.jsonl):", "")
    yield from ("| format | MB/s |", "| --- | --- |", *(f"| {name} | {speed} |" for name, speed in row["mb_per_second"].items()), "")
    yield f"camt reads at {row['camt_of_bare_walk']} of a bare lxml walk over the same file in the same run."
    if large := row.get("large"):
        yield (
            f"A camt.053 of {large['megabytes']} MB with {large['entries']} entries is answered by `saiken statement --json` in "
            f"{large['seconds']} s and {large['peak_mib_above_idle']} MiB above the idle process."
        )
    yield ""


def _rows(samples: Path) -> Iterator[tuple[str, str, str, str]]:
    for kind in (*STATEMENTS, *INVOICES):
        expected: dict[str, Any] = json.loads((samples / "expected" / f"{kind}.json").read_text("utf-8"))
        for path in sorted(expected):
            content = (samples / path).read_bytes()
            try:
                what = _statement(content) if kind in STATEMENTS else _invoice(content)
            except Unreadable as error:
                outcome = "refused as expected" if path in REFUSALS else "otherwise"
                yield kind, path, outcome, f"{error.code}: {REFUSALS.get(path, error.message)}".replace("|", "/")[:120]
            else:
                yield kind, path, "otherwise" if path in REFUSALS else "answered", what


def _statement(content: bytes) -> str:
    file = statements.read(content, profiles=BankProfiles())
    if file.kind != "statement":
        return f"{file.format}, {file.kind}"
    checks = Counter(statement.balance_check.partition(" ")[0] for statement in file.statements)
    entries = sum(len(statement.entries) for statement in file.statements)
    balances = ", ".join(f"{count} {check}" for check, count in sorted(checks.items()))
    return (
        f"{file.format}; statements {len(file.statements)}, entries {entries}; balances {balances or 'none'}; warnings {len(file.warnings)}"
    )


def _invoice(content: bytes) -> str:
    file = invoices.read(content, profiles=invoice_profiles())
    warnings = len(file.warnings) + sum(len(document.warnings) for document in file.documents)
    return f"{file.format}; documents {len(file.documents)}; warnings {warnings}"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
