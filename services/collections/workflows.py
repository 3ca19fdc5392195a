"""Collections' processes over time."""

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from services.collections.activities import Activities

# One look is one transaction over one account's items.
LOOK_TIMEOUT = timedelta(minutes=1)
# A step tells that it lives every two seconds; one that is silent this long is begun again elsewhere.
ALIVE = timedelta(seconds=8)
# What `advance_case` answers when there is nothing left to wait for.
CLOSED = -1.0


@workflow.defn
class CollectionCase:
    """One per case: walks the strategy's ladder on local business days, looks again when it is nudged."""

    def __init__(self) -> None:
        self._nudged = False

    @workflow.signal
    def nudge(self) -> None:
        """A payment, a reversal, a delivery, a hold: look again."""
        self._nudged = True

    @workflow.run
    async def run(self, unit: str, case_id: str) -> None:
        """Until nothing is left to chase. A case that resumes starts it again."""
        while not workflow.info().is_continue_as_new_suggested():
            self._nudged = False
            until = await workflow.execute_activity_method(
                Activities.advance_case, args=[unit, case_id], start_to_close_timeout=LOOK_TIMEOUT, heartbeat_timeout=ALIVE
            )
            if until == CLOSED:
                if self._nudged:
                    continue
                return
            await self._wait(until)
        workflow.continue_as_new(args=[unit, case_id])

    async def _wait(self, until: float | None) -> None:
        """Until an instant (seconds since 1970) or a nudge, whichever comes first."""
        seconds = None if until is None else max(until - workflow.time(), 0.0)
        try:
            await workflow.wait_condition(lambda: self._nudged, timeout=seconds)
        except TimeoutError:
            return
