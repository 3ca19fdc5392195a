"""The folders of one suite."""

import os
from pathlib import Path

FOLDERS = ("logs", "mail", "files", "files/raw", "files/quarantined", "files/letters", "files/post")


def prepare(data: Path) -> Path:
    """Makes what is missing. PostgreSQL's user must be able to pass through, others see nothing but names they know."""
    if not data.exists():
        data.mkdir(parents=True)
        data.chmod(0o711 if os.geteuid() == 0 else 0o700)
    for name in FOLDERS:
        (data / name).mkdir(mode=0o700, exist_ok=True)
    return data
