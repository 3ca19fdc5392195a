"""MT940 and MT942 as banks write them: signs, dates, amounts, dialects of field 86, pages, odd files."""

from datetime import date
from decimal import Decimal

import pytest

from kernel.errors import Unreadable
from services.payments.domain.formats import Entry, File, is_return, read

HEAD = ":20:REF\n:25:DE89370400440532013000\n:28C:7/1\n"


def statement(*lines: str, opening: str = "C260901EUR100,00", closing: str = "C260930EUR100,00") -> bytes:
    return (HEAD + f":60F:{opening}\n" + "\n".join(lines) + f"\n:62F:{closing}\n-\n").encode()


def entry(*lines: str) -> Entry:
    (found,) = read(statement(*lines)).statements[0].entries
    return found


def wrapped(text: str) -> list[str]:
    """Field 86 cut after each 65 characters, wherever that is."""
    return [(":86:" if start == 0 else "") + text[start : start + 65] for start in range(0, len(text), 65)]


def refusal(content: bytes) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        read(content)
    return caught.value


@pytest.mark.parametrize(
    ("mark", "direction", "reversal"),
    [
        ("C", "credit", False),
        ("D", "debit", False),
        ("RC", "debit", True),
        ("RD", "credit", True),
        ("CR", "credit", False),
        ("RCR", "debit", True),
    ],
)
def test_a_reversed_credit_is_money_out_and_a_third_letter_is_the_funds_code(mark: str, direction: str, reversal: bool):
    found = entry(f":61:2609020902{mark}204,88NTRFNONREF")

    assert (found.amount, found.direction, found.reversal) == (Decimal("204.88"), direction, reversal)
    assert is_return(found, found.transactions[0]) == reversal


def test_citi_writes_the_funds_code_of_dollars_behind_a_debit():
    assert entry(":61:2609020902DD212,39NTRFNONREF").direction == "debit"


@pytest.mark.parametrize(
    ("text", "value"),
    [("12,", "12"), ("300,00", "300.00"), ("000000002145.00", "2145.00"), ("000000000120,83", "120.83"), ("1.234,56", "1234.56")],
)
def test_amounts_have_a_comma_or_a_point_and_zeros_in_front(text: str, value: str):
    assert entry(f":61:260902C{text}NMSCNONREF").amount == Decimal(value)


@pytest.mark.parametrize(
    ("dates", "value_on", "booked_on"),
    [
        ("2609020903", date(2026, 9, 2), date(2026, 9, 3)),
        ("260902", date(2026, 9, 2), date(2026, 9, 2)),
        ("260902    ", date(2026, 9, 2), date(2026, 9, 2)),
        ("2612310102", date(2026, 12, 31), date(2027, 1, 2)),
        ("2701021231", date(2027, 1, 2), date(2026, 12, 31)),
        ("2602300301", date(2026, 2, 28), date(2026, 3, 1)),
        ("991231", date(1999, 12, 31), date(1999, 12, 31)),
    ],
)
def test_an_entry_date_has_no_year_and_may_be_missing_and_february_may_have_30_days(dates: str, value_on: date, booked_on: date):
    found = entry(f":61:{dates}D5,00N024NONREF")

    assert (found.value_on, found.booked_on) == (value_on, booked_on)


def test_references_stand_before_and_behind_two_slashes():
    found = entry(":61:2609020902C5,00NTRFINV-2026-7//B4E07XM00J000023\n/OCMT/EUR5,00/")

    assert found.transactions[0].references == ("INV-2026-7",)
    assert found.bank_reference == "B4E07XM00J000023"


