"""MT940 as banks of many countries write it: what the standard does not say, or says otherwise."""

from datetime import date
from decimal import Decimal

import pytest

from kernel.errors import Unreadable
from services.payments.domain.formats import read

HEAD = ":20:REF\n:25:{account}\n:28C:1/1\n:60F:C260831{currency}1000,00\n"


def statement(lines, closing="1100,00", currency="EUR", account="DE89370400440532013000"):
    text = HEAD.format(account=account, currency=currency) + lines + f"\n:62F:C260901{currency}{closing}\n-\n"
    (found,) = read(text.encode()).statements
    assert found.balance_check == "ok"
    return found


def part(lines, **more):
    (entry,) = statement(lines, **more).entries
    return entry.transactions[0]


def test_swift_blocks_around_each_message_are_no_fields():
    block = "{1:F01BANKDEFFAXXX1234567890}{2:O9401200260901BANKDEFFAXXX12345678902609011200N}{3:{108:M}}{4:\n"
    body = HEAD.format(account="1", currency="EUR") + ":62F:C260901EUR1000,00\n"

    file = read((block + body + "-}{5:{MAC:00000000}{CHK:123456789ABC}}\n" + block + body + "-}").encode())

    assert [(one.id, one.balance_check) for one in file.statements] == [("REF", "ok"), ("REF", "ok")]


def test_a_british_line_names_its_reference_and_the_customer_below():
    found = statement(":61:2609010901CR100,00NTRFINV-1001//BACS0001\nACME LTD", currency="GBP")

    assert (found.entries[0].bank_reference, found.entries[0].transactions[0].references) == ("BACS0001", ("INV-1001",))
    assert found.entries[0].transactions[0].text == "ACME LTD"


def test_the_ordering_party_may_stand_behind_its_own_tag():
    assert part(":61:260901C100,00NTRFNONREF\n:86:/ORDP/JOHN SMITH/REMI/RENT").counterparty.name == "JOHN SMITH"
    assert part(":61:260901C100,00NTRFNONREF\n:86:/ORDP//NAME/ACME LTD/ADDR/1 ROAD/REMI/INV 7").counterparty.name == "ACME LTD"


def test_the_third_letter_of_the_currency_may_stand_behind_the_mark():
    assert statement(":61:2609010901CY100,NTRFNONREF", currency="JPY").entries[0].amount == Decimal(100)


def test_noreference_behind_the_slashes_is_none():
    assert statement(":61:260901C100,00FMSC01916//NONREF").entries[0].bank_reference is None


def test_other_separators_of_the_german_subfields_are_seen():
    found = part(":61:260901C100,00N000NONREF\n:86:000>100133967858\n>20HUUR>21 KANTOOR>310390123456")

    assert (found.text, found.counterparty.account) == ("HUUR KANTOOR", "0390123456")


def test_a_belgian_reference_keeps_its_place_in_the_text():
    found = part(":61:260901C100,00NTRF090748380009//1\n/EUR100,00\n:86:BE02 +++090/7483/80009+++", account="BE68539007547034EUR")

    assert (found.references, "+++090/7483/80009+++" in found.text) == (("090748380009",), True)


@pytest.mark.parametrize("ending", ["\r", "\n", "\r\n"])
def test_any_line_ending_and_windows_text_are_read(ending):
    text = (HEAD.format(account="1", currency="EUR") + ":61:260901C100,00NTRFX\n:86:Müller €\n:62F:C260901EUR1100,00\n").replace(
        "\n", ending
    )

    (found,) = read(text.encode("cp1252")).statements

    assert (found.balance_check, found.entries[0].transactions[0].text) == ("ok", "Müller €")


def test_a_file_without_references_and_end_marks_is_read():
    text = ":25:DE89370400440532013000\n:28C:1/1\n:60F:C260831EUR0,00\n:61:2609010901C1,00NTRFNONREF\n:62F:C260901EUR1,00"

    (found,) = read(text.encode()).statements

    assert (found.id, found.number, found.balance_check) == (None, "1/1", "ok")


def test_pages_that_do_not_meet_fail_the_chain():
    page = ":20:S\n:25:1\n:28C:7/{}\n:60{}:C260831EUR{},00\n:61:260901C1,00NTRFA\n:62{}:C260901EUR{},00\n-\n"

    good = read((page.format(1, "F", 10, "M", 11) + page.format(2, "M", 11, "F", 12)).encode())
    bad = read((page.format(1, "F", 10, "M", 11) + page.format(2, "M", 12, "F", 13)).encode())

    assert good.failed_checks == ()
    assert "opens with 12.00" in bad.failed_checks[0]


def test_an_interim_report_takes_its_currency_from_its_sums():
    (found,) = read(b":20:I\n:25:1\n:28C:5/1\n:13D:2609011200+0200\n:61:2609010901C100,00NTRFNONREF\n:90C:1EUR100,00\n-\n").statements

    assert (found.currency, found.entries[0].currency, found.entries[0].value_on) == ("EUR", "EUR", date(2026, 9, 1))


@pytest.mark.parametrize(
    "amount", [("1'000,00", "1000"), ("1 000,00", "1000"), ("1’000,00", "1000")], ids=["apostrophe", "blank", "typographic"]
)
def test_grouping_that_the_format_does_not_know_is_refused_and_never_cut_short(amount):
    with pytest.raises(Unreadable) as refused:
        statement(f":61:260901C{amount[0]}NTRFNONREF", closing="2000,00")
    assert refused.value.code == "NOT_A_NUMBER"
    with pytest.raises(Unreadable):
        statement(":61:260901C100,00NTRFNONREF", closing=amount[0])


@pytest.mark.parametrize(("written", "amount"), [("1.234,50", "1234.50"), ("1,234.50", "1234.50"), ("000012,", "12"), ("12.5", "12.5")])
def test_amounts_of_every_unambiguous_writing_are_read(written, amount):
    text = HEAD.format(account="1", currency="EUR") + f":61:260901C{written}NTRFX\n:62F:C260901EUR1000,00\n"

    assert read(text.encode()).statements[0].entries[0].amount == Decimal(amount)


def test_what_a_bank_says_in_its_own_field_instead_of_86_is_text():
    found = part(":61:2609010901C100,00NMSCNONREF\n:NS:01526715\n15VERSICHERUNG AG\n17G200000137791678")

    assert found.text == "526715 VERSICHERUNG AG G200000137791678"
