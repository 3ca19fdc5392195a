"""The order in which money that names no item pays what an account owes: twelve steps in any order, and a debtor's designation before them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from kernel.errors import Unreadable

DueState = Literal["overdue", "due_today", "not_yet_due"]
Part = Literal["penalties", "fees", "interest", "principal"]
DUE_STATES: tuple[DueState, ...] = ("overdue", "due_today", "not_yet_due")
PARTS: tuple[Part, ...] = ("penalties", "fees", "interest", "principal")


@dataclass(frozen=True, slots=True)
class Owed:
    """What is owed of one part of an item, in minor units."""

    item_id: str
    part: Part
    due_on: date
    open_minor: int


@dataclass(frozen=True, slots=True)
class Paid:
    """What an allocation pays of one part of an item, in minor units."""

    item_id: str
    part: Part
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Order:
    """Steps of (due state, part), each at most once; what no step names is not paid. Inside a step the oldest is first.

    `by_item`: an item is paid whole, in the order of `steps`' parts, before the next (first in, first out).
    """

    name: str
    steps: tuple[tuple[DueState, Part], ...]
    by_item: bool = False


def read_orders(data: Mapping[str, Any]) -> Mapping[str, Order]:
    """The presets of a policy document, by name. Raises Unreadable INVALID for a step that is none or is there twice."""
    return {name: _order(name, row) for name, row in data["orders"].items()}


def _order(name: str, row: Mapping[str, Any]) -> Order:
    steps = tuple(tuple(step.split(".")) for step in row["steps"])
    wrong = [".".join(step) for step in steps if len(step) != len(("state", "part")) or step[0] not in DUE_STATES or step[1] not in PARTS]
    if wrong or len(set(steps)) != len(steps):
        raise Unreadable("INVALID", f"the order {name} has steps that are none, or twice: {', '.join(wrong)}", place=name)
    return Order(name, steps, by_item=row.get("by_item", False))


def distribute(amount_minor: int, owed: Iterable[Owed], order: Order, on: date, designated: Sequence[str] = ()) -> tuple[list[Paid], int]:
    """What an amount pays, and what is left of it. The items that the debtor designates come first, in the debtor's order.

    Source: § 366 (1) BGB, Civil Code (Japan) art. 488, code civil art. 1342-10 for the designation; § 367 BGB and
    Civil Code (Japan) art. 489 for costs, interest, principal inside an item.
    """
    rank = {step: place for place, step in enumerate(order.steps)}
    first = {item_id: place for place, item_id in enumerate(designated)}

    def place(one: Owed) -> tuple[int, object, object, str]:
        step = rank[due_state(one.due_on, on), one.part]
        inside = (one.due_on, one.item_id, step) if order.by_item else (step, one.due_on, one.item_id)
        return (first.get(one.item_id, len(first)), inside, one.part, one.item_id)

    paid, left = [], amount_minor
    for one in sorted((one for one in owed if one.open_minor > 0 and (due_state(one.due_on, on), one.part) in rank), key=place):
        taken = min(left, one.open_minor)
        if taken > 0:
            paid.append(Paid(one.item_id, one.part, taken))
            left -= taken
    return paid, left


def due_state(due_on: date, on: date) -> DueState:
    """How a due date stands on a day."""
    if due_on < on:
        return "overdue"
    return "due_today" if due_on == on else "not_yet_due"
