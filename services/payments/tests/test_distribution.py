"""Which payment pays what: references, numbers, payers and amounts; what is not certain goes to a person."""

from uuid import UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from kernel.references import make_rf
from services.payments.domain.distribution import (
    ITEM,
    ON_ACCOUNT,
    UNIDENTIFIED,
    Book,
    Line,
    OpenItem,
    Slice,
    match,
    match_return,
    normalise_name,
    payer_names,
)

SPACE = UUID(int=1)
RF = make_rf("R1")


def name(text: str) -> UUID:
    return uuid5(SPACE, text)


def item(number: str, open_minor: int, account: str = "A", reference: str = "") -> OpenItem:
    return OpenItem(name(number), name(account), number, reference, "EUR", open_minor)


def book(*items: OpenItem, **marks: str) -> Book:
    return Book({i.id: i for i in items}, {mark: frozenset(map(name, accounts.split())) for mark, accounts in marks.items()})


def line(minor: int, *texts: str, marks: tuple[str, ...] = (), barred: frozenset[UUID] = frozenset()) -> Line:
    return Line(name("line"), minor, "EUR", texts, marks, barred)


def test_a_valid_structured_reference_names_its_item():
    found = match(line(100, f"Zahlung {RF}"), book(item("R-1", 100, reference=RF), item("R-2", 100)))

    assert found.slices == (Slice(ITEM, name("R-1"), name("A"), 100),)
    assert found.evidence == ("structured_reference",)


def test_a_reference_whose_check_digits_fail_is_not_followed():
    broken = RF[:2] + f"{(int(RF[2:4]) + 1) % 97:02d}" + RF[4:]

    found = match(line(100, broken), book(item("X", 100, reference=RF)))

    assert [part.kind for part in found.slices] == [UNIDENTIFIED]


def test_two_numbers_that_add_up_are_both_paid():
    found = match(line(300, "R-1, R-2"), book(item("R-1", 100), item("R-2", 200)))

    assert {part.item_id: part.amount_minor for part in found.slices} == {name("R-1"): 100, name("R-2"): 200}


def test_two_numbers_that_do_not_add_up_go_to_a_person():
    found = match(line(250, "R-1, R-2"), book(item("R-1", 100), item("R-2", 200)))

    assert (found.slices[0].kind, found.reason) == (ON_ACCOUNT, "amounts_do_not_fit")


def test_too_little_pays_a_part_and_too_much_leaves_the_rest_on_account():
    assert match(line(60, "R-1"), book(item("R-1", 100))).slices == (Slice(ITEM, name("R-1"), name("A"), 60),)
    over = match(line(130, "R-1"), book(item("R-1", 100)))
    assert [(part.kind, part.amount_minor) for part in over.slices] == [(ITEM, 100), (ON_ACCOUNT, 30)]


def test_a_second_payment_of_a_paid_item_is_never_put_on_another():
    found = match(line(100, "R-1", marks=("iban",)), book(item("R-1", 0), item("R-2", 100), iban="A"))

    assert (found.slices[0].kind, found.reason) == (ON_ACCOUNT, "already_paid")


def test_a_known_payer_and_an_exact_amount_are_enough():
    found = match(line(200, "Miete", marks=("iban",)), book(item("R-1", 100), item("R-2", 200), iban="A"))

    assert found.slices == (Slice(ITEM, name("R-2"), name("A"), 200),)


def test_two_equal_fits_and_two_possible_payers_go_to_a_person():
    equal = match(line(100, marks=("iban",)), book(item("R-1", 100), item("R-2", 100), iban="A"))
    payers = match(line(100, marks=("name",)), book(item("R-1", 100), item("R-2", 100, "B"), name="A B"))

    assert (equal.slices[0].kind, equal.reason) == (ON_ACCOUNT, "two_equal_fits")
    assert (payers.slices[0].kind, payers.reason) == (UNIDENTIFIED, "several_payers")


def test_an_item_that_rejected_the_line_is_not_offered_again():
    found = match(line(100, "R-1", barred=frozenset({name("R-1")})), book(item("R-1", 100)))

    assert found.slices[0].kind == ON_ACCOUNT


def test_a_return_undoes_slice_by_slice_and_only_the_whole():
    paid = (Slice(ITEM, name("R-1"), name("A"), 70), Slice(ON_ACCOUNT, None, name("A"), 30))

    undone = match_return(line(-100), paid)
    assert [part.amount_minor for part in undone.slices] == [-70, -30]
    assert match_return(line(-90), paid).reason == "return_without_original"


def test_names_are_equal_over_widths_and_spaces_and_are_found_in_ach_texts():
    assert normalise_name("ｶ)ｻｸﾗﾃﾞﾝｿｳ") == normalise_name("カ)サクラデンソウ")
    assert payer_names(None, "ACH CREDIT ORIG CO NAME:PINE BARRENS PAPER CO. REMITTANCE:HS-1") == (normalise_name("Pine Barrens Paper Co"),)


amounts = st.lists(st.integers(1, 10_000), min_size=1, max_size=6)


@given(amounts, st.integers(1, 50_000), st.data())
def test_slices_add_up_to_the_line_and_no_item_takes_more_than_is_open(opens, minor, data):
    items = [item(f"R-{place}", open_minor, data.draw(st.sampled_from("AB"))) for place, open_minor in enumerate(opens)]
    named = data.draw(st.lists(st.sampled_from([i.invoice_number for i in items]), max_size=3))
    shelf = book(*items, iban="A")

    found = match(line(minor, *named, marks=data.draw(st.sampled_from([(), ("iban",)]))), shelf)

    assert sum(part.amount_minor for part in found.slices) == minor
    shelf.take(found)
    assert all(i.open_minor >= 0 for i in shelf.items.values())


@given(st.permutations([("R-1", 100), ("R-2", 200), ("R-3", 300)]))
def test_the_order_of_items_does_not_change_an_exact_match(items):
    found = match(line(500, "R-2 und R-3"), book(*(item(number, minor) for number, minor in items)))

    assert {part.item_id: part.amount_minor for part in found.slices} == {name("R-2"): 200, name("R-3"): 300}
