"""The services of a test's suite: two stand-ins under real names, and what tests wait with."""

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from cli.suite import Program

_FILE = str(Path(__file__).with_name("standin.py"))
STANDIN = Program(command=(sys.executable, _FILE, "serve"), migration=(sys.executable, _FILE, "migrate"))
PROGRAMS = {"billing": STANDIN, "payments": STANDIN}
PATIENCE_SECONDS = 30.0


def write_units(folder: Path) -> Path:
    path = folder / "units.yaml"
    path.write_text("units:\n  denwa: {}\n  handel: {}\n", "utf-8")
    return path


def until(condition: Callable[[], object]) -> None:
    """Waits for what another process does. Fails after PATIENCE_SECONDS."""
    pause, deadline = threading.Event(), time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        pause.wait(0.02)
