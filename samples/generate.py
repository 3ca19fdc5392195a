"""Writes the sample files, the same on every run: `python samples/generate.py [--into FOLDER]`."""

import argparse
from pathlib import Path

from generator import bad, bai2, camt, invoicecsv, ledger, ubl, zengin
from generator.book import Entry, Unit
from generator.checkdigits import german_iban
from generator.days import YEAR

MONTHS = range(6, 12)
OPENING = {"rheintel": 50_000_00, "naniwa": 12_000_000, "hudson": 80_000_00}
RHEINTEL_IBAN = german_iban(1_001_200)
# The wholesaler's old ERP wrote Shift_JIS; the new one writes UTF-8 with a byte order mark.
SHIFT_JIS_UNTIL = 7


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--into", type=Path, default=Path(__file__).parent)
    into: Path = arguments.parse_args().into
    for path, content in files().items():
        target = into / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def files() -> dict[str, bytes]:
    """Path below samples/ to content."""
    units = {name: ledger.unit(name) for name in ledger.UNITS}
    found = {
        **_rheintel_invoices(units["rheintel"]),
        **_naniwa_invoices(units["naniwa"]),
        **_hudson_invoices(units["hudson"]),
    }
    for unit in units.values():
        found |= _statements(unit)
    first = found[f"rheintel/statements/{YEAR}-06.xml"]
    found |= {f"bad/{name}": content for name, content in bad.files(units, first, RHEINTEL_IBAN).items()}
    return found


def _rheintel_invoices(unit: Unit) -> dict[str, bytes]:
    folders = [("", unit.invoices), ("-credit-notes", unit.credit_notes)]
    return {
        f"rheintel/invoices/{document.issued_on:%Y-%m}{suffix}/{document.number}.xml": ubl.document(document, RHEINTEL_IBAN)
        for suffix, documents in folders
        for document in documents
    }


def _naniwa_invoices(unit: Unit) -> dict[str, bytes]:
    found = {}
    for month in sorted({invoice.issued_on.month for invoice in unit.invoices}):
        own = [invoice for invoice in unit.invoices if invoice.issued_on.month == month]
        encoding = "cp932" if month <= SHIFT_JIS_UNTIL else "utf-8-sig"
        found[f"naniwa/invoices/{YEAR}-{month:02d}.csv"] = invoicecsv.japanese(own, encoding)
    for note in unit.credit_notes:
        found[f"naniwa/invoices/{note.issued_on:%Y-%m}-credit-notes.csv"] = invoicecsv.japanese([note], "cp932")
    return found


def _hudson_invoices(unit: Unit) -> dict[str, bytes]:
    found = {}
    for month in sorted({invoice.issued_on.month for invoice in unit.invoices}):
        own = [invoice for invoice in unit.invoices if invoice.issued_on.month == month]
        found[f"hudson/invoices/{YEAR}-{month:02d}.csv"] = invoicecsv.american(own)
    for note in unit.credit_notes:
        found[f"hudson/invoices/{note.issued_on:%Y-%m}-credit-notes.csv"] = invoicecsv.american([note])
    return found


def _statements(unit: Unit) -> dict[str, bytes]:
    found, balance = {}, OPENING[unit.id]
    for month in MONTHS:
        entries = [entry for entry in unit.entries if entry.on.month == month]
        name, content, balance = _statement(unit.id, month, entries, balance)
        found[f"{unit.id}/statements/{YEAR}-{month:02d}{name}"] = content
    return found


def _statement(unit: str, month: int, entries: list[Entry], opening: int) -> tuple[str, bytes, int]:
    if unit == "rheintel":
        return ".xml", *camt.statement(month, entries, opening, RHEINTEL_IBAN, ubl.SELLER)
    if unit == "naniwa":
        return ".txt", *zengin.statement(month, entries, opening)
    return ".bai2", *bai2.statement(month, entries, opening)


if __name__ == "__main__":
    main()
