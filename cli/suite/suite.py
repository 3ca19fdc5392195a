"""One suite: started as a whole, ready when all answer, stopped in order; synchronous, for the demo and the tests."""

import os
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cli import running
from cli.infrastructure.embedded import Infrastructure
from cli.infrastructure.kafka import apache_nodes
from cli.infrastructure.keys import make_keys, read_unit_ids
from cli.infrastructure.ports import free_ports
from cli.infrastructure.process import ROOT, StartFailed
from cli.infrastructure.temporal import Kind
from cli.skipping import server_time
from cli.suite.keeper import Keeper, Policy, Watched
from cli.suite.programs import ALL, CLOCK_START, PROGRAMS, Program, Surroundings
from cli.suite.services import Services

DEFAULT_UNITS = ROOT / "samples" / "units.yaml"
_CALL_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What a suite is asked to be."""

    data: Path
    temporal: Kind
    units: Path
    programs: Mapping[str, Program]
    services: Sequence[str]
    partitions: int
    when_exited: Policy
    clock_start: str
    throwaway: bool
    report: Callable[[str], None]
    settings: Mapping[str, str]
    kafka_nodes: int


class Suite:
    """A running suite. `Suite.start(...)` gives one; it is a context manager that stops it.

    All methods block, none needs an event loop, and all may be called from any thread.
    """

    def __init__(self, plan: Plan) -> None:
        """Use `Suite.start`. Takes the data folder; raises AlreadyRunning."""
        self._plan = plan
        self._data = plan.data
        self._held = running.hold(plan.data)
        self._lock = threading.RLock()
        self._keeper: Keeper | None = None
        self._services: Services | None = None
        self._parts: dict[str, Watched] = {}
        self.infrastructure = Infrastructure(
            plan.data, services=list(plan.programs), temporal=plan.temporal, partitions=plan.partitions,
            throwaway=plan.throwaway, kafka_nodes=plan.kafka_nodes,
        )  # fmt: skip

    @classmethod
    def start(
        cls,
        data: Path,
        temporal: Kind = "skipping",
        units: Path = DEFAULT_UNITS,
        services: Sequence[str] = ALL,
        partitions: int = 4,
        *,
        programs: Mapping[str, Program] = PROGRAMS,
        when_exited: Policy = "restart",
        clock_start: str = CLOCK_START,
        throwaway: bool = False,
        report: Callable[[str], None] | None = None,
        settings: Mapping[str, str] | None = None,
        kafka_nodes: int | None = None,
    ) -> Self:
        """Starts the infrastructure and these services; returns when every one of them answers SERVING.

        `programs` has a database and a port for each of its services, also for those that are not started yet.
        `when_exited`: what happens to a service that ends by itself. `throwaway`: PostgreSQL works without fsync
        and its data is removed at the end. `settings` are given to every service in all its lives; `{data}` and
        `{service}` in a value are replaced. `kafka_nodes`: nodes of Apache Kafka in place of the embedded broker
        (default: what SAIKEN_TEST_KAFKA says).
        `report` gets one line per crash and restart (default: standard error).
        Raises AlreadyRunning, StartFailed (with the tail of the log of what failed), Unreadable (the units' file).
        """
        ids = read_unit_ids(units)
        plan = Plan(
            running.prepare(data.resolve()), temporal, units.resolve(), programs, services, partitions, when_exited, clock_start,
            throwaway, report or _to_stderr, settings or {}, apache_nodes() if kafka_nodes is None else kafka_nodes,
        )  # fmt: skip
        suite = cls(plan)
        try:
            make_keys(plan.data / "keys", ids)
            suite._start_all()
        except BaseException:
            suite.stop()
            raise
        return suite

    def _start_all(self) -> None:
        self.infrastructure.start()
        origin = None
        if self._plan.temporal == "skipping":
            now = server_time(self.temporal_address, _CALL_SECONDS)
            origin = now.isoformat(timespec="microseconds").replace("+00:00", "Z")
        ports = dict(zip(self._plan.programs, free_ports(len(self._plan.programs)), strict=True))
        self._surroundings = Surroundings(
            self._data, self._plan.units, self.infrastructure, ports, self._plan.partitions, origin,
            self._plan.clock_start,
        )  # fmt: skip
        self._services = Services(self._plan.programs, self._surroundings, self._plan.when_exited, self._plan.settings)
        self._services.start_all(self._plan.services)
        self._parts = {**_watch(self.infrastructure), **self._services.watched}
        self._write()
        self._keeper = Keeper(list(self._parts.values()), self._lock, self._changed)
        self._keeper.start()

    def stop(self) -> None:
        """Services first, PostgreSQL last; then the folder is free. Calling it again does nothing."""
        if self._held.closed:
            return
        if self._keeper is not None:
            self._keeper.stop()
        try:
            for name in self._services.stop_all() if self._services is not None else ():
                self._plan.report(f"{name} did not end on SIGTERM and was killed")
            self.infrastructure.stop()
        finally:
            running.state_path(self._data).unlink(missing_ok=True)
            self._held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    # Services, one by one.

    def start_service(self, service: str, environment: Mapping[str, str] | None = None, *, wait: bool = True) -> None:
        """Starts one that is down. `environment` is added for this life only: a fail point must not come back."""
        with self._lock:
            if self._parts[service].child.alive:
                raise StartFailed(f"{service} already runs")
            self._running.migrate([service])
            self._running.spawn(service, environment)
            self._parts[service].expect(running=True)
            self._write()
        if wait:
            self.wait_serving(service)

    def stop_service(self, service: str) -> None:
        """SIGTERM, and SIGKILL after the grace; it stays down."""
        with self._lock:
            self._parts[service].expect(running=False)
            self._running.stop(service)
            self._write()

    def restart(self, service: str, environment: Mapping[str, str] | None = None) -> None:
        """Stops it in order and starts it, with `environment` added for this life only."""
        with self._lock:
            self.stop_service(service)
            self.start_service(service, environment, wait=False)
        self.wait_serving(service)

    def kill(self, service: str, *, for_good: bool = False) -> None:
        """SIGKILL for a service or part and all it started. What follows is what `when_exited` says, or it stays down."""
        if for_good:
            self._parts[service].expect(running=False)
        self._parts[service].child.kill()

    def kill_at(self, service: str, point: str, passing: int = 1) -> None:
        """Let it die at the nth passing of a fail point; it runs with SAIKEN_FAIL_AT=`{data}/fail-at.{service}`."""
        self._parts[service].expect(running=True)  # deaths that are wanted do not make the next start wait longer
        (self._data / f"fail-at.{service}").write_text(f"{point}@{passing}", "utf-8")

    def wait_serving(self, service: str) -> None:
        """Until it answers SERVING. Raises StartFailed when it ends or takes too long."""
        self._running.wait_serving(service)

    def restart_broker(self) -> None:
        """Kills the broker and starts an empty one at the same address: empty topics, no offsets."""
        with self._lock:
            self.infrastructure.restart_broker()
            self._write()

    # What a client needs to know.

    def address(self, service: str) -> str:
        """HOST:PORT of its gRPC door."""
        return self._surroundings.address(service)

    def environment(self, service: str) -> dict[str, str]:
        """The SAIKEN_ variables the service runs with."""
        return self._surroundings.service(service)

    def client_environment(self) -> dict[str, str]:
        """The SAIKEN_ variables of a program that talks to the services and has no database."""
        return self._surroundings.client()

    @property
    def temporal_address(self) -> str:
        return self.infrastructure.temporal.address

    @property
    def kafka_address(self) -> str:
        return self.infrastructure.broker.address

    @property
    def mail(self) -> Path:
        """The folder where the sink keeps mails, one .eml each."""
        return self.infrastructure.mail

    @property
    def files(self) -> Path:
        return self._data / "files"

    def superuser_url(self, database: str) -> str:
        """For a test that looks behind the policies; no service ever gets it."""
        return self.infrastructure.postgres.url("postgres", database)

    def log(self, service: str) -> str:
        """All that the service or part (postgres, temporal, broker, sink) has written, over all its lives."""
        path = self._data / "logs" / f"{service}.log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def restarts(self, service: str) -> int:
        """How often the supervisor restarted it after a crash."""
        return self._parts[service].restarts

    def alive(self, service: str) -> bool:
        return self._parts[service].child.alive

    def state(self) -> dict[str, Any]:
        """The content of suite.json."""
        return {
            "pid": os.getpid(),
            "data": str(self._data),
            "temporal": self._plan.temporal,
            "client": self.client_environment(),
            "children": {name: self._describe(name, watched) for name, watched in self._parts.items()},
        }

    def _describe(self, name: str, watched: Watched) -> dict[str, Any]:
        parts = self.infrastructure
        addresses = {
            "postgres": f"127.0.0.1:{parts.postgres.port}",
            "temporal": self.temporal_address,
            "sink": parts.smtp_address,
            **dict(zip((child.name for child in parts.broker.children), self.kafka_address.split(","), strict=True)),
        }
        return {
            "pid": watched.child.pid,
            "address": addresses.get(name) or self.address(name),
            "state": watched.state,
            "restarts": watched.restarts,
            "log": str(watched.child.log),
        }

    @property
    def _running(self) -> Services:
        if self._services is None:
            raise StartFailed("the suite has not started")
        return self._services

    def _changed(self, line: str) -> None:
        with self._lock:
            self._write()
        self._plan.report(line)

    def _write(self) -> None:
        running.write(self._data, self.state())


def _watch(parts: Infrastructure) -> dict[str, Watched]:
    # The skipping server's workflows and time are gone with it; the development server has its file.
    temporal = parts.temporal.child.start if parts.temporal.kind == "wall" else None
    return {
        "postgres": Watched(parts.postgres.child, parts.postgres.restart),
        "temporal": Watched(parts.temporal.child, temporal),
        **{child.name: Watched(child, partial(parts.broker.revive, child)) for child in parts.broker.children},
        "sink": Watched(parts.sink, parts.sink.start),
    }


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
