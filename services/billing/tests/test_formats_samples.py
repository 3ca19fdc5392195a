"""The demo's sample data: written by its generator, readable by our readers, complete in its scenario."""

import subprocess
import sys
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from kernel.errors import Unreadable
from services.billing.domain.formats import Profile, content_hash, inconsistencies, read

ROOT = Path(__file__).parents[3]
SAMPLES = ROOT / "samples"
POLICIES = Path(__file__).parent.parent / "policies" / "csv"
PROFILES = [Profile.from_mapping(file.stem, yaml.safe_load(file.read_text())) for file in sorted(POLICIES.glob("*"))]
INVOICE_FILES = sorted(path for path in SAMPLES.glob("*/invoices/**/*") if path.is_file())
STATEMENTS = sorted(SAMPLES.glob("*/statements/*"))
SCENARIO = yaml.safe_load((SAMPLES / "scenario.yaml").read_text())


def documents():
    return [document for path in INVOICE_FILES for document in read(path.read_bytes(), path.name, PROFILES).documents]


def test_the_generator_writes_exactly_the_files_that_are_committed(tmp_path):
    subprocess.run([sys.executable, "-B", SAMPLES / "generate.py", "--into", tmp_path], check=True)

    written = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    committed = [*INVOICE_FILES, *STATEMENTS, *(SAMPLES / "bad").iterdir()]
    assert written == {path.relative_to(SAMPLES): path.read_bytes() for path in committed}


def test_there_are_150_invoices_of_66_accounts_and_each_can_be_booked():
    found = documents()

    assert [inconsistencies(document) for document in found if inconsistencies(document)] == []
    assert len([document for document in found if not document.is_credit]) == 150
    assert len([document for document in found if document.is_credit]) == 3
    assert len({document.buyer.account_number for document in found}) == 66
    assert len({document.number for document in found}) == 153


def test_four_parties_are_customers_of_two_units():
    accounts = defaultdict(set)
    for document in documents():
        accounts[document.buyer.registration].add(document.buyer.account_number)

    shared = {registration: numbers for registration, numbers in accounts.items() if registration and len(numbers) > 1}
    assert sorted(sorted(number[:2] for number in numbers) for numbers in shared.values()) == [
        ["HS", "NW"], ["HS", "RT"], ["HS", "RT"], ["NW", "RT"],
    ]  # fmt: skip


def test_every_credit_note_names_an_invoice_that_is_there():
    found = documents()
    numbers = {document.number for document in found if not document.is_credit}

    assert all(set(document.preceding) <= numbers for document in found if document.is_credit)


def test_the_scenario_imports_every_file_and_names_none_that_is_missing():
    patterns = [pattern for event in SCENARIO["events"] for pattern in event.get("files", [])]

    assert [pattern for pattern in patterns if not list(SAMPLES.glob(pattern))] == []
    assert {path for pattern in patterns for path in SAMPLES.glob(pattern)} == {*INVOICE_FILES, *STATEMENTS}


def test_the_scenario_knows_only_units_and_accounts_that_are_there():
    units = yaml.safe_load((SAMPLES / "units.yaml").read_text())["units"]
    accounts = {document.buyer.account_number for document in documents()}

    assert {event["unit"] for event in SCENARIO["events"]} == set(units)
    assert {event["account"] for event in SCENARIO["events"] if "account" in event} <= accounts


def test_within_a_unit_the_scenario_runs_forward():
    for unit in {event["unit"] for event in SCENARIO["events"]}:
        times = [event["at"] for event in SCENARIO["events"] if event["unit"] == unit]
        assert all(earlier <= later for earlier, later in pairwise(times))


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("truncated-invoice.xml", "TRUNCATED"),
        ("doctype-invoice.xml", "UNSAFE_XML"),
        ("wrong-encoding.csv", "ENCODING"),
        ("unknown-currency.xml", "UNKNOWN_CURRENCY"),
        ("unknown-currency.csv", "UNKNOWN_CURRENCY"),
        ("too-many-decimals.xml", "TOO_MANY_DECIMALS"),
        ("not-a-number.csv", "NOT_A_NUMBER"),
        ("unknown-format.txt", "UNKNOWN_FORMAT"),
        ("empty.csv", "EMPTY"),
    ],
)
def test_a_bad_sample_is_refused_for_its_reason(name, code):
    with pytest.raises(Unreadable) as refused:
        read((SAMPLES / "bad" / name).read_bytes(), name, PROFILES)

    assert (refused.value.code, refused.value.details["file"]) == (code, name)


def test_the_sample_with_the_same_number_has_another_content():
    (other,) = read((SAMPLES / "bad" / "same-number-other-content.xml").read_bytes()).documents
    (original,) = [document for document in documents() if document.number == other.number]

    assert content_hash(other) != content_hash(original)
