"""The first figure: events a second from an import through outbox, relay and broker into every subscriber's database.

`python -m benchmarks.events [invoices]` prints one JSON line. It is an absolute figure of a shared machine with durability
off; the ratios that count (R4, R5, R6) are measured elsewhere, against their limits in the same run.
"""

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

from cli.client import Client
from cli.demo import CLERK, SAMPLES
from cli.imports import import_invoices
from cli.quiet import settle
from cli.suite import Suite

UNIT = "hudson"


def papers(folder: Path, count: int) -> Path:
    """One CSV of the US supplier with `count` invoices of 100 customers."""
    header, first, *_ = (SAMPLES / UNIT / "invoices" / "2026-06.csv").read_text("utf-8").splitlines()
    rows = [first.replace("HS-2606-001", f"HS-B-{n:06d}").replace("HS10001", f"HB{n % 100:05d}") for n in range(count)]
    path = folder / "many.csv"
    path.write_text("\n".join([header, *rows, ""]), "utf-8")
    return path


async def measure(environment: dict[str, str], file: Path) -> dict[str, float]:
    """Seconds until the import answered and until everybody had heard all of it."""
    async with Client(environment, "bench", CLERK) as client:
        before = await settle(client)
        began = time.monotonic()
        await import_invoices(client, UNIT, [file])
        imported = time.monotonic() - began
        after = await settle(client)
        seconds = time.monotonic() - began
    numbers = [sum(n for p, n in reading["billing"].numbers.items() if p >= 0) for reading in (before, after)]
    events = numbers[1] - numbers[0]
    return {
        "events": events,
        "import_seconds": round(imported, 2),
        "seconds": round(seconds, 2),
        "events_per_second": round(events / seconds),
    }


def main(count: int) -> None:
    """Print the figure."""
    with tempfile.TemporaryDirectory() as folder, Suite.start(Path(folder) / "suite", throwaway=True) as suite:
        found = asyncio.run(measure(suite.client_environment(), papers(Path(folder), count)))
    print(json.dumps({"benchmark": "events", "invoices": count, "subscribers": 4, **found}))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000)
