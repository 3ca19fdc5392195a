"""The steps of billing's processes."""

from temporalio import activity

from chassis.runtime import Runtime
from services.billing import commands


class Activities:
    """Door 3: begin, command, translate out."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    @activity.defn
    async def mark_due(self, unit: str) -> float | None:
        """Mark what is due; the instant of the next look, None to wait for a nudge."""
        async with self._runtime.database.begin(self._runtime.caller, unit) as tx:
            return await commands.mark_due(tx)