def test_german_subfields_are_put_together_across_lines_and_words():
    found = entry(
        ":61:2609020902CR119,00N166NONREF",
        *wrapped(
            "166?00SEPA-GUTSCHRIFT?109392?20EREF+E2E-2026-1?21KREF+KUNDE-77?22MREF+M-5?23SVWZ+RECHNUNG RE-2026-11?2433308 VOM 01.08."
            "?30DEUTDEFF?31DE02120300000000202051?32MUELLER UND SOEHNE HANDELSG?33ESELLSCHAFT MBH?34011"
        ),
    )

    part = found.transactions[0]
    assert part.text == "RECHNUNG RE-2026-11 33308 VOM 01.08."
    assert (part.end_to_end_id, part.mandate_id, part.references) == ("E2E-2026-1", "M-5", ("KUNDE-77",))
    assert (part.counterparty.name, part.counterparty.account) == ("MUELLER UND SOEHNE HANDELSGESELLSCHAFT MBH", "DE02120300000000202051")


def test_a_full_purpose_line_of_27_characters_was_cut_within_a_word():
    found = entry(":61:2609020902CR1,00N166NONREF", ":86:166?20SVWZ+ABCDEFGHIJ KLMNOPQRSTU?21VWXYZ")

    assert found.transactions[0].text == "ABCDEFGHIJ KLMNOPQRSTUVWXYZ"


def test_a_german_direct_debit_return_says_so_by_its_code_and_names_the_reason():
    found = entry(":61:2609020902DR59,90NRTINONREF", ":86:109?00RETOURE?20EREF+E1?21SVWZ+RETURN MD06 REFUND?32KUNDE")

    assert found.transactions[0].return_reason == "MD06"
    assert is_return(found, found.transactions[0])


def test_dutch_tags_give_party_text_and_betalingskenmerk():
    found = entry(
        ":61:2609020902C10,00NTRFEREF//00123",
        *wrapped(
            "/TRTP/SEPA OVERBOEKING/IBAN/NL86INGB0002445588/BIC/INGBNL2A/NAME/JANSEN B.V."
            "/REMI/STRD/CUR/4420043232693268/EREF/E-99/MARF/M-1/"
        ),
    )

    part = found.transactions[0]
    assert (part.counterparty.name, part.counterparty.account) == ("JANSEN B.V.", "NL86INGB0002445588")
    assert (part.references, part.end_to_end_id, part.mandate_id) == (("4420043232693268",), "E-99", "M-1")


def test_the_other_party_of_ing_stands_in_one_tag():
    found = entry(":61:2609020902C10,00NTRFNONREF", ":86:/CNTP/NL86INGB0002445588/INGBNL2A/JANSEN//REMI/USTD//FACTUUR 12/")

    assert (found.transactions[0].counterparty.name, found.transactions[0].text) == ("JANSEN", "FACTUUR 12")


def test_rabobank_writes_the_account_below_the_line():
    found = entry(":61:260902C000000000429,14N541EREF            \nNL86INGB0002445588", ":86:/EREF/1407/ORDP//NAME/COMPANY BV/REMI/2037")

    assert found.transactions[0].counterparty.account == "NL86INGB0002445588"
    assert (found.transactions[0].end_to_end_id, found.transactions[0].text) == ("1407", "2037")


def test_free_text_may_start_with_a_colon_a_hyphen_or_hold_a_wrapped_time():
    found = read(
        statement(":61:2609020902C1,00NMSCNONREF", ":86:PAID 22-04-2026T03:46", ":08 card", "-5 percent", ":20:11 o'clock", ": end")
    )

    assert found.statements[0].entries[0].transactions[0].text == "PAID 22-04-2026T03:46 :08 card -5 percent :20:11 o'clock : end"
    assert len(found.statements) == 1


