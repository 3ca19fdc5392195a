"""`saiken match`: the contract of its JSON, what it refuses, how right it is, and that no order changes its answers."""

import json
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from benchmarks.matching import NEVER_APPLIED, run
from benchmarks.matching_data.files import items_csv, statement
from benchmarks.matching_data.make import make
from cli.matching import COLUMNS, matching_policy, read_items, read_lines
from kernel.errors import Unreadable
from services.payments.domain.matching import Account, Book, Decision, Item, Line, accounts_of, match_lines

ROOT = Path(__file__).parents[2]
HEADER = ",".join(COLUMNS)
ROW = "I1,north,A,Müller GmbH,,DE89370400440532013000,,R-10001,,EUR,100.00,2026-08-20,2026-09-20,2,2026-09-10"


def asked(*words: str) -> tuple[int, str, str]:
    done = subprocess.run([sys.executable, "-m", "cli.main", "match", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("matching")
    for japanese in (False, True):
        data = make(5, 120, 300, japanese=japanese)
        (made / f"items-{data.currency}.csv").write_bytes(items_csv(data))
        (made / f"statement-{data.currency}").write_bytes(statement(data))
    return made


@pytest.mark.parametrize("currency", ["EUR", "JPY"])
def test_the_answer_has_the_shape_of_the_contract_and_every_line_is_whole(folder, currency):
    code, out, err = asked("--items", str(folder / f"items-{currency}.csv"), "--statement", str(folder / f"statement-{currency}"), "--json")
    document = json.loads(out)

    assert (code, err) == (0, "")
    assert list(document["summary"]) == ["lines", "applied", "suggested", "unidentified", "not_receivable", "seconds"]
    assert sum(document["summary"][name] for name in ("applied", "suggested", "unidentified", "not_receivable")) == len(document["lines"])
    assert len({line["line"] for line in document["lines"]}) == document["summary"]["lines"]
    for line in document["lines"]:
        taken = sum(round(float(part["amount"]) * 100) for part in line["allocations"]) + round(float(line["on_account"]) * 100)
        assert taken == round(float(line["amount"]) * 100)
        assert line["status"] == "applied" or not line["allocations"]
        assert all(set(part) == {"item_id", "amount", "difference"} for part in line["allocations"])
        assert all(set(part) == {"item_id", "amount"} for one in line["suggestions"] for part in one["allocations"])
        assert [one["score"] for one in line["suggestions"]] == sorted((one["score"] for one in line["suggestions"]), reverse=True)


def test_a_person_gets_a_table(folder):
    code, out, _ = asked("--items", str(folder / "items-EUR.csv"), "--statement", str(folder / "statement-EUR"))

    assert code == 0
    assert "applied" in out
    assert out.splitlines()[-1].startswith("lines ")


WRONG = {
    "a column is missing": (HEADER.replace(",iban", ""), "", "INVALID", 1),
    "an amount is none": (HEADER, ROW.replace("100.00", "1,5").replace("1,5", "12x"), "NOT_A_NUMBER", 2),
    "a currency is none": (HEADER, ROW.replace("EUR", "EUX"), "UNKNOWN_CURRENCY", 2),
    "too many decimals": (HEADER, ROW.replace("100.00", "100.001"), "TOO_MANY_DECIMALS", 2),
    "a date is none": (HEADER, ROW.replace("2026-08-20", "20.08.2026"), "INVALID", 2),
    "a percentage is none": (HEADER, ROW.replace(",2,", ",two,"), "NOT_A_NUMBER", 2),
    "an id is there twice": (HEADER, f"{ROW}\n{ROW}", "INVALID", 3),
    "a cell is too many": (HEADER, f"{ROW},x", "INVALID", 2),
    "an id is empty": (HEADER, ROW.replace("I1,", ","), "INVALID", 2),
}


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_list_is_refused_with_code_and_line(case):
    header, rows, code, line = case

    with pytest.raises(Unreadable) as refused:
        read_items(f"{header}\n{rows}\n".encode())

    assert (refused.value.code, refused.value.details["line"]) == (code, line)


def test_a_refusal_is_one_document_and_exit_code_one(folder):
    (folder / "wrong.csv").write_text(f"{HEADER}\n{ROW.replace('100.00', 'x')}\n", "utf-8")

    code, out, _ = asked("--items", str(folder / "wrong.csv"), "--statement", str(folder / "statement-EUR"), "--json")

    assert code == 1
    assert json.loads(out)["error"]["code"] == "NOT_A_NUMBER"
    assert json.loads(out)["error"]["line"] == 2


@pytest.mark.parametrize("japanese", [False, True], ids=["euro", "yen"])
def test_what_is_applied_is_right_and_nearly_all_that_can_be_known_is_applied(japanese):
    score = run((11, 12), japanese=japanese, unseen=False, lines=700, items=1750)
    right, applied = score.applied

    assert right == applied, score.wrong
    assert score.open_applied >= 0.95 * score.open_lines
    assert all(score.kinds[kind]["right"] + score.kinds[kind]["wrong"] == 0 for kind in NEVER_APPLIED)


class World:
    """Lines, items and accounts of one seed, to be asked in other orders and with other things beside."""

    def __init__(self, folder: Path, currency: str) -> None:
        rows = read_items((folder / f"items-{currency}.csv").read_bytes())
        self.items = [item for item, _ in rows]
        self.accounts = accounts_of(rows)
        self.file = folder / f"statement-{currency}"
        self.lines = list(read_lines([self.file]))
        self.policy = matching_policy(self.lines[-1].booked_on)

    def decide(
        self, lines: Iterable[Line] | None = None, items: Iterable[Item] | None = None, accounts: Iterable[Account] | None = None
    ) -> list[Decision]:
        return match_lines(self.lines if lines is None else lines, Book(items or self.items, accounts or self.accounts), self.policy)


@pytest.fixture(params=["EUR", "JPY"])
def world(request, folder) -> World:
    return World(folder, request.param)


def test_no_order_of_lines_items_or_customers_changes_an_answer(world):
    before = {one.line_id: one for one in world.decide()}

    for seed in range(3):
        dice = Random(seed)
        lines, items, accounts = (dice.sample(some, len(some)) for some in (world.lines, world.items, world.accounts))
        equal = {(line.texts, line.payer_name, line.amount_minor, line.booked_on, line.tokens) for line in lines}
        for one in world.decide(lines, items, accounts):
            assert one == before[one.line_id] or len(equal) < len(lines)


def test_a_file_that_is_split_or_read_twice_gives_the_same_first_answers(world):
    before = world.decide()
    half = len(world.lines) // 2
    book = Book(world.items, world.accounts)

    split = [*match_lines(world.lines[:half], book, world.policy), *match_lines(world.lines[half:], book, world.policy)]
    twice = world.decide([*world.lines, *(replace(line, id=f"again {line.id}") for line in world.lines)])

    assert [(one.status, one.allocations) for one in split] == [(one.status, one.allocations) for one in before]
    assert twice[: len(before)] == before
    again = {part.item_id for one in twice[len(before) :] for part in one.allocations}
    part_paid = {
        part.item_id
        for one in before
        if one.rule in {"named_in_part", "named_late_discount", "payer_late_discount"}
        for part in one.allocations
    }
    assert again <= part_paid


def test_unrelated_items_and_other_names_change_nothing(world):
    strangers = [Item(f"X{n}", "west", f"X{n}", f"ZZ-{n:09d}-Q", "CHF", 7_777_777 + n) for n in range(50)]
    paying = {(item.business_unit, item.account_id) for item in world.items}
    renamed = [*world.accounts, *(Account(f"X{n}", "west", (f"Zyxwvut Qrstu {n}",)) for n in range(50))]

    assert world.decide(items=[*world.items, *strangers], accounts=renamed) == world.decide()
    assert len(paying) > 10


def test_a_competing_equal_item_makes_a_suggestion_and_never_another_answer(world):
    before = world.decide()
    plain = [(line, one) for line, one in zip(world.lines, before, strict=True) if one.status == "applied" and one.rule == "payer_amount"][
        :40
    ]
    by_id = {item.id: item for item in world.items}

    for line, one in plain:
        rival = replace(by_id[one.allocations[0].item_id], id="rival", invoice_number="QQ-999999999")
        found = match_lines([line], Book([*world.items, rival], world.accounts), world.policy)[0]
        named = any("number" in evidence.kind or "reference" in evidence.kind for evidence in found.evidence)
        assert found.status == "suggested" or (named and found.allocations == one.allocations)
