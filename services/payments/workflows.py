"""Payments' processes over time."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from services.payments.activities import Activities

# One batch of lines is one transaction.
STEP_TIMEOUT = timedelta(minutes=2)
# A step tells that it lives every two seconds; one that is silent this long is begun again elsewhere.
ALIVE = timedelta(seconds=8)
# Billing is asked for its position; when it is away, matching goes on with what is known.
ASK_TIMEOUT, ASK_ONCE = timedelta(seconds=12), RetryPolicy(maximum_attempts=1)
# So often, a second apart, the projection may be found behind; then matching goes on and says so.
PATIENCE = 30


@workflow.defn
class ImportStatement:
    """One per import: waits until the items are known, then distributes line by line."""

    @workflow.signal
    def nudge(self) -> None:
        """It works from start to end; being told to look again changes nothing."""

    @workflow.run
    async def run(self, unit: str, import_id: str) -> None:
        """Wait for the projection, match, done."""
        if not await self._projection_reached(unit):
            await workflow.execute_activity_method(
                Activities.note_behind, args=[unit, import_id], start_to_close_timeout=STEP_TIMEOUT, heartbeat_timeout=ALIVE
            )
        while await workflow.execute_activity_method(
            Activities.match_lines, args=[unit, import_id], start_to_close_timeout=STEP_TIMEOUT, heartbeat_timeout=ALIVE
        ):
            pass

    async def _projection_reached(self, unit: str) -> bool:
        for _ in range(PATIENCE):
            try:
                if await workflow.execute_activity_method(
                    Activities.is_up_to_date, unit, start_to_close_timeout=ASK_TIMEOUT, retry_policy=ASK_ONCE
                ):
                    return True
            except ActivityError:
                return False
            await workflow.sleep(1)
        return False
