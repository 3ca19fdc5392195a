"""Contracts: linted, generated as committed, read by old and new code alike."""

import importlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.protobuf import unknown_fields
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from tests.tree import ROOT, SERVICES
from tools.write_golden import GOLDEN, example

EVENTS = [
    GetMessageClass(descriptor)
    for service in SERVICES
    for descriptor in importlib.import_module(f"proto.{service}.v1.events_pb2").DESCRIPTOR.message_types_by_name.values()
]
every_event = pytest.mark.parametrize("event", EVENTS, ids=[event.DESCRIPTOR.full_name for event in EVENTS])


def test_the_contracts_are_linted():
    done = subprocess.run([Path(sys.executable).with_name("buf"), "lint"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_that_was_released_is_broken():
    """A service of the last release and one of this version run side by side; `make released` draws the line anew."""
    command = [Path(sys.executable).with_name("buf"), "breaking", "--against", "proto/released.binpb"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_generated_code_is_what_the_contracts_say(tmp_path):
    shutil.copytree(ROOT / "proto", tmp_path / "proto", ignore=shutil.ignore_patterns("*_pb2*", "__pycache__"))
    (tmp_path / ".venv").symlink_to(Path(sys.prefix))
    subprocess.run(["sh", tmp_path / "proto" / "generate.sh"], check=True, capture_output=True)
    made, committed = ({path.relative_to(top): path.read_bytes() for path in (top / "proto").rglob("*_pb2*.py*")
                        if "__pycache__" not in path.parts} for top in (tmp_path, ROOT))  # fmt: skip

    assert made.keys() == committed.keys()
    assert [str(path) for path in made if made[path] != committed[path]] == [], "run `make proto`"


@every_event
def test_a_field_that_this_version_does_not_know_survives(event: type[Message]):
    newer = example(event).SerializeToString() + b"\xfa\x3f\x05later"  # field 1023, five bytes

    assert event.FromString(newer).SerializeToString() == newer


@every_event
def test_an_event_of_the_first_release_is_still_read_the_same(event: type[Message]):
    path = GOLDEN / f"{event.DESCRIPTOR.full_name}.bin"
    assert path.exists(), "a new event: run `python -m tools.write_golden`"
    golden = event.FromString(path.read_bytes())

    assert list(differences(golden, example(event))) == []


def differences(old: Message, new: Message) -> Iterator[str]:
    """Fields of the old bytes that the new contract reads under another name, number or type."""
    if unknown_fields.UnknownFieldSet(old):
        yield f"{old.DESCRIPTOR.full_name} has lost a field"
    for field, value in old.ListFields():
        other = getattr(new, field.name)
        if field.message_type:
            pairs = zip(value, other, strict=True) if field.is_repeated else [(value, other)]
            for one, two in pairs:
                yield from differences(one, two)
        elif value != other:
            yield f"{field.full_name} has another number or type"


@every_event
def test_money_in_an_event_is_a_whole_number(event: type[Message]):
    numbers = [field.name for field in event.DESCRIPTOR.fields if field.cpp_type in {field.CPPTYPE_DOUBLE, field.CPPTYPE_FLOAT}]

    assert numbers == []


def test_there_is_no_golden_event_that_the_contracts_have_lost():
    assert {path.stem for path in GOLDEN.glob("*.bin")} == {event.DESCRIPTOR.full_name for event in EVENTS}
