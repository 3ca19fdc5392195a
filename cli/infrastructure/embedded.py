"""PostgreSQL, Temporal, the broker and the mail sink together: started at once, stopped in order."""

import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cli.infrastructure.broker import Broker
from cli.infrastructure.kafka import Kafka
from cli.infrastructure.ports import HOST, answers, free_ports
from cli.infrastructure.postgres import STOP_SECONDS, Postgres
from cli.infrastructure.process import Child, stop_all, wait_until
from cli.infrastructure.temporal import Kind, Temporal

# An interpreter that imports one package.
SINK_READY_SECONDS = 30.0
# They keep nothing that an orderly end would save, except the development server's SQLite file.
GRACE_SECONDS = 5.0


class Infrastructure:
    """What the services stand on. Nothing runs before `start`."""

    def __init__(
        self, data: Path, *, services: Sequence[str], temporal: Kind, partitions: int, throwaway: bool = False, kafka_nodes: int = 0
    ) -> None:
        """`kafka_nodes`: how many nodes of Apache Kafka stand where the embedded broker would; 0: it stands there itself."""
        logs = data / "logs"
        postgres_port, temporal_port, broker_port, self._sink_port = free_ports(4)
        self._throwaway = throwaway
        self.mail = data / "mail"
        self.smtp_address = f"{HOST}:{self._sink_port}"
        self.postgres = Postgres(data, logs, postgres_port, services, throwaway=throwaway)
        self.temporal = Temporal(data, logs, temporal_port, temporal)
        self.broker: Broker | Kafka = (
            Kafka(data, logs, partitions, kafka_nodes) if kafka_nodes else Broker(data, logs, broker_port, partitions)
        )
        self.sink = Child("sink", self._sink_command(), dict(os.environ), logs)

    def _sink_command(self) -> list[str]:
        return [sys.executable, "-m", "cli.sink", "--listen", self.smtp_address, "--folder", str(self.mail)]

    @property
    def children(self) -> list[Child]:
        return [self.postgres.child, self.temporal.child, *self.broker.children, self.sink]

    def start(self) -> None:
        """Returns when all are ready. Raises StartFailed with the tail of a log, after stopping the others."""
        steps: list[Callable[[], None]] = [self.postgres.start, self.temporal.wait, self.broker.start, self._wait_sink]
        try:
            for child in (self.temporal.child, self.sink):
                child.start()
            with ThreadPoolExecutor(len(steps), thread_name_prefix="infrastructure") as pool:
                for step in [pool.submit(step) for step in steps]:
                    step.result()
        except BaseException:
            self.stop()
            raise

    def _wait_sink(self) -> None:
        wait_until(lambda: answers(self._sink_port), self.sink, SINK_READY_SECONDS)

    def restart_broker(self) -> None:
        """A crash of the broker: all topics come back empty, all offsets are forgotten."""
        self.broker.empty()

    def stop(self) -> None:
        stop_all([*self.broker.children, self.sink, self.temporal.child], GRACE_SECONDS)
        stop_all([self.postgres.child], STOP_SECONDS)
        if self._throwaway:
            self.postgres.forget()
