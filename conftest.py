"""Fixtures for every test: one throw-away PostgreSQL for the session, migrated databases on demand."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from alembic import command

from chassis.auth import Caller, service_caller
from chassis.database import Database
from chassis.migrate import config
from chassis.tenancy import Vault, load_units
from chassis.testing import StandingClock
from cli.infrastructure import ROOT, Postgres, make_keys
from cli.infrastructure.ports import free_ports
from cli.infrastructure.provision import database as database_name
from cli.suite import ALL

UNITS = ROOT / "samples" / "units.yaml"
NOON = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)


@dataclass
class Server:
    """A PostgreSQL with all services' databases; each is migrated when it is first asked for."""

    postgres: Postgres
    keys: Path
    migrated: set[str] = field(default_factory=set)

    def url(self, service: str, role: str) -> str:
        if service not in self.migrated:
            command.upgrade(config(service, self.postgres.url(f"{service}_owner", database_name(service))), "head")
            self.migrated.add(service)
        return self.postgres.url("postgres" if role == "postgres" else f"{service}_{role}", database_name(service))


@dataclass
class Opened:
    """A service's database as its application sees it, at an instant that stands still."""

    database: Database
    clock: StandingClock
    caller: Caller
    server: Server


@pytest.fixture(scope="session", autouse=True)
def of_commit(record_testsuite_property: Callable[[str, object], None]) -> None:
    """A report says which commit ran, not which one was there when somebody kept it; a `+` marks a tree that was changed."""
    command = ["git", "describe", "--always", "--dirty=+", "--exclude=*"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - a command of ours
    record_testsuite_property("commit", said.stdout.strip())


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("postgres")
    (port,) = free_ports(1)
    postgres = Postgres(folder, folder, port, ALL, throwaway=True)
    make_keys(folder / "keys", list(load_units(UNITS).by_id))
    postgres.start()
    yield Server(postgres, folder / "keys")
    postgres.child.kill()
    postgres.forget()


@pytest_asyncio.fixture
async def database_of(server: Server) -> AsyncIterator[Callable[[str], Opened]]:
    opened: list[Database] = []

    def open_(service: str) -> Opened:
        clock = StandingClock(NOON)
        database = Database(server.url(service, "app"), clock, load_units(UNITS), Vault(server.keys), partitions=4)
        opened.append(database)
        return Opened(database, clock, service_caller(service), server)

    # Migrations run a loop of their own, so they cannot run inside a test's.
    await asyncio.to_thread(lambda: [server.url(service, "app") for service in ALL if _is_built(service)])
    yield open_
    for database in opened:
        await database.close()


def _is_built(service: str) -> bool:
    return any((ROOT / "services" / service / "migrations" / "versions").glob("*.py"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What starts a server is `real`, so that `make check` can leave it out."""
    for item in items:
        if {"server", "suite"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("real")
