"""Looks after running children: notices which ended by itself, waits a little, starts it again and says so."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from cli.infrastructure.process import Child, StartFailed

Policy = Literal["restart", "leave"]
LOOK_SECONDS = 0.1
# The first restart comes at once for a person, late enough to free the port; the last keeps a broken
# service from using a core.
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 30.0
# Who stayed up this long is healthy: its next crash is a first one.
STEADY_SECONDS = 60.0


@dataclass(slots=True)
class Watched:
    """A child that should run. `revive` starts it again; None: it cannot be started again."""

    child: Child
    revive: Callable[[], None] | None
    policy: Policy = "restart"
    wanted: bool = True
    restarts: int = 0
    _in_a_row: int = 0
    _since: float = 0.0
    due: float | None = None
    _ended: str = ""

    @property
    def state(self) -> str:
        if self.child.alive:
            return "running"
        return "crashed" if self.wanted or self._ended else "stopped"

    def expect(self, *, running: bool) -> None:
        """What was done by command is not a crash."""
        self.wanted, self.due, self._ended, self._in_a_row = running, None, "", 0
        self._since = time.monotonic()

    def look(self, now: float) -> str | None:
        """One look; the line to report, if something changed."""
        if not self.wanted:
            return None
        if self.child.alive:
            if now - self._since > STEADY_SECONDS:
                self._in_a_row = 0
            return None
        if self.due is None:
            return self._notice(now)
        return self._revive(now) if now >= self.due else None

    def _notice(self, now: float) -> str | None:
        self._ended = f"{self.child.name} crashed (exit {self.child.exit_code})"
        if self.policy == "leave":
            self.wanted = False
            return f"{self._ended}, left as it is"
        if self.revive is None:
            self.wanted = False
            return f"{self._ended}: what it kept in memory is gone, start the suite anew"
        self._in_a_row += 1
        self.due = now + min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (self._in_a_row - 1))
        return None

    def _revive(self, now: float) -> str:
        self.due, self._since = None, now
        if self.revive is None:
            raise AssertionError(f"{self.child.name} cannot be started again")
        try:
            self.revive()
        except StartFailed as error:  # the next look finds it ended, and waits longer
            return f"{self._ended}, not restarted: {error}"
        self.restarts += 1
        return f"{self._ended}, restarted"


class Keeper:
    """A thread that looks at all children. `lock` is held during a look: who changes children holds it too."""

    def __init__(self, watched: Sequence[Watched], lock: threading.RLock, report: Callable[[str], None]) -> None:
        self._watched = watched
        self._lock = lock
        self._report = report
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            with self._lock:
                if self._ended.is_set():
                    return
                lines = [line for each in self._watched if (line := each.look(time.monotonic()))]
            for line in lines:
                self._report(line)
