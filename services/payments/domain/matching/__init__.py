"""Which payment pays what: evidence, answers, decisions; pure, explained, and the same in every order."""

from services.payments.domain.matching.book import Book
from services.payments.domain.matching.decide import decide, match_lines, take, undo
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
from services.payments.domain.matching.knowledge import NOTHING, Knowledge, forget, learn
from services.payments.domain.matching.policy import Policy, read_policy

__all__ = [
    "NOTHING",
    "Account",
    "Allocation",
    "Book",
    "Decision",
    "Difference",
    "Evidence",
    "Item",
    "Knowledge",
    "Line",
    "Policy",
    "Suggestion",
    "accounts_of",
    "decide",
    "forget",
    "learn",
    "match_lines",
    "read_policy",
    "take",
    "undo",
]
