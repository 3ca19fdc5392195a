"""Every published sample of MT940, MT942, OFX and bank CSV reads as was computed independently, known exceptions named."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from kernel.errors import Unreadable
from services.payments.domain.formats import BankCsv, File, Statement, identities, payments, read

SERVICE = Path(__file__).resolve().parents[1]
SAMPLES = SERVICE.parents[2] / "shared" / "data" / "bank-and-invoice"
if not SAMPLES.is_dir():
    pytest.skip("the published samples are not part of the repository and not beside it", allow_module_level=True)

POLICIES = SERVICE / "policies" / "bank_csv"
PROFILES = [BankCsv.from_mapping(path.stem, yaml.safe_load(path.read_text("utf-8"))) for path in sorted(POLICIES.glob("*.yaml"))]
MT = {
    path: values for kind in ("mt940", "mt942") for path, values in json.loads((SAMPLES / "expected" / f"{kind}.json").read_text()).items()
}
OFX = json.loads((SAMPLES / "expected" / "ofx.json").read_text())
CSV = json.loads((SAMPLES / "expected" / "csv.json").read_text())

REFUSED = {
    "mt940/generic-wolph/invalid_statement.sta": "numbers one to ten, no field",
    "mt940/mbank-pl/with_newline_in_tnr.yml": "a test's expectation, no bank's file",
    "ofx/oca/test_ofx_wrong.ofx": "account and amount stand in comments; what is commented out is not there",
}
OTHER_IDS = {"mt940/generic-zilverline/two_accounts.txt": "the last statement's own :20:, not the one before it"}
# The converter that gave these sums leaves out what it does not know, or adds details to their booking; the running balance in
# the file proves ours.
OTHER_SUMS = {
    "csv/valiant-ch/csv_example_valiant_transactions.csv": ("13000.00", "4556.05"),
    "csv/valiant-ch/csv_example_valiant_transactions_FR.csv": ("24605.94", "73936.20"),
}
# Here the converter makes an entry of each detail of a batch.
DETAILS_AS_ENTRIES = {"zkb_example_format1_20090308": 20, "zkb_example_format2_20091105": 50, "zkb_example_format2_20121204": 196}


def sample(path: str) -> File:
    return read((SAMPLES / path).read_bytes(), path, profiles=PROFILES)


def sums(statement: Statement) -> tuple[int, Decimal, int, Decimal]:
    credits_ = [entry.amount for entry in statement.entries if entry.direction == "credit"]
    debits = [entry.amount for entry in statement.entries if entry.direction == "debit"]
    return len(credits_), sum(credits_, Decimal(0)), len(debits), sum(debits, Decimal(0))


def expected_sums(want: dict[str, Any]) -> tuple[int, Decimal, int, Decimal]:
    return want["n_credit"], Decimal(want["credit"]), want["n_debit"], Decimal(want["debit"])


def decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


@pytest.mark.parametrize("path", sorted(REFUSED))
def test_what_is_no_statement_is_refused(path: str):
    with pytest.raises(Unreadable):
        sample(path)


@pytest.mark.parametrize("path", sorted(set(MT) - set(REFUSED)))
def test_an_mt_sample_reads_as_expected(path: str):
    file = sample(path)

    assert file.format == path.partition("/")[0]
    assert len(file.statements) == len(MT[path]["statements"])
    for statement, want in zip(file.statements, MT[path]["statements"], strict=True):
        assert statement.id == want["ref"] or path in OTHER_IDS
        assert statement.number == want["number"]
        assert want["ccy"] in {None, statement.currency}
        # A currency behind the account and a slash before it are no part of the account.
        assert (want["account"] or "").removeprefix("/").startswith((statement.account or "").strip())
        assert sums(statement) == expected_sums(want)
        assert sum(entry.reversal for entry in statement.entries) == want["reversals"]
        assert (statement.opening_balance, statement.closing_balance) == (decimal(want["opening"]), decimal(want["closing"]))
        assert statement.balance_check == want["check"]


@pytest.mark.parametrize("path", sorted(set(OFX) - set(REFUSED)))
def test_an_ofx_sample_reads_as_expected(path: str):
    file = sample(path)

    assert file.format.startswith("ofx")
    assert len(file.statements) == len(OFX[path]["statements"])
    for statement, want in zip(file.statements, OFX[path]["statements"], strict=True):
        assert (statement.account, statement.currency) == (want["account"], want["ccy"])
        assert sums(statement) == expected_sums(want)
        assert statement.closing_balance == Decimal(want["ledger_balance"])


@pytest.mark.parametrize("path", sorted(CSV))
def test_a_csv_sample_reads_as_expected(path: str):
    want = CSV[path]["upstream"]

    file = sample(path)

    assert file.format.startswith("csv/")
    found = [sums(statement) for statement in file.statements]
    entries = sum(credit[0] + credit[2] for credit in found)
    if want is None:
        # stripe_transactions: the dates have a time, which the counting did not expect.
        assert entries == CSV[path]["info"]["dated_rows"] or "transactions_all" in path
        return
    income, expenses = OTHER_SUMS.get(path, (want["income"], want["expenses"]))
    assert (sum(one[1] for one in found), sum(one[3] for one in found)) == (Decimal(income), Decimal(expenses))
    assert entries == next((count for name, count in DETAILS_AS_ENTRIES.items() if name in path), want["entries"])


@pytest.mark.parametrize("path", sorted({*MT, *OFX, *CSV} - set(REFUSED)))
def test_reading_a_sample_again_gives_the_same_distinct_identities(path: str):
    for one, other in zip(sample(path).statements, sample(path).statements, strict=True):
        assert identities(one) == identities(other)
        assert len(set(identities(one))) == len(list(payments(one)))
