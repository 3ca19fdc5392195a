"""What a running suite tells about itself: `suite.lock`, held while it lives, and `suite.json`, once it is ready."""

import fcntl
import json
import os
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from cli.infrastructure.secret_files import write_private


class AlreadyRunning(Exception):
    """Another supervisor holds this data folder."""


@dataclass(frozen=True, slots=True)
class Running:
    """A suite that runs now. `state` is the content of its suite.json, None while it starts or stops."""

    pid: int
    state: dict[str, Any] | None


def state_path(data: Path) -> Path:
    return data / "suite.json"


def hold(data: Path) -> TextIOWrapper:
    """Takes the folder for this process; the kernel lets go of it when the process ends, however it ends."""
    lock = (data / "suite.lock").open("a+", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise AlreadyRunning(f"a suite already runs on {data}") from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def find_running(data: Path) -> Running | None:
    """The suite that holds this folder, if any; a suite.json that nobody holds is ignored."""
    try:
        lock = (data / "suite.lock").open("r", encoding="utf-8")
    except FileNotFoundError:
        return None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return Running(int(lock.read() or 0), _read(data))
        return None


def _read(data: Path) -> dict[str, Any] | None:
    try:
        state: dict[str, Any] = json.loads(state_path(data).read_text("utf-8"))
    except FileNotFoundError:
        return None
    return state


def write(data: Path, state: dict[str, Any]) -> None:
    write_private(state_path(data), json.dumps(state, indent=1).encode())
