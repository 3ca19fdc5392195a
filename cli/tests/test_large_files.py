"""Files larger than the memory: answered as they are read, or refused before they are held."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.formats import ASK_THE_MEMORY, MAX_ABOVE_IDLE_MIB, large

ROOT = Path(__file__).resolve().parents[2]
GIGABYTE = 1_000_000_000


def refused(command, file):
    """The code, and the peak in MiB."""
    answer = subprocess.run(
        [sys.executable, "-c", ASK_THE_MEMORY, command, str(file), "--json"],
        cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    return json.loads(answer.stdout)["error"]["code"], int(answer.stderr.split()[-1]) / 1024


def sparse(path, head, size=GIGABYTE):
    """A file that is as long as it says and takes no place: behind its head are zeros."""
    with path.open("wb") as file:
        file.write(head)
        file.truncate(size)
    return path


@pytest.mark.parametrize(
    ("command", "head"),
    [
        ("statement", b":20:A\n:25:1\n:28C:1\n:60F:C260901EUR0,\n:86:"), ("statement", b"01,S,R,260901,0600,1,,,2/\n16,165,"),
        ("statement", b"Date;Text;Amount\n"), ("invoice", b"UNA:+.? 'UNB+UNOC:3"), ("invoice", b"<Invoice>"), ("invoice", b"%PDF-1.7\n"),
    ],
)  # fmt: skip
def test_a_gigabyte_that_cannot_be_read_piece_by_piece_is_refused_before_it_is_held(tmp_path, command, head):
    code, peak_mib = refused(command, sparse(tmp_path / "file", head))

    assert (code, peak_mib < 400) == ("TOO_LARGE", True)


def test_a_statement_that_goes_on_in_zeros_is_refused_in_a_second_a_megabyte_and_little_memory(tmp_path):
    megabytes = 100
    start = time.monotonic()

    file = sparse(tmp_path / "file", b'<?xml version="1.0"?><Document><BkToCstmrStmt><Stmt><Ntry>', megabytes * 1_000_000)
    code, peak_mib = refused("statement", file)

    assert code in {"TRUNCATED", "ENCODING"}
    assert (peak_mib < 256, time.monotonic() - start < megabytes) == (True, True)


@pytest.mark.soak
def test_a_line_of_a_gigabyte_in_a_statement_is_refused_in_its_time_and_little_memory(tmp_path):
    with (tmp_path / "file").open("wb") as file:
        file.write(b"<Document><BkToCstmrStmt><Stmt><Ntry><NtryDtls><TxDtls><RmtInf><Ustrd>")
        for _ in range(1_000):
            file.write(b"A" * 1_000_000)
        file.write(b"</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry></Stmt></BkToCstmrStmt></Document>")

    code, peak_mib = refused("statement", tmp_path / "file")

    assert (code, peak_mib < 256) == ("TOO_LARGE", True)


@pytest.mark.soak
def test_five_hundred_megabytes_of_camt_are_answered_whole_in_little_memory():
    found = large(500)

    assert found["entries_answered"] == found["entries"]
    assert found["peak_mib_above_idle"] <= MAX_ABOVE_IDLE_MIB
