"""Invoice files in every layout end in one normal form."""

import gzip
import io
import re
import zipfile
import zlib
from datetime import date
from pathlib import Path

import pytest
import yaml

from kernel.errors import Unreadable
from kernel.money import Money
from services.billing.domain.formats import Profile, content_hash, inconsistencies, read, to_json

FIXTURES = Path(__file__).parent / "fixtures"
POLICIES = Path(__file__).parent.parent / "policies" / "csv"
PROFILES = [Profile.from_mapping(file.stem, yaml.safe_load(file.read_text())) for file in sorted(POLICIES.glob("*"))]


def fixture(name):
    return (FIXTURES / name).read_bytes()


def test_a_ubl_invoice_is_read_with_everything_the_books_need():
    file = read(fixture("invoice.xml"))

    (document,) = file.documents
    assert (file.format, document.number, document.type_code, document.lines) == ("ubl-2.1", "T-2026-0001", "380", 2)
    assert (document.issued_on, document.due_on) == (date(2026, 3, 2), date(2026, 4, 1))
    assert [str(document.net), str(document.tax), str(document.gross)] == ["100.00", "19.00", "119.00"]
    assert [str(document.prepaid), str(document.rounding), str(document.payable)] == ["20.00", "0.50", "99.50"]
    assert document.payment_references == ("RF18539007547034",)
    assert (document.ibans, document.mandate_id) == (("DE89370400440532013000",), "M-100")
    assert (document.seller.name, document.seller.registration) == ("Musterwerke GmbH", "DE000000019")
    assert not document.is_credit
    assert document.warnings == ()


def test_a_natural_person_is_a_consumer_and_the_payers_account_comes_from_the_mandate():
    buyer = read(fixture("invoice.xml")).documents[0].buyer

    assert (buyer.account_number, buyer.name, buyer.debtor_type) == ("K-100", "Erika Beispiel", "consumer")
    assert (buyer.email, buyer.language, buyer.country) == ("erika@example.de", "de", "DE")
    assert buyer.address == ("Beispielweg 7", "00001 Musterstadt")
    assert buyer.iban == "DE02120300000000202051"


def test_a_credit_note_stays_positive_and_names_the_invoice_it_refers_to():
    (document,) = read(fixture("credit-note.xml")).documents

    assert (document.type_code, document.is_credit, document.payable) == ("381", True, Money(1000, "JPY"))
    assert (document.preceding, document.due_on) == (("T-2026-0001",), date(2026, 3, 31))
    assert (document.buyer.account_number, document.buyer.registration) == ("K-200", "0000000000001")
    assert document.buyer.debtor_type == "business"


@pytest.mark.parametrize("encoding", ["cp932", "utf-8", "utf-8-sig"])
def test_a_japanese_file_reads_the_same_in_shift_jis_and_utf_8(encoding):
    file = read(fixture("invoices-ja.csv").decode().encode(encoding), profiles=PROFILES)

    invoice, credit = file.documents
    assert file.format == "csv/ja"
    assert file.warnings == ("columns not read: 備考",)
    assert (invoice.number, invoice.gross) == ("見-0001", Money(1357400, "JPY"))
    assert invoice.buyer.name_kana == "ミホンシヨウジ"
    assert (invoice.buyer.payer_code, invoice.buyer.address) == ("0000000100", ("〒000-0001", "見本市架空町1-2-3, 2階"))
    assert (invoice.buyer.debtor_type, credit.buyer.debtor_type) == ("business", "consumer")
    assert credit.buyer.address == ()
    assert (credit.is_credit, credit.due_on, credit.preceding) == (True, None, ("見-0001", "見-0009"))
    assert credit.payable == credit.gross == Money(550, "JPY")


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8"])
def test_a_german_file_has_semicolons_and_decimal_commas(encoding):
    (document,) = read(fixture("invoices-de.csv").decode().encode(encoding), profiles=PROFILES).documents

    assert (document.buyer.name, document.gross) == ("Jörg Beispiel", Money(119000, "EUR"))
    assert (document.issued_on, document.buyer.country) == (date(2026, 3, 2), "DE")


def test_each_currency_keeps_its_own_decimals():
    documents = read(fixture("invoices-en.csv"), profiles=PROFILES).documents

    assert [document.payable for document in documents] == [
        Money(108875, "USD"), Money(1000, "USD"), Money(1250, "KWD"),
    ]  # fmt: skip


def test_the_content_hash_survives_another_layout_and_sees_another_content():
    text = fixture("invoice.xml").decode()
    original = content_hash(read(text.encode()).documents[0])

    def changed(old, new):
        assert old in text
        return content_hash(read(text.replace(old, new).encode()).documents[0])

    assert changed("\n  ", "\n\t\t") == original
    assert changed(">99.50<", ">99.5<") == original
    assert changed("erika@example.de", "e.beispiel@example.de") == original
    for old, new in [(">100.00<", ">100.01<"), ("2026-04-01", "2026-04-02"), ("K-100<", "K-101<"), ("M-100", "M-1")]:
        assert changed(old, new) != original


def test_the_json_prints_amounts_as_strings_with_the_currencys_decimals():
    printed = to_json(read(fixture("credit-note.xml")).documents[0])

    assert list(printed) == [
        "format", "number", "type_code", "issued_on", "due_on", "currency", "net", "tax", "gross", "prepaid", "payable",
        "lines", "seller", "buyer", "payment_references", "ibans", "warnings",
    ]  # fmt: skip
    assert (printed["net"], printed["tax"], printed["due_on"]) == ("1000", "0", "2026-03-31")


