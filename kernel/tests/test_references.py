"""References, account numbers and tracking numbers: what checks, what does not, what is found in prose."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Unreadable
from kernel.references import (
    check_reference,
    find_valid,
    is_iban,
    make_iban,
    make_qrr,
    make_rf,
    make_tracking,
    make_viitenumero,
    normalise_iban,
    tracking_check,
)

BODY = st.text(string.ascii_uppercase + string.digits, min_size=1, max_size=21)


def digits(low: int, high: int) -> st.SearchStrategy[str]:
    return st.text(string.digits, min_size=low, max_size=high)


@pytest.mark.parametrize(
    ("text", "scheme"),
    [
        ("RF18539007547034", "iso11649"),
        ("RF18 5390 0754 7034", "iso11649"),
        ("rf332348236", "iso11649"),
        ("RF69INV20260017", "iso11649"),
        ("RF111232", "iso11649"),
        ("210000000003139471430009017", "qrr"),
        ("12 00000 00000 23447 89432 16899", "qrr"),
        ("000000000000000000000123457", "qrr"),
        ("1232", "viitenumero"),
        ("12345614", "viitenumero"),
    ],
)
def test_published_references_check(text: str, scheme: str):
    assert check_reference(text) == (True, scheme)


@pytest.mark.parametrize("text", ["RF18539007547035", "RF18", "0000", "0" * 27, "1233", "", "RE-2026-1", "１２３２"])
def test_a_reference_whose_digits_do_not_fit_is_none(text: str):
    assert check_reference(text) == (False, None)


@given(BODY)
def test_a_made_rf_reference_checks_and_leading_zeros_count(body: str):
    assert check_reference(make_rf(body)) == (True, "iso11649")
    if len(body) < 21:
        assert make_rf("0" + body) != make_rf(body)


@given(digits(1, 26).filter(lambda body: body.strip("0")), st.integers(0, 26), st.integers(1, 9))
def test_one_wrong_digit_in_a_qr_reference_is_noticed(body: str, place: int, shift: int):
    made = make_qrr(body)
    wrong = made[:place] + str((int(made[place]) + shift) % 10) + made[place + 1 :]

    assert check_reference(made) == (True, "qrr")
    assert check_reference(wrong)[1] != "qrr"


@given(digits(3, 19).filter(lambda body: body.strip("0")))
def test_a_made_viitenumero_checks(body: str):
    assert check_reference(make_viitenumero(body)) == (True, "viitenumero")


@pytest.mark.parametrize("make", [make_rf, make_qrr, make_viitenumero])
def test_nothing_is_made_of_a_body_that_does_not_fit(make):
    with pytest.raises(Unreadable):
        make("ÄÖ" * 30)


def test_references_are_found_in_prose_in_their_order_and_once():
    text = "Rechnung RF18 5390 0754 7034 danke, und 21 00000 00003 13947 14300 09017 sowie RF18539007547034"

    assert [(found.scheme, found.value) for found in find_valid(text)] == [
        ("iso11649", "RF18539007547034"),
        ("qrr", "210000000003139471430009017"),
    ]


def test_a_finnish_number_is_found_as_a_word_and_not_inside_another_number():
    assert [found.value for found in find_valid("VIITE 12345614 KIITOS")] == ["12345614"]
    assert find_valid("RE-12345614 12345614.00 A12345614") == []


@given(st.text(max_size=200))
def test_what_is_found_always_checks(text: str):
    for found in find_valid(text):
        assert check_reference(found.value) == (True, found.scheme)


@given(BODY, st.sampled_from(["", "INVOICE ", "ref: "]), st.sampled_from(["", " thanks", ", 2 items"]))
def test_a_printed_rf_reference_is_found_between_words(body: str, before: str, after: str):
    made = make_rf(body)
    printed = " ".join(made[start : start + 4] for start in range(0, len(made), 4))

    assert made in [found.value for found in find_valid(f"{before}{made}{after}")]
    if not after.startswith(" "):
        assert made in [found.value for found in find_valid(f"{before}{printed}{after}")]


@pytest.mark.parametrize(
    "text",
    [
        "DE89370400440532013000",
        "DE89 3704 0044 0532 0130 00",
        "IBAN: gb29 nwbk 6016 1331 9268 19",
        "CH9300762011623852957",
    ],
)
def test_published_ibans_check(text: str):
    assert is_iban(text)


@pytest.mark.parametrize(
    "text",
    ["DE88370400440532013000", "DE8937040044053201300", "QQ89370400440532013000", "", "DE", "DEXX370400440532013000"],
)
def test_an_iban_of_wrong_digits_length_or_country_is_none(text: str):
    assert not is_iban(text)


@given(digits(18, 18))
def test_a_made_iban_checks_and_its_normal_form_stays(account: str):
    made = make_iban("DE", account)

    assert is_iban(made)
    assert normalise_iban(f" {made[:4]} {made[4:].lower()}") == made


def test_an_iban_is_not_made_from_an_account_of_another_length():
    with pytest.raises(Unreadable):
        make_iban("DE", "1234")


@pytest.mark.parametrize(
    ("number", "scheme"),
    [
        ("RR473124829GB", "upu"),
        ("RB123456785US", "upu"),
        ("RR 00000001 4 DE", "upu"),
        ("RK000000005FR", "upu"),
        ("131-12-38385-2", "japan_post"),
        ("123-45-67890-3", "japan_post"),
        ("503-01-00979-1", "japan_post"),
        ("9407111899560000000000", "usps"),
        ("9407300000000000000010", "usps"),
        ("70210950000012345678", "usps"),
        ("9400 1112 0620 6406 2607 87", "usps"),
        ("03071790000523483741", "usps"),
        ("420100019400111206206406260787", "usps"),
        ("420100011234" + "9400111206206406260787", "usps"),
        ("71123456789123456787", "usps"),
        ("42010001" + "71123456789123456787", "usps"),
        ("420100011234" + "71969010756003077385", "usps"),
        ("RR 00000000 5 JP", "upu"),
        ("rr473124829gb", "upu"),
        ("1234-5678-9013", "japan_post"),
        ("71969010756003077385", "usps"),
    ],
)
def test_published_tracking_numbers_check(number: str, scheme: str):
    assert tracking_check(number) == (True, scheme)
    assert tracking_check(number, scheme) == (True, scheme)


@pytest.mark.parametrize("number", ["RR473124828GB", "131-12-38385-7", "9407111899560000000001", "70210950000012345679"])
def test_a_wrong_check_digit_is_named_with_the_scheme_of_its_shape(number: str):
    valid, scheme = tracking_check(number)

    assert not valid
    assert scheme in {"upu", "japan_post", "usps"}


@pytest.mark.parametrize(
    "number",
    ["", "１３１１２３８３８５２", "123", "12345678901234567", "RR47312482GB", "RR4731248290GB", "1A1234567890_", "LETTERSONLYHERE"],
)
def test_a_shape_of_no_carrier_is_no_tracking_number(number: str):
    assert tracking_check(number) == (False, None)


@pytest.mark.parametrize("number", ["1A12345678901", "2C 123 456 7890 1", "1Z999AA10123456784"])
def test_a_number_without_a_known_check_is_kept_as_it_is_and_neither_right_nor_wrong(number: str):
    assert tracking_check(number) == (None, "opaque")
    assert tracking_check(number, "la_poste") == (None, "opaque")
    assert tracking_check(number, "usps") == (False, None)


def test_a_carrier_that_is_not_known_makes_every_number_opaque_and_no_nonsense():
    assert tracking_check("RR473124828GB", "dhl") == (None, "opaque")
    assert tracking_check("", "dhl") == tracking_check("１２３４", "dhl") == (False, None)


@pytest.mark.parametrize("length", [19, 21, 23, 29, 31, 33, 35])
def test_digits_of_another_length_are_no_number_of_the_american_post(length: int):
    assert tracking_check("9" * length, "usps") == (False, None)


# Serial and check digit as the carriers' own rules give them, every remainder once.
S10_CHECKS = {"00000001": "4", "47312482": "9", "00000000": "5", "12345678": "5", "00000010": "2", "00000100": "6", "00001000": "8"}


@pytest.mark.parametrize(("serial", "check"), S10_CHECKS.items())
def test_the_international_check_digit_is_eleven_less_the_weighted_sum(serial: str, check: str):
    weighted = sum(int(digit) * weight for digit, weight in zip(serial, (8, 6, 4, 2, 3, 5, 9, 7), strict=True))
    assert {10: 0, 11: 5}.get(11 - weighted % 11, 11 - weighted % 11) == int(check)
    assert [digit for digit in "0123456789" if tracking_check(f"RR{serial}{digit}DE")[0]] == [check]


@given(st.integers(0, 10**10 - 1))
def test_one_check_digit_fits_a_japanese_number_and_never_seven_or_more(serial: int):
    fitting = [digit for digit in range(10) if tracking_check(f"{serial:010d}{digit}", "japan_post")[0]]
    assert fitting == [serial % 7]


@given(st.text("0123456789", min_size=21, max_size=21), st.sampled_from(["", "42010001", "420100011234"]))
def test_one_check_digit_fits_an_american_number(body: str, routing: str):
    total = sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(reversed(body)))
    fitting = [digit for digit in range(10) if tracking_check(f"{routing}{body}{digit}", "usps")[0]]
    assert fitting == [-total % 10]


def test_another_carriers_number_is_not_this_carriers():
    assert tracking_check("RR473124829GB", "japan_post") == (False, None)


@given(st.integers(0, 99_999_999))
def test_made_tracking_numbers_check(serial: int):
    assert tracking_check(make_tracking("upu", str(serial), prefix="RR", country="DE"), "upu")[0]
    assert tracking_check(make_tracking("japan_post", str(serial), prefix="1"), "japan_post")[0]
    assert tracking_check(make_tracking("usps", str(serial), prefix="9407300"), "usps")[0]


def test_consecutive_japanese_numbers_step_by_one_modulo_seven():
    made = [make_tracking("japan_post", serial) for serial in ("5030100979", "5030100980", "5030100981")]

    assert [number[-1] for number in made] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("scheme", "serial", "extra"),
    [
        ("upu", "1", {}),
        ("upu", "123456789", {"prefix": "RR", "country": "DE"}),
        ("japan_post", "12345678901", {}),
        ("usps", "1" * 22, {}),
        ("pigeon", "1", {}),
        ("upu", "x", {"prefix": "RR", "country": "DE"}),
    ],
)
def test_no_number_is_made_of_parts_that_do_not_fit(scheme: str, serial: str, extra: dict[str, str]):
    with pytest.raises(Unreadable):
        make_tracking(scheme, serial, **extra)
