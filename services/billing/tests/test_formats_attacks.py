"""Files made to be slow or to grow: invoices in every syntax take a second a megabyte at most, and never more than their limit."""

import zlib
from time import process_time

import pytest

from kernel.errors import Unreadable
from services.billing.domain.formats import read

MANY = 200_000
SAP = b"|Debitor|Belegnr|Art|Buch.dat.|W\xe4hrg|Betrag|\n"
BOMB = zlib.compress(b"<Invoice>" + b" " * 20_000_000)
EMBEDDED = b"%d 0 obj <</Type/EmbeddedFile/Filter/FlateDecode>> stream\n" + BOMB + b"\nendstream endobj\n"
FILES = {
    "EDIFACT release characters": b"UNB+UNOA:1'" + b"?'" * MANY,
    "EDIFACT elements": b"UNH+1+INVOIC:D:96A'" + b"+" * MANY + b"'",
    "EDIFACT components": b"UNH+1+INVOIC:D:96A'FTX+" + b":" * MANY + b"'",
    "EDIFACT segments": b"UNB+UNOA:1'UNH+1+INVOIC:D:96A'" + b"MOA+9:1'" * MANY,
    "EDIFACT package without end": b"UNB+UNOA:1'UNO+'" + b"x'" * MANY,
    "SAP line of marks": SAP + b"Customer x" + b"!" * MANY + b"a\n",
    "SAP header of bars": b"|" * MANY,
    "PDF of streams": b"%PDF-1.7\n" + b"1 0 obj stream\nendstream\n" * 20_000,
    "PDF of digits": b"%PDF-1.7\n" + (b"1 " * 2_000 + b"stream\nendstream\n") * 100,
    "PDF of bombs": b"%PDF-1.7\n" + b"".join(EMBEDDED % number for number in range(50)) + b"%%EOF",
    "UBL of elements": b'<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2">' + b"<a/>" * MANY + b"</Invoice>",
    "CSV of commas": b"," * MANY,
    "XML behind blanks": b" " * MANY + b"<",
}


@pytest.mark.parametrize("kind", FILES)
def test_the_time_is_that_of_the_size(kind):
    start = process_time()
    with pytest.raises(Unreadable):
        read(FILES[kind])

    assert process_time() - start < 1 + len(FILES[kind]) / 1e6


def test_embedded_files_that_grow_too_large_together_are_refused():
    with pytest.raises(Unreadable) as refused:
        read(FILES["PDF of bombs"])

    assert refused.value.code == "TOO_LARGE"
