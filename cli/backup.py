"""Backup and restore of an embedded suite: all databases at one instant, with the keys, without which they are unreadable."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from chassis.clock import wall_now
from cli.infrastructure.keys import read_unit_ids
from cli.infrastructure.ports import free_ports
from cli.infrastructure.postgres import STOP_SECONDS, Postgres
from cli.infrastructure.process import StartFailed, stop_all
from cli.infrastructure.provision import database
from cli.running import find_running, prepare
from cli.suite.programs import ALL
from kernel.errors import Conflict, NotFound, Refused

MANIFEST = "manifest.json"
# Beside the databases: passwords of their roles, signing and sealing keys, letters and exported heads.
KEPT = ("secrets.json", "keys", "files", "mail")
# What a restore says wherever contacts are stopped.
REASON = "restored from a backup"


class BackupFailed(Refused):
    """PostgreSQL gave no backup, or took none back."""

    code = "BACKUP_FAILED"


class BackupDamaged(Refused):
    """A file of the backup is not what was written."""

    code = "BACKUP_DAMAGED"


def back_up(data: Path, target: Path) -> Mapping[str, object]:
    """Write a backup of a running suite into a new folder; its manifest. Refuses: NOT_FOUND, CONFLICT, BACKUP_FAILED."""
    running = find_running(data)
    if running is None or running.state is None:
        raise NotFound("a backup is taken from a running suite", data=str(data))
    _refuse_full(target)
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        _postgres(data, int(running.state["children"]["postgres"]["address"].rpartition(":")[2])).back_up(target / "postgres")
    except StartFailed as error:
        raise BackupFailed(str(error)) from error
    for name in KEPT:
        source = data / name
        if source.is_dir():
            shutil.copytree(source, target / name)
        elif source.exists():
            shutil.copy2(source, target / name)
    shutil.copy2(running.state["client"]["SAIKEN_UNITS"], target / "units.yaml")
    manifest = {"made_at": wall_now().isoformat(), "files": _hashes(target)}
    (target / MANIFEST).write_text(json.dumps(manifest, indent=1), "utf-8")
    return manifest


def restore(source: Path, data: Path) -> list[str]:
    """Make a suite's folder from a backup, with all contacts stopped; the units. `saiken up` starts it.

    Whoever was written to after the backup would be written to again: a person starts contacts when that is settled.
    Refuses: NOT_FOUND, CONFLICT (the folder has a suite), BACKUP_DAMAGED, BACKUP_FAILED.
    """
    if not (source / MANIFEST).exists():
        raise NotFound("no backup is here", folder=str(source))
    written = json.loads((source / MANIFEST).read_text("utf-8"))["files"]
    if damaged := sorted(name for name, hash_ in _hashes(source).items() ^ written.items()):
        raise BackupDamaged(f"{damaged[0]} is not what was written", file=damaged[0])
    _refuse_full(data)
    prepare(data.resolve())
    for name in KEPT:
        if (source / name).is_dir():
            shutil.copytree(source / name, data / name, dirs_exist_ok=True)
        elif (source / name).exists():
            shutil.copy2(source / name, data / name)
    units = read_unit_ids(source / "units.yaml")
    shutil.copy2(source / "units.yaml", data / "units.yaml")
    (port,) = free_ports(1)
    postgres = _postgres(data, port)
    try:
        postgres.take_back(source / "postgres")
        postgres.start()
        postgres.run_script("".join(_STOP.format(unit=unit, reason=REASON) for unit in units), database("notifications"))
    except StartFailed as error:
        raise BackupFailed(str(error)) from error
    finally:
        stop_all([postgres.child], STOP_SECONDS)
    return units


_STOP = "INSERT INTO contact_stops VALUES ('{unit}', '{reason}', 'saiken restore', now()) ON CONFLICT DO NOTHING;\n"


def _postgres(data: Path, port: int) -> Postgres:
    return Postgres(data, data / "logs", port, ALL)


def _refuse_full(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()):
        raise Conflict("the folder is not empty", folder=str(folder))


def _hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    }