def test_totals_that_do_not_add_up_are_read_with_a_warning_and_named_for_the_import():
    text = fixture("invoice.xml").decode().replace(">119.00<", ">118.00<")

    (document,) = read(text.encode()).documents

    assert inconsistencies(document) == document.warnings
    assert document.warnings == (
        "gross 118.00 is not net 100.00 + tax 19.00",
        "payable 99.50 is not gross 118.00 - prepaid 20.00 + rounding 0.50",
    )


def test_a_buyer_without_an_account_number_is_read_but_cannot_be_booked():
    text = fixture("credit-note.xml").decode()

    (document,) = read(text.replace(">K-200<", "><").encode()).documents

    assert inconsistencies(document) == ("the buyer has no account number",)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"encodings": []}, "encodings"),
        ({"columns": {"Nr": "number"}}, "columns"),
        ({"debtor_types": {"X": "alien"}}, "debtor_types"),
        ({"defaults": {"colour": "red"}}, "columns"),
        ({"address": ["{street.__class__}"]}, "address"),
        ({"address": ["{street"]}, "address"),
    ],
)
def test_a_profile_that_cannot_work_is_refused_before_any_file_meets_it(change, place):
    data = yaml.safe_load((POLICIES / "en.yaml").read_text())

    with pytest.raises(Unreadable) as refused:
        Profile.from_mapping("broken", {**data, **change})

    assert refused.value.details["place"] == place


def test_a_zip_or_gzip_gives_the_documents_of_all_its_members():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in ("invoice.xml", "invoice-cii.xml", "invoice-d96a.edi"):
            archive.writestr(name, fixture(name.replace("invoice-d96a", "invoic-d96a")))

    file = read(buffer.getvalue())

    assert file.format == "ubl-2.1+cii-d16b+edifact-d96a"
    assert len(file.documents) == 3
    assert read(gzip.compress(fixture("invoice.xml"))).documents == read(fixture("invoice.xml")).documents


def test_a_refusal_inside_an_archive_names_the_member():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("good.xml", fixture("invoice.xml"))
        archive.writestr("bad.txt", "hello")

    with pytest.raises(Unreadable) as refused:
        read(buffer.getvalue(), "all.zip")

    assert (refused.value.code, refused.value.details["file"]) == ("UNKNOWN_FORMAT", "bad.txt")


@pytest.mark.parametrize("padded", ["\n  {}", "\ufeff\n{}", "{}\x1a", "{}\x00\x00\r\n"])
@pytest.mark.parametrize("name", ["invoice.xml", "invoice-cii.xml"])
def test_blanks_before_the_xml_and_padding_behind_it_mean_nothing(padded, name):
    text = fixture(name).decode()

    assert read(padded.format(text).encode()).documents == read(text.encode()).documents


def test_an_invoice_in_peppols_envelope_is_read():
    name = "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"
    text = fixture("invoice.xml").decode()
    body = text[text.index("<Invoice") :]
    wrapped = f'<s:StandardBusinessDocument xmlns:s="{name}"><s:StandardBusinessDocumentHeader/>{body}</s:StandardBusinessDocument>'

    assert read(wrapped.encode()).documents == read(text.encode()).documents


def test_an_empty_optional_amount_is_none_and_a_date_may_carry_a_time():
    text = fixture("invoice.xml").decode()
    odd = re.sub(r"(<cbc:PrepaidAmount[^>]*>)[^<]*", r"\1", text).replace(
        "2026-03-02</cbc:IssueDate>", "2026-03-02T00:00:00</cbc:IssueDate>"
    )

    (document,) = read(odd.encode()).documents

    assert (document.issued_on, str(document.prepaid)) == (date(2026, 3, 2), "0.00")


@pytest.mark.parametrize("name", [b"factur-x.xml", b"zugferd-invoice.xml", b"ZUGFeRD-invoice.xml", b"xrechnung.xml"])
@pytest.mark.parametrize("ends", [b"\n", b"\r\n"])
def test_a_pdf_gives_its_invoice_whatever_the_attachment_is_called(name, ends):
    packed = zlib.compress(fixture("invoice-cii.xml"))
    parts = [b"%PDF-1.7", b"1 0 obj", b"<</Type/EmbeddedFile/Filter[/FlateDecode]>>", b"stream", packed, b"endstream", b"endobj"]
    pdf = ends.join([*parts, b"2 0 obj <</Type/Filespec/F(%s)/EF<</F 1 0 R>>>> endobj" % name, b"%%EOF"])

    assert read(pdf).documents[0].number == read(fixture("invoice-cii.xml")).documents[0].number


@pytest.mark.parametrize(
    ("inside", "words"),
    [
        (b"stream\n<x:SCRDMCCBDACIOMessageStructure xmlns:x='o'/>\nendstream", "no invoice as data"),
        (b"stream\nabc\nendstream\ntrailer <</Encrypt 5 0 R>>", "encrypted"),
        (b"", "no invoice as data"),
    ],
)
def test_a_pdf_without_an_invoice_that_can_be_read_says_why(inside, words):
    with pytest.raises(Unreadable, match=words) as refused:
        read(b"%PDF-1.7\n1 0 obj <</Type/EmbeddedFile>>" + inside + b"\nendobj\n%%EOF")

    assert refused.value.code == "UNKNOWN_FORMAT"
