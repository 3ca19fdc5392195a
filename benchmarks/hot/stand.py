"""What the measurements stand on: a suite of real servers with durability on, and parts of a service inside this process."""

import asyncio
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from aiokafka import AIOKafkaProducer
from alembic import command

from chassis import settings
from chassis.auth import Caller, service_caller
from chassis.clock import WallClock
from chassis.database import Database
from chassis.migrate import config
from chassis.tenancy import Vault, load_units
from cli.infrastructure.provision import database as database_name
from cli.suite import Suite

UNIT = "rheintel"
CURRENCY = "EUR"


@dataclass
class Stand:
    """One suite and how much is measured on it; `small` fits into twelve minutes."""

    suite: Suite
    pairs: int
    small: bool
    _migrated: set[str] = field(default_factory=set)

    def size(self, small: int, full: int) -> int:
        """How many of something."""
        return small if self.small else full

    async def migrate(self, *services: str) -> None:
        """Databases of services that do not run; Alembic's loop is its own."""
        for service in set(services) - self._migrated:
            url = self.suite.infrastructure.postgres.url(f"{service}_owner", database_name(service))
            await asyncio.to_thread(command.upgrade, config(service, url), "head")
            self._migrated.add(service)

    def settings(self, service: str) -> settings.Settings:
        """What the service's own process would be told."""
        return settings.load(service, {**os.environ, **self.suite.environment(service)})

    def database(self, service: str, *, superuser: bool = False) -> Database:
        """The service's database as its application enters it; as superuser, past every policy."""
        chosen = self.settings(service)
        url = self.suite.superuser_url(database_name(service)) if superuser else chosen.database_url
        return Database(url, WallClock(), load_units(chosen.units), Vault(chosen.keys), chosen.partitions)

    def caller(self, service: str) -> Caller:
        """The service itself."""
        return service_caller(service)

    async def behind(self, service: str) -> asyncpg.Connection:
        """A connection that no policy binds: for setting up, checking, and references."""
        return await asyncpg.connect(self.suite.superuser_url(database_name(service)))

    async def pool(self, service: str, size: int) -> asyncpg.Pool:
        """Several of them."""
        return await asyncpg.create_pool(self.suite.superuser_url(database_name(service)), min_size=size, max_size=size)

    async def forget_events(self) -> None:
        """An empty broker: what an earlier measurement sent is not heard again."""
        await asyncio.to_thread(self.suite.restart_broker)

    async def producer(self) -> AIOKafkaProducer:
        """As the relay's."""
        producer = AIOKafkaProducer(bootstrap_servers=self.suite.kafka_address, acks="all", linger_ms=2)
        await producer.start()
        return producer


class Nobody:
    """Publishers that have nothing more to tell."""

    async def published(self, publisher: str) -> Mapping[int, int]:
        return {}

    async def resend(self, publisher: str, partition: int, after: int) -> None:
        raise AssertionError(f"{publisher}/{partition} lost what came after {after}")


async def ended(*tasks: asyncio.Task[Any]) -> None:
    """Cancelled and gone."""
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def demand(condition: object, what: str) -> None:
    """A wrong result has no speed."""
    if not condition:
        raise AssertionError(what)
