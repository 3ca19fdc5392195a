"""Billing's processes over time."""

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from services.billing.activities import Activities

# One look is one transaction; a minute covers a unit with a million items.
LOOK_TIMEOUT = timedelta(minutes=1)
# A step tells that it lives every two seconds; one that is silent this long is begun again elsewhere.
ALIVE = timedelta(seconds=8)


@workflow.defn
class DueWatch:
    """One per unit: marks due items each local morning on which something is due."""

    def __init__(self) -> None:
        self._nudged = False

    @workflow.signal
    def nudge(self) -> None:
        """Look again."""
        self._nudged = True

    @workflow.run
    async def run(self, unit: str, id_: str) -> None:
        """Look, then wait for the next due morning or a nudge; never ends."""
        while not workflow.info().is_continue_as_new_suggested():
            self._nudged = False
            until = await workflow.execute_activity_method(
                Activities.mark_due, unit, start_to_close_timeout=LOOK_TIMEOUT, heartbeat_timeout=ALIVE
            )
            await self._wait(until)
        workflow.continue_as_new(args=[unit, id_])

    async def _wait(self, until: float | None) -> None:
        """Until an instant (seconds since 1970) or a nudge, whichever comes first."""
        seconds = None if until is None else max(until - workflow.time(), 0.0)
        try:
            await workflow.wait_condition(lambda: self._nudged, timeout=seconds)
        except TimeoutError:
            return
