"""The calculators of the law as people and programs call them: shapes, exit codes, quick start, nothing heavy loaded."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from cli.infrastructure import ROOT

INTEREST = (
    "interest --jurisdiction DE --debtor business --claim goods --principal 10000.00 --currency EUR --due 2026-01-30 --paid 2026-04-30"
)
# Seconds that a calculator may take from start to answer, and how often a busy machine is asked.
QUICK, STARTS = 0.5, 8
FACTS = {
    "jurisdiction": "JP",
    "collector": "creditor",
    "rules": "all",
    "party": {"type": "consumer", "zones": ["Asia/Tokyo"], "place": "home"},
    "debt": "D1",
    "contacts": [],
}


def saiken(line: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "cli.main", *line.split()], cwd=ROOT, capture_output=True, text=True, check=False)


def answer(line: str) -> dict:
    done = saiken(f"{line} --json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_interest_answers_in_the_shape_of_the_contract():
    found = answer(INTEREST)
    assert found.pop("rule")
    assert found.pop("citation")
    assert found == {
        "days": 90,
        "segments": [{"from": "2026-01-31", "to": "2026-04-30", "days": 90, "rate": "10.27"}],
        "interest": "253.23",
        "fixed_sum": "40.00",
        "total": "10293.23",
    }


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "seizable --jurisdiction DE --kind wage --net 2500.00 --currency EUR --dependants 1 --on 2026-09-01",
            {"exempt": "2342.41", "seizable": "157.59"},
        ),
        ("seizable --jurisdiction JP --kind wage --net 200001 --currency JPY --on 2026-09-01", {"exempt": "150001", "seizable": "50000"}),
        (
            "court-fee --jurisdiction JP --procedure suit --amount 1000001 --currency JPY --filed-on 2026-06-01 --channel electronic",
            {"fee": "12400"},
        ),
        ("tracking check 131-12-38385-2", {"valid": True, "scheme": "japan_post"}),
        ("tracking check RR473124820GB --carrier upu", {"valid": False, "scheme": "upu"}),
        ("tracking check 71969010756003077385", {"valid": True, "scheme": "usps"}),
        ("tracking check 1A12345678901", {"valid": None, "scheme": "opaque"}),
        ("tracking check 1A12345678901 --carrier la_poste", {"valid": None, "scheme": "opaque"}),
        ("tracking check 94071118995600000001", {"valid": False, "scheme": "usps"}),
        ("tracking check 12345", {"valid": False, "scheme": None}),
        (
            "court-fee --jurisdiction US --state CA --procedure suit --amount 12000.00 --currency USD --filed-on 2026-06-01",
            {"fee": "370.00"},
        ),
        (f"{INTEREST} --insolvent-on 2026-03-02", {"days": 30, "interest": "84.41", "subordinated": "168.82", "total": "10124.41"}),
        ("reference check RF18539007547034", {"valid": True, "scheme": "iso11649"}),
        ("reference check RF19539007547034", {"valid": False, "scheme": None}),
    ],
)
def test_other_calculators_do_too(line, expected):
    found = answer(line)
    assert {name: found[name] for name in expected} == expected
    assert found.keys() - expected.keys() <= {"rule", "citation", "segments", "fixed_sum"}


def test_deadlines_are_named_in_order():
    (objection, since, until) = answer("deadline --jurisdiction DE --event payment_order_served --on 2026-03-02")["deadlines"]
    assert [row["name"] for row in (objection, since, until)] == ["objection", "enforcement_order_from", "enforcement_order_until"]
    assert objection["due_on"] == "2026-03-16"
    assert objection.keys() == {"name", "due_on", "citation"}


def test_the_gate_answers_facts_in_a_file(tmp_path: Path):
    (tmp_path / "facts.json").write_text(json.dumps(FACTS), encoding="utf-8")
    found = answer(f"may-contact --facts {tmp_path}/facts.json --at 2026-11-08T12:00:00+09:00 --channel call")
    assert found["allowed"] is False
    assert [reason["rule"] for reason in found["reasons"]] == ["group.closed_days"]
    assert found["next_allowed_at"] == "2026-11-09T08:00:00+09:00"


def test_the_policies_in_force_on_a_day_are_printed_with_their_sources():
    rows = {row["id"]: row for row in answer("policy print --on 2026-09-01")["rules"]}
    assert rows["DE_BASISZINS"]["value"] == "1.52"
    assert "JP.suit.paper" in rows
    assert "JP.suit.before" not in rows
    assert all(row["citation"] and row["source_checked"] for row in rows.values())


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (INTEREST.replace("2026-04-30", "2027-04-30"), {"code": "RATE_MISSING", "series": "DE_BASISZINS", "on": "2027-01-01"}),
        (INTEREST.replace("DE", "EU").replace("business", "consumer"), {"code": "NO_RULE"}),
        (INTEREST.replace("10000.00", "10000.001"), {"code": "TOO_MANY_DECIMALS"}),
        ("court-fee --jurisdiction FR --procedure suit --amount 100.00 --currency EUR --filed-on 2026-06-01", {"code": "NO_RULE"}),
        ("deadline --jurisdiction EU --event served --on 2026-03-02", {"code": "NO_RULE"}),
    ],
)
def test_a_refusal_is_exit_code_1_and_names_its_reason(line, error):
    done = saiken(f"{line} --json")
    told = json.loads(done.stdout)["error"]
    assert (done.returncode, done.stderr) == (1, "")
    assert told.items() >= error.items()
    assert told["message"]


@pytest.mark.parametrize(
    "line",
    [
        INTEREST.replace("2026-04-30", "30.4.2026"),
        INTEREST.replace("--debtor business", ""),
        INTEREST.replace("goods", "gifts"),
        INTEREST + " --contract-rate many",
        "deadline --jurisdiction DE --event moonrise --on 2026-03-02",
        "tracking lose 131-12-38385-2",
        "may-contact --facts /nowhere.json --at 2026-11-08T12:00:00+09:00 --channel call",
    ],
)
def test_wrong_usage_is_exit_code_2(line):
    done = saiken(f"{line} --json")
    assert (done.returncode, done.stdout) == (2, "")


def spent() -> float:
    """Processor time of the programs that have ended, in seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_a_calculator_starts_quickly_and_loads_nothing_heavy(tmp_path: Path):
    (tmp_path / "facts.json").write_text(json.dumps(FACTS), encoding="utf-8")
    heavy = ["grpc", "temporalio", "sqlalchemy", "holidays", "aiokafka"]
    for line in (
        INTEREST,
        "seizable --jurisdiction DE --kind wage --net 2500.00 --currency EUR --on 2026-09-01",
        "court-fee --jurisdiction JP --procedure suit --amount 1000000 --currency JPY --filed-on 2026-06-01",
        "deadline --jurisdiction DE --event payment_order_served --on 2026-03-02",
        "tracking check 131-12-38385-2",
        "reference check RF18539007547034",
        f"may-contact --facts {tmp_path}/facts.json --at 2026-11-08T12:00:00+09:00 --channel call",
        "policy print --on 2026-09-01",
    ):
        code = f"import atexit, sys; sys.argv = {['saiken', *line.split(), '--json']!r}\n"
        code += f"atexit.register(lambda: sys.stderr.write(str([name for name in {heavy} if name in sys.modules])))\n"
        code += "from cli.main import main; main()"
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(tmp_path / "compiled"), "PYTHONDONTWRITEBYTECODE": ""}
        seconds = []
        # The first start compiles, and the machine may be busy: processor time counts, and the fastest of some.
        while len(seconds) < STARTS and min(seconds, default=QUICK) >= QUICK:
            started = spent()
            done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
            seconds.append(spent() - started)
            assert (done.returncode, done.stderr) == (0, "[]"), line
        assert min(seconds) < QUICK, f"{line}: {seconds}"
