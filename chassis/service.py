"""A service: a name and its doors, run as one process until it is told to stop."""

import argparse
import asyncio
import signal
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import grpc.aio
from grpc_health.v1 import health_pb2_grpc
from grpc_health.v1._async import HealthServicer
from grpc_health.v1.health_pb2 import HealthCheckResponse
from grpc_reflection.v1alpha import reflection
from temporalio.client import Client, Interceptor
from temporalio.contrib.opentelemetry import TracingInterceptor

from chassis import admin, settings, telemetry
from chassis.auth import Signer, Verifier, service_caller
from chassis.clock import make_clock
from chassis.consumer import Consumer
from chassis.database import Database
from chassis.doors import Door, Roles
from chassis.metrics import Gauges
from chassis.plumbing import NUDGES, Process
from chassis.producer import Producer
from chassis.relay import Relay, ToBroker, ToTemporal, partitions
from chassis.runtime import Runtime
from chassis.sealer import Sealer
from chassis.subscriptions import Subscriptions
from chassis.sweep import Sweep
from chassis.tenancy import Vault, load_units
from chassis.wire import MAX_MESSAGE_BYTES, Peers
from chassis.worker import make_worker
from proto.chassis.v1.admin_pb2 import DESCRIPTOR as ADMIN
from proto.chassis.v1.admin_pb2_grpc import add_AdminServicer_to_server

# Calls and activities under way may end; longer would only delay the next version.
GRACE_SECONDS = 8
RETRY_SECONDS = 0.5
# What one process can be alone; they scale differently. The sealer goes with the relay.
DOORS = ("api", "consumer", "worker", "relay")
# How soon a topic is noticed that was not there when a consumer joined, as after the loss of a broker; the library waits 5 minutes.
TOPICS_MILLISECONDS = 5_000
# How soon a balancer learns that a partition waits for an outage.
READINESS_SECONDS = 1.0


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
        """Run until SIGTERM or SIGINT; exits 0 after a graceful stop. `--only api,relay` opens some doors alone."""
        parser = argparse.ArgumentParser(description=f"The service {self.name}.")
        parser.add_argument("--only", default=",".join(DOORS), help=f"which of {', '.join(DOORS)} this process is (default: all)")
        doors = frozenset(parser.parse_args().only.split(","))
        if unknown := doors - set(DOORS):
            parser.error(f"no such door: {', '.join(sorted(unknown))}")
        chosen = settings.load(self.name)
        telemetry.start(chosen)
        import uvloop

        uvloop.run(_run(self, chosen, doors))


