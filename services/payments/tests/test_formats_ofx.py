"""OFX with and without closing tags: bank, card and investment accounts, odd headers, comments, amounts, dates."""

from datetime import date
from decimal import Decimal

import pytest

from kernel.errors import Unreadable
from services.payments.domain.formats import File, read

HEADER = "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nENCODING:USASCII\nCHARSET:1252\n\n"
LINE = "<STMTTRN>\n<TRNTYPE>DEBIT\n<DTPOSTED>20260915120000.000[-5:EST]\n<TRNAMT>-10.00\n<FITID>T1\n<NAME>Shop &amp; Sons\n<MEMO>Paid\n</STMTTRN>\n"


def sgml(lines: str = LINE, header: str = HEADER, balance: str = "90.00") -> bytes:
    return (
        f"{header}<OFX>\n<BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>USD\n"
        "<BANKACCTFROM><BANKID>0001<ACCTID>12345<ACCTTYPE>CHECKING</BANKACCTFROM>\n"
        f"<BANKTRANLIST><DTSTART>20260901<DTEND>20260930\n{lines}</BANKTRANLIST>\n"
        f"<LEDGERBAL><BALAMT>{balance}<DTASOF>00000000</LEDGERBAL>\n</STMTRS></STMTTRNRS></BANKMSGSRSV1>\n</OFX>\n"
    ).encode("cp1252")


def refusal(content: bytes) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        read(content)
    return caught.value


@pytest.mark.parametrize("header", [HEADER, "\n\n" + HEADER, HEADER.rstrip("\n") + "\n", "", "\n\n", "ofxheader : 100\nVERSION:102\n"])
def test_values_without_closing_tags_are_read_whatever_stands_before_the_root(header: str):
    file = read(sgml(header=header))

    (statement,) = file.statements
    (entry,) = statement.entries
    assert file.format == ("ofx.102" if "VERSION" in header else "ofx")
    assert (statement.account, statement.currency, statement.closing_balance) == ("12345", "USD", Decimal("90.00"))
    assert (entry.direction, entry.amount, entry.currency, entry.booked_on) == ("debit", Decimal("10.00"), "USD", date(2026, 9, 15))
    assert (entry.bank_reference, entry.transactions[0].counterparty.name, entry.transactions[0].text) == ("T1", "Shop & Sons", "Paid")


def test_xml_with_declaration_comments_and_cdata_gives_the_same():
    content = """<?xml version="1.0" encoding="UTF-8"?>
<?OFX OFXHEADER="200" VERSION="202" SECURITY="NONE"?>
<OFX><CREDITCARDMSGSRSV1><CCSTMTTRNRS><CCSTMTRS><CURDEF>eur</CURDEF>
<CCACCTFROM><ACCTID>4111</ACCTID></CCACCTFROM><!-- <ACCTID>1</ACCTID> -->
<BANKTRANLIST><STMTTRN><TRNTYPE>CREDIT</TRNTYPE><DTPOSTED>20260915</DTPOSTED><TRNAMT>1.234,56</TRNAMT><FITID>1</FITID>
<NAME><![CDATA[A < B ]]></NAME><CHECKNUM>0</CHECKNUM></STMTTRN></BANKTRANLIST>
<LEDGERBAL><BALAMT>-562.00</BALAMT></LEDGERBAL></CCSTMTRS></CCSTMTTRNRS></CREDITCARDMSGSRSV1></OFX>"""

    file: File = read(content.encode())

    (statement,) = file.statements
    assert (file.format, statement.account, statement.closing_balance) == ("ofx.202", "4111", Decimal("-562.00"))
    (entry,) = statement.entries
    assert (entry.amount, entry.currency, entry.direction) == (Decimal("1234.56"), "EUR", "credit")
    assert (entry.transactions[0].counterparty.name, entry.transactions[0].references) == ("A < B", ())


def test_an_investment_account_lists_its_cash_and_says_that_securities_are_left_out():
    content = b"""<OFX><INVSTMTMSGSRSV1><INVSTMTTRNRS><INVSTMTRS><CURDEF>USD<INVACCTFROM><BROKERID>b<ACCTID>88</INVACCTFROM>
<INVTRANLIST><BUYSTOCK><INVBUY><INVTRAN><FITID>7</INVTRAN><TOTAL>-5.00</INVBUY></BUYSTOCK>
<INVBANKTRAN><STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20260901<TRNAMT>50<FITID>8</STMTTRN><SUBACCTFUND>CASH</INVBANKTRAN></INVTRANLIST>
<INVBAL><AVAILCASH>45.00</INVBAL></INVSTMTRS></INVSTMTTRNRS></INVSTMTMSGSRSV1></OFX>"""

    file = read(content)

    assert [(entry.amount, entry.bank_reference) for entry in file.statements[0].entries] == [(Decimal(50), "8")]
    assert file.statements[0].closing_balance == Decimal("45.00")
    assert file.warnings == ("1 movements of securities are not listed: they are no movements of cash",)


def test_a_transaction_in_another_currency_keeps_it_and_its_original_currency_does_not_count():
    other = LINE.replace("<NAME>", "<CURRENCY><CURRATE>1.1<CURSYM>GBP</CURRENCY><NAME>")
    original = LINE.replace("<NAME>", "<ORIGCURRENCY><CURRATE>1.1<CURSYM>GBP</ORIGCURRENCY><NAME>")

    assert [entry.currency for entry in read(sgml(other + original)).statements[0].entries] == ["GBP", "USD"]


def test_a_missing_or_wrong_date_is_a_warning_and_none():
    file = read(sgml(LINE.replace("<DTPOSTED>20260915120000.000[-5:EST]\n", "") + LINE.replace("20260915120000.000[-5:EST]", "20260231")))

    assert [entry.booked_on for entry in file.statements[0].entries] == [None, None]
    assert len(file.warnings) == 2


def test_a_list_of_accounts_without_statements_is_read_and_says_so():
    assert read(b"<OFX><SIGNUPMSGSRSV1></SIGNUPMSGSRSV1></OFX>").warnings == ("the file holds no statement",)


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        (sgml().replace(b"</OFX>", b""), "TRUNCATED", 23),
        (sgml()[:200], "TRUNCATED", 10),
        (sgml(LINE.replace("-10.00", "ten")), "NOT_A_NUMBER", 11),
        (sgml(LINE.replace("<TRNAMT>-10.00\n", "<!-- <TRNAMT>-10.00 -->\n")), "NOT_A_NUMBER", 11),
        (b"<!DOCTYPE OFX [<!ENTITY a 'b'>]>\n" + sgml(header=""), "UNSAFE_XML", 1),
        (b"<OFX>" + b"<A>" * 100 + b"</OFX>", "TOO_LARGE", 1),
        (sgml().replace(b"T1", b"T\x00"), "ENCODING", 15),
    ],
)
def test_what_is_not_certain_is_refused_with_its_line(content: bytes, code: str, line: int):
    error = refusal(content)

    assert (error.code, error.details["line"]) == (code, line)


def test_a_prefix_before_every_name_changes_nothing():
    text = "<OFX><STMTRS><CURDEF>EUR</CURDEF><STMTTRN><TRNAMT>5.00</TRNAMT><DTPOSTED>20260901</DTPOSTED></STMTTRN></STMTRS></OFX>"
    prefixed = '<?xml version="1.0"?>' + text.replace("</", "</o:").replace("<", "<o:").replace("<o:/o:", "</o:")

    assert read(prefixed.encode()).statements == read(b'<?xml version="1.0"?>' + text.encode()).statements
