"""Write the next migration of a service: `python -m tools.new_migration billing "what changes"`.

The difference between the tables that the store declares and what the existing migrations make, on a database that is
thrown away afterwards. New tables are put under their scope; read the result before you commit it.
"""

import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.operations.ops import CreateTableOp
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from chassis.migrate import config, metadata_of
from cli.infrastructure import Postgres
from cli.infrastructure.ports import free_ports
from cli.infrastructure.provision import database

RUFF = Path(sys.executable).with_name("ruff")
TEMPLATE = '''"""{message}."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text
from sqlalchemy.dialects import postgresql

from chassis.plumbing import protect_plumbing
from chassis.tenancy import GROUP, UNIT, protect

revision = "{revision}"
down_revision = {down}


def upgrade() -> None:
    """Expand only: the code before this migration works on what it leaves."""
    {upgrade}
    for statement in PROTECTION:
        op.execute(statement)


PROTECTION = [
    {protection}
]
'''


def main(service: str, message: str) -> None:
    """Write `services/<service>/migrations/versions/NNNN_<message>.py`."""
    with tempfile.TemporaryDirectory() as folder:
        (port,) = free_ports(1)
        postgres = Postgres(Path(folder), Path(folder), port, [service], throwaway=True)
        postgres.start()
        try:
            _write(service, message, postgres.url(f"{service}_owner", database(service)))
        finally:
            postgres.child.kill()
            postgres.forget()


def _write(service: str, message: str, url: str) -> None:
    alembic = config(service, url)
    command.upgrade(alembic, "head")
    scripts = ScriptDirectory.from_config(alembic)
    head = scripts.get_current_head()
    upgrade, protection = asyncio.run(_differences(service, url, first=head is None))
    number = len(list(Path(scripts.versions).glob("*.py"))) + 1
    path = Path(scripts.versions) / f"{number:04d}_{message.lower().replace(' ', '_')}.py"
    body = TEMPLATE.format(
        message=message,
        revision=f"{number:04d}",
        down=repr(head),
        upgrade=upgrade.strip(),
        protection=protection,
    )
    path.write_text(body, encoding="utf-8")
    subprocess.run([str(RUFF), "check", "--fix", "--quiet", path], check=False)
    subprocess.run([str(RUFF), "format", "--quiet", path], check=True)
    print(path)


async def _differences(service: str, url: str, *, first: bool) -> tuple[str, str]:
    engine = create_async_engine(url.replace("postgresql:", "postgresql+asyncpg:"))

    def compare(connection: Connection) -> tuple[str, str]:
        context = MigrationContext.configure(connection, opts={"target_metadata": metadata_of(service)})
        script = produce_migrations(context, metadata_of(service))
        assert script.upgrade_ops is not None
        lines = ["*protect_plumbing(SERVICE),"] if first else []
        for operation in script.upgrade_ops.ops:
            if isinstance(operation, CreateTableOp):
                scope = operation.info.get("scope", "")
                if scope != "plumbing" and operation.table_name != "processes":
                    lines.append(f'*protect("{service}", "{operation.table_name}", {scope.upper()}),')
        return render_python_code(script.upgrade_ops), "\n    ".join(lines).replace("SERVICE", f'"{service}"')

    async with engine.connect() as connection:
        result = await connection.run_sync(compare)
    await engine.dispose()
    return result


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
