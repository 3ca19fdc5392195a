"""A service's migrated database, entered as any of its roles."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest


@pytest.fixture
def opened(server):
    """Connect to a service's database as one of its roles; a migration may be needed and runs a loop of its own."""

    @asynccontextmanager
    async def open_(service: str, role: str = "postgres") -> AsyncIterator[asyncpg.Connection]:
        connection = await asyncpg.connect(await asyncio.to_thread(server.url, service, role))
        yield connection
        await connection.close()

    return open_
