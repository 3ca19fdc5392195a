"""Files made to be slow: what a pattern would try in too many ways, or read again and again, takes a second a megabyte at most."""

from contextlib import suppress
from time import process_time

import pytest

from kernel.errors import Unreadable
from services.payments.domain.formats import BankCsv, read

MANY = 200_000
PROFILE = BankCsv.from_mapping("any", {"columns": {"booked_on": ["Date"], "text": ["Text"], "amount": ["Amount"]}})
MT = b":20:A\n:25:1\n:28C:1\n:60F:C260901EUR0,\n:61:260901C1,NTRFX\n:86:"
BAI = b"01,S,R,260901,0600,1,,,2/\n02,R,S,1,260901,,USD,2/\n03,1,USD,/\n16,165,1,Z,A,B,"
CAMT = b"<Document><BkToCstmrStmt><Stmt>"
FILES = {
    "OFX comments without end": b"<OFX>" + b"<!--" * MANY,
    "OFX CDATA without end": b"<OFX>" + b"<![CDATA[" * MANY,
    "OFX instructions without end": b"<OFX>" + b"<?" * MANY,
    "OFX tags without end": b"<OFX>" + b"<A" * MANY,
    "SWIFT blocks in blocks": b"{1:}{3:{1:}}" * 5_000 + b"x\n" + MT,
    "SWIFT blocks in a text": MT + b"\n" + b"{1:}" * 40,
    "German subfields": MT + b"?20" * MANY,
    "Dutch names": MT + b"NAAM: " * MANY,
    "slashed tags": MT + b"/REMI/" + b"/NAME/" * MANY,
    "references of blanks": MT + (b"BETALINGSKENM" + b" " * 50) * (MANY // 50),
    "digits and blanks": MT + b"1 " * MANY,
    "BAI2 continuations": BAI + b"/\n" + b"88,x,\n" * MANY,
    "BAI2 summaries": BAI[: BAI.index(b"16,")] + b"88,010,1,,\n" * MANY,
    "BAI2 fields": BAI + b"," * MANY,
    "BAI2 wrapped text": BAI + b"/\n" + b"x\n" * MANY,
    "camt nested": CAMT + b"<Ntry>" * MANY,
    "camt of invented names": CAMT + b"".join(b"<n%d/>" % number for number in range(MANY)) + b"</Stmt></BkToCstmrStmt></Document>",
    "camt of one wide entry": CAMT + b'<Ntry><Amt Ccy="EUR">1</Amt><CdtDbtInd>CRDT</CdtDbtInd>' + b"<X/>" * MANY + b"</Ntry></Stmt>",
    "CSV header of blanks": b"Date;Amount" + b" " * MANY + b"x;Text\n",
    "CSV header of brackets": b"Date;Amount" + b" (" * 60_000 + b"x;Text\n",
    "CSV of quotes": b"Date;Text;Amount\n" + b'"' * MANY,
    "CSV of columns": b"a;" * MANY,
    "Zengin CSV of commas": b"1,03," + b"," * MANY,
}


@pytest.mark.parametrize("kind", FILES)
def test_the_time_is_that_of_the_size(kind):
    start = process_time()
    with suppress(Unreadable):
        read(FILES[kind], profiles=[PROFILE])

    assert process_time() - start < 1 + len(FILES[kind]) / 1e6
