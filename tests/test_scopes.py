"""Row-level security, table by table: what the stores declare is what the catalogue holds, and it keeps units apart."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from decimal import Decimal

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    Numeric,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.ext.asyncio import create_async_engine

from chassis.database import new_id
from chassis.migrate import metadata_of
from chassis.tenancy import GROUP, PLUMBING, UNIT
from tests.tree import migrated

MINE, OTHER = "rheintel", "naniwa"
# Unique without the unit as a column, and why that tells nobody anything.
UNIT_INSIDE = {"processes": "the id begins with the unit: `<unit>/<noun>/<id>`"}
every_service = pytest.mark.parametrize("service", migrated())
EXAMPLES: dict[type, Callable[[Column], object]] = {
    Uuid: lambda _: new_id(),
    LargeBinary: lambda column: column.name.encode(),
    Boolean: lambda _: False,
    DateTime: lambda _: datetime(2026, 6, 1, tzinfo=UTC),
    Date: lambda _: date(2026, 6, 1),
    ARRAY: lambda _: [],
    JSON: lambda _: "{}",
    Numeric: lambda _: Decimal(1),
    **dict.fromkeys((BigInteger, Integer, SmallInteger), lambda _: 1),
    Text: lambda column: f"{column.name} {new_id()}",
}


def tables(service: str, *scopes: str) -> list[Table]:
    return [table for table in metadata_of(service).sorted_tables if table.info.get("scope") in scopes]


def tables_of(*scopes: str) -> pytest.MarkDecorator:
    """One test per table, so that a failure names it."""
    cases = [(service, table.name) for service in migrated() for table in tables(service, *scopes)]
    return pytest.mark.parametrize(("service", "table"), cases, ids=[".".join(case) for case in cases])


@pytest.fixture
def opened(server):
    """Connect to a service's database as one of its roles; a migration may be needed and runs a loop of its own."""

    @asynccontextmanager
    async def open_(service: str, role: str = "postgres") -> AsyncIterator[asyncpg.Connection]:
        connection = await asyncpg.connect(await asyncio.to_thread(server.url, service, role))
        yield connection
        await connection.close()

    return open_


def example(table: Table, unit: str) -> dict[str, object]:
    """A row with a value in every column: it is about who sees it, not about what it says."""
    row = {}
    for column in table.columns:
        kind = next(known for known in EXAMPLES if isinstance(column.type, known))
        row[column.name] = EXAMPLES[kind](column)
    return row | ({"business_unit": unit} if "business_unit" in row else {})


async def insert(connection: asyncpg.Connection, table: Table, row: dict[str, object]) -> None:
    names, places = ", ".join(f'"{name}"' for name in row), ", ".join(f"${place}" for place in range(1, len(row) + 1))
    await connection.execute(f"INSERT INTO {table.name} ({names}) VALUES ({places})", *row.values())


async def unchecked(connection: asyncpg.Connection, table: Table) -> None:
    """For the length of this transaction, rows need no parents and no sense."""
    rows = await connection.fetch(
        "SELECT conname FROM pg_constraint WHERE conrelid = $1::text::regclass AND contype IN ('f', 'c')", table.name
    )
    for row in rows:
        await connection.execute(f'ALTER TABLE {table.name} DROP CONSTRAINT "{row["conname"]}" CASCADE')


async def act_as(connection: asyncpg.Connection, service: str, unit: str) -> None:
    await connection.execute(f"SET LOCAL ROLE {service}_app")
    await connection.execute(
        "SELECT set_config('app.unit', $1, true), set_config('app.scope', $2, true)", unit, "unit" if unit else "group"
    )


async def tried(connection: asyncpg.Connection, statement: str) -> int:
    """How many rows a statement would change; none when the role may not run it at all."""
    attempt = connection.transaction()
    await attempt.start()
    try:
        return int((await connection.execute(statement)).split()[-1])
    except asyncpg.InsufficientPrivilegeError:
        return 0
    finally:
        await attempt.rollback()


async def reached(connection: asyncpg.Connection, table: str) -> tuple[int, int, int]:
    """Rows that the current role sees, could change, could remove."""
    seen = await connection.fetchval(f"SELECT count(*) FROM {table}")
    changed = await tried(connection, f"UPDATE {table} SET business_unit = business_unit")
    return seen, changed, await tried(connection, f"DELETE FROM {table}")


@every_service
async def test_the_database_has_the_tables_that_the_store_declares(opened, server, service):
    await asyncio.to_thread(server.url, service, "owner")
    engine = create_async_engine(server.url(service, "owner").replace("postgresql:", "postgresql+asyncpg:"))
    async with engine.connect() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync, opts={"compare_type": True}), metadata_of(service))
        )
    await engine.dispose()

    assert differences == []


