"""The repository as the checks see it: its files, its Python, its services."""

import ast
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
# Made by tools or by running; never committed.
MADE = {".git", ".venv", ".saiken", "__pycache__", "build", "dist", ".hypothesis", ".mypy_cache", ".ruff_cache", ".pytest_cache"}
SERVICES = ("billing", "payments", "collections", "legal", "notifications")


def files() -> Iterator[Path]:
    """Every file that is or would be committed."""
    for folder, names, entries in os.walk(ROOT):
        names[:] = [name for name in names if name not in MADE and not name.endswith((".egg-info", "_cache"))]
        yield from (Path(folder) / entry for entry in entries)


def python(*tops: str) -> list[Path]:
    """Python written by hand below some folders: no generated contract, no migration."""
    found = [path for path in files() if path.suffix == ".py" and "versions" not in path.parts and "_pb2" not in path.name]
    return sorted(path for path in found if not tops or any(path.is_relative_to(ROOT / top) for top in tops))


def of_tests() -> list[Path]:
    """Python of the tests and what they stand on."""
    return [path for path in python() if "tests" in path.relative_to(ROOT).parts or path.name == "conftest.py"]


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def short(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def begun() -> list[str]:
    """The services that have an app: those must be whole."""
    return [name for name in SERVICES if (ROOT / "services" / name / "app.py").exists()]


def migrated() -> list[str]:
    """The services that have tables."""
    return [name for name in SERVICES if any((ROOT / "services" / name / "migrations" / "versions").glob("*.py"))]
