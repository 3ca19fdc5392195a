"""A person whom two business units know."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest_asyncio

from chassis.database import new_id
from services.notifications.tests.helpers import OTHER, UNIT, account


@pytest_asyncio.fixture
async def accounts(database_of) -> AsyncIterator[dict[str, UUID]]:
    """The person's account at each of the two; committed, and gone afterwards, so that nobody sees the person's facts any more."""
    opened, party, made = database_of("notifications"), new_id(), {}
    for unit in (UNIT, OTHER):
        async with opened.database.begin(opened.caller, unit) as tx:
            made[unit] = await account(tx, party)
    yield made
    for unit, id_ in made.items():
        async with opened.database.begin(opened.caller, unit) as tx:
            await tx.execute("DELETE FROM accounts WHERE id = :id", {"id": id_})
