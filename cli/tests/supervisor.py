"""A supervisor of stand-ins in a process of its own, for tests that kill it: supervisor.py DATA UNITS."""

import sys
from pathlib import Path

from cli.suite import daemon
from cli.tests.standins import PROGRAMS

if __name__ == "__main__":
    daemon.run(Path(sys.argv[1]), "skipping", Path(sys.argv[2]), 2, list(PROGRAMS), programs=PROGRAMS)
