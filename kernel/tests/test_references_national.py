"""National references: published vectors, making and checking, and that chance is never taken for proof."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Unreadable
from kernel.references import (
    SCHEMES,
    check_reference,
    find_valid,
    is_bic,
    make_betalingskenmerk,
    make_creditor_id,
    make_fik,
    make_kid,
    make_ocr,
    make_ogm,
    normal_reference,
    parse_japanese_account,
    yucho_account,
)

BODY = st.text("0123456789", min_size=1, max_size=10).filter(lambda body: body.strip("0"))


@pytest.mark.parametrize(
    ("scheme", "value"),
    [
        ("kid", "12345674"), ("kid", "000125"), ("kid", "123456785"), ("kid", "000006-"), ("ogm", "+++090/7483/80009+++"),
        ("ogm", "+++000/0000/09797+++"), ("ogm", "090748380009"), ("ocr", "12345682"), ("fik", "123456789012347"),
        ("sepa_creditor_id", "DE98ZZZ09999999999"), ("sepa_creditor_id", "NL42ZZZ123456780001"), ("sepa_creditor_id", "FR72ZZZ123456"),
        ("betalingskenmerk", "8850426741301240"),
    ],
)  # fmt: skip
def test_published_vectors_satisfy_their_scheme(scheme: str, value: str):
    assert SCHEMES[scheme](value)
    assert check_reference(value)[0]


@pytest.mark.parametrize(
    ("scheme", "value"),
    [
        ("kid", "12345675"), ("kid", "00"), ("ogm", "+++090/7483/80008+++"), ("ogm", "+++000/0000/00097+++x"), ("ocr", "12345683"),
        ("fik", "123456789012348"), ("fik", "12345"), ("sepa_creditor_id", "DE97ZZZ09999999999"), ("betalingskenmerk", "7850426741301240"),
        ("betalingskenmerk", "0" * 16),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_not_valid(scheme: str, value: str):
    assert not SCHEMES[scheme](value)


def test_the_published_numbers_are_made_again():
    assert (make_kid("1234567"), make_kid("12345678", 11), make_kid("00000", 11)) == ("12345674", "123456785", "000000")
    assert (make_ogm("0907483800"), make_ogm("97")) == ("+++090/7483/80009+++", "+++000/0000/09797+++")
    assert (make_ocr("123456", with_length=True), make_fik("12345678901234")) == ("12345682", "123456789012347")
    assert make_creditor_id("NL", "123456780001") == "NL42ZZZ123456780001"


@given(BODY)
def test_whatever_is_made_is_valid(body: str):
    made = {
        "kid": make_kid(body), "ogm": make_ogm(body), "ocr": make_ocr(body, with_length=True), "fik": make_fik(body),
        "betalingskenmerk": make_betalingskenmerk(body), "sepa_creditor_id": make_creditor_id("DE", body),
    }  # fmt: skip

    assert all(SCHEMES[scheme](value) for scheme, value in made.items())
    assert SCHEMES["kid"](make_kid(body, 11))


@given(BODY, st.integers(0, 9), st.integers(1, 9))
def test_one_wrong_digit_is_noticed(body: str, place: int, shift: int):
    for scheme, made in (("ogm", make_ogm(body).replace("+", "").replace("/", "")), ("fik", make_fik(body))):
        wrong = made[:place] + str((int(made[place]) + shift) % 10) + made[place + 1 :]
        assert not SCHEMES[scheme](wrong)


@pytest.mark.parametrize("make", [make_kid, make_ogm, make_ocr, make_fik, make_betalingskenmerk])
def test_nothing_is_made_of_what_is_no_number(make):
    with pytest.raises(Unreadable):
        make("12A")


def test_a_printed_or_named_reference_is_found_and_a_bare_number_with_one_check_digit_is_not():
    found = find_valid("paid +++090/7483/80009+++ and KID: 123456785 or +71<123456789012347+12345678<")

    assert [(one.scheme, one.value) for one in found] == [
        ("ogm", "+++090/7483/80009+++"), ("kid", "123456785"), ("fik", "+71<123456789012347"),
    ]  # fmt: skip
    assert [one.is_proof for one in found] == [True, False, False]
    assert find_valid("paid 123456785 and 123456789012347") == []
    assert find_valid("+++090/7483/80008+++") == []


@pytest.mark.parametrize(
    ("text", "valid"),
    [("DEUTDEFF", True), ("DEUTDEFF500", True), ("deut de ff", True), ("1A2BDEFF", True), ("DEUT1EFF", False), ("DEUTDEF", False)],
)
def test_a_bic_has_eight_or_eleven_characters(text: str, valid: bool):
    assert is_bic(text) == valid


@pytest.mark.parametrize("text", ["0001-001-1-1234567", "00010011234567", "０００１-００１-１-１２３４５６７", "0001 001 1234567"])
def test_a_japanese_account_is_read_in_its_ways_of_writing(text: str):
    assert str(parse_japanese_account(text)) == "0001-001-1-1234567"


def test_a_postal_account_is_told_as_other_banks_address_it():
    assert str(yucho_account("10940-12345671")) == "9900-098-1-1234567"
    assert str(yucho_account("00170-1-123456")) == "9900-019-2-0123456"


@pytest.mark.parametrize("text", ["", "1-1-1", "10940-1234567", "x" * 40])
def test_what_is_no_japanese_account_is_refused(text: str):
    for parse in (parse_japanese_account, yucho_account):
        with pytest.raises(Unreadable):
            parse(text)


@pytest.mark.parametrize(
    ("printed", "normal"),
    [
        ("+++090/7483/80009+++", "090748380009"),
        ("***090/7483/80009***", "090748380009"),
        ("+71<123456789012347+12345678<", "123456789012347"),
        ("rf18 5390 0754 7034", "RF18539007547034"),
        ("21 00000 00003 13947 14300 09017", "210000000003139471430009017"),
        ("DE98 ZZZ0 9999 9999 99", "DE98ZZZ09999999999"),
        ("090748380009", "090748380009"),
    ],
)
def test_a_reference_that_proves_itself_has_one_form_however_it_is_printed(printed, normal):
    assert normal_reference(printed) == normal


@pytest.mark.parametrize("text", ["+++090/7483/80008+++", "RF19 5390 0754 7034", "RE 2026 / 17", "", "+71<123456789012348+12345678<"])
def test_any_other_text_stays_as_it_is(text):
    assert normal_reference(text) == text
