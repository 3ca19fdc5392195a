"""A strategy: the steps by which a case is chased, as dated YAML states them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from kernel.errors import Unreadable

HAND_OVER = "hand_over"
MESSAGE = "message"


@dataclass(frozen=True, slots=True)
class Step:
    """`days_after` the reference date (oldest due date, last delivered step, or end of a hold, whichever is latest)."""

    name: str
    action: str
    days_after: int
    template: str
    channels: tuple[str, ...]
    pay_within_days: int


@dataclass(frozen=True, slots=True)
class Strategy:
    """Cases stay on the version they were opened with. `minimum_minor` by currency: less is not worth a message."""

    name: str
    version: int
    effective_from: date
    source: str
    owner: str
    minimum_minor: Mapping[str, int]
    send_at: time
    delivery_within_days: int
    review_days: int
    steps: tuple[Step, ...]

    @property
    def id(self) -> str:
        """Name and version, as a case keeps it."""
        return f"{self.name}@{self.version}"


def read_strategy(data: Mapping[str, Any]) -> Strategy:
    """A strategy from its YAML. Raises Unreadable INVALID with the place."""
    try:
        strategy = Strategy(
            name=data["name"],
            version=int(data["version"]),
            effective_from=data["effective_from"],
            source=data["source"],
            owner=data["owner"],
            minimum_minor={str(currency): int(minor) for currency, minor in data["minimum_minor"].items()},
            send_at=time.fromisoformat(data["send_at"]),
            delivery_within_days=int(data["delivery_within_days"]),
            review_days=int(data["review_days"]),
            steps=tuple(map(_step, data["steps"])),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Unreadable("INVALID", f"strategy {data.get('name')!r}: {error}", place=str(error)) from error
    _check(strategy.name, strategy.steps)
    return strategy


def _step(data: Mapping[str, Any]) -> Step:
    action = data.get("action", MESSAGE)
    return Step(
        name=data["step"],
        action=action,
        days_after=int(data["days_after"]),
        template=data["template"] if action == MESSAGE else "",
        channels=tuple(data["channels"]) if action == MESSAGE else (),
        pay_within_days=int(data["pay_within_days"]) if action == MESSAGE else 0,
    )


def _check(name: str, steps: Sequence[Step]) -> None:
    names = [step.name for step in steps]
    if len(set(names)) != len(names) or not names:
        raise Unreadable("INVALID", f"strategy {name} needs steps with names of their own", place="steps")
    if any(step.action not in (MESSAGE, HAND_OVER) for step in steps):
        raise Unreadable("INVALID", f"strategy {name} has a step with an unknown action", place="action")
    if any(step.action == HAND_OVER for step in steps[:-1]):
        raise Unreadable("INVALID", f"strategy {name} goes on after hand-over", place="hand_over")
