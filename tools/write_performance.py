"""Writes docs/performance.md from the newest evidence: `python -m tools.write_performance`."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
PAGE, EVIDENCE = ROOT / "docs" / "performance.md", ROOT / "docs" / "evidence" / "bench.jsonl"
NOTES = ROOT / "benchmarks" / "hot" / "notes.yaml"
HEAD = """# Performance

Speed as ratios: each figure is ours divided by a limit that is measured in the same run, on the same PostgreSQL (durable), broker
and Temporal server; absolute figures of a shared machine mean little. A ratio is the median of interleaved pairs; in brackets
its quartiles. A small run's pairs are few where servers are slow, and a difference below 15 % says nothing. Every measurement
checks its result: a wrong one has no speed. `make bench` measures again and fails below 0.7 of a floor; the raw pairs are in
`docs/evidence/bench.jsonl`. Written by `python -m tools.write_performance`; do not edit.

| | what | ratio | floor | goal | ours | reference | measured |
| --- | --- | --- | --- | --- | --- | --- | --- |
"""


def newest() -> dict[str, Mapping[str, Any]]:
    """The last row of each metric, in the order in which they are measured."""
    rows = [json.loads(line) for line in EVIDENCE.read_text("utf-8").splitlines()]
    return {row["metric"]: row for row in sorted(rows, key=lambda row: row["metric"])} | {row["metric"]: row for row in rows}


def table_row(row: Mapping[str, Any]) -> str:
    """One metric."""
    target = row["target"]
    sign = "≤" if target["at_most"] else "≥"
    low, high = row["quartiles"]
    where = f"{row['on']}, {row['commit']}, {row['pairs']} pairs, load {row['load'][0]['average']:.3g}"
    return (
        f"| {row['metric']} | {row['what']} | **{row['ratio']:.3g}** [{low:.3g}–{high:.3g}] | {sign} {target['floor']:g} | {sign} {target['goal']:g} "
        f"| {row['ours']:,.4g} {row['unit']} | {row['reference']:,.4g} | {where} |"
    )


def missed(row: Mapping[str, Any], bound: str) -> bool:
    """Whether a ratio is worse than its floor or its goal."""
    limit, value = row["target"][bound], row["ratio"]
    return bool(value > limit if row["target"]["at_most"] else value < limit)


def main() -> None:
    """The table, how each ratio can mislead, and the cause of each goal that is not reached."""
    found, notes = newest(), yaml.safe_load(NOTES.read_text("utf-8"))
    lines = [*map(table_row, found.values()), "", "## How each ratio can mislead", ""]
    lines += [f"- **{name}**: {' '.join(text.split())}" for name, text in notes["misleads"].items()]
    lines += ["", "## Goals that are not reached, and why", ""]
    for name, row in found.items():
        if missed(row, "goal"):
            which = "below its floor" if missed(row, "floor") else "between floor and goal"
            cause = notes["causes"].get(name) or notes["causes"].get(name.split()[0]) or "no cause is known."
            lines.append(f"- **{name}** ({which}, {row['ratio']:.3g}): {' '.join(cause.split())}")
    PAGE.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)}: {len(found)} metrics")


if __name__ == "__main__":
    main()
