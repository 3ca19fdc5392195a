"""The demo against containers: `python -m tools.try_images [UNTIL]` plays it on the images of all services and keeps sizes and times.

The images are those that `make images` made; what they stand on is the embedded infrastructure, on the host's network.
Appends one line for each image to docs/evidence/images.jsonl.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from chassis.clock import wall_now
from chassis.settings import SETTINGS
from cli.demo import SAMPLES, _play
from cli.infrastructure import make_keys, read_unit_ids
from cli.infrastructure.ports import free_ports
from cli.suite import ALL, Program, Suite
from tools.compose import open_to_images

EVIDENCE = Path(__file__).parents[1] / "docs" / "evidence" / "images.jsonl"
UNITS = SAMPLES / "units.yaml"
CLOCK_START = "2026-05-31T22:00:00Z"
# As Kubernetes would run it: nobody's user, nothing to write but the volume and /tmp, no privilege to gain.
LOCKED = (
    *("--user", "10001:10001", "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL"),  # noqa: S108 (the container's own)
    *("--security-opt", "no-new-privileges", "--network", "host"),
)


def program(name: str, data: Path, port: int) -> Program:
    """A service as a container that ends with its client."""
    told = [word for setting, _, _ in SETTINGS if setting != "SAIKEN_HEALTH" for word in ("--env", setting)]
    told += ["--env", f"SAIKEN_OWNER_DATABASE_URL_{name.upper()}", "--env", f"SAIKEN_HEALTH=127.0.0.1:{port}"]
    mounts = [f"{data / 'keys'}:{data / 'keys'}:ro", f"{data / 'files'}:{data / 'files'}", f"{UNITS}:{UNITS}:ro"]
    volumes = [word for mount in mounts for word in ("--volume", mount)]
    command = ("docker", "run", "--rm", *LOCKED, *volumes, *told)
    image = f"saiken/{name}:local"
    return Program((*command, "--name", f"saiken-{name}", image), (*command, image, "migrate"))


def size_megabytes(name: str) -> int:
    """Of the whole image; its base is shared by all five."""
    done = subprocess.run(
        ["docker", "image", "inspect", "--format", "{{.Size}}", f"saiken/{name}:local"], check=True, capture_output=True, text=True
    )
    return round(int(done.stdout) / 1e6)


def check_health(name: str) -> None:
    """What the Dockerfile's HEALTHCHECK does, inside the running container. Raises CalledProcessError."""
    subprocess.run(["docker", "exec", f"saiken-{name}", "/venv/bin/python", "health.py"], check=True)


def seconds_to_serving(suite: Suite, name: str) -> float:
    """From the engine's start of the container to the service's own word, both by the same clock."""
    asked = ["docker", "container", "inspect", "--format", "{{.State.StartedAt}}", f"saiken-{name}"]
    started = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()
    line = next(json.loads(line) for line in suite.log(name).splitlines() if '"event": "serving"' in line)
    return round((_instant(line["timestamp"]) - _instant(started)).total_seconds(), 1)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(f"{text[:26].rstrip('Z')}Z")  # the engine says nanoseconds


def play(data: Path, until: str) -> tuple[dict[str, Any], dict[str, float]]:
    """The demo up to a day, or whole; its audit, and how long each container took to serve."""
    (data / "files").mkdir(parents=True)
    (data / "files").chmod(0o777)
    make_keys(data / "keys", read_unit_ids(UNITS))
    open_to_images(data / "keys")
    data.chmod(0o711)
    ports = dict(zip(ALL, free_ports(len(ALL)), strict=True))
    programs = {name: program(name, data, ports[name]) for name in ALL}
    try:
        with Suite.start(data, units=UNITS, clock_start=CLOCK_START, programs=programs, throwaway=True) as suite:
            document, _ = asyncio.run(_play(suite.client_environment(), lambda *_: None, until))
            for name in ALL:
                check_health(name)
            return document["audit"], {name: seconds_to_serving(suite, name) for name in ALL}
    finally:
        # A client that had to be killed leaves its container behind.
        subprocess.run(["docker", "rm", "--force", *(f"saiken-{name}" for name in ALL)], check=False, capture_output=True)


def main() -> None:
    """Play, and keep what was seen."""
    until = sys.argv[1] if sys.argv[1:] else ""
    with tempfile.TemporaryDirectory() as folder:
        audit, seconds = play(Path(folder).resolve() / "suite", until)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    proven = audit["chain"] == "ok" and not (audit["differences"] or audit["parked"])
    with EVIDENCE.open("a", encoding="utf-8") as file:
        for name in ALL:
            said = {
                "on": wall_now().date().isoformat(),
                "commit": commit,
                "command": " ".join(["python -m tools.try_images", *sys.argv[1:]]),
                "image": name,
            }
            found = {"megabytes": size_megabytes(name), "seconds_to_serving": seconds[name], "audit_differences": audit["differences"]}
            file.write(json.dumps({**said, **found, "demo_proven": proven}) + "\n")
    sys.exit(not proven)


if __name__ == "__main__":
    main()
