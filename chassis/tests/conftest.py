"""A service's real database with empty plumbing: the chassis knows no table of its own to be tried on."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest_asyncio

from chassis.database import Database, Transaction
from proto.billing.v1.events_pb2 import InvoicePaid, ItemChanged

UNIT = "rheintel"
PLUMBING = "outbox, positions, inbox, watermarks, parked, processes, trail, seals, party_units"


@dataclass
class Bench:
    """Billing's database, empty; `super` looks behind the policies."""

    database: Database
    caller: Any
    server: Any
    super: asyncpg.Connection

    def url(self, role: str, service: str = "billing") -> str:
        return self.server.url(service, role)

    async def value(self, question: str, *values: Any) -> Any:
        return await self.super.fetchval(question, *values)

    async def column(self, question: str, *values: Any) -> list[Any]:
        return [row[0] for row in await self.super.fetch(question, *values)]

    async def publish(self, *events: tuple[Any, str]) -> None:
        """One transaction with some events and their keys."""
        async with self.database.begin(self.caller, UNIT) as tx:
            for event, key in events:
                tx.publish(event, key)


@pytest_asyncio.fixture
async def bench(database_of: Any) -> AsyncIterator[Bench]:
    opened = database_of("billing")
    connection = await asyncpg.connect(opened.server.url("billing", "postgres"))
    await connection.execute(f"TRUNCATE {PLUMBING} CASCADE")
    yield Bench(opened.database, opened.caller, opened.server, connection)
    await connection.execute(f"TRUNCATE {PLUMBING} CASCADE")
    await connection.close()


def change(key: str, version: int = 1) -> ItemChanged:
    """An event that tells a state."""
    return ItemChanged(item_id=key, version=version)


def paid(number: str) -> InvoicePaid:
    """An event that tells a happening."""
    return InvoicePaid(number=number)


async def soon(condition: Any, seconds: float = 20.0) -> None:
    """Until something that another task does is done; fails when it is not."""

    async def turn() -> None:
        while not await condition():  # noqa: ASYNC110 - each turn is a question to the database
            await asyncio.sleep(0)

    await asyncio.wait_for(turn(), seconds)


async def mark(tx: Transaction, id_: Any) -> None:
    """An effect: a row that the test finds or does not find."""
    await tx.execute("INSERT INTO party_units VALUES (:unit, :id)", {"unit": tx.unit.id, "id": id_})
