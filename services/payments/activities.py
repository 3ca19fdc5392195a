"""The steps of payments' processes."""

from uuid import UUID

from temporalio import activity

from chassis.runtime import Runtime
from services.payments import commands


class Activities:
    """Door 3: begin, command, translate out."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    @activity.defn
    async def is_up_to_date(self, unit: str) -> bool:
        """Whether the projection of items has reached what billing had announced when asked."""
        numbers = (await self._runtime.peers.position("billing")).numbers
        async with self._runtime.database.begin(self._runtime.caller, unit) as tx:
            for partition, number in numbers.items():
                row = await tx.first("SELECT watermark('billing', :partition) AS number", partition=partition)
                if partition >= 0 and (row is None or row.number < number):
                    return False
        return True

    @activity.defn
    async def note_behind(self, unit: str, import_id: str) -> None:
        """Say that matching went on before the projection had caught up."""
        async with self._runtime.database.begin(self._runtime.caller, unit) as tx:
            await tx.execute("UPDATE imports SET note = 'items_behind' WHERE id = :id", {"id": UUID(import_id)})

    @activity.defn
    async def match_lines(self, unit: str, import_id: str) -> int:
        """Distribute the next lines; 0 when none is left."""
        async with self._runtime.database.begin(self._runtime.caller, unit) as tx:
            return await commands.match_lines(tx, UUID(import_id))
