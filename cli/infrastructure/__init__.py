"""The embedded infrastructure: real servers from wheels, each its own process on a free port of 127.0.0.1."""

from cli.infrastructure.embedded import Infrastructure
from cli.infrastructure.keys import make_keys, read_unit_ids
from cli.infrastructure.postgres import Postgres
from cli.infrastructure.process import ROOT, Child, StartFailed
from cli.infrastructure.temporal import Kind

__all__ = ["ROOT", "Child", "Infrastructure", "Kind", "Postgres", "StartFailed", "make_keys", "read_unit_ids"]
