"""A history of concurrent clients and what must be true at its end: every yes is there, every no is not, each key once."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Outcome = Literal["ok", "fail", "unknown"]


@dataclass(frozen=True)
class Call:
    """What one client was told about one key; `unknown`: the answer was lost."""

    client: int
    key: str
    minor: int
    outcome: Outcome


def violations(calls: Iterable[Call], final: Iterable[tuple[str, int]]) -> list[str]:
    """Compare a history with the final state, (key, amount) rows; ok ⊆ final ⊆ ok ∪ unknown, and no key twice."""
    calls, found = list(calls), []
    present = Counter(key for key, _ in final)
    amounts: Mapping[str, int] = dict(final)
    told = {key: {call.outcome for call in calls if call.key == key} for key in {call.key for call in calls}}
    for key, outcomes in sorted(told.items()):
        if "ok" in outcomes and not present[key]:
            found.append(f"{key} was acknowledged and is lost")
        if outcomes == {"fail"} and present[key]:
            found.append(f"{key} was refused and is there")
    found += [f"{key} is there {count} times" for key, count in sorted(present.items()) if count > 1]
    found += [f"{key} is there and nobody sent it" for key in sorted(present.keys() - told.keys())]
    for call in calls:
        if call.outcome == "ok" and present[call.key] and amounts[call.key] != call.minor:
            found.append(f"{call.key} is {amounts[call.key]} and was {call.minor}")
    return found
