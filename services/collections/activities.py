"""The steps of collections' processes."""

from uuid import UUID

from temporalio import activity

from chassis.runtime import Runtime
from services.collections import commands


class Activities:
    """Door 3: begin, command, translate out."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    @activity.defn
    async def advance_case(self, unit: str, case_id: str) -> float | None:
        """Do what is due; the instant of the next action, -1 when the case is closed."""
        async with self._runtime.database.begin(self._runtime.caller, unit) as tx:
            return await commands.advance(tx, UUID(case_id))
