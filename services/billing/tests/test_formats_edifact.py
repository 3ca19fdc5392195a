"""EDIFACT INVOIC of D96A and D14B reads into the same documents as any other format, and says what does not hold in it."""

from datetime import date
from pathlib import Path

import pytest

from kernel.errors import Unreadable
from kernel.money import Money
from services.billing.domain.formats import inconsistencies, read

FIXTURES = Path(__file__).parent / "fixtures"
D96A, D14B = ((FIXTURES / name).read_text("utf-8") for name in ("invoic-d96a.edi", "invoic-d14b.edi"))


def the_document(text, encoding="utf-8"):
    (document,) = read(text.encode(encoding)).documents
    return document


def refusal(text):
    with pytest.raises(Unreadable) as refused:
        read(text.encode() if isinstance(text, str) else text)
    return refused.value.code, refused.value.details.get("line")


def texts(*amounts):
    return [str(amount) for amount in amounts]


def test_an_invoice_of_the_retail_trade_is_read_with_everything_the_books_need():
    file = read(D96A.encode())

    (document,) = file.documents
    assert (file.format, file.warnings, document.warnings) == ("edifact-d96a", (), ())
    assert (document.number, document.type_code, document.lines) == ("T+2026:1", "380", 2)
    assert (document.issued_on, document.due_on, document.currency) == (date(2026, 3, 2), date(2026, 4, 1), "EUR")
    assert texts(document.net, document.tax, document.gross) == ["100.00", "19.00", "119.00"]
    assert texts(document.prepaid, document.payable) == ["20.00", "99.00"]
    assert (document.payment_references, document.ibans) == (("RF18539007547034",), ("DE89370400440532013000",))
    assert (document.seller.name, document.seller.registration) == ("Musterwerke GmbH", "DE000000019")
    assert inconsistencies(document) == ()


def test_the_buyers_name_goes_on_in_the_next_component_and_the_sellers_number_for_it_is_its_account():
    buyer = the_document(D96A).buyer

    assert (buyer.account_number, buyer.name) == ("K-100", "Beispielhandel Vereinigte Niederlassungen KG")
    assert (buyer.registration, buyer.debtor_type, buyer.country) == ("DE000000027", "business", "DE")
    assert buyer.address == ("Beispielweg 7", "Hinterhaus", "00002 Musterstadt")
    assert buyer.email == "rechnungen@beispiel.example"


def test_allowances_cash_discount_and_terms_are_kept():
    extras = the_document(D96A).extras

    assert extras.allowances == Money(1000, "EUR")
    assert [(one.percent, one.days) for one in extras.discounts] == [("2", "10")]
    assert extras.terms == ("Zahlbar in 30 Tagen, 10 Tage 2 %", "auf unser Konto")


def test_a_credit_note_keeps_several_due_dates_the_payee_the_mandate_rounding_and_tax_in_another_currency():
    document = the_document(D14B)

    assert (document.format, document.type_code, document.is_credit) == ("edifact-d14b", "381", True)
    assert (document.preceding, document.mandate_id, document.warnings[1:]) == (("T-2026-0001",), "M-100", ())
    assert [(due.due_on, str(due.part)) for due in document.extras.due_dates] == [
        (date(2026, 4, 10), "1000.00"),
        (date(2026, 5, 10), "1337.50"),
    ]
    assert texts(document.gross, document.prepaid, document.rounding, document.payable) == ["4675.00", "2337.25", "-0.25", "2337.50"]
    assert document.extras.payee == "Factoring AG"
    assert document.extras.accounting_tax == Money(9051, "EUR")
    assert (document.extras.allowances, document.extras.charges) == (Money(15000, "DKK"), Money(15000, "DKK"))
    assert (document.buyer.iban, document.buyer.account_number) == ("DK5000400440116243", "K-200")
    assert (document.seller.name, document.buyer.address[:2]) == ("Musterwerke Gießerei GmbH", ("Hovedgade 1", "2. sal"))


def test_marks_are_those_of_the_service_string_advice():
    other = D96A.replace("UNA:+.? '", "UNA|#,! ~").translate(str.maketrans({"+": "#", ":": "|", "'": "~", "?": "!"}))
    other = other.replace("UNA|#,! ~", "UNA|#,! ~", 1)

    assert the_document(other).number == "T#2026|1"
    assert the_document(other).payable == the_document(D96A).payable


@pytest.mark.parametrize("separator", ["", "\r\n", "\r"])
def test_line_breaks_between_segments_mean_nothing(separator):
    assert the_document(D96A.replace("\n", separator)) == the_document(D96A)


def test_without_an_advice_the_usual_marks_hold():
    assert the_document(D96A.partition("\n")[2]) == the_document(D96A)


