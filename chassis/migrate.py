"""Migrations: `python -m chassis.migrate <service>` brings a service's database to its newest schema."""

import importlib
import sys
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, MetaData, pool

from chassis import settings


def config(service: str, url: str) -> Config:
    """Alembic's view of one service: its scripts, its database as the owner."""
    made = Config()
    made.set_main_option("script_location", str(Path("services") / service / "migrations"))
    made.set_main_option("path_separator", "os")
    made.attributes["service"], made.attributes["url"] = service, url
    return made


def metadata_of(service: str) -> MetaData:
    """The tables that a service's store declares."""
    return importlib.import_module(f"services.{service}.store").METADATA  # type: ignore[no-any-return]


def run() -> None:
    """What each service's `migrations/env.py` calls."""
    from alembic import context

    url = context.config.attributes["url"].replace("postgresql:", "postgresql+asyncpg:")
    service = context.config.attributes["service"]
    import asyncio

    from sqlalchemy.ext.asyncio import create_async_engine

    def migrate(connection: Connection) -> None:
        context.configure(connection=connection, target_metadata=metadata_of(service), compare_type=True)
        with context.begin_transaction():
            context.run_migrations()

    async def main() -> None:
        engine = create_async_engine(url, poolclass=pool.NullPool)
        async with engine.connect() as connection, connection.begin():
            await connection.run_sync(migrate)
        await engine.dispose()

    asyncio.run(main())


if __name__ == "__main__":
    command.upgrade(config(sys.argv[1], settings.read("SAIKEN_OWNER_DATABASE_URL")), "head")
