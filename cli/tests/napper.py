"""A Temporal worker in a process of its own with one workflow that sleeps for days: napper.py ADDRESS."""

import asyncio
import sys
from datetime import timedelta

from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import Worker


@workflow.defn
class Nap:
    """Sleeps and tells when it woke up."""

    @workflow.run
    async def run(self, days: int) -> str:
        await workflow.sleep(timedelta(days=days))
        return workflow.now().isoformat()


async def main(address: str) -> None:
    client = await Client.connect(address)
    async with Worker(client, task_queue="naps", workflows=[Nap]):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
