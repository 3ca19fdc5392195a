"""Becomes another program that ends when the process that started it ends (run as a script, never imported).

Usage: guard.py PARENT_PID SIGNAL UID GID PROGRAM ARGUMENTS…  with "-" for a user that stays as it is.

The supervisor may be killed without a chance to clean up. On Linux the kernel then sends SIGNAL to every child
that asked for it (prctl(2), PR_SET_PDEATHSIG). The request survives exec but not a change of user, so the user
changes first. A small program of its own does this instead of `preexec_fn`, which is unsafe beside threads.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1
NOT_EXECUTABLE = 127


def become(parent: int, death_signal: int, uid: str, gid: str, command: list[str]) -> int:
    if uid != "-":
        os.setgroups([])
        os.setgid(int(gid))
        os.setuid(int(uid))
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
        if os.getppid() != parent:  # it ended before we asked
            return NOT_EXECUTABLE
    try:
        os.execv(command[0], command)  # noqa: S606
    except OSError as error:
        sys.stderr.write(f"cannot run {command[0]}: {error.strerror}\n")
        return NOT_EXECUTABLE


if __name__ == "__main__":
    sys.exit(become(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4], sys.argv[5:]))
