"""BAI2: cutting records, funds types, continuations, signs, control totals."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from kernel.errors import Unreadable
from services.payments.domain.formats import File, is_return, read

FIXTURE = (Path(__file__).parent / "fixtures" / "statement.bai2").read_bytes()


def bai2(*account: str, group: str = "02,R,S,1,260601,,USD,2/", ending: str = "98,,1,/\n99,,1,/") -> bytes:
    return "\n".join(["01,S,R,260602,0600,1,,,2/", group, *account, ending]).encode()


def one(content: bytes) -> File:
    file = read(content)
    assert len(file.statements) == 1
    return file


def test_a_statement_is_read_with_its_balances_and_control_totals():
    file = read(FIXTURE)

    assert file.format == "bai2"
    assert file.failed_checks == ()
    assert [(s.account, s.currency, s.balance_check) for s in file.statements] == [
        ("7700112233", "USD", "ok"),
        ("8800112233", "JPY", "n/a"),
    ]
    assert file.statements[1].closing_balance == Decimal(5000), "yen have no minor unit"


def test_funds_types_move_the_fields_behind_them():
    entries = read(FIXTURE).statements[0].entries

    assert [(e.amount, e.direction, e.bank_reference, e.value_on) for e in entries] == [
        (Decimal("2000.00"), "credit", "FT26152001", date(2026, 6, 2)),
        (Decimal("500.00"), "credit", "ACH99812", None),
        (Decimal("39.50"), "debit", "RT-1", None),
        (Decimal("1000.00"), "debit", "OUT-7", None),
        (Decimal("0.00"), "credit", None, None),
    ]
    assert [e.status for e in entries] == ["booked"] * 4 + ["information"]
    assert {e.booked_on for e in entries} == {date(2026, 6, 1)}


def test_text_keeps_its_commas_and_slashes_over_continuations():
    entry = read(FIXTURE).statements[0].entries[0]

    assert entry.transactions[0].text == "WIRE FROM AJAX TOOL, INC 12/14 PAYS INV-5001 LESS FREIGHT"
    assert entry.transactions[0].references == ("INV-5001",)


def test_a_returned_item_is_a_return():
    entries = read(FIXTURE).statements[0].entries

    assert [is_return(entry, entry.transactions[0]) for entry in entries] == [False, False, True, False, False]


def test_several_records_on_one_line_are_cut_where_a_record_follows_the_slash():
    file = one(bai2("03,1,USD,010,0,,,015,300,,/  16,142,100,Z,,,PAID 1/16,5/ 16,142,200,Z,,,B/ 49,600,4/"))

    assert [e.transactions[0].text for e in file.statements[0].entries] == ["PAID 1/16,5", "B"]
    assert file.failed_checks == ()


def test_a_file_without_any_line_break_is_read():
    content = bai2("03,1,USD,010,0,,,015,300,,/", "16,142,300,Z,,,A/", "49,600,3/").replace(b"\n", b"")

    assert one(content).statements[0].balance_check == "ok"


def test_a_wrapped_line_continues_the_text_and_is_named():
    file = one(bai2("03,1,USD,/", "16,142,300,Z,,,FIRST", "SECOND/", "49,300,3/"))

    assert file.statements[0].entries[0].transactions[0].text == "FIRST SECOND"
    assert any("continues the text" in warning for warning in file.warnings)


def test_a_continuation_may_begin_inside_a_summary_or_with_a_colon():
    file = one(bai2("03,1,USD,010,100/", "88,015,400,,/", "88:100,300,1,V", "88,260601,0900/", "16,142,300,,,/", "88:TEXT", "49,1100,7/"))

    assert file.statements[0].balance_check == "ok"
    assert file.failed_checks == ()
    assert file.statements[0].entries[0].transactions[0].text == "TEXT"


def test_a_continuation_of_free_text_is_no_funds_type_and_no_reference():
    entry = one(bai2("03,1,USD,/", "16,142,300/", "88,JUST TEXT", "49,300,4/")).statements[0].entries[0]

    assert (entry.bank_reference, entry.transactions[0].text) == (None, "JUST TEXT")


def test_control_totals_and_counts_that_do_not_hold_are_named_and_quarantine():
    file = one(bai2("03,1,USD,010,0,,,/", "16,142,300,Z,,,A/", "49,999,9/", ending="98,300,2,5/\n99,300,1,7/"))

    assert len(file.failed_checks) == 3
    assert set(file.failed_checks) == set(file.quarantine_reasons)


def test_signs_repeat_the_direction_of_a_debit_and_turn_a_credit():
    file = one(bai2("03,1,USD,010,0,,,015,-800,,/", "16,451,-300,Z,,,A/", "16,142,-500,Z,,,B/", "49,-1600,4/"))

    assert [(e.direction, e.amount) for e in file.statements[0].entries] == [("debit", Decimal("3.00")), ("debit", Decimal("5.00"))]
    assert file.statements[0].balance_check == "ok"
    assert file.failed_checks == ()


def test_no_currency_anywhere_is_null_and_named():
    file = one(bai2("03,1,,/", "16,142,300,Z,,,A/", "49,300,3/", group="02,R,S,1,260601,,,2/"))

    assert file.statements[0].currency is None
    assert any("currency" in warning for warning in file.warnings)
    with pytest.raises(Unreadable) as refusal:
        file.statements[0].entries[0].money()
    assert refusal.value.code == "UNKNOWN_CURRENCY"


def test_interim_data_is_not_final_and_a_deletion_is_not_booked():
    interim = one(bai2("03,1,USD,/", "49,0,2/", group="02,R,S,1,260601,,USD,3/"))
    deletion = one(bai2("03,1,USD,/", "49,0,2/", group="02,R,S,2,260601,,USD,2/"))

    assert not interim.statements[0].final
    assert deletion.quarantine_reasons


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        (FIXTURE[: FIXTURE.index(b"98,")], "TRUNCATED", 15),
        (bai2("03,1,USD,010,1O0,,,/", "49,0,2/"), "NOT_A_NUMBER", 3),
        (bai2("03,1,USD,/", "16,142,3.00,Z,,,A/", "49,300,3/"), "NOT_A_NUMBER", 4),
        (bai2("03,1,USD,/", "16,142,300,Q,,,A/", "49,300,3/"), "UNKNOWN_FORMAT", 4),
        (bai2("03,1,USD,/", "16,050,300,Z,,,A/", "49,300,3/"), "UNKNOWN_FORMAT", 4),
        (bai2("16,142,300,Z,,,A/"), "UNKNOWN_FORMAT", 3),
        (bai2("03,1,USD,/", "16,142,300,D,999,,,A/", "49,300,3/"), "TOO_LARGE", 4),
        (bai2("03,1,USD,/", "16,142,300,Z,,,A\x00/", "49,300,3/"), "ENCODING", 4),
    ],
)
def test_what_cannot_be_read_with_certainty_is_refused_with_its_line(content: bytes, code: str, line: int):
    with pytest.raises(Unreadable) as refusal:
        read(content)

    assert (refusal.value.code, refusal.value.details["line"]) == (code, line)
