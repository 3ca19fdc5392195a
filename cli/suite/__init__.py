"""The suite: the embedded infrastructure, the services as processes, and the supervisor that keeps them up."""

from cli.running import AlreadyRunning, Running, find_running
from cli.suite.programs import ALL, PROGRAMS, Program
from cli.suite.suite import DEFAULT_UNITS, Suite

__all__ = ["ALL", "DEFAULT_UNITS", "PROGRAMS", "AlreadyRunning", "Program", "Running", "Suite", "find_running"]
