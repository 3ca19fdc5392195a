"""Notifications' processes over time."""

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from services.notifications.activities import Activities

# A look is a batch of messages, each a few questions and one hand-over; a slow peer ends it, and it is tried again.
LOOK_TIMEOUT = timedelta(minutes=2)
# A step tells that it lives every two seconds; one that is silent this long is begun again elsewhere.
ALIVE = timedelta(seconds=8)


@workflow.defn
class Delivery:
    """One per unit and channel: sends what is due, waits for the next message's time or a nudge; never ends."""

    def __init__(self) -> None:
        self._nudged = False

    @workflow.signal
    def nudge(self) -> None:
        """Look again."""
        self._nudged = True

    @workflow.run
    async def run(self, unit: str, channel: str) -> None:
        """Look, then wait; when the batch was full, the next message's time is past and the wait ends at once."""
        while not workflow.info().is_continue_as_new_suggested():
            self._nudged = False
            until = await workflow.execute_activity_method(
                Activities.dispatch, args=[unit, channel], start_to_close_timeout=LOOK_TIMEOUT, heartbeat_timeout=ALIVE
            )
            await self._wait(until)
        workflow.continue_as_new(args=[unit, channel])

    async def _wait(self, until: float | None) -> None:
        """Until an instant (seconds since 1970) or a nudge, whichever comes first."""
        seconds = None if until is None else max(until - workflow.time(), 0.0)
        try:
            await workflow.wait_condition(lambda: self._nudged, timeout=seconds)
        except TimeoutError:
            return