async def _run(service: Service, chosen: settings.Settings, doors: frozenset[str]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    runtime = _runtime(service.name, chosen)
    consumer = Consumer(service.name, _kafka(chosen), service.subscriptions, runtime.database, runtime.peers)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(runtime.database.close)
        stack.push_async_callback(runtime.peers.close)
        temporal = await _temporal(chosen) if doors & {"relay", "worker"} else None
        status = await _serve(stack, service, runtime, consumer, doors)
        loops = [consumer.run] if "consumer" in doors else []
        loops += [Gauges(chosen.auditor_database_url, runtime.clock).run] if chosen.metrics and "relay" in doors else []
        if "relay" in doors and temporal:
            loops += await _relays(stack, runtime, temporal)
        if "worker" in doors and temporal and service.workflows:
            await stack.enter_async_context(make_worker(runtime, temporal, service.workflows, service.activities(runtime)))
            sweep = Sweep(runtime, temporal, service.standing)
            await sweep.all()
            loops.append(sweep.run)
        tasks = [asyncio.create_task(loop()) for loop in loops]
        stack.push_async_callback(_cancel, tasks)
        await status.set("", HealthCheckResponse.SERVING)
        telemetry.logger().info("serving", listen=chosen.listen, doors=sorted(doors))
        waiting = asyncio.create_task(stop.wait())
        while not any(task.done() for task in (waiting, *tasks)):
            await asyncio.wait([waiting, *tasks], timeout=READINESS_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            await status.set("", HealthCheckResponse.NOT_SERVING if consumer.waiting else HealthCheckResponse.SERVING)
        await status.set("", HealthCheckResponse.NOT_SERVING)
        for task in tasks:
            if task.done():
                task.result()  # a loop never ends by itself: its exception ends the process, loudly


def _runtime(service: str, chosen: settings.Settings) -> Runtime:
    clock, units, vault = make_clock(chosen), load_units(chosen.units), Vault(chosen.keys)
    database = Database(chosen.database_url, clock, units, vault, chosen.partitions)
    peers = Peers(chosen.peers, Signer(chosen.keys, service), transport=chosen.tls)
    return Runtime(service, chosen, database, peers, clock, units, vault, service_caller(service))


async def _relays(stack: AsyncExitStack, runtime: Runtime, temporal: Client) -> list[Callable[[], Coroutine[Any, Any, None]]]:
    """The loops that carry what was committed out of the database: to the broker, to Temporal, into the sealed trail."""
    chosen, database = runtime.settings, runtime.database
    producer = Producer(_kafka(chosen), idempotent=chosen.kafka_idempotent)
    await producer.start()
    stack.push_async_callback(producer.stop)
    url, topic = chosen.relay_database_url, f"{runtime.service}.events"
    events = Relay(url, partitions(chosen.partitions), ToBroker(producer, topic), database.committed, database.changed)
    nudges = Relay(url, [NUDGES], ToTemporal(temporal, runtime.service), database.nudged, database.changed)
    sealer = Sealer(chosen.sealer_database_url, Signer(chosen.keys, runtime.service), chosen.files)
    return [events.run, nudges.run, sealer.run]


async def _serve(stack: AsyncExitStack, service: Service, runtime: Runtime, consumer: Consumer, doors: frozenset[str]) -> HealthServicer:
    """Open the gRPC door; a process without the door `api` answers health checks alone."""
    chosen, status = runtime.settings, HealthServicer()
    await status.set("", HealthCheckResponse.NOT_SERVING)
    verifier = Verifier(chosen.keys, service.name, frozenset(chosen.peers))
    server = grpc.aio.server(
        interceptors=[Door(verifier, {**service.roles, **admin.ROLES})],
        options=[("grpc.max_receive_message_length", MAX_MESSAGE_BYTES), ("grpc.so_reuseport", 0)],
    )
    if "api" in doors:
        door = admin.Admin(runtime, consumer, service.subscriptions)
        await door.open()
        stack.push_async_callback(door.close)
        service.add_api(service.api(runtime), server)
        add_AdminServicer_to_server(door, server)
        names = [name for file in (service.descriptor, ADMIN) for name in (entry.full_name for entry in file.services_by_name.values())]
        reflection.enable_server_reflection([*names, reflection.SERVICE_NAME], server)
    health_pb2_grpc.add_HealthServicer_to_server(status, server)
    chosen.tls.listen(server, chosen.listen)
    await server.start()
    stack.push_async_callback(server.stop, GRACE_SECONDS)
    if chosen.health:
        probes = grpc.aio.server()
        health_pb2_grpc.add_HealthServicer_to_server(status, probes)
        probes.add_insecure_port(chosen.health)
        await probes.start()
        stack.push_async_callback(probes.stop, None)
    return status


def _kafka(chosen: settings.Settings) -> Mapping[str, Any]:
    return {"bootstrap_servers": chosen.kafka, "metadata_max_age_ms": TOPICS_MILLISECONDS, **chosen.kafka_tls.kafka()}


async def _temporal(chosen: settings.Settings) -> Client:
    while True:
        try:
            return await Client.connect(chosen.temporal, tls=chosen.temporal_tls.temporal(), interceptors=[_tracing()])
        except RuntimeError as error:
            telemetry.logger().warning("temporal_away", reason=str(error))
            await asyncio.sleep(RETRY_SECONDS)


def _tracing() -> Interceptor:
    return TracingInterceptor()


async def _cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
