"""The comma separated form of Zengin files: with and without filler, quoted or not, era or western years."""

from datetime import date

import pytest

from kernel.errors import Unreadable
from services.payments.domain.formats import read

CSV_03 = (
    '"1","03","0","080602","080601","080601","9991","ﾃｽﾄ","001","ﾎﾝﾃﾝ","000","1","0007654321","ｶ)ﾅﾆﾜ","1","1","10000",""\r\n'
    '"2","00000001","080601","080601","1","11","5500","0","000000","000000","0","0000000","000","0000000123","ﾔﾏﾀﾞ ｶ)","ﾃｽﾄ","ｼﾃﾝ","","INV-7",""\r\n'
    '"2","00000002","20260601","20260601","2","18","500","0","","","","","","","","","","手数料",""\r\n'
    '"8","1","5500","1","500","1","15000","2"\r\n'
    '"9","5","1"\r\n'
)


@pytest.mark.parametrize("encoding", ["cp932", "utf-8-sig"])
def test_the_comma_separated_form_has_the_same_records_with_or_without_filler(encoding: str):
    file = read(CSV_03.encode(encoding))

    (statement,) = file.statements
    assert (file.format, file.failed_checks) == ("zengin.03", ())
    assert (statement.account, statement.bank, statement.balance_check) == ("0007654321", "9991-001-1", "ok")
    first, second = statement.entries
    assert (first.amount, first.transactions[0].counterparty.name, first.transactions[0].references) == (5500, "ﾔﾏﾀﾞ ｶ)", ("INV-7",))
    assert first.booked_on == second.booked_on == date(2026, 6, 1)
    assert second.transactions[0].text == "手数料"


def test_the_comma_separated_form_of_01_tells_a_from_b_by_the_number_of_values():
    head = "1,01,0,080602,080601,080601,9991,,001,,1,7654321,\n"
    a = "2,000001,080601,080601,1000,0,0000000001,ﾔﾏﾀﾞ,,,,123456789012345678\n"
    b = "2,000002,080601,080601,0,0,0000000001,ﾔﾏﾀﾞ,,,1,99999999999,0,EDI\n"

    of_a = read((head + a + "8,1,1000,0,0\n9\n").encode("cp932")).statements[0].entries[0]
    of_b = read((head + b + "8,0,0,1,99999999999\n9\n").encode("cp932")).statements[0].entries[0]

    assert (of_a.amount, of_a.direction, of_a.transactions[0].text) == (1000, "credit", "123456789012345678")
    assert (of_b.amount, of_b.direction, of_b.reversal, of_b.transactions[0].references) == (99999999999, "debit", True, ("EDI",))


def test_a_comma_separated_row_of_another_length_is_refused_with_its_line():
    with pytest.raises(Unreadable) as caught:
        read(CSV_03.replace('"INV-7",""', '"INV-7","",""').replace('"手数料",""', '"手数料"').encode("cp932"))

    assert (caught.value.code, caught.value.details["line"]) == ("UNKNOWN_FORMAT", 3)


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        ("1,91,0,1234567890,ﾅﾆﾜ,0627,9991,,001,,1,1234567\n2,9992,,001,,1,7654321,ﾔﾏﾀﾞ,5500,0,C-1,1\n8,1,5500,0,0,1,5500\n9\n", "direct_debit_result"),
        ("1,91,0,1234567890,ﾅﾆﾜ,0627,9991,,001,,1,1234567\n2,9992,,001,,1,7654321,ﾔﾏﾀﾞ,5500,0,C-1,0\n8,1,5500,0,0,0,0\n9\n", "payment_order"),
        ("1,21,0,1234567890,ﾅﾆﾜ,0627,9991,,001,,1,1234567\n2,9992,,001,,0000,1,7654321,ﾔﾏﾀﾞ,5500,0,C,D,7,Y\n8,1,5500\n9\n", "payment_order"),
    ],
)  # fmt: skip
def test_orders_and_results_in_the_comma_separated_form_are_named(rows: str, kind: str):
    file = read(rows.encode("cp932"))

    assert (file.kind, file.statements) == (kind, ())
    assert file.warnings


def test_a_header_cut_behind_its_first_value_is_refused():
    with pytest.raises(Unreadable) as refused:
        read(b"1\n,03,")

    assert refused.value.code == "UNKNOWN_FORMAT"
