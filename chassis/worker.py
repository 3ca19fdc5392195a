"""The Temporal worker of a service: workflows and their steps, heartbeats, refusals that are not retried."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from temporalio import activity
from temporalio.client import Client
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Worker
from temporalio.worker import Interceptor as WorkerInterceptor
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from chassis.audit import acting
from chassis.errors import is_outage, to_application_error
from chassis.runtime import Runtime
from chassis.settings import fail_point
from chassis.telemetry import logger
from kernel.errors import Refused

# Workflows give a step up that was silent for some of these.
BEAT_SECONDS = 2.0
# Activities wait for the database, whose pool is smaller; more would only queue there.
ACTIVITIES_AT_ONCE = 16
# More would hold idle poll calls against Temporal without starting anything sooner.
POLLERS = 2


def make_worker(runtime: Runtime, temporal: Client, workflows: Sequence[type], activities: Sequence[Callable[..., Any]]) -> Worker:
    """The worker of one service: its task queue carries its name."""
    return Worker(
        temporal,
        task_queue=runtime.service,
        workflows=list(workflows),
        activities=list(activities),
        interceptors=[_Refusals()],
        max_cached_workflows=runtime.settings.cached_workflows,
        # Workflows import nothing that could differ between two runs (an import contract holds that), so each run need
        # not import its modules anew; what a workflow must not call stays forbidden.
        workflow_runner=SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_all_modules()),
        max_concurrent_activities=ACTIVITIES_AT_ONCE,
        max_concurrent_workflow_task_polls=POLLERS,
        max_concurrent_activity_task_polls=POLLERS,
    )


class _Refusals(WorkerInterceptor):
    """A refusal in an activity is not retried; everything else is."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - Temporal's name
        return _RefusalsInbound(next)


class _RefusalsInbound(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - Temporal's name
        beat = asyncio.create_task(_beat())
        acting.set(activity.info().activity_type)
        try:
            done = await self.next.execute_activity(input)
            fail_point("activity.before_completion")
            return done
        except Refused as refused:
            raise to_application_error(refused) from refused
        except Exception as error:
            if not is_outage(error):
                logger().exception("activity_failed")
            raise
        finally:
            beat.cancel()


async def _beat() -> None:
    """Tell Temporal that the step lives, so that one whose process was killed is soon begun again by another."""
    while True:
        await asyncio.sleep(BEAT_SECONDS)
        activity.heartbeat()
