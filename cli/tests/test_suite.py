"""The suite and its supervisor, with stand-ins for services as real processes."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import asyncpg
import psutil
import pytest

from cli import main
from cli.infrastructure.process import ROOT, Child, StartFailed, stop_all
from cli.suite import AlreadyRunning, Program, Suite, find_running
from cli.suite.keeper import LONGEST_PAUSE_SECONDS, STEADY_SECONDS, Watched
from cli.tests.standins import PROGRAMS, until, write_units
from kernel.errors import Unreadable


@pytest.fixture(scope="module")
def reported() -> list[str]:
    return []


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory, reported: list[str]) -> Iterator[Suite]:
    folder = tmp_path_factory.mktemp("suite")
    with Suite.start(
        folder / "data", "skipping", write_units(folder), list(PROGRAMS), 2, programs=PROGRAMS, throwaway=True,
        report=reported.append,
    ) as suite:  # fmt: skip
        yield suite


def saiken(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command as a person runs it."""
    command = [sys.executable, "-m", "cli.main", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


# What services are told


def test_a_service_is_told_where_everything_is(suite: Suite):
    told = suite.environment("billing")

    assert told["SAIKEN_PEERS"] == f"billing={suite.address('billing')},payments={suite.address('payments')}"
    assert told["SAIKEN_LISTEN"] == suite.address("billing")
    assert told["SAIKEN_DATABASE_URL"].startswith("postgresql://billing_app:")
    assert told["SAIKEN_DATABASE_URL"].endswith("/saiken_billing")
    assert (told["SAIKEN_KAFKA"], told["SAIKEN_TEMPORAL"]) == (suite.kafka_address, suite.temporal_address)
    assert (told["SAIKEN_CLOCK"], told["SAIKEN_CLOCK_START"]) == ("skipping", "2026-06-01T00:00:00Z")
    assert told["SAIKEN_CLOCK_ORIGIN"].endswith("Z")
    assert f"told: {' '.join(sorted(told))}\n" in suite.log("billing")


def test_no_service_knows_the_password_of_an_owner_or_the_superuser(suite: Suite):
    with (Path(suite.state()["data"]) / "secrets.json").open() as file:
        passwords = json.load(file)
    known = (Path("/proc") / str(suite.state()["children"]["billing"]["pid"]) / "environ").read_text()

    assert passwords["billing_app"] in known
    assert not any(passwords[role] in known for role in ("postgres", "billing_owner", "payments_app"))


async def test_databases_are_migrated_before_services_start(suite: Suite):
    connection = await asyncpg.connect(suite.superuser_url("saiken_payments"))
    assert await connection.fetchval("SELECT count(*) FROM lives") == 1
    await connection.close()


# Crashes


def test_a_killed_service_is_restarted_and_says_so(suite: Suite, reported: list[str]):
    before = suite.restarts("billing")

    suite.kill("billing")
    until(lambda: suite.restarts("billing") == before + 1)
    suite.wait_serving("billing")

    until(lambda: "billing crashed (exit -9), restarted" in reported)
    running = find_running(Path(suite.state()["data"]))
    assert running is not None
    assert running.state is not None
    assert running.state["children"]["billing"]["restarts"] == before + 1


def test_a_kill_leaves_nothing_of_the_service(suite: Suite):
    helper = int(suite.log("payments").split("helper: ")[-1].split()[0])
    assert psutil.pid_exists(helper)

    suite.kill("payments")

    until(lambda: not psutil.pid_exists(helper) or psutil.Process(helper).status() == psutil.STATUS_ZOMBIE)
    until(lambda: suite.alive("payments"))
    suite.wait_serving("payments")


async def test_a_crashed_postgresql_comes_back_with_its_data(suite: Suite):
    suite.kill("postgres")
    until(lambda: suite.restarts("postgres") == 1)

    async def lives() -> int:
        connection = await asyncpg.connect(suite.superuser_url("saiken_billing"))
        count: int = await connection.fetchval("SELECT count(*) FROM lives")
        await connection.close()
        return count

    suite.infrastructure.postgres.wait()
    assert await lives() == 1


def test_a_stopped_service_stays_down_until_it_is_started(suite: Suite):
    suite.stop_service("billing")
    assert suite.state()["children"]["billing"]["state"] == "stopped"

    suite.start_service("billing")

    assert suite.alive("billing")
    with pytest.raises(StartFailed, match="already runs"):
        suite.start_service("billing")


def test_a_fail_point_lasts_for_one_life(suite: Suite, reported: list[str]):
    suite.stop_service("billing")
    reported.clear()

    suite.start_service("billing", {"SAIKEN_FAIL_AT": "start"}, wait=False)
    until(lambda: "billing crashed (exit 3), restarted" in reported)

    suite.wait_serving("billing")
    assert "SAIKEN_FAIL_AT" not in suite.log("billing").split("told: ")[-1]


def watched(policy: str = "restart") -> Watched:
    child = Child("crasher", [sys.executable, "-c", "raise SystemExit(7)"], dict(os.environ), Path(os.devnull).parent)
    each = Watched(child, lambda: None, policy)  # type: ignore[arg-type]
    each.expect(running=True)
    return each


def pauses(each: Watched, start: float, crashes: int) -> Sequence[float]:
    """How long each of these crashes waits for its restart, the clock given by hand."""
    found, now = [], start
    for _ in range(crashes):
        each.look(now)
        assert each.due is not None
        found.append(each.due - now)
        now = each.due
        assert each.look(now) == "crasher crashed (exit None), restarted"
    return found


def test_a_service_that_crashes_again_and_again_waits_longer_and_longer():
    found = pauses(watched(), 1_000.0, 12)

    assert found == sorted(found)
    assert found[0] < 1
    assert found[-1] == pytest.approx(LONGEST_PAUSE_SECONDS)


def test_a_service_left_as_it_is_is_reported_once():
    each = watched("leave")

    assert each.look(1.0) == "crasher crashed (exit None), left as it is"
    assert each.look(1.0 + STEADY_SECONDS) is None
    assert each.state == "crashed"


# Start and stop


def test_a_suite_that_cannot_start_says_why_and_leaves_nothing(tmp_path: Path):
    broken = Program(command=(sys.executable, "-c", "raise SystemExit('no such table: invoices')"))
    before = {child.pid for child in psutil.Process().children()}

    with pytest.raises(StartFailed, match=r"billing ended with exit code 1(.|\n)*no such table: invoices"):
        Suite.start(
            tmp_path / "data", "skipping", write_units(tmp_path), ["billing"], programs={"billing": broken},
            throwaway=True,
        )  # fmt: skip

    assert {child.pid for child in psutil.Process().children()} <= before
    assert find_running(tmp_path / "data") is None


def test_a_suite_without_units_does_not_begin(tmp_path: Path):
    with pytest.raises(Unreadable):
        Suite.start(tmp_path / "data", units=tmp_path / "units.yaml")

    assert not (tmp_path / "data").exists()


def test_a_second_suite_does_not_take_the_same_folder(suite: Suite, tmp_path: Path):
    data = Path(suite.state()["data"])

    with pytest.raises(AlreadyRunning):
        Suite.start(data, units=write_units(tmp_path), programs=PROGRAMS, services=list(PROGRAMS))

    assert suite.alive("billing")


def test_who_ignores_the_request_to_end_is_killed(tmp_path: Path):
    stubborn = "import signal, threading; signal.signal(signal.SIGTERM, signal.SIG_IGN);print('deaf', flush=True); threading.Event().wait()"
    child = Child("stubborn", [sys.executable, "-c", stubborn], dict(os.environ), tmp_path)
    child.start()
    until(lambda: "deaf" in child.tail())

    assert stop_all([child], 0.1) == ["stubborn"]
    assert child.exit_code == -signal.SIGKILL


def test_children_end_with_a_killed_supervisor_and_the_next_one_finds_the_data(tmp_path: Path):
    data, units = tmp_path / "data", write_units(tmp_path)
    supervisor, pids = supervise(data, units)
    supervisor.kill()
    supervisor.wait()
    until(lambda: not any(psutil.pid_exists(pid) for pid in pids))
    assert find_running(data) is None

    supervisor, pids = supervise(data, units)
    running = find_running(data)
    assert running is not None
    assert running.pid == supervisor.pid
    assert saiken("down", "--data", str(data)).stderr == "stopped\n"
    assert supervisor.wait(5) == 0
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert not (data / "suite.json").exists()
    with Suite.start(data, "skipping", units, [], programs=PROGRAMS) as suite:
        assert suite.infrastructure.postgres.run_script("SELECT count(*) FROM lives", "saiken_billing").strip() == "2"
        home = suite.infrastructure.postgres
    home.forget()


def supervise(data: Path, units: Path) -> tuple["subprocess.Popen[bytes]", list[int]]:
    """A supervisor in a process of its own, ready, and the pids of its children."""
    command = [sys.executable, "-m", "cli.tests.supervisor", str(data), str(units)]
    supervisor = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    until(lambda: (running := find_running(data)) is not None and running.state is not None)
    running = find_running(data)
    assert running is not None
    assert running.state is not None
    return supervisor, [child["pid"] for child in running.state["children"].values()]


# The command


def test_status_shows_the_running_suite(suite: Suite):
    done = saiken("status", "--data", suite.state()["data"], "--json")
    document = json.loads(done.stdout)

    assert (done.returncode, document["running"], document["pid"]) == (0, True, os.getpid())
    assert {process["name"] for process in document["processes"]} >= {"postgres", "broker", "billing", "payments"}
    assert {process["state"] for process in document["processes"]} == {"running"}


def test_a_second_up_finds_the_running_suite_and_says_where(suite: Suite):
    done = saiken("up", "--data", suite.state()["data"])

    assert done.returncode == 0
    assert f"already running (pid {os.getpid()})" in done.stderr
    assert suite.address("billing") in done.stdout


def test_a_start_that_fails_is_an_error_with_its_reason(tmp_path: Path):
    done = saiken("up", "--data", str(tmp_path / "data"), "--units", str(tmp_path / "none.yaml"))

    assert done.returncode == 1
    assert "the file of the business units does not exist" in done.stderr


def test_status_and_down_without_a_suite_say_so(tmp_path: Path):
    assert json.loads(saiken("status", "--data", str(tmp_path), "--json").stdout) == {"running": False}
    assert "no suite runs" in saiken("down", "--data", str(tmp_path)).stderr


def test_the_doctor_names_what_is_missing(tmp_path: Path, suite: Suite):
    environment = {**os.environ, "SAIKEN_UNITS": str(tmp_path / "none.yaml")}
    command = [sys.executable, "-m", "cli.main", "doctor", "--data", str(tmp_path / "data"), "--json"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    remedies = {finding["name"]: finding["remedy"] for finding in json.loads(done.stdout)["findings"]}

    assert done.returncode == 1
    assert {name for name, remedy in remedies.items() if remedy} == {"business units"}


def test_help_has_an_example_for_every_command_and_loads_neither_grpc_nor_temporal():
    done = saiken("--help")
    assert all(main.example(command) in done.stdout for command in main.COMMANDS)

    code = "import sys; from cli.main import make_app; make_app(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"grpc", "temporalio", "sqlalchemy", "rich", "yaml"} & set(loaded.stdout.split())
