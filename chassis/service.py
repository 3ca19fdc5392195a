"""A service: a name and its doors, run as one process until it is told to stop."""

import asyncio
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import grpc.aio
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from grpc_health.v1 import health_pb2_grpc
from grpc_health.v1._async import HealthServicer
from grpc_health.v1.health_pb2 import HealthCheckResponse
from grpc_reflection.v1alpha import reflection
from temporalio import activity
from temporalio.client import Client, Interceptor
from temporalio.contrib.opentelemetry import TracingInterceptor
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Worker
from temporalio.worker import Interceptor as WorkerInterceptor
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from chassis import admin, settings, telemetry
from chassis.auth import Signer, Verifier, service_caller
from chassis.clock import make_clock
from chassis.consumer import Consumer
from chassis.database import Database
from chassis.doors import Door, Roles
from chassis.errors import is_outage, to_application_error
from chassis.plumbing import NUDGES, Process
from chassis.relay import Relay, ToBroker, ToTemporal, partitions
from chassis.runtime import Runtime
from chassis.subscriptions import Subscriptions
from chassis.tenancy import Vault, load_units
from chassis.wire import MAX_MESSAGE_BYTES, Peers
from kernel.errors import Refused
from proto.chassis.v1.admin_pb2 import DESCRIPTOR as ADMIN
from proto.chassis.v1.admin_pb2_grpc import add_AdminServicer_to_server

# Calls and activities under way may end; longer would only delay the next version.
GRACE_SECONDS = 8
RETRY_SECONDS = 0.5
# Workflows give a step up that was silent for some of these.
BEAT_SECONDS = 2.0
# How soon a balancer learns that a partition waits for an outage.
READINESS_SECONDS = 1.0
# Activities wait for the database, whose pool is smaller; more would only queue there.
ACTIVITIES_AT_ONCE = 16
# More would hold idle poll calls against Temporal without starting anything sooner.
POLLERS = 2


@dataclass(frozen=True)
class Service:
    """One service, declared; `run` makes it a process."""

    name: str
    api: Callable[[Runtime], Any]
    add_api: Callable[[Any, grpc.aio.Server], None]
    roles: Roles
    descriptor: Any
    subscriptions: Subscriptions = field(default_factory=Subscriptions)
    workflows: Sequence[type] = ()
    activities: Callable[[Runtime], Sequence[Callable[..., Any]]] = lambda _: ()
    # Processes that every unit has from the start, with their id.
    standing: Mapping[Process, str] = field(default_factory=dict)

    def run(self) -> None:
        """Run until SIGTERM or SIGINT; exits 0 after a graceful stop."""
        chosen = settings.load(self.name)
        telemetry.start(chosen)
        import uvloop

        uvloop.run(_run(self, chosen))


