"""A child process with a log, a process group of its own and an end that never outlives the supervisor."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_GUARD = Path(__file__).with_name("guard.py")
# Between two looks at a condition: short beside what is waited for (0.2 to 8 s), long beside the look itself.
LOOK_SECONDS = 0.03
TAIL_LINES = 25
# A program that ignores SIGKILL for this long hangs in the kernel; nothing here can help it.
KILL_SECONDS = 10.0

# The kernel's "parent" is the thread that forked. One thread, which lives as long as this process, starts all children.
_spawner = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spawner")


class StartFailed(Exception):
    """A part of the suite did not start or did not end; the message carries the tail of its log."""


@dataclass(frozen=True, slots=True)
class Account:
    """An unprivileged user of the system."""

    name: str
    uid: int
    gid: int


@dataclass(slots=True)
class Child:
    """One program: how it is started and stopped. `name` names its log, `<logs>/<name>.log`."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    logs: Path
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def log(self) -> Path:
        return self.logs / f"{self.name}.log"

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process is not None else None

    @property
    def exit_code(self) -> int | None:
        return self.process.poll() if self.process is not None else None

    def start(self) -> None:
        program = shutil.which(self.command[0])
        if program is None:
            raise StartFailed(f"{self.name}: {self.command[0]} is not a program that can be run")
        user = (str(self.account.uid), str(self.account.gid)) if self.account else ("-", "-")
        guard = [sys.executable, "-I", "-S", str(_GUARD), str(os.getpid()), str(int(self.death_signal)), *user]
        self.process = _spawner.submit(self._spawn, [*guard, program, *self.command[1:]]).result()

    def _spawn(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                command,
                cwd=ROOT,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def signal(self, number: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def wait(self, seconds: float) -> bool:
        """True when it has ended within this time."""
        if self.process is None:
            return True
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self) -> None:
        """SIGKILL for it and all it started."""
        if self.process is None or self.process.poll() is not None:
            return
        os.killpg(self.process.pid, signal.SIGKILL)
        if not self.wait(KILL_SECONDS):
            raise StartFailed(f"{self.name} (pid {self.pid}) does not end on SIGKILL")

    def tail(self) -> str:
        """The last lines of its log, for an error message."""
        if not self.log.exists():
            return "(no log)"
        return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-TAIL_LINES:])


def stop_all(children: Sequence[Child], grace_seconds: float) -> list[str]:
    """Asks all to end, waits together, kills the rest; the names of those that had to be killed."""
    for child in children:
        child.signal(child.stop_signal)
    deadline = time.monotonic() + grace_seconds
    late = [child for child in children if not child.wait(max(0.0, deadline - time.monotonic()))]
    for child in late:
        child.kill()
    return [child.name for child in late]


def wait_until(ready: Callable[[], bool], child: Child, seconds: float) -> None:
    """Waits until the child is ready. Raises StartFailed with the tail of its log when it ends or takes too long."""
    pause = threading.Event()
    deadline = time.monotonic() + seconds
    while not ready():
        if not child.alive:
            raise StartFailed(f"{child.name} ended with exit code {child.exit_code}; its log:\n{child.tail()}")
        if time.monotonic() > deadline:
            raise StartFailed(f"{child.name} is not ready after {seconds:.0f} s; its log:\n{child.tail()}")
        pause.wait(LOOK_SECONDS)


def plain_environment(home: Path) -> dict[str, str]:
    """For programs of other languages: nothing inherited, since Tansu, libpq and Temporal read options from it."""
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home), "LC_ALL": "C", "TZ": "UTC"}