@pytest.mark.parametrize(
    ("level", "encoding", "name"),
    [
        ("UNOC", "iso-8859-1", "Gießerei"),
        ("UNOE", "iso8859-5", "Завод"),
        ("UNOF", "iso8859-7", "Εργοστάσιο"),
        ("UNOL", "iso8859-15", "Œuvre €"),
    ],
)
def test_the_interchange_header_names_the_character_set(level, encoding, name):
    text = D96A.replace("UNOC", level).replace("Musterwerke GmbH", name)

    assert the_document(text, encoding).seller.name == name


def test_utf_8_under_another_name_is_read_and_said():
    file = read(D96A.replace("Musterwerke", "Gießerei").encode())

    assert file.documents[0].seller.name == "Gießerei GmbH"
    assert "UTF-8" in file.warnings[0]


def test_counts_and_names_of_the_envelopes_that_do_not_hold_are_warnings():
    wrong = D96A.replace("UNT+45+1'", "UNT+44+2'").replace("UNZ+1+REF77", "UNZ+2+REF78").replace("CNT+2:2", "CNT+2:3")

    file = read(wrong.encode())

    assert len(file.warnings) == 4
    assert file.documents[0].warnings == ("line 37: CNT counts 3 lines, the message has 2",)


def test_every_invoice_of_an_interchange_is_read_and_other_messages_are_named():
    body = D96A[D96A.index("UNH") : D96A.index("UNZ")]
    orders = "UNH+3+ORDERS:D:96A:UN'BGM+220+1'UNT+3+3'"
    several = D96A.replace(
        "UNZ+1", body.replace("T?+2026?:1", "T2").replace("UNH+1", "UNH+2").replace("UNT+45+1", "UNT+45+2") + orders + "UNZ+3"
    )

    file = read(several.encode())

    assert [document.number for document in file.documents] == ["T+2026:1", "T2"]
    assert file.warnings == ("1 other messages are left out: ORDERS",)


def test_two_interchanges_in_one_file_are_both_read():
    assert len(read((D96A + D96A).encode()).documents) == 2


def test_without_a_date_the_days_of_the_term_count_from_the_invoice():
    assert the_document(D96A.replace("DTM+13:20260401:102'", "").replace("UNT+45", "UNT+44")).due_on == date(2026, 4, 1)


@pytest.mark.parametrize("left_out", ["MOA+125:100:EUR:4'", "MOA+124:19:EUR:4'", "MOA+77:119'"])
def test_a_total_that_is_not_given_follows_from_the_others(left_out):
    short = the_document(D96A.replace(left_out, ""))

    assert texts(short.net, short.tax, short.gross, short.payable) == ["100.00", "19.00", "119.00", "99.00"]


def test_amounts_of_lines_are_no_totals():
    assert the_document(D96A).gross == Money(11900, "EUR")


def test_a_gross_that_is_not_net_and_tax_is_a_warning():
    assert "gross 120.00 is not" in the_document(D96A.replace("MOA+77:119'", "MOA+77:120'")).warnings[0]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (D96A[: D96A.index("UNS")], "TRUNCATED"),
        (D96A[: D96A.index("UNZ")], "TRUNCATED"),
        (D96A.replace("UNT+45+1'", ""), "TRUNCATED"),
        (D96A.replace("INVOIC:D", "ORDERS:D"), "UNKNOWN_FORMAT"),
        (D96A.replace("UNOC", "UNOX"), "ENCODING"),
        (D96A.replace("MOA+77:119'", "MOA+77:1l9'"), "NOT_A_NUMBER"),
        (D96A.replace("CUX+2:EUR", "CUX+2:EUX"), "UNKNOWN_CURRENCY"),
        (D96A.replace("137:20260302", "137:20260332"), "INVALID"),
        (D96A.replace("DTM+137", "DTM+138"), "INVALID"),
        (D96A.replace("NAD+BY", "NAD+XX"), "INVALID"),
        (D96A.replace("BGM+380+T?+2026?:1", "BGM+380+"), "INVALID"),
        (D96A.replace("MOA+77:119'", "MOA+77:119.005'"), "TOO_MANY_DECIMALS"),
        ("UNA:::? '" + D96A[9:], "UNKNOWN_FORMAT"),
        ("UNH+1+INVOIC:D:96A:UN'", "TRUNCATED"),
    ],
)
def test_what_is_not_certain_is_refused_by_name(text, code):
    assert refusal(text)[0] == code


def test_a_refusal_names_the_line():
    assert refusal(D96A.replace("MOA+77:119'", "MOA+77:x'")) == ("NOT_A_NUMBER", 39)


def test_a_file_of_release_characters_is_refused_in_the_time_of_its_length():
    assert refusal("UNB+UNOA:1'" + "?'" * 1_000_000)[0] in {"UNKNOWN_FORMAT", "TRUNCATED"}
