"""The sweep: no process over time stays without its workflow, whatever Temporal has lost."""

import asyncio
from collections.abc import Mapping

from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from chassis.errors import is_outage
from chassis.plumbing import Process
from chassis.runtime import Runtime
from chassis.telemetry import logger

# Whoever was behind at one look and still is at the next has been forgotten; a workflow takes well under a second.
LOOK_SECONDS = 30.0

_ALL = "SELECT id, workflow, seen FROM processes WHERE ended = 0"
_BEHIND = f"{_ALL} AND (nudged > seen OR due_at <= :now)"
_ANY = "SELECT id FROM processes WHERE ended = 0 ORDER BY id LIMIT 1"


class Sweep:
    """Nudges what has not ended: all of it at the start and when Temporal has lost its data, later only what was forgotten."""

    def __init__(self, runtime: Runtime, temporal: Client, standing: Mapping[Process, str]) -> None:
        self._runtime, self._temporal, self._standing = runtime, temporal, standing
        self._behind: dict[str, int] = {}

    async def all(self) -> None:
        """Nudge every process: one that lost its workflow is started, the others look and wait on."""
        for unit in self._runtime.units.by_id:
            async with self._runtime.database.begin(self._runtime.caller, unit) as tx:
                for process, id_ in self._standing.items():
                    await tx.nudge(process, id_)
                for row in await tx.all(_ALL):
                    process, id_ = _named(row.id, row.workflow)
                    if process not in self._standing:
                        await tx.nudge(process, id_)

    async def run(self) -> None:
        """Look until cancelled; an outage only makes it wait."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                if await self._lost():
                    logger().warning("temporal_lost_its_data")
                    await self.all()
                else:
                    await self.forgotten()
            except Exception as error:
                if not is_outage(error):
                    raise

    async def forgotten(self) -> int:
        """Nudge what was behind at the last look too, at the same place; how many that were."""
        behind, found = {}, 0
        for unit in self._runtime.units.by_id:
            async with self._runtime.database.begin(self._runtime.caller, unit) as tx:
                for row in await tx.all(_BEHIND, now=tx.now):
                    behind[row.id] = row.seen
                    if self._behind.get(row.id) == row.seen:
                        await tx.nudge(*_named(row.id, row.workflow))
                        found += 1
        self._behind = behind
        return found

    async def _lost(self) -> bool:
        """Whether Temporal does not know a process that has not ended: one stands for all."""
        for unit in self._runtime.units.by_id:
            async with self._runtime.database.begin(self._runtime.caller, unit) as tx:
                row = await tx.first(_ANY)
            if row is not None and not await self._runs(row.id):
                return True
        return False

    async def _runs(self, id_: str) -> bool:
        try:
            described = await self._temporal.get_workflow_handle(id_).describe()
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                return False
            raise
        return described.status == WorkflowExecutionStatus.RUNNING


def _named(id_: str, workflow: str) -> tuple[Process, str]:
    _, noun, rest = id_.split("/", 2)
    return Process(workflow, noun), rest