@every_service
def test_every_table_declares_one_scope_and_a_unit_row_names_its_unit(service):
    for table in metadata_of(service).tables.values():
        assert table.info.get("scope") in {UNIT, GROUP, PLUMBING}, table.name
        if table.info["scope"] == UNIT:
            assert not table.columns["business_unit"].nullable, table.name
        if table.info["scope"] == GROUP:
            assert "business_unit" not in table.columns, table.name


@every_service
async def test_every_table_is_under_row_level_security_even_for_its_owner(opened, service):
    async with opened(service) as connection:
        rows = await connection.fetch(
            "SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class "
            "WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relname <> 'alembic_version'"
        )

    assert {row["relname"] for row in rows} == set(metadata_of(service).tables)
    assert [row["relname"] for row in rows if not (row["relrowsecurity"] and row["relforcerowsecurity"])] == []


@every_service
async def test_policies_are_for_the_right_roles(opened, service):
    async with opened(service) as connection:
        rows = await connection.fetch("SELECT tablename, cmd, roles::text[] AS roles, qual, with_check FROM pg_policies")
    app = f"{service}_app"
    scope_of = {table.name: table.info["scope"] for table in metadata_of(service).tables.values()}

    assert [row for row in rows if "public" in row["roles"]] == []
    for row in (row for row in rows if app in row["roles"]):
        conditions = [condition for condition in (row["qual"], row["with_check"]) if condition is not None]
        match scope_of[row["tablename"]]:
            case "unit":
                assert all("business_unit" in condition and "app.unit" in condition for condition in conditions), dict(row)
            case "plumbing":
                assert row["cmd"] == "INSERT", dict(row)
    guarded = {row["tablename"] for row in rows if app in row["roles"]}
    assert guarded == set(scope_of)


@every_service
async def test_a_unique_key_of_a_unit_table_tells_nothing_about_another_unit(opened, service):
    """A duplicate is refused even when the row that it meets cannot be seen: unless the unit is in the key, or the key is unguessable."""
    async with opened(service) as connection:
        rows = await connection.fetch(
            "SELECT c.relname AS table, i.indisprimary AS primary, array_agg(a.attname::text) AS columns, "
            "array_agg(format_type(a.atttypid, NULL)) AS types FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid "
            "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY(i.indkey) "
            "WHERE i.indisunique AND c.relnamespace = 'public'::regnamespace GROUP BY i.indexrelid, 1, 2"
        )
    units = {table.name for table in tables(service, UNIT)} - UNIT_INSIDE.keys()
    telling = [dict(row) for row in rows if row["table"] in units and "business_unit" not in row["columns"]]

    assert [row for row in telling if not (row["primary"] and row["types"] == ["uuid"])] == []


@every_service
async def test_the_roles_of_a_service_have_no_way_around_the_policies(opened, service):
    async with opened(service) as connection:
        rows = await connection.fetch(
            "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, pg_has_role(rolname, $1, 'MEMBER') AS owner, "
            "(SELECT count(*) FROM pg_class WHERE relowner = pg_roles.oid) AS owned, "
            "has_schema_privilege(rolname, 'public', 'CREATE') AS creates, "
            "has_table_privilege(rolname, 'alembic_version', 'INSERT, UPDATE, DELETE') AS migrates "
            "FROM pg_roles WHERE rolname LIKE $2 AND rolname <> $1",
            f"{service}_owner",
            f"{service}\\_%",
        )

    assert {row["rolname"] for row in rows} == {f"{service}_{role}" for role in ("app", "relay", "auditor", "sealer", "definer")}
    assert [dict(row) for row in rows if any((*list(row.values())[1:5], row["owned"], row["creates"], row["migrates"]))] == []


@every_service
async def test_nobody_may_truncate_since_no_policy_is_asked(opened, service):
    async with opened(service) as connection:
        rows = await connection.fetch(
            "SELECT grantee, table_name, privilege_type FROM information_schema.role_table_grants "
            "WHERE table_schema = 'public' AND privilege_type IN ('TRUNCATE', 'TRIGGER', 'REFERENCES') AND grantee <> $1",
            f"{service}_owner",
        )

    assert [tuple(row) for row in rows] == []


@tables_of(UNIT)
async def test_a_row_of_one_unit_does_not_exist_for_another(opened, service, table):
    declared = metadata_of(service).tables[table]
    async with opened(service) as connection:
        trial = connection.transaction()
        await trial.start()
        await unchecked(connection, declared)
        await insert(connection, declared, example(declared, MINE))

        await connection.execute(f"SET LOCAL ROLE {service}_app")
        assert await reached(connection, table) == (0, 0, 0), "nobody, on a fresh connection"
        await act_as(connection, service, MINE)
        assert (await reached(connection, table))[0] == 1, "its own unit sees it"
        await act_as(connection, service, OTHER)
        assert await reached(connection, table) == (0, 0, 0), "another unit"
        await act_as(connection, service, "")
        assert await reached(connection, table) == (0, 0, 0), "nobody, after somebody"
        await trial.rollback()


