"""A broken invoice file is refused whole, with what is wrong and where; nothing else is ever raised."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Unreadable
from services.billing.domain.formats import MAX_BYTES, InvoiceFile, Profile, read

FIXTURES = Path(__file__).parent / "fixtures"
POLICIES = Path(__file__).parent.parent / "policies" / "csv"
PROFILES = [Profile.from_mapping(file.stem, yaml.safe_load(file.read_text())) for file in sorted(POLICIES.glob("*"))]
UBL = (FIXTURES / "invoice.xml").read_text()
EN = (FIXTURES / "invoices-en.csv").read_text()
JA = (FIXTURES / "invoices-ja.csv").read_text()


def refusal(content):
    with pytest.raises(Unreadable) as refused:
        read(content if isinstance(content, bytes) else content.encode(), "file.xyz", PROFILES)
    assert refused.value.details["file"] == "file.xyz"
    return refused.value.code, refused.value.details.get("line"), refused.value.details.get("place")


def edited(text, old, new):
    assert old in text
    return text.replace(old, new, 1)


@pytest.mark.parametrize("content", [b"", b" \r\n", b"\xef\xbb\xbf\n", b"\x1a"])
def test_an_empty_file_is_called_empty(content):
    assert refusal(content)[0] == "EMPTY"


def test_a_header_without_rows_is_called_empty():
    assert refusal(EN.partition("\n")[0]) == ("EMPTY", 1, None)


def test_a_file_beyond_the_limit_is_not_even_looked_at():
    assert refusal(b"<" * (MAX_BYTES + 1))[0] == "TOO_LARGE"


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.7 ...", b'{"invoice": 1}', b"ISA*00*          *00*", b"hello world", b"\x00\x01\x02\xff",
        b"a,b,c\n1,2,3\n", b"<html><body/></html>", b'<Invoice xmlns="urn:other">1</Invoice>',
    ],
)  # fmt: skip
def test_a_file_of_another_kind_is_an_unknown_format(content):
    assert refusal(content)[0] == "UNKNOWN_FORMAT"


def test_a_missing_column_is_named():
    with pytest.raises(Unreadable, match="misses Total") as refused:
        read(edited(EN, ",Total,", ",Sum,").encode(), profiles=PROFILES)

    assert refused.value.code == "UNKNOWN_FORMAT"


@pytest.mark.parametrize("kept", [60, 400, 1500, 2500, -20, -5])
def test_a_cut_ubl_document_is_truncated(kept):
    code, line, _ = refusal(UBL.strip()[:kept])

    assert code == "TRUNCATED"
    assert line >= 1


def test_a_cut_csv_is_truncated_in_its_last_row():
    assert refusal(EN.strip()[:-30]) == ("TRUNCATED", 4, None)
    assert refusal(EN[: EN.index('Inc.",US') + 2]) == ("TRUNCATED", 2, None)


def test_a_row_of_the_wrong_width_refuses_the_whole_file():
    assert refusal(edited(EN, "T-2,CRM,", "T-2,CRM,,")) == ("INVALID", 3, None)


def test_xml_that_is_not_well_formed_says_the_line():
    assert refusal(edited(UBL, "<cbc:IssueDate>", "<cbc:IssuedDate>"))[:2] == ("INVALID", 6)


@pytest.mark.parametrize(
    "prolog",
    [
        '<!DOCTYPE Invoice SYSTEM "http://127.0.0.1:9/x.dtd">',
        '<!DOCTYPE Invoice [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE Invoice [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        "<!doctype Invoice>",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_xml_with_a_doctype_is_unsafe_in_any_encoding(prolog, encoding):
    text = f'<?xml version="1.0" encoding="{encoding}"?>\n{prolog}\n{UBL.partition("?>")[2].lstrip()}'

    assert refusal(text.encode(encoding))[:2] == ("UNSAFE_XML", 2)


def test_xml_of_endless_depth_is_too_large():
    assert refusal("<a>" * 5000 + "</a>" * 5000)[0] == "TOO_LARGE"


def test_a_byte_of_another_encoding_is_named_with_its_line():
    text = edited(EN, "Example LLC", "Exämple LLC")

    assert refusal(text.encode("cp1252")) == ("ENCODING", 4, f"byte {text.index('ä') + 1}")
    assert refusal(edited(UBL, "Musterstadt", "Müsterstadt").encode("cp1252"))[:2] == ("ENCODING", 26)


@pytest.mark.parametrize("encoding", ["euc_jp", "utf-16", "iso2022_jp"])
def test_a_japanese_file_in_an_encoding_that_is_not_agreed_is_refused_as_such(encoding):
    assert refusal(JA.replace("㈱", "社").encode(encoding))[:2] == ("ENCODING", 1)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (">EUR<", ">EUX<", ("UNKNOWN_CURRENCY", 48, "TaxExclusiveAmount")),
        (">99.50<", ">99.505<", ("TOO_MANY_DECIMALS", 52, "PayableAmount")),
        (">99.50<", ">99,50<", ("NOT_A_NUMBER", 52, "PayableAmount")),
        (">99.50<", "><", ("NOT_A_NUMBER", 52, "PayableAmount")),
        (">99.50<", ">99999999999999.50<", ("TOO_LARGE", 52, "PayableAmount")),
        ('"EUR">99.50<', '"USD">99.50<', ("INVALID", 52, "PayableAmount")),
        ("2026-03-02", "2026-02-30", ("INVALID", 6, "IssueDate")),
        ("<cbc:ID>T-2026-0001</cbc:ID>", "", ("INVALID", None, "ID")),
        (">Musterwerke GmbH<", "><", ("INVALID", 12, "AccountingSupplierParty")),
    ],
)
def test_a_wrong_value_in_ubl_is_named_with_its_element(old, new, expected):
    text = UBL.replace('currencyID="EUR"', "").replace(old, new) if old == ">EUR<" else edited(UBL, old, new)

    assert refusal(text) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("04/01/2026,USD", "04/01/2026,UUU", ("UNKNOWN_CURRENCY", 2, "Currency")),
        ("US,10,0,10,10", "US,10.001,0,10,10", ("TOO_MANY_DECIMALS", 3, "Net")),
        ("US,10,0,10,10", "US,ten,0,10,10", ("NOT_A_NUMBER", 3, "Net")),
        ("US,10,0,10,10", 'US,"1,0",0,10,10', ("NOT_A_NUMBER", 3, "Net")),
        ("US,10,0,10,10", "US,10,0,,10", ("INVALID", 3, "Total")),
        ("03/04/2026", "13/04/2026", ("INVALID", 4, "Invoice Date")),
        ("T-3,INV", "T-3,XXX", ("INVALID", 4, "Document Type")),
        ("T-3,INV", "T-2,INV", ("INVALID", 4, None)),
        ("Example LLC", "Exa\x07mple", ("INVALID", 4, "Customer Name")),
        ("Example LLC", "x" * 501, ("TOO_LARGE", 4, "Customer Name")),
    ],
)
def test_one_bad_row_refuses_the_whole_csv_with_line_and_column(old, new, expected):
    assert refusal(edited(EN, old, new)) == expected


@given(content=st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_and_nothing_else(content):
    read_or_refused(content)


@given(seed=st.sampled_from([UBL.encode(), EN.encode(), JA.encode("cp932")]), edits=st.data())
def test_a_damaged_file_is_read_or_refused_and_nothing_else(seed, edits):
    start = edits.draw(st.integers(0, len(seed)))
    length = edits.draw(st.integers(0, 40))
    new = edits.draw(st.binary(max_size=20) | st.sampled_from([b"<", b">", b"&x;", b'"', b",", b"\n", b"\x00", b"-"]))

    read_or_refused(seed[:start] + new + seed[start + length :])


def read_or_refused(content):
    try:
        file = read(content, profiles=PROFILES)
    except Unreadable:
        return
    assert isinstance(file, InvoiceFile)
    assert file.documents
