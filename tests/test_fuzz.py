"""Damaged files, found by coverage: no reader answers with anything but a typed refusal, in bounded time and memory.

The formats run in pairs, one process each, because two cores are what a machine has at least.
"""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT / "tests" / "corpus"
PAIRS = [
    ("camt", "mt940"), ("mt942", "bai2"), ("ofx", "zengin"), ("csv", "ubl"), ("cii", "pdf"), ("edifact", "sap"),
    ("invoice-csv", "archive"),
]  # fmt: skip
# A wheel of atheris is there for Linux only.
needs_atheris = pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris is not installed here")


def fuzz(formats, seconds):
    """Runs both at once; what the fuzzer says where it found something."""
    command = [sys.executable, "-m", "tools.fuzz"]
    running = [
        subprocess.Popen([*command, one, "--seconds", str(seconds)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for one in formats
    ]
    said = [process.communicate()[0].decode("utf-8", "replace") for process in running]
    return [text[-4000:] for text, process in zip(said, running, strict=True) if process.returncode]


@needs_atheris
@pytest.mark.parametrize("formats", PAIRS, ids="+".join)
def test_twenty_seconds_of_damaged_files_give_nothing_but_typed_refusals(formats):
    assert fuzz(formats, 20) == []


@needs_atheris
@pytest.mark.soak
@pytest.mark.parametrize("formats", PAIRS, ids="+".join)
def test_ten_minutes_of_damaged_files_give_nothing_but_typed_refusals(formats):
    assert fuzz(formats, 600) == []


def test_every_format_has_its_corpus_and_no_file_of_it_is_large():
    files = [path for path in CORPUS.rglob("*") if path.is_file()]

    assert {path.parent.name for path in files} == {one for pair in PAIRS for one in pair}
    assert max(path.stat().st_size for path in files) <= 20_000