@tables_of(UNIT)
async def test_a_unit_writes_no_row_in_the_name_of_another(opened, service, table):
    declared = metadata_of(service).tables[table]
    async with opened(service) as connection:
        trial = connection.transaction()
        await trial.start()
        await unchecked(connection, declared)
        await act_as(connection, service, MINE)

        async with connection.transaction():
            await insert(connection, declared, example(declared, MINE))
        for unit in (OTHER, ""):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
                async with connection.transaction():
                    await insert(connection, declared, example(declared, unit))
        assert await tried(connection, f"UPDATE {table} SET business_unit = '{MINE}'") <= 1
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with connection.transaction():
                await connection.execute(f"UPDATE {table} SET business_unit = '{OTHER}'")
        await trial.rollback()


@tables_of(GROUP)
async def test_a_fact_of_the_group_is_unseen_by_a_unit_that_nothing_links_to_it(opened, service, table):
    declared = metadata_of(service).tables[table]
    async with opened(service) as connection:
        trial = connection.transaction()
        await trial.start()
        await unchecked(connection, declared)
        await insert(connection, declared, example(declared, MINE))
        await act_as(connection, service, MINE)

        assert await tried(connection, f"SELECT FROM {table}") == 0
        assert await tried(connection, f"DELETE FROM {table}") == 0
        await trial.rollback()


@every_service
async def test_a_pooled_connection_forgets_whom_it_served(database_of, service):
    opened = database_of(service)
    row = {"id": f"{MINE}/trial/{new_id()}", "unit": MINE}
    async with opened.database.begin(opened.caller, MINE) as tx:
        served = (await tx.first("SELECT pg_backend_pid() AS pid")).pid
        await tx.execute(
            "INSERT INTO processes (id, business_unit, workflow, nudged, seen, ended) VALUES (:id, :unit, 'Trial', 0, 0, 1)", row
        )

    try:
        async with opened.database.engine.connect() as connection:
            assert (await connection.exec_driver_sql("SELECT pg_backend_pid()")).scalar() == served
            assert (await connection.exec_driver_sql("SELECT count(*) FROM processes")).scalar() == 0
        for unit in (OTHER, None):
            async with opened.database.begin(opened.caller, unit) as tx:
                assert (await tx.first("SELECT pg_backend_pid() AS pid")).pid == served
                assert await tx.all("SELECT id FROM processes WHERE id = :id", id=row["id"]) == []
    finally:
        async with opened.database.begin(opened.caller, MINE) as tx:
            assert (await tx.execute("DELETE FROM processes WHERE id = :id", {"id": row["id"]})).rowcount == 1


@tables_of(PLUMBING)
async def test_the_application_writes_plumbing_and_cannot_read_it(opened, service, table):
    async with opened(service) as connection:
        may = await connection.fetchrow(
            "SELECT has_any_column_privilege($1, $2, 'SELECT') AS read, has_any_column_privilege($1, $2, 'UPDATE') AS change, "
            "has_table_privilege($1, $2, 'DELETE') AS remove, has_table_privilege($3, $2, 'SELECT') AS audit",
            f"{service}_app", table, f"{service}_auditor",
        )  # fmt: skip

    assert dict(may) == {"read": False, "change": False, "remove": False, "audit": True}


@every_service
async def test_views_ask_the_policies_of_whoever_looks(opened, service):
    async with opened(service) as connection:
        rows = await connection.fetch(
            "SELECT relname, relkind::text, coalesce(reloptions, '{}') AS options FROM pg_class "
            "WHERE relkind IN ('v', 'm') AND relnamespace = 'public'::regnamespace"
        )

    assert [row["relname"] for row in rows if row["relkind"] == "m" or "security_invoker=true" not in row["options"]] == []


@every_service
async def test_functions_that_act_for_their_owner_cannot_be_led_astray(opened, service):
    async with opened(service) as connection:
        rows = await connection.fetch(
            "SELECT proname, pg_get_userbyid(proowner) AS owner, coalesce(proconfig, '{}') AS config, proacl IS NULL OR EXISTS "
            "(SELECT FROM aclexplode(proacl) WHERE grantee = 0) AS public "
            "FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace"
        )

    assert {row["proname"] for row in rows} >= {"advance_watermark", "watermark", "is_parked", "unpark"}
    for row in rows:
        assert row["owner"] == f"{service}_definer", dict(row)
        assert row["config"] == ["search_path=public, pg_temp"], dict(row)
        assert not row["public"], dict(row)
