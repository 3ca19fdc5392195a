"""Which payment pays what: what a good cash clerk does, line by line."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from kernel.references import make_ogm, make_rf
from services.payments.domain.matching import (
    Account,
    Book,
    Decision,
    Item,
    Line,
    decide,
    forget,
    learn,
    match_lines,
    read_policy,
    take,
    undo,
)

POLICY = read_policy(
    yaml.safe_load((Path(__file__).parents[1] / "policies" / "matching" / "default.yaml").read_text("utf-8")), date(2026, 9, 30)
)
DAY = date(2026, 9, 10)


def item(number: str, minor: int, account: str = "A", **more: object) -> Item:
    known = {"currency": "EUR", "issued_on": date(2026, 8, 20), "due_on": date(2026, 9, 20), **more}
    return Item(number, "north", account, number, open_minor=minor, **known)


def book(*items: Item, unit: str = "north") -> Book:
    names = {"A": "Müller Maschinenbau GmbH", "B": "Brandt & Söhne KG", "J": "株式会社桜電機", "K": "Castellani S.p.A."}
    accounts = [Account(key, unit, (name, "カ）サクラデンキ") if key == "J" else (name,), (f"iban:{key}",)) for key, name in names.items()]
    return Book(items, accounts)


def line(minor: int, *texts: str, payer: str = "A", name: str = "", **more: object) -> Line:
    tokens = (f"iban:{payer}",) if payer else ()
    return Line("1", minor, more.pop("currency", "EUR"), texts, name, tokens, more.pop("booked_on", DAY), **more)


def paid(decision: Decision) -> dict[str, int]:
    return {one.item_id: one.amount_minor for one in decision.allocations}


def granted(decision: Decision) -> list[tuple[int, str]]:
    return [(one.difference.amount_minor, one.difference.reason) for one in decision.allocations if one.difference]


def answer(found: Line, *items: Item) -> Decision:
    return decide(found, book(*items), POLICY)


SPELLINGS = [
    "RE-2026-004711",
    "re 2026/004711",
    "RE2026004711",
    "Rechnung Nr.2026004711 Danke",
    "RE-2026-00 4711",
    "004711",
    "RE-2O26-OO4711",
    "RGRE2026004711",
]


@pytest.mark.parametrize("text", SPELLINGS)
def test_a_number_is_found_however_it_is_written(text):
    found = answer(line(5000, text), item("RE-2026-004711", 9000), item("RE-2026-004712", 8000))

    assert (found.status, paid(found)) == ("applied", {"RE-2026-004711": 5000})


@pytest.mark.parametrize("text", ["RE-2026-004771", "RE-2026-04711", "RE-2026-004171"])
def test_a_mistyped_number_is_followed_where_payer_and_amount_agree_and_shown_where_only_the_amount_does(text):
    items = [item("RE-2026-004711", 12345), item("RE-2026-004795", 12345), item("RE-2026-009000", 8000)]

    assert paid(answer(line(12345, text), *items)) == {"RE-2026-004711": 12345}
    alone = answer(line(12345, text, payer=""), *items)
    assert (alone.status, alone.suggestions[0].allocations[0].item_id) == ("suggested", "RE-2026-004711")
    assert answer(line(5000, text, payer=""), *items).status != "applied"


@pytest.mark.parametrize("reference", [make_rf("539007547034"), make_rf("INV20260017"), make_ogm("907483800")])
def test_structured_references_are_followed_printed_or_bare_and_only_with_valid_check_digits(reference):
    bare = "".join(character for character in reference if character.isalnum())
    grouped = " ".join(bare[place : place + 4] for place in range(0, len(bare), 4))
    wrong = bare[:2] + f"{(int(bare[2:4]) + 1) % 97:02d}" + bare[4:]
    one = item("X-1", 4000, structured_reference=reference)

    for text in (reference, bare, grouped, f"EREF+NOTPROVIDED SVWZ+{bare}"):
        assert paid(answer(line(4000, text, payer=""), one)) == {"X-1": 4000}
    assert answer(line(3999, wrong, payer=""), one).status in {"unidentified", "suggested"}


def test_lists_ranges_and_abbreviations_name_all_their_items():
    items = [item(f"RE {number}", number * 10) for number in range(100, 106)]

    assert paid(answer(line(sum(range(100, 105)) * 10, "RE 100 - 104"), *items)) == {f"RE {n}": n * 10 for n in range(100, 105)}
    assert paid(answer(line(2050, "RE 100, RE 105"), *items)) == {"RE 100": 1000, "RE 105": 1050}
    assert paid(answer(line(3060, "RE 100/102/104"), *items)) == {"RE 100": 1000, "RE 102": 1020, "RE 104": 1040}


def test_a_discount_is_granted_in_its_window_and_stays_open_after_it():
    one = item("R-10001", 10_000, discount_percent=Decimal(2), discount_until=DAY)

    in_time = answer(line(9800, "R-10001"), one)
    late = answer(line(9800, "R-10001", booked_on=date(2026, 9, 11)), one)

    assert (paid(in_time), granted(in_time)) == ({"R-10001": 9800}, [(200, "discount")])
    assert (late.status, paid(late), granted(late)) == ("applied", {"R-10001": 9800}, [])


def test_stated_charges_and_usual_transfer_fees_are_granted_and_others_are_not():
    euro = item("R-10001", 100_000)
    yen = item("R-20001", 100_000, "J", currency="JPY")

    assert granted(answer(line(98_750, "R-10001 less bank charges 12,50"), euro)) == [(1250, "bank_charges")]
    assert granted(answer(line(98_750, "R-10001"), euro)) == []
    assert granted(answer(line(98_750, "R-10001 charges 7,50"), euro)) == []
    assert granted(answer(line(99_560, payer="", name="ｶ)ｻｸﾗﾃﾞﾝｷ", currency="JPY"), yen)) == [(440, "bank_charges")]
    assert granted(answer(line(99_119, payer="J", currency="JPY"), yen)) == []


def test_too_much_goes_on_account_and_too_little_leaves_the_rest_open():
    over, part = answer(line(6000, "R-10001"), item("R-10001", 5000)), answer(line(2000, "R-10001"), item("R-10001", 5000))

    assert (paid(over), over.on_account_minor) == ({"R-10001": 5000}, 1000)
    assert (paid(part), part.on_account_minor) == ({"R-10001": 2000}, 0)


def test_a_payment_of_what_is_paid_goes_on_account_and_never_to_another_item():
    items = [item("R-10001", 0), item("R-10002", 5000)]

    found = answer(line(7000, "R-10001"), *items)
    beside = answer(line(5000, "R-10001"), *items)

    assert (found.status, paid(found), found.on_account_minor, found.account_id) == ("applied", {}, 7000, "A")
    assert beside.status == "suggested"


def test_paid_twice_in_one_run_pays_once():
    lines = [line(5000, "R-10001"), line(5000, "R-10001"), line(5000, "R-10001", booked_on=date(2026, 9, 1))]

    found = match_lines(lines, book(item("R-10001", 5000), item("R-10002", 6000)), POLICY)

    assert [(one.status, paid(one), one.on_account_minor) for one in found] == [
        ("applied", {}, 5000),
        ("applied", {}, 5000),
        ("applied", {"R-10001": 5000}, 0),
    ]


def test_a_known_payer_and_an_exact_amount_beat_somebody_elses_number():
    items = [item("R-10001", 12_345), item("R-10002", 77_777, "B")]

    assert paid(answer(line(12_345, "R-10002"), *items)) == {"R-10001": 12_345}
    assert answer(line(55_555, "R-10002"), *items).status != "applied"
    assert answer(line(77_777, "R-10002"), item("R-10001", 77_777), items[1]).status == "suggested"


def test_somebody_else_may_pay_a_number_in_full():
    assert paid(answer(line(77_777, "R-10002"), item("R-10001", 12_345), item("R-10002", 77_777, "B"))) == {"R-10002": 77_777}
    assert paid(answer(line(12_345, "im Auftrag von Mueller Maschinenbau", payer="", name="Treuhand"), item("R-1", 12_345))) == {
        "R-1": 12_345
    }


def test_where_nothing_fits_a_person_is_shown_what_a_clerk_would_try():
    found = answer(line(4000, "Abschlag"), item("R-10001", 5000), item("R-10002", 9000))

    assert found.status == "suggested"
    assert [[(part.item_id, part.amount_minor) for part in one.allocations] for one in found.suggestions] == [
        [],
        [("R-10001", 4000)],
        [("R-10002", 4000)],
    ]


def test_two_equal_fits_are_a_suggestion_with_both():
    found = answer(line(5000, "Zahlung"), item("R-10001", 5000), item("R-10002", 5000))

    assert found.status == "suggested"
    assert {part.item_id for one in found.suggestions[:2] for part in one.allocations} == {"R-10001", "R-10002"}


def test_an_amount_alone_and_noise_are_never_applied():
    items = [item("R-10001", 5000), item("RE-143815", 8000)]

    assert answer(line(5000, "Steuererstattung", payer="", name="Finanzamt"), *items).status != "applied"
    assert answer(line(999, "StNr 143815", payer="", name="Finanzamt"), *items).status != "applied"
    assert answer(line(5000, "2026-09-10 50,00", payer="", name=""), *items).status != "applied"


def test_credits_are_netted_named_or_not():
    items = [item("R-10001", 10_000), item("G-50", -1_535)]

    assert paid(answer(line(8_465, "R-10001 abz. G-50"), *items)) == {"R-10001": 10_000, "G-50": -1_535}
    assert paid(answer(line(8_465, "R-10001"), *items)) == {"R-10001": 10_000, "G-50": -1_535}


def test_only_one_set_that_adds_up_is_applied_and_two_are_suggested():
    one = [item("R-1", 12_345), item("R-2", 23_456), item("R-3", 34_567)]

    assert paid(answer(line(35_801), *one)) == {"R-1": 12_345, "R-2": 23_456}
    assert answer(line(35_801), *one, item("R-4", 12_345)).status == "suggested"


@pytest.mark.parametrize(
    "name", ["ｶ)ｻｸﾗﾃﾞﾝｷ", "ｻｸﾗﾃﾞﾝｷ(ｶ", "カブシキガイシヤ　サクラデンキ", "ｶ)ｻｸﾗ ﾃﾞﾝｷ", "ｶ)ｻｸﾗﾃﾞﾝｷ ｵｵｻｶｼﾃﾝ", "株式会社 桜電機", "さくらでんき"]
)
def test_a_japanese_payer_is_known_by_kana_of_any_width_and_legal_form(name):
    found = answer(line(123_456, payer="", name=name, currency="JPY"), item("R-1", 123_456, "J", currency="JPY"))

    assert paid(found) == {"R-1": 123_456}


@pytest.mark.parametrize("name", ["MUELLER MASCHINENBAU", "Muller Maschinenbau GmbH", "Maschinenbau Müller", "MUELLER MASCHINENBA"])
def test_a_european_payer_is_known_by_name_however_a_bank_prints_it(name):
    assert paid(answer(line(12_345, payer="", name=name), item("R-1", 12_345))) == {"R-1": 12_345}


def test_units_currencies_and_rejections_are_borders():
    one = item("R-10001", 5000)

    assert answer(line(5000, "R-10001", business_unit="south"), one).status == "unidentified"
    assert paid(answer(line(5000, "R-10001", currency="USD"), one)) == {}
    assert paid(answer(line(5000, "R-10001", barred=frozenset({"R-10001"})), one)) == {}


def test_debits_are_not_receivable():
    found = answer(line(-100, "R-10001"), item("R-10001", 100))

    assert (found.status, found.allocations) == ("not_receivable", ())


def test_undoing_what_was_taken_restores_the_book():
    shelf = book(item("R-10001", 10_000, discount_percent=Decimal(2), discount_until=DAY), item("R-10002", 5000))
    before = dict(shelf.open_minor)

    found = decide(line(14_800, "R-10001 R-10002"), shelf, POLICY)
    take(shelf, found)

    assert shelf.open_minor == {"R-10001": 0, "R-10002": 0}
    undo(shelf, found)
    assert shelf.open_minor == before


def learnt(count: int, on: date = DAY):
    from services.payments.domain.matching import NOTHING

    knowledge, confirmed = NOTHING, line(5000, "R-10001", payer="new", name="Holding SE")
    decision = Decision("1", "applied", "confirmed", 1_000_000, 5000, "EUR", account_id="A")
    for _ in range(count):
        knowledge = learn(knowledge, confirmed, decision, "north", on)
    return knowledge


def test_confirmed_decisions_teach_a_payer_that_fades_and_can_be_forgotten():
    unknown = line(12_345, payer="new", name="Holding SE")
    items = [item("R-1", 12_345), item("R-2", 20_000)]

    def status(knowledge: object, asked: Line = unknown) -> str:
        return decide(asked, book(*items), POLICY, knowledge).status

    assert status(learnt(0)) == "suggested"
    assert status(learnt(3)) == "applied"
    assert status(learnt(3, on=date(2023, 1, 1))) == "suggested"
    assert status(forget(learnt(3), account=("north", "A"))) == "suggested"
    assert learnt(3).version != learnt(2).version
    assert decide(unknown, book(*items), POLICY, learnt(3)).model.endswith(learnt(3).version)


def shares(decisions: Sequence[Decision]) -> list[int]:
    return [sum(paid(one).values()) + one.on_account_minor - one.amount_minor for one in decisions]


def test_every_line_is_distributed_whole():
    lines = [line(minor, text) for minor in (1, 4999, 5000, 12_000) for text in ("", "R-10001", "R-10001 R-10002", "Akonto")]

    found = match_lines(lines, book(item("R-10001", 5000), item("R-10002", 7000), item("G-1", -100)), POLICY)

    assert set(shares(found)) == {0}
