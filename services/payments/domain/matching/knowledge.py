"""What a business unit's decisions have taught: who pays for whom, and how; it fades, and it can be forgotten."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from typing import TypeVar

from services.payments.domain.matching.facts import Decision, Line
from services.payments.domain.matching.text import name_keys

# What was not seen again for so long says nothing any more; until then it fades evenly.
MEMORY_DAYS = 540
# So many unreversed decisions are as good as any number.
ENOUGH = 3
Key = TypeVar("Key")
Habit = str  # "pays_lists", "takes_discount", "deducts:440"


@dataclass(frozen=True, slots=True)
class Lesson:
    """How often something was seen, and when last."""

    times: int
    last_on: date


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Signs of payers and habits of accounts (unit, id), with how often they were confirmed. Empty: nothing is known.

    `payers` are tokens (``iban:…``) and names (``name:…`` or their blind index) by account; `version` names this state.
    """

    payers: Mapping[str, Mapping[tuple[str, str], Lesson]] = field(default_factory=lambda: MappingProxyType({}))
    habits: Mapping[tuple[str, str], Mapping[Habit, Lesson]] = field(default_factory=lambda: MappingProxyType({}))
    version: str = "none"

    def trust(self, token: str, account: tuple[str, str], on: date | None) -> int:
        """How far a sign is trusted, in thousandths of a known one."""
        lesson = self.payers.get(token, {}).get(account)
        return 0 if lesson is None else _strength(lesson, on)

    def accounts(self, token: str) -> Iterable[tuple[str, str]]:
        """The accounts that a sign was confirmed for."""
        return self.payers.get(token, {})

    def fee_minor(self, account: tuple[str, str]) -> frozenset[int]:
        """The transfer fees that an account is used to deduct, in minor units."""
        habits = self.habits.get(account, {})
        return frozenset(int(habit.partition(":")[2]) for habit, seen in habits.items() if habit.startswith("deducts:") and seen.times > 1)


NOTHING = Knowledge()


def _strength(lesson: Lesson, on: date | None) -> int:
    age = max(0, (on - lesson.last_on).days) if on else 0
    return min(lesson.times, ENOUGH) * 1000 * max(0, MEMORY_DAYS - age) // (ENOUGH * MEMORY_DAYS)


def signs_of(line: Line) -> tuple[str, ...]:
    """By what the payer of a line is recognised again."""
    return (*line.tokens, *(f"name:{key}" for key in name_keys(line.payer_name)))


def learn(knowledge: Knowledge, line: Line, decision: Decision, business_unit: str, on: date) -> Knowledge:
    """With what a decision teaches that a person confirmed, or that stood unreversed.

    A line whose money is on no account teaches nothing.
    """
    if decision.account_id is None:
        return knowledge
    account = (business_unit, decision.account_id)
    payers = {token: dict(accounts) for token, accounts in knowledge.payers.items()}
    for token in signs_of(line):
        _count(payers.setdefault(token, {}), account, on)
    habits = {key: dict(known) for key, known in knowledge.habits.items()}
    for habit in _habits(decision):
        _count(habits.setdefault(account, {}), habit, on)
    return _versioned(replace(knowledge, payers=payers, habits=habits))


def forget(knowledge: Knowledge, *, token: str | None = None, account: tuple[str, str] | None = None) -> Knowledge:
    """Without what a sign, an account, or one of them for the other has taught."""
    payers = {
        known: {key: lesson for key, lesson in accounts.items() if not ((token in {None, known}) and (account in {None, key}))}
        for known, accounts in knowledge.payers.items()
    }
    habits = {key: known for key, known in knowledge.habits.items() if token is not None or account not in {None, key}}
    return _versioned(replace(knowledge, payers={known: accounts for known, accounts in payers.items() if accounts}, habits=habits))


def _habits(decision: Decision) -> Iterable[Habit]:
    if len(decision.allocations) > 1:
        yield "pays_lists"
    for allocation in decision.allocations:
        if allocation.difference and allocation.difference.reason == "discount":
            yield "takes_discount"
        if allocation.difference and allocation.difference.reason == "bank_charges":
            yield f"deducts:{allocation.difference.amount_minor}"


def _count(lessons: dict[Key, Lesson], key: Key, on: date) -> None:
    before = lessons.get(key)
    lessons[key] = Lesson(before.times + 1, max(before.last_on, on)) if before else Lesson(1, on)


def _versioned(knowledge: Knowledge) -> Knowledge:
    lines = [
        f"{key}|{inner}|{lesson.times}|{lesson.last_on}"
        for table in (knowledge.payers, knowledge.habits)
        for key, known in table.items()
        for inner, lesson in known.items()
    ]
    if not lines:
        return NOTHING
    return replace(knowledge, version=hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:12])
