"""A second process of a service beside the suite's own, as a rolling upgrade or more load brings it."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from cli.infrastructure import Child
from cli.infrastructure.ports import free_ports
from cli.infrastructure.process import stop_all, wait_until
from cli.suite import Suite
from tests.integration.conftest import RESTARTS

READY_SECONDS = 90.0
GRACE_SECONDS = 10.0


@contextmanager
def replica(suite: Suite, service: str, *doors: str, address: str = "") -> Iterator[Child]:
    """One more process, with all doors or some; it is asked to end at the end, and must not have to be killed."""
    address = address or f"127.0.0.1:{free_ports(1)[0]}"
    options = ["--only", ",".join(doors)] if doors else []
    environment = {**os.environ, **suite.environment(service), **RESTARTS, "SAIKEN_FAIL_AT": "", "SAIKEN_LISTEN": address}
    logs = Path(suite.state()["data"]) / "logs"
    child = Child(
        f"{service}-{'-'.join(doors) or 'replica'}", [sys.executable, "-m", f"services.{service}.app", *options], environment, logs
    )
    child.start()
    try:
        with grpc.insecure_channel(address) as channel:
            stub = health_pb2_grpc.HealthStub(channel)
            wait_until(lambda: serving(stub), child, READY_SECONDS)
        yield child
    finally:
        late = stop_all([child], GRACE_SECONDS)
    assert not late, f"{child.name} did not end on SIGTERM"


def serving(stub: health_pb2_grpc.HealthStub) -> bool:
    try:
        answer = stub.Check(health_pb2.HealthCheckRequest(), timeout=1)
    except grpc.RpcError:
        return False
    return answer.status == health_pb2.HealthCheckResponse.SERVING
