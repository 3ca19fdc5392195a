"""Every published sample of camt, Zengin and BAI2 reads as was computed independently, known exceptions named."""

import json
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kernel.references import check_reference
from services.payments.domain.formats import File, Statement, identities, payments, read, to_json

REPOSITORY = Path(__file__).resolve().parents[3]
SAMPLES = REPOSITORY.parent / "shared" / "data" / "bank-and-invoice"
if not SAMPLES.is_dir():
    pytest.skip("the published samples are not part of the repository and not beside it", allow_module_level=True)

CAMT = json.loads((SAMPLES / "expected" / "camt.json").read_text())
ZENGIN = json.loads((SAMPLES / "expected" / "zengin.json").read_text())
BAI2 = json.loads((SAMPLES / "expected" / "bai2.json").read_text())
PAIN = json.loads((SAMPLES / "expected" / "pain.json").read_text())


def sample(path: str) -> File:
    return read((SAMPLES / path).read_bytes(), path)


def sums(statement: Statement) -> dict[str, dict[str, Any]]:
    result: dict[str, dict[str, Any]] = {}
    for entry in statement.entries:
        of = result.setdefault(entry.currency or "", {"n_credit": 0, "credit": Decimal(0), "n_debit": 0, "debit": Decimal(0)})
        of[f"n_{entry.direction}"] += 1
        of[entry.direction] += entry.amount
    return result


def as_decimals(expected: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {currency: {**of, "credit": Decimal(of["credit"]), "debit": Decimal(of["debit"])} for currency, of in expected.items()}


def test_every_manifest_line_of_these_formats_is_looked_at():
    rows = [row.split("\t") for row in (SAMPLES / "MANIFEST.tsv").read_text().splitlines()[1:]]
    wanted = {row[0] for row in rows if row[1] in {"camt", "zengin", "bai2"} and row[2] in {"data", "synthetic"}}

    assert wanted == set(CAMT) | set(ZENGIN) | set(BAI2)


@pytest.mark.parametrize("path", [path for path in CAMT if path.endswith(".xml")])
def test_a_camt_sample_reads_as_expected(path: str):
    expected = CAMT[path]

    file = sample(path)

    assert file.kind == "statement"
    assert file.format == (expected["message"] or "camt.053.001.07")
    assert len(file.statements) == len(expected["statements"])
    for statement, want in zip(file.statements, expected["statements"], strict=True):
        assert (statement.id, statement.account) == (want["id"], want["account"])
        assert want["ccy"] in {None, statement.currency}
        assert len(statement.entries) == want["entries"]
        assert sums(statement) == as_decimals(want["sums"])
        assert statement.balance_check == want["check"].partition(" (")[0]
        by_status = Counter(entry.status for entry in statement.entries)
        assert by_status == Counter(booked=want["status"].get("BOOK", 0), pending=want["status"].get("PDNG", 0))
        reasons = Counter(part.return_reason for entry in statement.entries for part in entry.transactions if part.return_reason)
        assert reasons == want.get("return_reasons", {})


@pytest.mark.parametrize("path", [path for path in CAMT if path.endswith(".xml")])
def test_a_camt_sample_keeps_every_detail_and_every_checked_reference(path: str):
    for statement, want in zip(sample(path).statements, CAMT[path]["statements"], strict=True):
        given = sum(len(entry.transactions) for entry in statement.entries)
        # An entry without details is one transaction.
        assert want["txdtls"] <= given <= want["txdtls"] + want["entries"]
        schemes = Counter(
            check_reference(reference)[1] for entry in statement.entries for part in entry.transactions for reference in part.references
        )
        assert schemes["qrr"] == want.get("refs", {}).get("QRR/ESR-ok", 0)
        assert schemes["iso11649"] == want.get("refs", {}).get("RF-ok", 0)


def test_a_zip_gives_the_statements_of_all_its_members():
    file = sample("camt/abnamro-nl/test-camt053.zip")

    assert [(statement.id, len(statement.entries)) for statement in file.statements] == [("1234Test/2", 3), ("1234Test/3", 3)]


@pytest.mark.parametrize("path", BAI2)
def test_a_bai2_sample_reads_as_expected(path: str):
    file = sample(path)

    assert file.format == "bai2"
    assert file.failed_checks == ()
    for statement, want in zip(file.statements, BAI2[path]["accounts"], strict=True):
        assert (statement.account, statement.currency) == (want["account"], want["ccy"])
        assert len(statement.entries) == want["entries"]
        if want["entries"]:
            want_sums = {want["ccy"]: {key: want[key] for key in ("n_credit", "credit", "n_debit", "debit")}}
            assert sums(statement) == as_decimals(want_sums)
        assert statement.opening_balance == (Decimal(want["opening_010"]) if want["opening_010"] else None)
        assert statement.closing_balance == (Decimal(want["closing_015"]) if want["closing_015"] else None)
        assert statement.balance_check == want["check"]
        assert Counter(entry.bank_transaction_code for entry in statement.entries) == want["codes"]


@pytest.mark.parametrize("path", [path for path, want in ZENGIN.items() if want["type"] in {"01", "03"}])
def test_a_zengin_sample_reads_as_expected(path: str):
    file = sample(path)

    assert file.format == f"zengin.{ZENGIN[path]['type']}"
    for statement, want in zip(file.statements, ZENGIN[path]["accounts"], strict=True):
        assert (statement.account, statement.currency) == (want["account"], want["ccy"])
        assert len(statement.entries) == want["entries"]
        found = sums(statement)["JPY"]
        assert (found["n_credit"], found["credit"]) == (want["n_credit"], want["credit"])
        assert (found["n_debit"], found["debit"]) == (
            want.get("n_debit", want.get("n_cancel")),
            want.get("debit", want.get("cancel")),
        )
        if "opening" in want:
            assert statement.opening_balance == want["opening"]
            assert statement.closing_balance == want["trailer"]["closing"]
    assert bool(file.quarantine_reasons) == ("must" in ZENGIN[path])


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("zengin/sougou-furikomi/kyash_sougou_furikomi.txt", "payment_order"),
        ("zengin/synthetic/91_kouza_furikae_result.txt", "direct_debit_result"),
    ],
)
def test_a_zengin_file_of_another_kind_is_named_and_gives_no_statement(path: str, kind: str):
    file = sample(path)

    assert (file.kind, file.statements) == (kind, ())
    assert file.warnings


@pytest.mark.parametrize("path", [path for path, want in PAIN.items() if "error" not in want])
def test_a_pain_sample_is_named_and_gives_no_statement(path: str):
    file = sample(path)

    assert file.kind == ("status_report" if re.search(r"pain.?002|-00201", path) else "payment_order")
    assert file.statements == ()
    if PAIN[path]["message"]:
        assert file.format == PAIN[path]["message"]


@pytest.mark.parametrize("path", [*CAMT, *BAI2, *ZENGIN])
def test_reading_a_sample_again_gives_the_same_distinct_identities(path: str):
    first, second = sample(path), sample(path)

    for one, other in zip(first.statements, second.statements, strict=True):
        assert identities(one) == identities(other)
        assert len(set(identities(one))) == len(list(payments(one)))
    json.dumps(to_json(first))
