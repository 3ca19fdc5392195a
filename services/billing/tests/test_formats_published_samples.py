"""What others publish as UBL reads to values that were computed independently."""

import json
from pathlib import Path

import pytest
import yaml

from kernel.money import Money
from services.billing.domain.formats import Profile, inconsistencies, read

DATA = Path(__file__).parents[4] / "shared" / "data" / "bank-and-invoice"
POLICIES = Path(__file__).parents[1] / "policies" / "csv"
KINDS = ("invoice-ubl", "invoice-cii", "facturx-pdf")
EXPECTED = {
    path: values
    for kind in KINDS
    if (DATA / "expected" / f"{kind}.json").exists()
    for path, values in json.loads((DATA / "expected" / f"{kind}.json").read_text()).items()
}
pytestmark = pytest.mark.skipif(not EXPECTED, reason="the published files are not beside this checkout (../shared/data)")
# Where the computed value is not taken, with the reason.
OTHER_IBANS = {
    # A direct debit: the account is the debtor's, as the UBL twin and its expected value say.
    "invoice-cii/ferd-corpus/EN16931_SEPA_Prenotification.cii.xml": (),
}
TWINS = sorted(path for path in EXPECTED if path.endswith(".cii.xml"))


def iso(day):
    return day if day is None or "-" in day else f"{day[:4]}-{day[4:6]}-{day[6:]}"


@pytest.mark.parametrize("path", sorted(EXPECTED))
def test_a_published_document_has_the_expected_values(path):
    expected = EXPECTED[path]

    (document,) = read((DATA / path).read_bytes(), path).documents

    def money(text):
        return Money.parse(text or "0", expected["ccy"])

    assert (document.number, document.type_code) == (expected["id"], expected["type"])
    assert document.lines == expected["lines"]
    assert document.issued_on.isoformat() == iso(expected["issue_date"])
    assert (document.due_on and document.due_on.isoformat()) == iso(expected["due_date"])
    assert document.seller.name == " ".join(expected["seller"].split())
    assert document.buyer.name == " ".join(expected["buyer"].split())
    assert (document.net, document.tax) == (money(expected["tax_exclusive"]), money(expected["tax"]))
    assert (document.gross, document.prepaid) == (money(expected["tax_inclusive"]), money(expected["prepaid"]))
    assert document.payable == money(expected["payable"])
    assert document.payment_references == tuple(dict.fromkeys(expected["payment_ids"]))
    ibans = tuple(dict.fromkeys(iban.replace(" ", "") for iban in expected["iban"]))
    assert document.ibans == OTHER_IBANS.get(path, ibans)
    # The MINIMUM profile has no place for what was paid before.
    assert "MINIMUM" in path or not [reason for reason in inconsistencies(document) if "buyer" not in reason]


@pytest.mark.parametrize("path", TWINS)
def test_the_ubl_and_the_cii_form_of_a_document_give_equal_values(path):
    twin = path.replace("invoice-cii", "invoice-ubl").replace(".cii.xml", ".ubl.xml")

    (cii,), (ubl,) = (read((DATA / one).read_bytes()).documents for one in (path, twin))

    same = (
        "number",
        "type_code",
        "issued_on",
        "due_on",
        "currency",
        "net",
        "tax",
        "gross",
        "prepaid",
        "rounding",
        "payable",
        "ibans",
        "lines",
    )
    assert {name: getattr(cii, name) for name in same} == {name: getattr(ubl, name) for name in same}
    assert (cii.seller.name, cii.buyer.name, cii.mandate_id) == (ubl.seller.name, ubl.buyer.name, ubl.mandate_id)


def test_the_sap_list_has_the_expected_items_and_sums():
    path = "invoice-sap/fbl5n_open_items_pipe_cp1252.txt"
    expected = json.loads((DATA / "expected" / "invoice-sap.json").read_text())[path]

    file = read((DATA / path).read_bytes())

    assert len([document for document in file.documents if not document.is_credit]) == expected["invoices"]
    assert len([document for document in file.documents if document.is_credit]) == expected["credit_memos"]
    assert f"{expected['payments']} payments" in file.warnings[0]


@pytest.mark.parametrize("name", ["invoices", "invoices_with_missing_data"])
def test_a_csv_of_lines_has_the_expected_documents_and_rows(name):
    path = f"invoice-csv/banana/{name}.csv"
    expected = json.loads((DATA / "expected" / "invoice-csv.json").read_text())[path]
    profiles = [Profile.from_mapping("banana", yaml.safe_load((POLICIES / "banana.yaml").read_text()))]

    documents = read((DATA / path).read_bytes(), profiles=profiles).documents

    assert len(documents) == expected["documents"]
    assert sum(document.lines for document in documents) == expected["rows"]
    assert all(document.payable == document.gross - document.prepaid + document.rounding for document in documents)
