"""Settings: everything a process is told from outside, read once from the environment."""

import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from chassis.transport import Transport

# name, default (None = required), meaning; `docs/settings.md` is this table.
SETTINGS: tuple[tuple[str, str | None, str], ...] = (
    ("SAIKEN_DATABASE_URL", None, "PostgreSQL as the application role (`<service>_app`): every row it sees is its unit's"),
    ("SAIKEN_RELAY_DATABASE_URL", None, "the same database as the relay's role: outbox and positions"),
    ("SAIKEN_AUDITOR_DATABASE_URL", None, "the same database as the auditor's role: plumbing and processes, read only"),
    ("SAIKEN_SEALER_DATABASE_URL", None, "the same database as the sealer's role: it links the audit trail's entries into a chain"),
    (
        "SAIKEN_OWNER_DATABASE_URL",
        "",
        "the same database as its owner; only the migration is given it (`…_URL_BILLING` and so on: one for each)",
    ),
    ("SAIKEN_KAFKA", "127.0.0.1:9092", "bootstrap address of the broker"),
    (
        "SAIKEN_KAFKA_IDEMPOTENT",
        "yes",
        "`yes`: the relay numbers its batches, so that the broker drops repetitions itself; `no` for brokers that know no such numbers",
    ),
    ("SAIKEN_TEMPORAL", "127.0.0.1:7233", "address of Temporal's frontend"),
    ("SAIKEN_LISTEN", "127.0.0.1:50051", "address of this service's gRPC door"),
    ("SAIKEN_PEERS", "", "addresses of all services: `billing=host:port,payments=host:port,…`"),
    ("SAIKEN_TLS", "", "folder with `ca.crt`, `tls.crt`, `tls.key` for gRPC, both ways; empty: plaintext"),
    ("SAIKEN_KAFKA_TLS", "", "the same for the broker"),
    ("SAIKEN_TEMPORAL_TLS", "", "the same for Temporal"),
    ("SAIKEN_HEALTH", "", "address of a plaintext door that answers health checks alone, for probes that speak no TLS; empty: none"),
    ("SAIKEN_KEYS", None, "folder of the signing keys (`<issuer>.pem`, `<issuer>.pub.pem`) and `units/<unit>.seal|.blind`"),
    ("SAIKEN_UNITS", None, "YAML of the business units"),
    ("SAIKEN_FILES", None, "folder of letters, of what goes to the post office, and of the exported heads of the audit trail"),
    ("SAIKEN_SMTP", "127.0.0.1:25", "where mail is handed over"),
    ("SAIKEN_CLOCK", "wall", "`wall`, or `skipping`: the clock of Temporal's time-skipping server"),
    ("SAIKEN_CLOCK_ORIGIN", "", "skipping: the server's instant when the suite started"),
    ("SAIKEN_CLOCK_START", "", "skipping: the business time at that instant"),
    ("SAIKEN_PARTITIONS", "4", "partitions of each topic; fixed for the life of a database"),
    (
        "SAIKEN_CACHED_WORKFLOWS",
        "1000",
        "workflows whose state a worker keeps; 0 where the time-skipping server meets restarts: it leaves a lost worker's tasks with nobody",
    ),
    ("SAIKEN_OTLP", "", "OTLP endpoint for traces; empty: none are exported"),
    ("SAIKEN_METRICS", "", "`host:port` of the Prometheus endpoint; empty: none"),
    ("SAIKEN_LOG_LEVEL", "INFO", "least severe log line that is written"),
    ("SAIKEN_FAIL_AT", "", "tests only: a file that names the fail point at which this process kills itself"),
)


@dataclass(frozen=True)
class Settings:
    """What one service's process knows about the world."""

    service: str
    database_url: str
    relay_database_url: str
    auditor_database_url: str
    sealer_database_url: str
    kafka: str
    kafka_idempotent: bool
    temporal: str
    listen: str
    health: str
    tls: Transport
    kafka_tls: Transport
    temporal_tls: Transport
    peers: Mapping[str, str]
    keys: Path
    units: Path
    files: Path
    smtp: str
    clock: str
    clock_origin: datetime | None
    clock_start: datetime | None
    partitions: int
    cached_workflows: int
    otlp: str
    metrics: str
    log_level: str


class MissingSetting(Exception):
    """A required setting is not in the environment."""


def read(name: str, environment: Mapping[str, str] = os.environ) -> str:
    """One setting's text. Raises MissingSetting."""
    default = next(default for known, default, _ in SETTINGS if known == name)
    value = environment.get(name, default)
    if value is None:
        raise MissingSetting(f"{name} is not set: {next(meaning for known, _, meaning in SETTINGS if known == name)}")
    return value


def load(service: str, environment: Mapping[str, str] = os.environ) -> Settings:
    """All settings of a service. Raises MissingSetting."""

    def get(name: str) -> str:
        return read(f"SAIKEN_{name}", environment)

    return Settings(
        service=service,
        database_url=get("DATABASE_URL"),
        relay_database_url=get("RELAY_DATABASE_URL"),
        auditor_database_url=get("AUDITOR_DATABASE_URL"),
        sealer_database_url=get("SEALER_DATABASE_URL"),
        kafka=get("KAFKA"),
        kafka_idempotent=get("KAFKA_IDEMPOTENT") == "yes",
        temporal=get("TEMPORAL"),
        listen=get("LISTEN"),
        health=get("HEALTH"),
        tls=transport("SAIKEN_TLS", environment),
        kafka_tls=transport("SAIKEN_KAFKA_TLS", environment),
        temporal_tls=transport("SAIKEN_TEMPORAL_TLS", environment),
        peers=parse_peers(get("PEERS")),
        keys=Path(get("KEYS")),
        units=Path(get("UNITS")),
        files=Path(get("FILES")),
        smtp=get("SMTP"),
        clock=get("CLOCK"),
        clock_origin=_instant(get("CLOCK_ORIGIN")),
        clock_start=_instant(get("CLOCK_START")),
        partitions=int(get("PARTITIONS")),
        cached_workflows=int(get("CACHED_WORKFLOWS")),
        otlp=get("OTLP"),
        metrics=get("METRICS"),
        log_level=get("LOG_LEVEL"),
    )


def transport(name: str, environment: Mapping[str, str] = os.environ) -> Transport:
    """How connections of one kind are made."""
    folder = read(name, environment)
    return Transport(Path(folder) if folder else None)


def parse_peers(text: str) -> Mapping[str, str]:
    """``billing=host:port,payments=host:port`` as a mapping."""
    return dict(part.split("=", 1) for part in text.split(",") if part)


def _instant(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def fail_point(name: str) -> None:
    """Where tests kill a process between two durable lines; nothing unless the file of SAIKEN_FAIL_AT says `<name>` or `<name>@<nth>`."""
    if path := os.environ.get("SAIKEN_FAIL_AT"):
        _fail(Path(path), name)


def _fail(file: Path, name: str) -> None:
    if not file.exists():
        return
    armed, _, passings = file.read_text("utf-8").partition("@")
    if armed != name:
        return
    if (left := int(passings or 1) - 1) > 0:
        file.write_text(f"{name}@{left}", "utf-8")
        return
    file.unlink()  # the next life must not end here again
    os.kill(os.getpid(), signal.SIGKILL)
