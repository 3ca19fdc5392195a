"""All hot paths against their limits: `python -m benchmarks.hot [--full] [--only R4,R5] [--keep]`."""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from benchmarks.hot import hops, ledger, query, relay, starts, taxes
from benchmarks.hot.method import GATE, PAIRS, Result
from benchmarks.hot.stand import Stand
from chassis import telemetry
from cli.suite import Suite

ROOT = Path(__file__).resolve().parents[2]
EVIDENCE = ROOT / "docs" / "evidence" / "bench.jsonl"
# In the order in which services are started: what runs inside this process comes first.
MEASURES: dict[str, Callable[[Stand], Awaitable[Result | Sequence[Result]]]] = {
    "R4": relay.throughput,
    "R4b": relay.latency,
    "R5": ledger.throughput,
    "R9": starts.throughput,
    "R10": taxes.on_events,
    "R10e": taxes.on_imports,
    "R8": query.throughput,
    "R6": hops.latency,
    "R9b": starts.economy,
}


async def measure(stand: Stand, chosen: Sequence[str], keep: bool) -> list[Result]:
    """One after the other; each is printed and kept as soon as it is known."""
    telemetry.start(stand.settings("billing"))
    found: list[Result] = []
    for name in chosen:
        began = time.monotonic()
        answer = await MEASURES[name](stand)
        for result in [answer] if isinstance(answer, Result) else answer:
            found.append(result)
            print(line(result), f"({time.monotonic() - began:.0f} s)", flush=True)
            if keep:
                write(result, stand)
    return found


def line(result: Result) -> str:
    """One row of the table."""
    target, state = (
        result.target,
        "goal" if result.target.reached(result.ratio) else "floor" if result.target.holds(result.ratio) else "MISSED",
    )
    sign = "≤" if target.at_most else "≥"
    figures = f"{result.ours:,.4g} ÷ {result.reference:,.4g} {result.unit}"
    return (
        f"{result.metric:<14} {result.ratio:7.3g}  floor {sign} {target.floor:<5g} goal {sign} {target.goal:<5g} {state:<6} "
        f"[{result.quartiles[0]:.3g}–{result.quartiles[1]:.3g}]  {figures}"
    )


def write(result: Result, stand: Stand) -> None:
    """One line of evidence."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S607
    row = {
        "on": datetime.now(UTC).date().isoformat(),
        "commit": commit.stdout.strip(),
        "command": " ".join(["python -m benchmarks.hot", *sys.argv[1:]]),
        "size": "small" if stand.small else "full",
    }
    with EVIDENCE.open("a", encoding="utf-8") as file:
        file.write(json.dumps({**row, **result.as_row()}, ensure_ascii=False) + "\n")


def main() -> int:
    """Exit 1 when a ratio is worse than its floor by more than the machine's noise."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="large sizes, for figures that are published")
    parser.add_argument("--only", default=",".join(MEASURES), help="some of them")
    parser.add_argument("--pairs", type=int, default=PAIRS)
    parser.add_argument("--keep", action="store_true", help=f"append to {EVIDENCE.relative_to(ROOT)}")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="saiken-bench-") as folder:
        suite = Suite.start(Path(folder), temporal="wall", services=[])
        try:
            found = uvloop.run(measure(Stand(suite, asked.pairs, not asked.full), asked.only.split(","), asked.keep))
        finally:
            suite.stop()
            suite.infrastructure.postgres.forget()
    late = [result for result in found if not result.target.holds(result.ratio, GATE)]
    print(f"{len(found)} measured; below {GATE} of the floor: {', '.join(result.metric for result in late) or 'none'}")
    return bool(late)


if __name__ == "__main__":
    sys.exit(main())
