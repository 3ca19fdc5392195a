"""The services of a suite as processes: migrated, started, asked whether they serve."""

import os
from collections.abc import Iterable, Mapping, Sequence

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from cli.infrastructure.ports import answers
from cli.infrastructure.process import Child, StartFailed, stop_all, wait_until
from cli.skipping import OPTIONS
from cli.suite.keeper import Policy, Watched
from cli.suite.programs import Program, Surroundings

# Five interpreters that import gRPC, Temporal and SQLAlchemy take 8 s on two cores, on loaded ones several times that.
READY_SECONDS = 90.0
MIGRATION_SECONDS = 120.0
# Long enough for an open transaction, an open RPC and the relay's last batch.
GRACE_SECONDS = 10.0
_CALL_SECONDS = 1.0
# By default a channel waits a second and more after a refused connection; a service is ready before that.
_OPTIONS = (*OPTIONS, ("grpc.initial_reconnect_backoff_ms", 50), ("grpc.max_reconnect_backoff_ms", 100))


class Services:
    """Starts and stops them; who may do so at the same time is the suite's matter."""

    def __init__(self, programs: Mapping[str, Program], surroundings: Surroundings, policy: Policy, settings: Mapping[str, str]) -> None:
        """For all programs there are; `start_all` says which of them run from the beginning."""
        self._programs, self._settings = programs, settings
        self._migrated: set[str] = set()
        self._surroundings = surroundings
        self._logs = surroundings.data / "logs"
        self.watched = {service: self._watch(service, policy) for service in programs}

    def _watch(self, service: str, policy: Policy) -> Watched:
        child = Child(service, self._programs[service].command, {}, self._logs)
        return Watched(child, lambda: self.spawn(service), policy, wanted=False)

    def migrate(self, chosen: Iterable[str]) -> None:
        """Each its own database, once in a suite's life. Raises StartFailed."""
        services = [service for service in chosen if service not in self._migrated]
        together: dict[tuple[str, ...], list[str]] = {}
        for service in services:
            if command := tuple(self._programs[service].migration):
                together.setdefault(command, []).append(service)
        children = [
            Child("migration", [*command, *names], _with(self._surroundings.migration(names)), self._logs)
            for command, names in together.items()
        ]
        try:
            for child in children:
                child.start()
            for child in children:
                _finish(child)
        finally:
            stop_all(children, 0.0)
        self._migrated.update(services)

    def start_all(self, chosen: Sequence[str]) -> None:
        """Returns when all serve. Raises StartFailed."""
        self.migrate(chosen)
        for service in chosen:
            self.spawn(service)
        for service in chosen:
            self.wait_serving(service)
            self.watched[service].expect(running=True)

    def spawn(self, service: str, extra: Mapping[str, str] | None = None) -> None:
        child = self.watched[service].child
        places = {"data": self._surroundings.data, "service": service}
        settings = {name: value.format(**places) for name, value in self._settings.items()}
        child.environment = _with({**self._surroundings.service(service), **settings, **(extra or {})})
        child.start()

    def wait_serving(self, service: str) -> None:
        """Until its health check answers SERVING. Raises StartFailed when it ends or takes too long."""
        with grpc.insecure_channel(self._surroundings.address(service), options=_OPTIONS) as channel:
            stub = health_pb2_grpc.HealthStub(channel)

            def serving() -> bool:
                # A channel that is refused over and over ends in gRPC's own threads now and then (seen with 1.85.1).
                if not answers(int(self._surroundings.address(service).rpartition(":")[2])):
                    return False
                try:
                    answer = stub.Check(health_pb2.HealthCheckRequest(service=""), timeout=_CALL_SECONDS)
                except grpc.RpcError:
                    return False
                return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

            wait_until(serving, self.watched[service].child, READY_SECONDS)

    def stop(self, service: str) -> None:
        stop_all([self.watched[service].child], GRACE_SECONDS)

    def stop_all(self) -> list[str]:
        """The names of those that had to be killed."""
        return stop_all([watched.child for watched in self.watched.values()], GRACE_SECONDS)


def _finish(child: Child) -> None:
    if not child.wait(MIGRATION_SECONDS):
        raise StartFailed(f"{child.name} is not done after {MIGRATION_SECONDS:.0f} s; its log:\n{child.tail()}")
    if child.exit_code != 0:
        raise StartFailed(f"{child.name} ended with exit code {child.exit_code}; its log:\n{child.tail()}")


def _with(own: Mapping[str, str]) -> dict[str, str]:
    """Our own environment (locale, telemetry, log level) with what the suite decides on top of it."""
    local = "127.0.0.1,localhost"  # a proxy of the environment must not carry calls to this machine
    return {**os.environ, "NO_PROXY": local, "no_proxy": local, "PYTHONUNBUFFERED": "1", "GRPC_VERBOSITY": "ERROR", **own}
