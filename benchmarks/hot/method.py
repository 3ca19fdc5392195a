"""How a ratio is measured: interleaved pairs of ours and the reference in one run, their median, and how loaded the machine was."""

import os
import statistics
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

# A single pair varies by a fifth on a shared machine; the median of this many by a fourteenth.
PAIRS = 11
# A gate on such a machine leaves room for its noise.
GATE = 0.7

Rate = Callable[[], Awaitable[float]]


@dataclass(frozen=True)
class Target:
    """What a ratio is held to. `at_most`: it counts something that should be small."""

    floor: float
    goal: float
    at_most: bool = False

    def holds(self, value: float, gate: float = 1.0) -> bool:
        """Whether a value is no worse than the floor, widened by the gate."""
        return value <= self.floor / gate if self.at_most else value >= self.floor * gate

    def reached(self, value: float) -> bool:
        """Whether a value is no worse than the goal."""
        return value <= self.goal if self.at_most else value >= self.goal


@dataclass(frozen=True)
class Load:
    """How busy the machine was: load average of a minute, percent of time in which somebody waited for a processor, stolen ticks."""

    average: float
    pressure: float
    stolen: int


@dataclass(frozen=True)
class Result:
    """One metric: the median of the pairs' ratios with its quartiles, and both sides as medians (`unit` says of what)."""

    metric: str
    what: str
    ratio: float
    target: Target
    quartiles: tuple[float, float]
    ours: float
    reference: float
    unit: str
    pairs: int
    checked: Sequence[str]
    load: tuple[Load, Load]
    rows: Sequence[Mapping[str, float]] = field(default=())

    def as_row(self) -> dict[str, Any]:
        """For the evidence: everything, floats with four digits that count."""
        return _rounded(asdict(self))  # type: ignore[no-any-return]


def load() -> Load:
    """Now."""
    pressure, ticks = Path("/proc/pressure/cpu"), Path("/proc/stat")
    some = float(pressure.read_text().split("avg10=")[1].split()[0]) if pressure.exists() else 0.0
    stolen = int(ticks.read_text().split("\n")[0].split()[8]) if ticks.exists() else 0
    return Load(os.getloadavg()[0], some, stolen)


async def pairs(ours: Rate, reference: Rate, count: int) -> list[tuple[float, float]]:
    """`count` pairs of rates, A B, B A, A B, …; one of each before that warms both up."""
    await ours()
    await reference()
    found: list[tuple[float, float]] = []
    for number in range(count):
        if number % 2:
            second = await reference()
            found.append((await ours(), second))
        else:
            first = await ours()
            found.append((first, await reference()))
    return found


async def compare(
    metric: str, what: str, target: Target, unit: str, ours: Rate, reference: Rate, count: int, checked: Sequence[str], *, tax: bool = False
) -> Result:
    """The ratio of two rates; of a tax, how much slower ours (with it) is than the reference (without), as a part of one."""
    before = load()
    found = await pairs(ours, reference, count)
    ratios = [1 - a / b if tax else a / b for a, b in found]
    return Result(
        metric=metric,
        what=what,
        ratio=statistics.median(ratios),
        target=target,
        quartiles=quartiles(ratios),
        ours=statistics.median(a for a, _ in found),
        reference=statistics.median(b for _, b in found),
        unit=unit,
        pairs=count,
        checked=checked,
        load=(before, load()),
        rows=[{"ours": a, "reference": b} for a, b in found],
    )


def quartiles(values: Sequence[float]) -> tuple[float, float]:
    """First and third."""
    if len(values) < 2:  # noqa: PLR2004 - quartiles need two
        return values[0], values[0]
    first, _, third = statistics.quantiles(values, n=4, method="inclusive")
    return first, third


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least so many percent do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def _rounded(value: Any) -> Any:
    match value:
        case float():
            return float(f"{value:.4g}")
        case dict():
            return {name: _rounded(one) for name, one in value.items()}
        case list() | tuple():
            return [_rounded(one) for one in value]
        case _:
            return value
