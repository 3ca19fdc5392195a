"""Settings: one table, its page, what the suite gives, and what is missing said by name."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from chassis.clock import WallClock, make_clock
from chassis.settings import SETTINGS, MissingSetting, fail_point, load, parse_peers, read
from cli.infrastructure import Infrastructure
from cli.suite.programs import ALL, CLOCK_START, Surroundings
from tools.write_settings import PAGE, page

REQUIRED = {name: "x" for name, default, _ in SETTINGS if default is None}


def test_the_page_is_the_table():
    assert PAGE.read_text("utf-8") == page(), "run `python -m tools.write_settings`"


def test_the_suite_tells_a_service_nothing_that_is_not_in_the_table(tmp_path):
    parts = Infrastructure(tmp_path, services=ALL, temporal="skipping", partitions=4, throwaway=True)
    ports = {name: 50_000 + place for place, name in enumerate(ALL)}
    around = Surroundings(tmp_path, Path("samples/units.yaml"), parts, ports, 4, "2026-01-01T00:00:00Z", CLOCK_START)
    known = {name for name, *_ in SETTINGS}
    told = set().union(*(dict(around.service(name)) for name in ALL), around.migration(ALL), around.client())
    parts.postgres.forget()

    owners = {f"SAIKEN_OWNER_DATABASE_URL_{name.upper()}" for name in ALL}  # one setting, for each of several services
    assert {name for name in told if name.startswith("SAIKEN_")} - known == owners
    assert REQUIRED.keys() <= told


@pytest.mark.parametrize("name", REQUIRED)
def test_what_is_missing_is_named(name):
    with pytest.raises(MissingSetting, match=name):
        load("billing", {key: value for key, value in REQUIRED.items() if key != name})


def test_a_service_needs_no_more_than_what_is_required():
    settings = load("billing", REQUIRED)

    assert (settings.partitions, settings.clock, settings.clock_origin) == (4, "wall", None)
    assert isinstance(make_clock(settings), WallClock)


def test_skipping_time_needs_both_its_instants():
    instants = {"SAIKEN_CLOCK_ORIGIN": "2026-01-01T00:00:00Z", "SAIKEN_CLOCK_START": CLOCK_START}
    for missing in instants:
        given = {name: value for name, value in instants.items() if name != missing}
        with pytest.raises(MissingSetting, match="SAIKEN_CLOCK"):
            make_clock(load("billing", REQUIRED | {"SAIKEN_CLOCK": "skipping"} | given))


def test_peers_are_read():
    assert parse_peers("billing=127.0.0.1:1,payments=[::1]:2") == {"billing": "127.0.0.1:1", "payments": "[::1]:2"}
    assert parse_peers("") == {}


def test_every_setting_can_be_read_and_none_that_is_unknown():
    assert all(read(name, REQUIRED) is not None for name, *_ in SETTINGS)
    with pytest.raises(StopIteration):
        read("SAIKEN_UNKNOWN", REQUIRED)


def test_a_fail_point_that_nobody_named_is_nothing():
    fail_point("somewhere")


def test_a_process_dies_at_the_nth_passing_of_the_point_that_its_file_names_and_lives_on_in_its_next_life(tmp_path):
    armed = tmp_path / "fail-at"
    armed.write_text("here@2", "utf-8")
    program = (
        "from chassis.settings import fail_point\n"
        "for name in ('there', 'here', 'here', 'here'):\n    fail_point(name)\n    print(name, flush=True)"
    )

    first, second = (
        subprocess.run(
            [sys.executable, "-c", program], env={**os.environ, "SAIKEN_FAIL_AT": str(armed)}, capture_output=True, text=True, check=False
        )
        for _ in range(2)
    )

    assert (first.returncode, first.stdout.split()) == (-signal.SIGKILL, ["there", "here"])
    assert (second.returncode, second.stdout.split()) == (0, ["there", "here", "here", "here"])
