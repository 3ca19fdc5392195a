"""Temporal from its wheels: the time-skipping server for demo and tests, the development server for `run`."""

import shutil
import signal
import sys
from pathlib import Path
from typing import Literal

import grpc
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.api.workflowservice.v1.service_pb2_grpc import WorkflowServiceStub

from cli.infrastructure.ports import HOST, free_ports
from cli.infrastructure.process import Child, StartFailed, plain_environment, wait_until
from cli.skipping import OPTIONS, server_time

Kind = Literal["skipping", "wall"]
NAMESPACE = "default"
# Seen: 0.3 s for the skipping server, 2 s for the development server with a new database.
READY_SECONDS = 60.0
_CALL_SECONDS = 2.0


class Temporal:
    """One server; `skipping` keeps all in memory and its time moves only when the driver advances it."""

    def __init__(self, data: Path, logs: Path, port: int, kind: Kind) -> None:
        self.kind = kind
        self.address = f"{HOST}:{port}"
        command = _skipping(port) if kind == "skipping" else _wall(port, data / "temporal.sqlite")
        self.child = Child("temporal", command, plain_environment(data), logs, stop_signal=signal.SIGTERM)

    def wait(self) -> None:
        ready = self._tells_time if self.kind == "skipping" else self._has_namespace
        wait_until(ready, self.child, READY_SECONDS)

    def _tells_time(self) -> bool:
        try:
            server_time(self.address, _CALL_SECONDS)
        except grpc.RpcError:
            return False
        return True

    def _has_namespace(self) -> bool:
        with grpc.insecure_channel(self.address, options=OPTIONS) as channel:
            try:
                WorkflowServiceStub(channel).DescribeNamespace(DescribeNamespaceRequest(namespace=NAMESPACE), timeout=_CALL_SECONDS)
            except grpc.RpcError:
                return False
            return True


def _skipping(port: int) -> list[str]:
    # Without its second argument (--enable-time-skipping) the server starts with skipping locked.
    return [program("temporal-test-server"), str(port)]


def _wall(port: int, database: Path) -> list[str]:
    http, metrics = free_ports(2)
    return [
        *(program("temporal"), "server", "start-dev", "--headless", "--ip", HOST, "--port", str(port)),
        *("--http-port", str(http), "--metrics-port", str(metrics), "--db-filename", str(database)),
        *("--log-level", "warn"),
    ]


def program(name: str) -> str:
    """The wheels put their programs beside the interpreter."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise StartFailed(f"{name} is not installed: run `make setup`")
    return found
