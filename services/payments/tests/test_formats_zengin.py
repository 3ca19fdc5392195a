"""Zengin: layouts by byte, eras, separators, encodings, trailers."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Unreadable
from services.payments.domain.formats import read
from services.payments.domain.formats.zengin.eras import EraDates


def record(*fields: tuple[str, int], length: int = 200) -> bytes:
    """Fields of a text and its width in bytes; digits are filled from the left, text to the right."""
    data = b"".join(
        text.encode("cp932").rjust(width, b"0") if text.isdecimal() else text.encode("cp932").ljust(width) for text, width in fields
    )
    assert all(len(text.encode("cp932")) <= width for text, width in fields)
    return data.ljust(length)


def header_03(
    made: str = "080602", begin: str = "080601", end: str = "080601", opening: int = 1000, sign: str = "1", deposit: str = "1"
) -> bytes:
    return record(
        ("1", 1), ("03", 2), ("0", 1), (made, 6), (begin, 6), (end, 6), ("9991", 4), ("ﾃｽﾄ", 15), ("101", 3), ("ﾎﾝﾃﾝ", 15),
        ("000", 3), (deposit, 1), ("7654321", 10), ("ｶ)ｻﾝﾌﾟﾙ", 40), (sign, 1), ("1", 1), (str(opening), 14),
    )  # fmt: skip


def movement(
    amount: int,
    direction: str = "1",
    number: int = 1,
    name: str = "ﾔﾏﾀﾞ ﾊﾅｺ",
    code: str = "0",
    on: str = "080601",
    edi: str = "",
    text: str = "ﾌﾘｺﾐ",
) -> bytes:
    return record(
        ("2", 1), (str(number), 8), (on, 6), (on, 6), (direction, 1), ("11", 2), (str(amount), 12), ("0", 12), ("0", 6), ("0", 6),
        ("0", 1), ("0", 7), ("0", 3), (code, 10), (name, 48), ("ﾐﾎﾝｷﾞﾝｺｳ", 15), ("ｵｵｻｶ", 15), (text, 20), (edi, 20), (" ", 1),
    )  # fmt: skip


def trailer_03(paid_in: tuple[int, int], paid_out: tuple[int, int], closing: int, sign: str = "1", count: int | None = None) -> bytes:
    return record(
        ("8", 1), (str(paid_in[0]), 6), (str(paid_in[1]), 13), (str(paid_out[0]), 6), (str(paid_out[1]), 13), (sign, 1),
        (str(closing), 14), (str(paid_in[0] + paid_out[0] if count is None else count), 7),
    )  # fmt: skip


def end_03(records: int, accounts: int = 1) -> bytes:
    return record(("9", 1), (str(records), 10), (str(accounts), 5))


def header_01() -> bytes:
    return record(
        ("1", 1), ("01", 2), ("0", 1), ("080602", 6), ("080601", 6), ("080601", 6), ("9991", 4), ("ﾃｽﾄ", 15), ("101", 3),
        ("ﾎﾝﾃﾝ", 15), ("1", 1), ("7654321", 7), ("ｶ)ｻﾝﾌﾟﾙ", 40),
    )  # fmt: skip


def transfer(amount: int, cancelled: str = " ", edi: str = "", large: int | None = None, number: int = 1) -> bytes:
    tail = [(edi, 20)] if large is None else [(str(large), 12), ("0", 12), (edi, 20)]
    return record(
        ("2", 1), (str(number), 6), ("080601", 6), ("080601", 6), (str(amount), 10), ("0", 10), ("30021", 10), ("ﾄﾞ)ﾐﾎﾝ", 48),
        ("ﾐﾎﾝｷﾞﾝｺｳ", 15), ("ｵｵｻｶ", 15), (cancelled, 1), *tail,
    )  # fmt: skip


def trailer_01(paid_in: tuple[int, int], cancelled: tuple[int, int]) -> bytes:
    return record(("8", 1), (str(paid_in[0]), 6), (str(paid_in[1]), 12), (str(cancelled[0]), 6), (str(cancelled[1]), 12))


END_01 = record(("9", 1))
DAY = [
    header_03(),
    movement(500, number=1, edi="INV-1", code="40012"),
    movement(200, "2", number=2, name="12345678901234567890 "),
    trailer_03((1, 500), (1, 200), 1300),
    end_03(5),
]


def joined(records: list[bytes], separator: bytes = b"\r\n") -> bytes:
    return separator.join(records)


def test_movements_are_read_with_balances_payers_and_edi_text():
    file = read(joined(DAY))
    statement = file.statements[0]

    assert (file.format, file.warnings) == ("zengin.03", ())
    assert (statement.account, statement.bank, statement.balance_check) == ("0007654321", "9991-101-1", "ok")
    first, second = statement.entries
    assert (first.direction, first.amount, first.booked_on, first.bank_reference) == ("credit", Decimal(500), date(2026, 6, 1), "00000001")
    assert first.transactions[0].counterparty.name == "ﾔﾏﾀﾞ ﾊﾅｺ"
    assert first.transactions[0].counterparty.code == "0000040012"
    assert (first.transactions[0].references, first.transactions[0].text) == (("INV-1",), "ﾌﾘｺﾐ INV-1")
    assert (second.direction, second.transactions[0].counterparty.code) == ("debit", "12345678901234567890")


@pytest.mark.parametrize("separator", [b"\r\n", b"\n", b"\r", b""])
@pytest.mark.parametrize("tail", [b"", b"\x1a", b"\r\n", b"\r\n\x1a"])
def test_any_separator_or_none_and_an_old_end_mark_are_read(separator: bytes, tail: bytes):
    assert read(joined(DAY, separator) + tail) == read(joined(DAY))


def test_stripped_blanks_are_put_back_and_named():
    file = read(joined([data.rstrip() for data in DAY]))

    assert file.statements == read(joined(DAY)).statements
    assert any("stripped blanks" in warning for warning in file.warnings)


def test_a_file_saved_as_utf_8_is_turned_back_and_named():
    file = read(joined(DAY).decode("cp932").encode())

    assert file.statements == read(joined(DAY)).statements
    assert any("UTF-8" in warning for warning in file.warnings)


def test_an_overdrawn_account_has_a_negative_balance():
    records = [header_03(opening=300, sign="2"), movement(100), trailer_03((1, 100), (0, 0), 200, sign="2"), end_03(4)]

    statement = read(joined(records)).statements[0]

    assert (statement.opening_balance, statement.closing_balance, statement.balance_check) == (-300, -200, "ok")


def test_several_accounts_of_one_file_are_several_statements():
    file = read(joined([*DAY[:-1], *DAY[:-1], end_03(9, 2)]))

    assert len(file.statements) == 2
    assert file.failed_checks == ()


def test_a_time_deposit_has_its_text_elsewhere_and_no_payer():
    data = movement(500)[:71] + b"0" * 99 + "ﾘｿｸ".encode("cp932").ljust(30)
    statement = read(joined([header_03(deposit="6"), data, trailer_03((1, 500), (0, 0), 1500), end_03(4)])).statements[0]

    assert statement.entries[0].transactions[0].text == "ﾘｿｸ"
    assert statement.entries[0].transactions[0].counterparty.name is None


@pytest.mark.parametrize(
    "records",
    [
        [header_03(), movement(500), trailer_03((1, 501), (0, 0), 1500), end_03(4)],
        [header_03(), movement(500), trailer_03((2, 500), (0, 0), 1500, count=1), end_03(4)],
        [header_03(), movement(500), trailer_03((1, 500), (0, 0), 1500, count=3), end_03(4)],
        [header_03(), movement(500), trailer_03((1, 500), (0, 0), 1500), end_03(7)],
        [header_03(), movement(500), trailer_03((1, 500), (0, 0), 1500), end_03(4, 2)],
        [header_03(), movement(500), trailer_03((1, 500), (0, 0), 1400), end_03(4)],
    ],
)
def test_a_total_count_or_balance_that_does_not_hold_quarantines(records: list[bytes]):
    assert len(read(joined(records)).quarantine_reasons) == 1


def test_incoming_transfers_are_credits_and_a_cancellation_is_a_debit_with_its_mark():
    file = read(
        joined([header_01(), transfer(88000, edi="INV-9"), transfer(88000, "1", number=2), trailer_01((1, 88000), (1, 88000)), END_01])
    )
    first, second = file.statements[0].entries

    assert (file.format, file.failed_checks) == ("zengin.01", ())
    assert (first.direction, first.reversal, second.direction, second.reversal) == ("credit", False, "debit", True)
    assert first.transactions[0].references == ("INV-9",)
    assert file.statements[0].balance_check == "n/a"


def test_format_b_has_a_second_amount_and_its_edi_text_behind_it():
    large = 123_456_789_012
    records = [
        header_01(),
        transfer(700, large=0, edi="INV-1"),
        transfer(0, large=large, edi="INV-2"),
        trailer_01((2, 700 + large), (0, 0)),
        END_01,
    ]
    file = read(joined(records))

    assert [entry.amount for entry in file.statements[0].entries] == [Decimal(700), Decimal(large)]
    assert [entry.transactions[0].references for entry in file.statements[0].entries] == [("INV-1",), ("INV-2",)]
    assert file.failed_checks == ()


@pytest.mark.parametrize(
    ("made", "text", "meant"),
    [
        ("010507", "310430", date(2019, 4, 30)),
        ("010507", "010507", date(2019, 5, 7)),
        ("310513", "310512", date(2019, 5, 12)),
        ("080402", "080401", date(2026, 4, 1)),
        ("300401", "300401", date(2018, 4, 1)),
    ],
)
def test_the_era_follows_from_the_creation_date(made: str, text: str, meant: date):
    dates = EraDates(EraDates().made(made))

    assert dates.near(text) == meant


def test_the_reception_date_decides_between_two_eras():
    assert EraDates(received_on=date(1996, 4, 2)).made("080401") == date(1996, 4, 1)
    assert EraDates(received_on=date(2026, 4, 2)).made("080401") == date(2026, 4, 1)
    assert read(joined(DAY), received_on=date(1996, 7, 1)).statements[0].entries[0].booked_on == date(1996, 6, 1)


@given(st.dates(date(2019, 5, 1), date(2040, 12, 31)), st.integers(0, 60))
def test_every_reiwa_date_is_read_back_from_its_six_digits(made_on: date, before: int):
    on = max(made_on - timedelta(days=before), date(2019, 5, 1))
    short = f"{on.year - 2018:02d}{on.month:02d}{on.day:02d}"

    assert EraDates(made_on).near(short) == on


@pytest.mark.parametrize("text", ["", "000000", "      ", "081331", "0804", "08 401", "080230"])
def test_what_is_no_date_is_none(text: str):
    assert EraDates(date(2026, 6, 1)).near(text) is None


def test_direct_debit_results_and_orders_are_other_kinds():
    def file(kind: str, paid: str) -> bytes:
        return joined(
            [
                record(("1", 1), (kind, 2), ("0", 1), ("9999000001", 10), length=120),
                record(("8", 1), ("1", 6), ("100", 12), (paid, 6), (paid, 12), ("0", 6), ("0", 12), length=120),
                record(("9", 1), length=120),
            ]
        )

    assert read(file("91", "1")).kind == "direct_debit_result"
    assert read(file("91", "0")).kind == "payment_order"
    assert read(file("21", "0")).kind == "payment_order"


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        (joined(DAY[:-1]), "TRUNCATED", 4),
        (joined([*DAY[:3], end_03(4)]), "TRUNCATED", 4),
        (joined(DAY)[:700], "TRUNCATED", 4),
        (joined(DAY, b"")[:-3][:600], "TRUNCATED", 3),
        (joined([DAY[0], DAY[1][:24] + b"00000000050O" + DAY[1][36:], *DAY[2:]]), "NOT_A_NUMBER", 2),
        (joined([DAY[0], DAY[1][:30], *DAY[2:]]), "NOT_A_NUMBER", 2),
        (joined([DAY[0], DAY[1][:21] + b"3" + DAY[1][22:], *DAY[2:]]), "UNKNOWN_FORMAT", 2),
        (joined([DAY[0], DAY[1] + b"X", *DAY[2:]]), "UNKNOWN_FORMAT", 2),
        (joined([DAY[0], b"7" + DAY[1][1:], *DAY[2:]]), "UNKNOWN_FORMAT", 2),
        (joined([DAY[0][:3] + b"1" + DAY[0][4:], *DAY[1:]]), "ENCODING", 1),
        (joined(DAY).translate(bytes(range(48)) + bytes(range(0xF0, 0xFA)) + bytes(range(58, 256))), "ENCODING", 1),
        (joined([DAY[0], DAY[1][:81] + b"\x81\xff" + DAY[1][83:], *DAY[2:]]), "ENCODING", 2),
    ],
)
def test_what_cannot_be_read_with_certainty_is_refused_with_its_line(content: bytes, code: str, line: int):
    with pytest.raises(Unreadable) as refusal:
        read(content)

    assert (refusal.value.code, refusal.value.details["line"]) == (code, line)
