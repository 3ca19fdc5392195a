"""Free ports of 127.0.0.1 that stay free while a restarted service is away."""

import random
import socket
from pathlib import Path

HOST = "127.0.0.1"
_LOWEST = 15_000
_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
_EPHEMERAL_DEFAULT = 32_768
# Each try is one bind; a machine on which this many fail has no room for a suite.
_MAX_TRIES = 2_000


def free_ports(count: int) -> list[int]:
    """`count` different ports nobody listens on.

    They lie below the range from which the kernel serves outgoing connections: a port from within it may be taken
    by any connection between two lives of a service, and a client that retries may even connect to itself.
    """
    highest = int(_EPHEMERAL.read_text().split()[0]) if _EPHEMERAL.exists() else _EPHEMERAL_DEFAULT
    if highest - _LOWEST < _MAX_TRIES:
        highest = 65_535
    found: list[int] = []
    for _ in range(_MAX_TRIES):
        if len(found) == count:
            return found
        port = random.randrange(_LOWEST, highest)  # noqa: S311 (two suites that start together should not meet)
        if port not in found and is_free(port):
            found.append(port)
    raise OSError(f"fewer than {count} free ports of {HOST} between {_LOWEST} and {highest}")


def is_free(port: int) -> bool:
    # All addresses, because Temporal's test server listens on all.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind(("", port))
        except OSError:
            return False
    return True


def answers(port: int, timeout_seconds: float = 0.5) -> bool:
    """Whether somebody accepts connections on 127.0.0.1:port."""
    try:
        with socket.create_connection((HOST, port), timeout_seconds):
            return True
    except OSError:
        return False
