"""Apache Kafka without Docker: its jars from Maven, KRaft nodes on Java, each a process that can be killed alone."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

from cli.infrastructure.broker import in_a_thread, make_topics
from cli.infrastructure.ports import HOST, answers, free_ports
from cli.infrastructure.process import ROOT, Child, StartFailed, plain_environment, wait_until

POM = ROOT / "deploy" / "kafka" / "pom.xml"
LOGGING = POM.with_name("log4j2.properties")
# Seen: 10 to 30 s on two busy cores.
READY_SECONDS = 120.0
# The jars are 110 MB.
FETCH_SECONDS = 180
FORMAT_SECONDS = 60
# A copy of each partition on up to three nodes; with three, an event is acknowledged when two have it.
COPIES = 3
# Room for a test's events; production's size stands in deploy/k8s.
_HEAP = ("-Xms128m", "-Xmx512m", "-XX:+UseSerialGC")
# A program that ends within a second gains nothing from the second compiler.
_SHORT = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")


class Kafka:
    """One or more nodes, each broker and controller, with the suite's topics."""

    idempotent = True

    def __init__(self, data: Path, logs: Path, partitions: int, nodes: int = 1) -> None:
        self._data, self._partitions = data / "kafka", partitions
        ports = free_ports(2 * nodes)
        self._ports, self._controllers = ports[:nodes], ports[nodes:]
        self.address = ",".join(f"{HOST}:{port}" for port in self._ports)
        names = ["broker"] if nodes == 1 else [f"broker-{node}" for node in self._nodes]
        self.children = [
            Child(name, _java(_HEAP, "kafka.Kafka", self._file(n)), self._environment, logs) for n, name in enumerate(names, 1)
        ]

    @property
    def _nodes(self) -> range:
        return range(1, len(self._ports) + 1)

    @property
    def _environment(self) -> dict[str, str]:
        return plain_environment(self._data)

    def _file(self, node: int) -> Path:
        return self._data / f"{node}.properties"

    def start(self) -> None:
        """Returns when every node answers and the topics are made. Raises StartFailed."""
        if why := missing():
            raise StartFailed(f"Apache Kafka cannot run here: {why}")
        fetch()
        self._format()
        for child in self.children:
            child.start()
        self.wait()

    def _format(self) -> None:
        """Gives the nodes a new cluster's identity and empty logs."""
        shutil.rmtree(self._data, ignore_errors=True)
        self._data.mkdir()
        cluster = urlsafe_b64encode(uuid4().bytes).decode().rstrip("=")
        for node in self._nodes:
            self._file(node).write_text(self._properties(node), "utf-8")
        with ThreadPoolExecutor() as pool:
            for done in pool.map(lambda node: self._format_one(node, cluster), self._nodes):
                if done.returncode != 0:
                    raise StartFailed(f"kafka.tools.StorageTool: {done.stdout}{done.stderr}")

    def _format_one(self, node: int, cluster: str) -> subprocess.CompletedProcess[str]:
        command = _java(_SHORT, "kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "--config", self._file(node))
        return subprocess.run(command, env=self._environment, capture_output=True, text=True, check=False, timeout=FORMAT_SECONDS)

    def _properties(self, node: int) -> str:
        copies = min(COPIES, len(self._nodes))
        voters = ",".join(f"{each}@{HOST}:{port}" for each, port in zip(self._nodes, self._controllers, strict=True))
        lines = {
            "process.roles": "broker,controller",
            "node.id": node,
            "controller.quorum.voters": voters,
            "controller.listener.names": "CONTROLLER",
            "listeners": f"PLAINTEXT://{HOST}:{self._ports[node - 1]},CONTROLLER://{HOST}:{self._controllers[node - 1]}",
            "advertised.listeners": f"PLAINTEXT://{HOST}:{self._ports[node - 1]}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": self._data / f"logs-{node}",
            "auto.create.topics.enable": "false",
            "default.replication.factor": copies,
            "min.insync.replicas": max(1, copies - 1),
            "offsets.topic.replication.factor": copies,
            "offsets.topic.num.partitions": 4,
            "transaction.state.log.replication.factor": copies,
            "transaction.state.log.min.isr": max(1, copies - 1),
            "group.initial.rebalance.delay.ms": 0,
        }
        return "".join(f"{name}={value}\n" for name, value in lines.items())

    def wait(self) -> None:
        """Until every node accepts connections and the topics are there. Raises StartFailed."""
        for port, child in zip(self._ports, self.children, strict=True):
            wait_until(lambda port=port: answers(port), child, READY_SECONDS)  # type: ignore[misc]
        copies = min(COPIES, len(self._nodes))
        in_a_thread(lambda: make_topics(self.address, self._partitions, copies), self.children[0])

    def empty(self) -> None:
        """Loses everything: killed, and started as a new cluster at the same addresses."""
        for child in self.children:
            child.kill()
        self.start()

    def revive(self, child: Child) -> None:
        """Starts a node that died; what it had is on its disk."""
        child.start()


def _java(options: Sequence[str], main: str, *arguments: object) -> list[str]:
    return ["java", *options, f"-Dlog4j2.configurationFile={LOGGING}", "-cp", f"{jars()}/*", main, *map(str, arguments)]


def apache_nodes(environment: Mapping[str, str] = os.environ) -> int:
    """What SAIKEN_TEST_KAFKA says: nothing or `embedded` is 0, `apache` one node, `apache:3` three."""
    said = environment.get("SAIKEN_TEST_KAFKA") or "embedded"
    kind, _, nodes = said.partition(":")
    if kind == "embedded":
        return 0
    if kind != "apache" or not (nodes or "1").isdecimal():
        raise StartFailed(f"SAIKEN_TEST_KAFKA is `embedded`, `apache` or `apache:3`, not `{said}`")
    return int(nodes or 1)


def missing() -> str:
    """What this machine lacks for Apache Kafka; empty when it can run."""
    lacking = [program for program in ("java", "mvn") if shutil.which(program) is None]
    return f"{' and '.join(lacking)} not found" if lacking else ""


def jars() -> Path:
    """Where the jars of the pinned version are kept; another pin has another folder."""
    return ROOT / ".saiken" / "kafka" / hashlib.sha256(POM.read_bytes()).hexdigest()[:12]


def fetch() -> Path:
    """Copies Apache Kafka with all it needs from Maven, with the machine's own settings, once. Raises StartFailed."""
    place = jars()
    if place.is_dir():
        return place
    place.parent.mkdir(parents=True, exist_ok=True)
    waiting = Path(tempfile.mkdtemp(prefix=".fetching-", dir=place.parent))
    command = ["mvn", "--batch-mode", "--quiet", "--no-transfer-progress", "--file", str(POM), "dependency:copy-dependencies"]
    options = ["-DincludeScope=runtime", f"-DoutputDirectory={waiting}"]
    done = subprocess.run([*command, *options], env=os.environ, capture_output=True, text=True, check=False, timeout=FETCH_SECONDS)
    if done.returncode != 0:
        shutil.rmtree(waiting)
        raise StartFailed(f"Maven brings no Apache Kafka: {done.stdout.strip()[-2_000:]}")
    try:
        waiting.rename(place)
    except OSError:  # another one was faster
        shutil.rmtree(waiting)
    return place
