"""An invoice CSV with a row for each line: rows of one number are one document, and must agree on it."""

from pathlib import Path

import pytest
import yaml

from kernel.errors import Unreadable
from services.billing.domain.formats import Profile, inconsistencies, read

POLICIES = Path(__file__).parent.parent / "policies" / "csv"
PROFILES = [Profile.from_mapping(file.stem, yaml.safe_load(file.read_text())) for file in sorted(POLICIES.glob("*"))]
LINES = (Path(__file__).parent / "fixtures" / "invoices-lines.csv").read_text()


def documents(text):
    return read(text.encode(), profiles=PROFILES).documents


def test_rows_of_one_number_are_one_document_wherever_they_stand():
    first, second = documents(LINES)

    assert [(one.number, one.lines) for one in (first, second)] == [("L-1", 2), ("L-2", 1)]


def test_totals_are_the_lines_less_the_discount_and_what_is_to_be_paid_is_rounded():
    first = documents(LINES)[0]

    assert [str(amount) for amount in (first.net, first.tax, first.gross)] == ["24.75", "1.90", "26.65"]
    assert [str(amount) for amount in (first.rounding, first.payable)] == ["0.00", "26.65"]
    rounded = documents(LINES.replace("26.65", "26.70"))[0]
    assert [str(amount) for amount in (rounded.gross, rounded.rounding, rounded.payable)] == ["26.65", "0.05", "26.70"]


def test_amounts_with_tax_in_them_give_the_same_three_totals():
    second = documents(LINES)[1]

    assert [str(amount) for amount in (second.net, second.tax, second.gross)] == ["100.00", "19.00", "119.00"]


def test_a_customer_without_a_name_is_read_but_cannot_be_booked():
    assert "the buyer has no name" in inconsistencies(documents(LINES)[1])


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [("K-1,Muster AG,3", "K-9,Muster AG,3", "CustomerNumber"), ("6.75", "6.7S", "ItemTotal")],
)
def test_a_row_that_contradicts_its_document_or_is_no_amount_is_refused_with_line_and_column(old, new, place):
    with pytest.raises(Unreadable) as refused:
        documents(LINES.replace(old, new))

    assert (refused.value.details["line"], refused.value.details["place"]) == (4, place)
