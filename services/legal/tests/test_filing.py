"""Four eyes over one document, and what a filing must say."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.money import Money
from services.legal.domain import Filing, Prepared, approve, check_document, check_filing
from services.legal.domain.filing import MAX_DOCUMENT_BYTES, DocumentChanged, FilingInvalid, SamePerson

PREPARED = Prepared("anna", "ab" * 32)
APPROVED_ON, TODAY = date(2026, 9, 1), date(2026, 9, 4)


@given(st.text(max_size=10), st.text(max_size=10), st.text("0123456789abcdef", min_size=64, max_size=64))
def test_only_another_person_who_read_the_same_document_approves(preparer, approver, read):
    prepared = Prepared(preparer, "0" * 64)
    if approver == preparer:
        with pytest.raises(SamePerson):
            approve(prepared, approver, read)
    elif read != prepared.document_sha256:
        with pytest.raises(DocumentChanged):
            approve(prepared, approver, read)
    else:
        approve(prepared, approver, read)


def test_the_second_person_approves_by_naming_the_digest_in_any_case():
    approve(PREPARED, "bert", "AB" * 32)


@pytest.mark.parametrize(("court", "document"), [(" ", b"x"), ("A" * 201, b"x"), ("Court", b""), ("Court", bytes(MAX_DOCUMENT_BYTES + 1))])
def test_a_filing_needs_a_court_and_a_document_of_a_size(court, document):
    with pytest.raises(FilingInvalid):
        check_document(court, document)


@pytest.mark.parametrize(
    ("number", "filed_on", "cost_minor"),
    [("", TODAY, 1), ("1 B 2/26", date(2026, 8, 31), 1), ("1 B 2/26", date(2026, 9, 5), 1), ("1 B 2/26", TODAY, -1)],
)
def test_a_filing_has_a_number_a_possible_day_and_no_negative_cost(number, filed_on, cost_minor):
    with pytest.raises(FilingInvalid):
        check_filing(Filing(number, filed_on, Money(cost_minor, "EUR")), APPROVED_ON, TODAY)


def test_a_filing_on_the_day_of_approval_stands():
    check_filing(Filing("1 B 2/26", APPROVED_ON, Money(3800, "EUR")), APPROVED_ON, TODAY)
