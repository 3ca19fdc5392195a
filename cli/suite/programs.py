"""Which services a suite has, how each is started, and what it is told by its environment."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.infrastructure.embedded import Infrastructure
from cli.infrastructure.ports import HOST
from cli.infrastructure.provision import database

ALL = ("billing", "payments", "collections", "legal", "notifications")
# Business time at the start of a suite whose time is skipped: the sample calendar's first day.
CLOCK_START = "2026-06-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class Program:
    """The command of a service and, if it has one, the command that migrates databases before.

    A migration command is given the names of all services whose command it is: one interpreter for five databases.
    """

    command: Sequence[str]
    migration: Sequence[str] = ()


def _service(name: str) -> Program:
    return Program(
        command=(sys.executable, "-m", f"services.{name}.app"),
        migration=(sys.executable, "-m", "chassis.migrate"),
    )


PROGRAMS: Mapping[str, Program] = {name: _service(name) for name in ALL}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """All that the environment of a service says. `origin`: the skipping server's time when the suite started."""

    data: Path
    units: Path
    infrastructure: Infrastructure
    ports: Mapping[str, int]
    partitions: int
    origin: str | None
    clock_start: str

    def address(self, service: str) -> str:
        return f"{HOST}:{self.ports[service]}"

    def client(self) -> dict[str, str]:
        """For a program that talks to the services and has no database."""
        time = {"SAIKEN_CLOCK": "wall"}
        if self.origin is not None:
            time = {
                "SAIKEN_CLOCK": "skipping",
                "SAIKEN_CLOCK_ORIGIN": self.origin,
                "SAIKEN_CLOCK_START": self.clock_start,
            }
        return {
            "SAIKEN_KAFKA": self.infrastructure.broker.address,
            "SAIKEN_KAFKA_IDEMPOTENT": "yes" if self.infrastructure.broker.idempotent else "no",
            "SAIKEN_TEMPORAL": self.infrastructure.temporal.address,
            "SAIKEN_PEERS": ",".join(f"{service}={self.address(service)}" for service in self.ports),
            "SAIKEN_KEYS": str(self.data / "keys"),
            "SAIKEN_UNITS": str(self.units),
            "SAIKEN_SMTP": self.infrastructure.smtp_address,
            "SAIKEN_FILES": str(self.data / "files"),
            "SAIKEN_PARTITIONS": str(self.partitions),
            **time,
        }

    def service(self, service: str) -> dict[str, str]:
        return {
            **self.client(),
            "SAIKEN_LISTEN": self.address(service),
            "SAIKEN_DATABASE_URL": self._url(service, "app"),
            "SAIKEN_RELAY_DATABASE_URL": self._url(service, "relay"),
            "SAIKEN_AUDITOR_DATABASE_URL": self._url(service, "auditor"),
            "SAIKEN_SEALER_DATABASE_URL": self._url(service, "sealer"),
        }

    def migration(self, services: Sequence[str]) -> dict[str, str]:
        """The owners' passwords are known to the migration only."""
        return {**self.client(), **{f"SAIKEN_OWNER_DATABASE_URL_{service.upper()}": self._url(service, "owner") for service in services}}

    def _url(self, service: str, role: str) -> str:
        return self.infrastructure.postgres.url(f"{service}_{role}", database(service))
