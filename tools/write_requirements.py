"""What each service's image installs: `python -m tools.write_requirements` writes deploy/requirements/<service>.txt from the lock.

A service gets what it, the chassis and the kernel import, what those libraries need on Linux, and nothing else, with the lock's
versions and hashes.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from cli.suite import ALL

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "deploy" / "requirements"
OURS = {"chassis", "cli", "kernel", "proto", "services"}
# Libraries that another one loads by name: SQLAlchemy its driver's bridge, zoneinfo its zones, PostgreSQL's URL its driver.
BY_NAME = ("sqlalchemy[asyncio]", "tzdata", "asyncpg")
# What an image is: Linux, whatever the machine that writes this list is.
LINUX = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "platform_machine": "x86_64"}


def imported(folder: Path) -> Iterator[str]:
    """The outermost packages that the code of a folder imports, also lazily or through `find_spec`."""
    for path in folder.rglob("*.py"):
        if "tests" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Import(names=names):
                    yield from (name.name for name in names)
                case ast.ImportFrom(module=str(module), level=0):
                    yield module
                case ast.Call(func=ast.Name("find_spec"), args=[ast.Constant(str(module))]):
                    yield module


def needed(service: str) -> set[str]:
    """The canonical names of all distributions in a service's image."""
    homes = packages_distributions()
    folders = (ROOT / "services" / service, ROOT / "chassis", ROOT / "kernel", ROOT / "proto")
    modules = {name for folder in folders for name in imported(folder)}
    wanted = [Requirement(home) for module in modules for home in _homes(module, homes)]
    found: set[str] = set()
    _close([*wanted, *map(Requirement, BY_NAME)], found)
    return found


def _homes(module: str, homes: Mapping[str, list[str]]) -> list[str]:
    """The distributions of a module; a namespace such as `google` or `opentelemetry` belongs to several."""
    top = module.split(".", maxsplit=1)[0]
    if top in OURS or top in sys.stdlib_module_names:
        return []
    owners = homes.get(top, [])
    if len(set(owners)) < 2:  # noqa: PLR2004 (one owner needs no closer look)
        return owners
    inside = module.replace(".", "/")
    return [owner for owner in set(owners) if any(inside in str(file) for file in distribution(owner).files or ())]


def _close(wanted: Iterable[Requirement], found: set[str]) -> None:
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = list(wanted)
    while waiting:
        requirement = waiting.pop()
        name, extras = canonicalize_name(requirement.name), frozenset(requirement.extras)
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        found.add(name)
        for line in distribution(name).requires or ():
            inner = Requirement(line)
            if inner.marker is None or any(inner.marker.evaluate({**LINUX, "extra": extra}) for extra in ("", *extras)):
                waiting.append(inner)


def locked() -> Mapping[str, str]:
    """Each distribution's entry in the lock, with its hashes."""
    entries = re.split(r"\n(?=[a-z0-9])", (ROOT / "requirements.lock").read_text("utf-8"))
    return {
        canonicalize_name(entry.split("==")[0].strip()): re.sub(r"\n    # .*", "", entry).rstrip() for entry in entries if "==" in entry
    }


def text(service: str) -> str:
    """The whole file of one service."""
    entries = locked()
    lines = [entries[name] for name in sorted(needed(service))]
    return "\n".join([f"# Written by `python -m tools.write_requirements`: what the image of {service} installs.", *lines, ""])


def main() -> None:
    """Write all."""
    FOLDER.mkdir(exist_ok=True)
    for service in ALL:
        (FOLDER / f"{service}.txt").write_text(text(service), "utf-8")


if __name__ == "__main__":
    main()
