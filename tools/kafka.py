"""Apache Kafka for a person: `python -m tools.kafka --nodes 3` runs it until Ctrl-C; `--check` says whether it can run here."""

import argparse
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from cli.infrastructure.kafka import Kafka, fetch, missing
from cli.infrastructure.process import StartFailed, stop_all

# A node that leaves in order hands its partitions over first.
GRACE_SECONDS = 15.0


def main() -> int:
    """Exit code 1: it cannot run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=1)
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    if why := missing():
        print(f"Apache Kafka does NOT run here, and nothing was tried on it: {why}")
        return 1
    if not options.check:
        run(options.nodes, options.partitions)
        return 0
    try:
        fetch()
    except (StartFailed, subprocess.TimeoutExpired) as error:
        print(f"Apache Kafka does NOT run here, and nothing was tried on it: {error}")
        return 1
    return 0


def run(nodes: int, partitions: int) -> None:
    """Start the nodes, say where they are, wait for a signal."""
    with tempfile.TemporaryDirectory(prefix="saiken-kafka-") as folder:
        kafka = Kafka(Path(folder), Path(folder), partitions, nodes)
        try:
            kafka.start()
            print(f"SAIKEN_KAFKA={kafka.address}", flush=True)
            signal.sigwait({signal.SIGINT, signal.SIGTERM})
        finally:
            stop_all(kafka.children, GRACE_SECONDS)


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        sys.exit(main())
    except StartFailed as error:
        sys.exit(str(error))
