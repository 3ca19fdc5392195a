"""Secrets of one suite on disk: passwords and keys, written once, readable by their owner only."""

import json
import os
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

PASSWORD_BYTES = 24


def write_private(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Whole or not at all, and never readable by others in between."""
    waiting = path.with_name(f".{path.name}.{os.getpid()}")
    waiting.unlink(missing_ok=True)
    with os.fdopen(os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        os.fchmod(file.fileno(), mode)
    waiting.replace(path)


def passwords(path: Path, roles: Iterable[str]) -> Mapping[str, str]:
    """A password for each role: the stored one, else a new one that is stored."""
    known: dict[str, str] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    missing = [role for role in roles if role not in known]
    if missing:
        known |= {role: secrets.token_hex(PASSWORD_BYTES) for role in missing}
        write_private(path, json.dumps(known, indent=1, sort_keys=True).encode())
    return known
