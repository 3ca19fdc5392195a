"""Where a line's money goes: slices of decisions, what a return undoes, what an item could not take; and what a waiting line may be about."""

from datetime import date
from uuid import UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from services.payments.domain.distribution import ITEM, NOT_RECEIVABLE, ON_ACCOUNT, UNIDENTIFIED, Slice, moved, slices_of, undo_slices
from services.payments.domain.matching import Account, Allocation, Decision, Difference, Item, Line
from services.payments.domain.reading import may_concern, normalise_name, originator

SPACE = UUID(int=1)


def name(text: str) -> UUID:
    return uuid5(SPACE, text)


ITEMS = {str(name(number)): Item(str(name(number)), "north", str(name("A")), number, "EUR", 100) for number in ("R-1", "R-2")}


def decision(status: str, *allocations: Allocation, amount: int = 100, on_account: int = 0, account: str | None = None) -> Decision:
    return Decision("1", status, "rule", 0, amount, "EUR", allocations, on_account, account)


def test_a_granted_difference_stands_beside_the_money():
    found = slices_of(decision("applied", Allocation(str(name("R-1")), 98, Difference(2, "discount"))), 98, ITEMS)

    assert found == (Slice(ITEM, name("R-1"), name("A"), 98, 2, "discount"),)
    assert found[0].settled_minor == 100


def test_what_no_item_takes_waits_on_the_account_where_that_is_certain():
    over = slices_of(decision("applied", Allocation(str(name("R-1")), 100), amount=130, on_account=30, account=str(name("A"))), 130, ITEMS)
    unknown = slices_of(decision("suggested", on_account=100), 100, ITEMS)

    assert [(part.kind, part.amount_minor) for part in over] == [(ITEM, 100), (ON_ACCOUNT, 30)]
    assert unknown == (Slice(UNIDENTIFIED, None, None, 100),)
    assert slices_of(decision("not_receivable", amount=-5), -5, ITEMS) == (Slice(NOT_RECEIVABLE, None, None, -5),)


def test_a_return_undoes_slice_by_slice_with_what_was_granted_and_only_the_whole():
    paid = (Slice(ITEM, name("R-1"), name("A"), 70, 2, "discount"), Slice(ON_ACCOUNT, None, name("A"), 30))

    assert [part.settled_minor for part in undo_slices(-100, paid) or ()] == [-72, -30]
    assert undo_slices(-90, paid) is None


def test_what_an_item_could_not_take_is_on_account_and_nothing_is_granted():
    slices = (Slice(ITEM, name("R-1"), name("A"), 70, 2, "discount"), Slice(ITEM, name("R-2"), name("A"), 30))

    assert moved(slices, name("R-1")) == (Slice(ON_ACCOUNT, None, name("A"), 70), slices[1])


parts = st.lists(st.builds(Slice, st.just(ITEM), st.uuids(), st.uuids(), st.integers(-9, 99), st.integers(0, 9)), min_size=1, max_size=5)


@given(parts)
def test_undoing_an_undone_distribution_is_the_distribution(slices):
    amount = sum(part.amount_minor for part in slices)
    once = undo_slices(-amount, slices)

    assert undo_slices(amount, once) == tuple(slices)


def line(*texts: str, minor: int = 70, payer: str = "", tokens: tuple[str, ...] = (), barred: frozenset[str] = frozenset()) -> Line:
    return Line("1", minor, "EUR", texts, payer, tokens, date(2026, 9, 1), barred=barred)


def test_a_waiting_line_is_tried_again_only_for_an_item_that_something_in_it_speaks_for():
    item = Item("1", "north", "A", "RE-2026-004711", "EUR", 100)
    account = Account("A", "north", ("Müller Maschinenbau GmbH",), ("iban:x",))

    about = [line("Rechnung 4711"), line("re2026/004711"), line("?", minor=100), line("?", payer="MUELLER"), line("?", tokens=("iban:x",))]
    assert all(may_concern(one, item, account) for one in about)
    assert may_concern(line("fuer Mueller Maschinenbau"), item, account)
    assert not may_concern(line("RE-2026-004712", payer="Brandt"), item, account)
    assert not may_concern(line("4711", barred=frozenset({"1"})), item, account)


def test_names_are_equal_over_widths_and_spaces_and_are_found_in_ach_texts():
    assert normalise_name("ｶ)ｻｸﾗﾃﾞﾝｿｳ") == normalise_name("カ)サクラデンソウ")
    assert originator("ACH CREDIT ORIG CO NAME:PINE BARRENS PAPER CO. REMITTANCE:HS-1") == "PINE BARRENS PAPER CO."
