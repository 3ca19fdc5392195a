"""Legal's process over time."""

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from services.legal.activities import Activities

# One look posts at most one letter: three questions to other services, a page of PDF, two transactions.
LOOK_TIMEOUT = timedelta(minutes=2)
# A step tells that it lives every two seconds; one that is silent this long is begun again elsewhere.
ALIVE = timedelta(seconds=8)
# What `advance_matter` answers when there is nothing left to wait for.
ENDED = -1.0


@workflow.defn
class Matter:
    """One per matter: letter, proof of delivery, waiting period; then it waits for people, and reminds them."""

    def __init__(self) -> None:
        self._nudged = False

    @workflow.signal
    def nudge(self) -> None:
        """A payment, a new address, an approval: look again."""
        self._nudged = True

    @workflow.run
    async def run(self, unit: str, matter_id: str) -> None:
        """Until the matter is closed."""
        while not workflow.info().is_continue_as_new_suggested():
            self._nudged = False
            until = await workflow.execute_activity_method(
                Activities.advance_matter, args=[unit, matter_id], start_to_close_timeout=LOOK_TIMEOUT, heartbeat_timeout=ALIVE
            )
            if until != ENDED:
                await self._wait(until)
            elif not self._nudged:
                return
        workflow.continue_as_new(args=[unit, matter_id])

    async def _wait(self, until: float | None) -> None:
        """Until an instant (seconds since 1970) or a nudge, whichever comes first."""
        seconds = None if until is None else max(until - workflow.time(), 0.0)
        try:
            await workflow.wait_condition(lambda: self._nudged, timeout=seconds)
        except TimeoutError:
            return
