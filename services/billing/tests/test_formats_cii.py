"""CII, invoices inside PDF, and SAP lists of open items."""

import zlib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.errors import Refused, Unreadable
from kernel.money import Money
from services.billing.domain.formats import Document, read, to_json

CII = (Path(__file__).parent / "fixtures" / "invoice-cii.xml").read_bytes()
LIST = """Debitoren Einzelpostenliste

------------------------------------------------------------------------------------------------------------
|BuKr|Debitor   |Belegnr   |Art|Buch.dat. |Fälligk.  |Währg|        Betrag|Referenz        |Name 1         |
------------------------------------------------------------------------------------------------------------
|1000|0000010023|1800000017|RV |01.03.2026|31.03.2026|EUR  |      1.190,00|INV-7           |Müller GmbH    |
|1000|0000010023|1600000003|RG |10.03.2026|10.03.2026|EUR  |       119,00-|INV-7           |Müller GmbH    |
|1000|0000010044|1400000009|DZ |20.03.2026|20.03.2026|EUR  |     4.000,00-|                |Café Ünal Ltd  |
------------------------------------------------------------------------------------------------------------
|*   |          |          |   |          |          |EUR  |      2.929,00-|               |               |
"""


def document(content: bytes) -> Document:
    (found,) = read(content).documents
    return found


def refusal(content: bytes) -> Refused:
    with pytest.raises(Unreadable) as caught:
        read(content)
    return caught.value


def pdf(*streams: tuple[bytes, bytes]) -> bytes:
    """A PDF of these dictionaries and contents."""
    parts = [b"%PDF-1.7\n"]
    for number, (dictionary, data) in enumerate(streams, 1):
        parts.append(b"%d 0 obj\n<<%s/Length %d>>\nstream\n%s\nendstream\nendobj\n" % (number, dictionary, len(data), data))
    return b"".join([*parts, b"trailer\n<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n"])


EMBEDDED = b"/Type/EmbeddedFile/Subtype/text#2Fxml/Filter/FlateDecode"


def test_totals_parties_references_and_dates_of_a_cii_are_read():
    found = document(CII)

    assert (found.format, found.number, found.type_code, found.issued_on) == ("cii-d16b", "RT-2026-77", "380", date(2026, 9, 1))
    assert [str(amount) for amount in (found.net, found.tax, found.gross, found.prepaid, found.rounding, found.payable)] == [
        "100.00", "19.00", "119.00", "10.00", "0.00", "109.00",
    ]  # fmt: skip
    assert (found.seller.name, found.seller.registration) == ("Rheintel GmbH", "DE123456789")
    assert (found.buyer.account_number, found.buyer.name, found.buyer.registration) == ("K-10023", "Müller & Söhne", "HRB77")
    assert (found.buyer.address, found.buyer.country, found.buyer.email) == (("Domplatz 1", "50667 Köln"), "DE", "post@mueller.example")
    assert (found.ibans, found.buyer.iban) == (("DE89370400440532013000",), "DE02120300000000202051")
    assert (found.payment_references, found.preceding, found.mandate_id) == (("RF18539007547034",), ("RT-2026-70",), "M-7")
    assert (found.lines, found.warnings) == (2, ())


def test_several_due_dates_discounts_payee_and_tax_in_another_currency_are_kept():
    extras = document(CII).extras

    assert document(CII).due_on == date(2026, 9, 30)
    assert [(due.due_on, str(due.part)) for due in extras.due_dates] == [(date(2026, 9, 30), "40.00"), (date(2026, 10, 31), "69.00")]
    assert [(one.percent, one.days) for one in extras.discounts] == [("2.00", "10")]
    assert (extras.payee, extras.terms, extras.accounting_tax) == ("Faktor AG", ("Two rates",), Money(1786, "CHF"))
    assert (extras.allowances, extras.charges) == (Money(500, "EUR"), Money(0, "EUR"))


def test_the_names_of_zugferd_1_are_known():
    old = CII
    for new, name in (
        (b"CrossIndustryInvoice xmlns", b"CrossIndustryDocument xmlns"), (b"/rsm:CrossIndustryInvoice>", b"/rsm:CrossIndustryDocument>"),
        (b":ExchangedDocument", b":HeaderExchangedDocument"), (b"rsm:SupplyChain", b"rsm:SpecifiedSupplyChain"),
        (b"ApplicableHeaderTrade", b"ApplicableSupplyChainTrade"), (b"SettlementHeaderMonetary", b"SettlementMonetary"),
    ):  # fmt: skip
        old = old.replace(new, name)

    assert document(old) == document(CII)


