"""The rules of collections: strategies, and what a case does next."""

from services.collections.domain.case import Case, Close, Decision, Item, Office, Take, Wait, chased, decide, nothing_left
from services.collections.domain.strategy import HAND_OVER, Step, Strategy, read_strategy

__all__ = [
    "HAND_OVER",
    "Case",
    "Close",
    "Decision",
    "Item",
    "Office",
    "Step",
    "Strategy",
    "Take",
    "Wait",
    "chased",
    "decide",
    "nothing_left",
    "read_strategy",
]
