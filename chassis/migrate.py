"""Migrations: `python -m chassis.migrate <service>…` brings each service's database to its newest schema."""

import importlib
import os
import sys
from collections.abc import Sequence
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


def main(services: Sequence[str]) -> None:
    """Bring the databases to their newest schema; of several services each has a setting of its own."""
    for service in services:
        own = os.environ.get(f"SAIKEN_OWNER_DATABASE_URL_{service.upper()}")
        command.upgrade(config(service, own or settings.read("SAIKEN_OWNER_DATABASE_URL")), "head")


if __name__ == "__main__":
    main(sys.argv[1:])