async def _run(service: Service, chosen: settings.Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    clock, units, vault = make_clock(chosen), load_units(chosen.units), Vault(chosen.keys)
    database = Database(chosen.database_url, clock, units, vault, chosen.partitions)
    peers = Peers(chosen.peers, Signer(chosen.keys, service.name))
    runtime = Runtime(service.name, chosen, database, peers, clock, units, vault, service_caller(service.name))
    consumer = Consumer(service.name, chosen.kafka, service.subscriptions, database, peers)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(database.close)
        stack.push_async_callback(peers.close)
        door = admin.Admin(runtime, consumer, service.subscriptions)
        await door.open()
        stack.push_async_callback(door.close)
        producer = await _producer(chosen.kafka)
        stack.push_async_callback(producer.stop)
        temporal = await _temporal(chosen.temporal)
        server, status = await _serve(service, runtime, door)
        stack.push_async_callback(server.stop, GRACE_SECONDS)
        url = chosen.relay_database_url
        events = Relay(
            url, partitions(chosen.partitions), ToBroker(producer, f"{service.name}.events"), database.committed, database.changed
        )
        nudges = Relay(url, [NUDGES], ToTemporal(temporal, service.name), database.nudged, database.changed)
        tasks = [asyncio.create_task(loop.run()) for loop in (consumer, events, nudges)]
        stack.push_async_callback(_cancel, tasks)
        if service.workflows:
            await stack.enter_async_context(_worker(service, runtime, temporal))
        await _sweep(service, runtime)
        await status.set("", HealthCheckResponse.SERVING)
        telemetry.logger().info("serving", listen=chosen.listen)
        waiting = asyncio.create_task(stop.wait())
        while not any(task.done() for task in (waiting, *tasks)):
            await asyncio.wait([waiting, *tasks], timeout=READINESS_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            await status.set("", HealthCheckResponse.NOT_SERVING if consumer.waiting else HealthCheckResponse.SERVING)
        await status.set("", HealthCheckResponse.NOT_SERVING)
        for task in tasks:
            if task.done():
                task.result()  # a loop never ends by itself: its exception ends the process, loudly


async def _serve(service: Service, runtime: Runtime, door: admin.Admin) -> tuple[grpc.aio.Server, Any]:
    roles = {**service.roles, **admin.ROLES}
    server = grpc.aio.server(
        interceptors=[Door(Verifier(runtime.settings.keys, service.name, frozenset(runtime.settings.peers)), roles)],
        options=[("grpc.max_receive_message_length", MAX_MESSAGE_BYTES), ("grpc.so_reuseport", 0)],
    )
    service.add_api(service.api(runtime), server)
    add_AdminServicer_to_server(door, server)
    status = HealthServicer()
    await status.set("", HealthCheckResponse.NOT_SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(status, server)
    names = [name for file in (service.descriptor, ADMIN) for name in (entry.full_name for entry in file.services_by_name.values())]
    reflection.enable_server_reflection([*names, reflection.SERVICE_NAME], server)
    server.add_insecure_port(runtime.settings.listen)
    await server.start()
    return server, status


def _worker(service: Service, runtime: Runtime, temporal: Client) -> Worker:
    return Worker(
        temporal,
        task_queue=service.name,
        workflows=list(service.workflows),
        activities=list(service.activities(runtime)),
        interceptors=[_Refusals()],
        max_cached_workflows=runtime.settings.cached_workflows,
        # Workflows import nothing that could differ between two runs (an import contract holds that), so each run need
        # not import its modules anew; what a workflow must not call stays forbidden.
        workflow_runner=SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_all_modules()),
        max_concurrent_activities=ACTIVITIES_AT_ONCE,
        max_concurrent_workflow_task_polls=POLLERS,
        max_concurrent_activity_task_polls=POLLERS,
    )


async def _sweep(service: Service, runtime: Runtime) -> None:
    """Nudge every process that has not ended: one that lost its workflow is started, the others look and wait on."""
    for unit in runtime.units.by_id:
        async with runtime.database.begin(runtime.caller, unit) as tx:
            for process, id_ in service.standing.items():
                await tx.nudge(process, id_)
            for row in await tx.all("SELECT id, workflow FROM processes WHERE ended = 0"):
                _, noun, id_ = row.id.split("/", 2)
                if (process := Process(row.workflow, noun)) not in service.standing:
                    await tx.nudge(process, id_)


async def _producer(address: str) -> AIOKafkaProducer:
    while True:
        producer = AIOKafkaProducer(bootstrap_servers=address, acks="all", linger_ms=2, request_timeout_ms=5_000)
        try:
            await producer.start()
        except (KafkaError, OSError):
            await producer.stop()
            await asyncio.sleep(RETRY_SECONDS)
        else:
            return producer


async def _temporal(address: str) -> Client:
    while True:
        try:
            return await Client.connect(address, interceptors=[_tracing()])
        except RuntimeError as error:
            telemetry.logger().warning("temporal_away", reason=str(error))
            await asyncio.sleep(RETRY_SECONDS)


def _tracing() -> Interceptor:
    return TracingInterceptor()


async def _cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class _Refusals(WorkerInterceptor):
    """A refusal in an activity is not retried; everything else is."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - Temporal's name
        return _RefusalsInbound(next)


class _RefusalsInbound(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - Temporal's name
        beat = asyncio.create_task(_beat())
        try:
            return await self.next.execute_activity(input)
        except Refused as refused:
            raise to_application_error(refused) from refused
        except Exception as error:
            if not is_outage(error):
                telemetry.logger().exception("activity_failed")
            raise
        finally:
            beat.cancel()


async def _beat() -> None:
    """Tell Temporal that the step lives, so that one whose process was killed is soon begun again by another."""
    while True:
        await asyncio.sleep(BEAT_SECONDS)
        activity.heartbeat()