@pytest.mark.parametrize(
    ("before", "after", "place"),
    [
        (b"<ram:ID>RT-2026-77</ram:ID>", b"", "ID"),
        (b"<ram:GrandTotalAmount>119.00</ram:GrandTotalAmount>", b"", "GrandTotalAmount"),
        (b"20260901", b"20260931", "DateTimeString"),
        (b">100.00<", b">hundred<", "TaxBasisTotalAmount"),
    ],
)
def test_what_is_missing_or_wrong_is_refused_with_its_place(before: bytes, after: bytes, place: str):
    assert refusal(CII.replace(before, after)).details["place"] == place


def test_totals_that_do_not_add_up_are_a_warning():
    assert document(CII.replace(b">109.00<", b">99.00<")).warnings == ("payable 99.00 is not gross 119.00 - prepaid 10.00 + rounding 0.00",)


@pytest.mark.parametrize("stored", [(EMBEDDED, zlib.compress(CII)), (b"/Type/EmbeddedFile", CII)])
def test_the_invoice_in_a_pdf_is_read_as_if_it_stood_alone(stored: tuple[bytes, bytes]):
    found = document(pdf((b"/Subtype/XML/Type/Metadata", b"<x:xmpmeta/>"), (b"", b"BT (page) ET"), stored))

    assert (found.format, found.number, found.payable) == ("factur-x", "RT-2026-77", Money(10900, "EUR"))


def test_a_pdf_without_an_invoice_encrypted_cut_or_with_two_is_refused():
    whole = pdf((EMBEDDED, zlib.compress(CII)))
    other = zlib.compress(CII.replace(b"RT-2026-77", b"RT-2026-78"))

    assert refusal(pdf((b"", b"BT ET"))).code == "UNKNOWN_FORMAT"
    assert refusal(whole.replace(b"<</Root", b"<</Encrypt 9 0 R/Root")).code == "UNKNOWN_FORMAT"
    assert refusal(pdf((EMBEDDED, zlib.compress(CII)), (EMBEDDED, other))).code == "UNKNOWN_FORMAT"
    assert refusal(whole[: whole.index(b"endstream")]).code == "TRUNCATED"


def test_a_bomb_in_a_pdf_is_stopped():
    assert refusal(pdf((EMBEDDED, zlib.compress(b"<Invoice " + b" " * (40 * 1024 * 1024))))).code == "TOO_LARGE"


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8"])
def test_a_sap_list_gives_invoices_and_credit_memos_and_names_payments(encoding: str):
    file = read(LIST.encode(encoding))

    invoice, credit = file.documents
    assert (invoice.number, invoice.type_code, invoice.gross, invoice.due_on) == ("INV-7", "380", Money(119000, "EUR"), date(2026, 3, 31))
    assert (invoice.buyer.account_number, invoice.buyer.name, invoice.seller.name) == ("10023", "Müller GmbH", "1000")
    assert (credit.number, credit.type_code, credit.gross, credit.preceding) == ("1600000003", "381", Money(11900, "EUR"), ("INV-7",))
    assert file.warnings == ("1 payments on account are no invoices and are left out",)


def test_a_bsid_extract_with_field_names_tabs_and_signs_is_read():
    rows = "BUKRS\tKUNNR\tBELNR\tBLART\tBUDAT\tWAERS\tSHKZG\tWRBTR\tXBLNR\n1000\t0000000007\t1800000001\tRV\t20260301\tJPY\tS\t98000\tR1\n"

    (found,) = read(rows.encode()).documents

    assert (found.gross, found.issued_on, found.due_on) == (Money(98000, "JPY"), date(2026, 3, 1), None)


def test_a_wrong_amount_in_a_sap_list_is_refused_with_its_line():
    assert refusal(LIST.replace("1.190,00", "1.19O,00").encode()).details["line"] == 6


@settings(max_examples=80, deadline=None)
@given(st.sampled_from([CII, LIST.encode(), pdf((EMBEDDED, zlib.compress(CII)))]), st.data())
def test_a_damaged_file_is_read_or_refused(content: bytes, data: st.DataObject):
    place, gone = data.draw(st.integers(0, len(content))), data.draw(st.integers(0, 60))
    instead = data.draw(
        st.one_of(st.binary(max_size=6), st.sampled_from([b"|", b"<", b"</ram:ID>", b"stream\n", b"<!DOCTYPE a>", b"\x00"]))
    )
    try:
        texts = [to_json(one) for one in read(content[:place] + instead + content[place + gone :]).documents]
    except Unreadable as refused:
        texts = [{"code": refused.code}]
    assert all(texts)
