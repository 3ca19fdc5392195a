"""Which payment pays what: evidence, answers, decisions; pure, explained, and the same in every order."""

from services.payments.domain.matching.facts import (
    Account,
    Allocation,
    Decision,
    Difference,
    Evidence,
    Item,
    Line,
    Suggestion,
    accounts_of,
)

__all__ = [
    "Account",
    "Allocation",
    "Decision",
    "Difference",
    "Evidence",
    "Item",
    "Line",
    "Suggestion",
    "accounts_of",
]
