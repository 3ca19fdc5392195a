"""The demo as a person runs it: clean books, sums that must hold, and not one name in any log."""

import json
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from tests.integration.conftest import clean
from tests.tree import ROOT

SAIKEN = Path(sys.executable).with_name("saiken")
# Names, mails, accounts and streets of the sample papers, as their files carry them.
PERSONAL = re.compile(
    r"<(?:\w+:)?(?:RegistrationName|Name|Nm|ElectronicMail|IBAN|StreetName|LineOne)>([^<]{5,})<|([\w.]+@[\w.]+\.(?:org|com|jp))", re.ASCII
)


def play(folder: Path) -> dict:
    done = subprocess.run([SAIKEN, "demo", "--json", "--data", folder], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def personal() -> set[str]:
    texts = [path.read_text("utf-8", "replace") for path in (ROOT / "samples").rglob("*.xml")]
    return {word.strip() for text in texts for pair in PERSONAL.findall(text) for word in pair if word}


@pytest.mark.real
def test_the_demo_ends_with_clean_books_and_logs_without_a_name(tmp_path):
    told = play(tmp_path / "demo")

    assert clean(told["audit"])
    for unit in told["units"]:
        amount = {name: Decimal(unit[name]) for name in ("invoiced", "credited", "received", "applied", "granted", "unapplied", "open")}
        assert amount["invoiced"] - amount["credited"] - amount["applied"] - amount["granted"] == amount["open"], unit["business_unit"]
        assert amount["received"] == amount["applied"] + amount["unapplied"], unit["business_unit"]
        assert unit["matched_automatically"] > 0
        assert unit["cases"]
    names = personal()
    assert len(names) > 20
    for log in (tmp_path / "demo" / "logs").glob("*.log"):
        text = log.read_text("utf-8", "replace")
        assert [name for name in names if name in text] == [], log.name


@pytest.mark.soak
def test_two_demos_give_the_same_figures(tmp_path):
    first, second = (play(tmp_path / name)["units"] for name in ("first", "second"))

    assert first == second
