"""What others publish as UBL reads to values that were computed independently."""

import json
from pathlib import Path

import pytest

from kernel.money import Money
from services.billing.domain.formats import inconsistencies, read

DATA = Path(__file__).parents[4] / "shared" / "data" / "bank-and-invoice"
EXPECTED_FILE = DATA / "expected" / "invoice-ubl.json"
EXPECTED = json.loads(EXPECTED_FILE.read_text()) if EXPECTED_FILE.exists() else {}


@pytest.mark.skipif(not EXPECTED, reason="the published files are not beside this checkout (../shared/data)")
@pytest.mark.parametrize("path", sorted(EXPECTED))
def test_a_published_ubl_document_has_the_expected_values(path):
    expected = EXPECTED[path]

    (document,) = read((DATA / path).read_bytes(), path).documents

    def money(text):
        return Money.parse(text or "0", expected["ccy"])

    assert (document.number, document.type_code) == (expected["id"], expected["type"])
    assert document.lines == expected["lines"]
    assert document.issued_on.isoformat() == expected["issue_date"]
    assert (document.due_on and document.due_on.isoformat()) == expected["due_date"]
    assert document.seller.name == " ".join(expected["seller"].split())
    assert document.buyer.name == " ".join(expected["buyer"].split())
    assert (document.net, document.tax) == (money(expected["tax_exclusive"]), money(expected["tax"]))
    assert (document.gross, document.prepaid) == (money(expected["tax_inclusive"]), money(expected["prepaid"]))
    assert document.payable == money(expected["payable"])
    assert document.payment_references == tuple(dict.fromkeys(expected["payment_ids"]))
    assert document.ibans == tuple(dict.fromkeys(iban.replace(" ", "") for iban in expected["iban"]))
    assert not [reason for reason in inconsistencies(document) if "buyer" not in reason]
