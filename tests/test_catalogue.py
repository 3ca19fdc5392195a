"""Row-level security as declared: what the stores say is what the catalogue holds, and no role goes around it."""

import asyncio

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy.ext.asyncio import create_async_engine

from chassis.migrate import metadata_of
from chassis.tenancy import GROUP, PLUMBING, UNIT
from tests.tables import every_service, tables, tables_of

# Unique without the unit as a column, and why that tells nobody anything.
UNIT_INSIDE = {"processes": "the id begins with the unit: `<unit>/<noun>/<id>`"}

# The application has no business with it at all.
SEALERS = {"seals"}


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
    assert guarded == set(scope_of) - SEALERS


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
