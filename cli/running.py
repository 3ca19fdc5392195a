"""The folder of a suite, and what a running one tells there: `suite.lock` while it lives, `suite.json` once ready."""

import fcntl
import json
import os
import platform
import time
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from cli.secret_files import write_private

# Who looks whether a suite runs holds the lock shared for some microseconds.
GLANCE_SECONDS = 1.0
FOLDERS = ("logs", "mail", "files", "files/raw", "files/quarantined", "files/letters", "files/post")


class AlreadyRunning(Exception):
    """Another supervisor holds this data folder."""


@dataclass(frozen=True, slots=True)
class Running:
    """A suite that runs now. `state` is the content of its suite.json, None while it starts or stops.

    `pid` is 0 for the moment in which a supervisor has the folder and has not written its name.
    """

    pid: int
    state: dict[str, Any] | None


def prepare(data: Path) -> Path:
    """Makes what is missing. PostgreSQL's user must be able to pass through, others see nothing but names they know."""
    if not data.exists():
        data.mkdir(parents=True)
        data.chmod(0o711 if os.geteuid() == 0 else 0o700)
    for name in FOLDERS:
        (data / name).mkdir(mode=0o700, exist_ok=True)
    return data


def state_path(data: Path) -> Path:
    return data / "suite.json"


def hold(data: Path) -> TextIOWrapper:
    """Takes the folder for this process; the kernel lets go of it when the process ends, however it ends.

    Raises AlreadyRunning.
    """
    lock = (data / "suite.lock").open("a+", encoding="utf-8")
    deadline = time.monotonic() + GLANCE_SECONDS
    while not _take(lock, fcntl.LOCK_EX):
        if time.monotonic() > deadline:
            lock.close()
            raise AlreadyRunning(f"a suite already runs on {data}")
        time.sleep(GLANCE_SECONDS / 20)
    state_path(data).unlink(missing_ok=True)  # of a predecessor that was killed
    lock.truncate(0)
    lock.write(f"{os.getpid()} {_born(os.getpid())}")
    lock.flush()
    return lock


def find_running(data: Path) -> Running | None:
    """The suite that holds this folder, if any; a suite.json that nobody holds is ignored."""
    try:
        lock = (data / "suite.lock").open("r", encoding="utf-8")
    except FileNotFoundError:
        return None
    with lock:
        if _take(lock, fcntl.LOCK_SH):
            return None
        pid, _, born = lock.read().partition(" ")
        # The name of a predecessor stands there for a moment, and its pid may be somebody else's by now.
        if not pid or _born(int(pid)) != born:
            return Running(0, None)
        return Running(int(pid), _read(data))


def _take(lock: TextIOWrapper, kind: int) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _born(pid: int) -> str | None:
    """When this process started, None if there is none: a pid is given again, the two together are not."""
    status = Path(f"/proc/{pid}/stat")  # proc_pid_stat(5): field 22, in ticks since boot, which no clock change moves
    if platform.system() == "Linux":
        return status.read_text("utf-8", "replace").rpartition(")")[2].split()[19] if status.exists() else None
    import psutil

    return str(psutil.Process(pid).create_time()) if psutil.pid_exists(pid) else None


def _read(data: Path) -> dict[str, Any] | None:
    try:
        state: dict[str, Any] = json.loads(state_path(data).read_text("utf-8"))
    except FileNotFoundError:
        return None
    return state


def write(data: Path, state: dict[str, Any]) -> None:
    write_private(state_path(data), json.dumps(state, indent=1).encode())