def test_a_file_may_hold_several_accounts_pages_and_headers_around_them():
    page = (
        b"{1:F01BANKDEFFAXXX0000000000}{2:I940BANKDEFFXXXXN}{4:\r\n:20:A\r\n:25:111/222\r\n:28C:1/1\r\n:60F:C260901EUR10,00\r\n"
        b":61:260901C5,00NTRFNONREF\r\n:62M:C260901EUR15,00\r\n-}\r\n"
        b"ABNANL2A\r\n940\r\nABNANL2A\r\n:20:A\r\n:25:111/222\r\n:28C:1/2\r\n:60M:C260901EUR15,00\r\n:62F:C260901EUR15,00\r\n-\r\n"
        b":940:\r\n:20:B\r\n:25:NL50RABO0156750961 EUR\r\n:28:0\r\n:60F:D260901EUR1,00\r\n:62F:C260902EUR0,00"
    )

    file = read(page)

    assert file.format == "mt940"
    assert [(s.account, s.number, s.balance_check) for s in file.statements] == [
        ("111/222", "1/1", "ok"), ("111/222", "1/2", "ok"), ("NL50RABO0156750961", "0", "diff -1.00"),
    ]  # fmt: skip
    assert file.failed_checks == ()


def test_a_page_that_does_not_go_on_where_the_one_before_ended_is_a_failed_check():
    content = (
        b":20:A\n:25:1\n:28C:1/1\n:60F:C260901EUR10,00\n:62M:C260901EUR10,00\n-\n"
        b":20:A\n:25:1\n:28C:1/2\n:60M:C260901EUR15,00\n:62F:C260901EUR15,00\n-\n"
    )

    assert read(content).failed_checks == ("line 7: opens with 15.00, the statement before closed with 10.00",)


def test_a_statement_without_its_closing_balance_is_read_and_held_back_from_import():
    file = read((HEAD + ":60F:C260901EUR100,00\n:61:2609020902C1,00NMSCNONREF\n").encode())

    assert file.statements[0].balance_check == "n/a"
    assert file.quarantine_reasons


def test_a_closing_balance_may_lack_its_currency():
    assert read(statement(closing="C260930100,00")).statements[0].balance_check == "ok"


INTERIM = (
    ":20:I\n:25:DE89370400440532013000\n:28C:1/1\n:34F:EURD0,00\n:34F:EURC0,00\n:13D:2609021430+0100\n:61:2609020902C500,00NTRFNONREF//A\n"
)


def test_an_interim_report_has_totals_instead_of_balances_and_is_not_final():
    file = read((INTERIM + ":86:X\n:90D:0EUR0,00\n:90C:1EUR500,00\n-\n").encode())

    statement_ = file.statements[0]
    assert (file.format, statement_.currency, statement_.final, statement_.balance_check) == ("mt942", "EUR", False, "n/a")
    assert file.failed_checks == ()


def test_wrong_totals_of_an_interim_report_are_a_failed_check():
    file = read((INTERIM + ":90C:2EUR600,00\n-\n").encode())

    assert file.failed_checks == ("line 8: 90C says 2 credits of 600.00, the report holds 1 of 500.00",)


@pytest.mark.parametrize(
    ("line", "code"),
    [(":61:26090209", "UNKNOWN_FORMAT"), (":61:2609020902C1,0,0NMSCX", "NOT_A_NUMBER"), (":61:2609020902X1,00NMSC", "UNKNOWN_FORMAT")],
)
def test_a_line_that_cannot_be_read_is_refused_with_its_place(line: str, code: str):
    error = refusal(statement(line, ":86:x"))

    assert (error.code, error.details["line"]) == (code, 5)


def test_a_file_that_ends_within_a_line_is_truncated():
    error = refusal((HEAD + ":60F:C260901EUR100,00\n:61:2609020902C1,00NMSCNONREF\n:61:26090").encode())

    assert (error.code, error.details["line"]) == ("TRUNCATED", 6)


def test_text_that_is_not_utf_8_is_read_as_windows_text_and_zero_bytes_are_refused():
    file: File = read(statement(":61:2609020902C1,00NMSCNONREF", ":86:GRÜN").decode().encode("cp1252"))

    assert file.statements[0].entries[0].transactions[0].text == "GRÜN"
    assert refusal(statement(":61:2609020902C1,00NMSCNONREF", ":86:\x00")).code == "ENCODING"
