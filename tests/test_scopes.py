"""Row-level security, row by row: what one unit wrote does not exist for another."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import asyncpg
import pytest
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

from chassis.database import new_id
from chassis.migrate import metadata_of
from chassis.tenancy import GROUP, UNIT
from tests.tables import every_service, tables_of

MINE, OTHER = "rheintel", "naniwa"
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


@tables_of(UNIT)
async def test_a_row_of_one_unit_does_not_exist_for_another(opened, service, table):
    declared = metadata_of(service).tables[table]
    async with opened(service) as connection:
        trial = connection.transaction()
        await trial.start()
        await unchecked(connection, declared)
        await connection.execute(f"DELETE FROM {table}")
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
        await connection.execute(f"DELETE FROM {table}")
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
        async with opened.database.plumbing() as session:
            assert (await session.execute("SELECT pg_backend_pid()")).scalar_one() == served
            assert (await session.execute("SELECT count(*) FROM processes")).scalar_one() == 0
        for unit in (OTHER, None):
            async with opened.database.begin(opened.caller, unit) as tx:
                assert (await tx.first("SELECT pg_backend_pid() AS pid")).pid == served
                assert await tx.all("SELECT id FROM processes WHERE id = :id", id=row["id"]) == []
    finally:
        async with opened.database.begin(opened.caller, MINE) as tx:
            assert (await tx.execute("DELETE FROM processes WHERE id = :id", {"id": row["id"]})).rowcount == 1
