"""`saiken statement` and `saiken invoice` as they are typed: shapes, exit codes, what they load."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli import files
from services.payments.domain.formats import read, to_json

ROOT = Path(__file__).resolve().parents[2]
STATEMENT = next(iter(sorted((ROOT / "samples" / "rheintel" / "statements").glob("*.xml"))))
INVOICE = next(iter(sorted((ROOT / "samples" / "rheintel" / "invoices").rglob("*.xml"))))
BAD = ROOT / "samples" / "bad"
# What an offline command must not load: each costs more than the whole answer.
HEAVY = ("grpc", "temporalio", "sqlalchemy", "aiokafka", "asyncpg", "fastapi")
_ASK_WHAT_IS_LOADED = """
import sys
from cli.main import main
try:
    main()
except SystemExit as end:
    print(end.code or 0, *(name for name in {heavy} if name in sys.modules), file=sys.stderr)
"""

_ASK_THE_MEMORY = """
import re, sys
from cli.main import main
try:
    main()
except SystemExit:
    pass
# What getrusage says is at least what the parent had when it forked.
print(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1], file=sys.stderr)
"""


def saiken(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cli.main", *arguments], cwd=ROOT, capture_output=True, text=True, check=False, encoding="utf-8"
    )


def test_a_statement_is_one_json_document_in_the_shape_of_the_contract():
    answer = saiken("statement", str(STATEMENT), "--json")

    document = json.loads(answer.stdout)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert set(document) == {"kind", "format", "warnings", "statements"}
    statement = document["statements"][0]
    assert set(statement) == {
        "account", "currency", "id", "number", "opening_balance", "closing_balance", "balance_check", "entries",
    }  # fmt: skip
    entry = statement["entries"][0]
    assert set(entry) == {
        "amount", "currency", "direction", "reversal", "status", "booked_on", "value_on", "bank_reference", "transactions",
    }  # fmt: skip
    assert set(entry["transactions"][0]) == {
        "amount", "currency", "counterparty", "references", "text", "end_to_end_id", "return_reason",
    }  # fmt: skip
    assert set(entry["transactions"][0]["counterparty"]) == {"name", "account", "code"}


def test_an_invoice_is_one_json_document_in_the_shape_of_the_contract():
    answer = saiken("invoice", str(INVOICE), "--json")

    document = json.loads(answer.stdout)
    assert answer.returncode == 0
    assert set(document) == {
        "format", "number", "type_code", "issued_on", "due_on", "currency", "seller", "buyer", "net", "tax", "gross", "prepaid",
        "payable", "payment_references", "ibans", "lines", "warnings",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("command", "file", "code", "line"),
    [
        ("statement", "doctype-statement.xml", "UNSAFE_XML", 2),
        ("statement", "truncated-statement.xml", "TRUNCATED", None),
        ("statement", "unknown-format.txt", "UNKNOWN_FORMAT", 1),
        ("invoice", "doctype-invoice.xml", "UNSAFE_XML", 2),
        ("invoice", "empty.csv", "EMPTY", None),
    ],
)
def test_a_refusal_is_a_document_with_code_message_and_line_and_exit_code_1(command: str, file: str, code: str, line: int | None):
    answer = saiken(command, str(BAD / file), "--json")

    error = json.loads(answer.stdout)["error"]
    assert answer.returncode == 1
    assert error["code"] == code
    assert error["message"]
    assert line is None or error["line"] == line


def test_without_json_a_person_gets_a_table():
    answer = saiken("statement", str(STATEMENT))

    assert answer.returncode == 0
    assert "balance check ok" in answer.stdout


@pytest.mark.parametrize("arguments", [["statement"], ["statement", "no-such-file.xml"], ["statement", str(STATEMENT), "--format", "pdf"]])
def test_wrong_usage_is_exit_code_2(arguments: list[str]):
    assert saiken(*arguments).returncode == 2


def many(entries: int) -> bytes:
    """The sample statement with its entries again and again."""
    text = STATEMENT.read_text("utf-8")
    first, last = text.index("<Ntry>"), text.rindex("</Ntry>") + len("</Ntry>")
    found = text[first:last]
    return (text[:first] + found * (entries // found.count("<Ntry>") + 1) + text[last:]).encode()


def test_a_large_statement_is_answered_as_it_is_read_with_the_same_values_and_little_memory(tmp_path: Path):
    content = many(6_000)
    assert len(content) > files.STREAMED_BYTES
    large = tmp_path / "large.xml"
    large.write_bytes(content)

    answer = subprocess.run(
        [sys.executable, "-c", _ASK_THE_MEMORY, "statement", str(large), "--json"],
        cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip

    assert json.loads(answer.stdout) == to_json(read(content))
    assert int(answer.stderr) < 128 * 1024


def test_a_large_statement_that_ends_too_early_is_a_refusal_and_nothing_else(tmp_path: Path):
    large = tmp_path / "large.xml"
    large.write_bytes(many(6_000)[:-2_000])

    answer = saiken("statement", str(large), "--json")

    assert (answer.returncode, json.loads(answer.stdout)["error"]["code"]) == (1, "TRUNCATED")


def test_a_bank_csv_is_read_by_its_profile_and_an_unknown_one_is_answered_with_a_proposal(tmp_path: Path):
    known, unknown = tmp_path / "a", tmp_path / "b"
    known.write_text("Datum;Buchungstext;Betrag;Valuta\n01.09.26;X;5.00;01.09.26\n")
    unknown.write_text("Day;Narrative;Amount;Colour\n01.09.26;X;5.00;red\n")

    answers = [saiken("statement", str(known), "--json"), saiken("statement", str(known), "--profile", "swiss_four_columns", "--json")]
    refused = saiken("statement", str(unknown), "--json")

    assert [json.loads(answer.stdout)["format"] for answer in answers] == ["csv/swiss_four_columns"] * 2
    assert (refused.returncode, json.loads(refused.stdout)["error"]["code"]) == (1, "UNKNOWN_FORMAT")
    assert "columns:" in json.loads(refused.stdout)["error"]["profile"]
    assert saiken("statement", str(known), "--profile", "no_such_profile").returncode == 2


@pytest.mark.parametrize(("command", "file"), [("statement", STATEMENT), ("invoice", INVOICE)])
def test_an_offline_command_loads_no_server_and_no_database(command: str, file: Path):
    answer = subprocess.run(
        [sys.executable, "-c", _ASK_WHAT_IS_LOADED.format(heavy=HEAVY), command, str(file), "--json"],
        cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip

    assert answer.stderr.strip() == "0"
