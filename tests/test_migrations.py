"""Migrations expand: the code of the version before works on the schema after, since both run while a release rolls out."""

import asyncio
import re

import asyncpg
import pytest
import pytest_asyncio
from alembic import command
from alembic.script import ScriptDirectory

from chassis.migrate import config
from cli.infrastructure import Postgres
from cli.infrastructure.ports import free_ports
from cli.infrastructure.provision import database
from tests.tables import every_service
from tests.tree import ROOT, SERVICES

# What takes something away that the version before may still use, or holds a lock for as long as the table is long.
CONTRACTS = re.compile(r"drop_(table|column|constraint|index)|rename_table|alter_column|DROP (TABLE|COLUMN|FUNCTION)|RENAME", re.IGNORECASE)
COLUMNS = """
SELECT table_name, column_name, data_type, is_nullable = 'YES' OR column_default IS NOT NULL AS free
FROM information_schema.columns WHERE table_schema = 'public'
"""
GRANTS = """
SELECT table_name, grantee, privilege_type FROM information_schema.role_table_grants
WHERE table_schema = 'public' AND grantee NOT LIKE '%\\_owner'
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def fresh(tmp_path_factory):
    folder = tmp_path_factory.mktemp("migrations")
    (port,) = free_ports(1)
    postgres = Postgres(folder, folder, port, SERVICES, throwaway=True)
    await asyncio.to_thread(postgres.start)
    yield postgres
    postgres.child.kill()
    postgres.forget()


def scripts(service: str) -> ScriptDirectory:
    return ScriptDirectory.from_config(config(service, ""))


def versions(service: str) -> list[str]:
    """All revisions, the oldest first."""
    return [revision.revision for revision in reversed(list(scripts(service).walk_revisions()))]


@every_service
def test_a_migration_takes_nothing_away(service):
    folder = ROOT / "services" / service / "migrations" / "versions"
    wrong = {path.name: found.group() for path in sorted(folder.glob("*.py")) if (found := CONTRACTS.search(path.read_text("utf-8")))}

    assert wrong == {}, "contract in a release of its own, and say here why nobody uses it any more"


@every_service
@pytest.mark.real
@pytest.mark.asyncio(loop_scope="module")
async def test_the_version_before_works_on_the_schema_after(fresh, service):
    """Every column, type and grant of each schema is in the next one, and what is new in an old table need not be given."""
    url = fresh.url(f"{service}_owner", database(service))
    before: tuple[dict, set] = ({}, set())
    for version in versions(service):
        await asyncio.to_thread(command.upgrade, config(service, url), version)
        columns, grants = await read(fresh.url("postgres", database(service)))
        old, rights = before
        tables = {table for table, _ in old}
        assert {place: columns.get(place, (None,))[0] for place in old} == {place: kind for place, (kind, _) in old.items()}
        assert rights <= grants
        assert [place for place, (_, free) in columns.items() if place[0] in tables and place not in old and not free] == []
        before = columns, grants


async def read(url: str) -> tuple[dict, set]:
    connection = await asyncpg.connect(url)
    columns = {(row[0], row[1]): (row[2], row[3]) for row in await connection.fetch(COLUMNS)}
    grants = {tuple(row) for row in await connection.fetch(GRANTS)}
    await connection.close()
    return columns, grants
