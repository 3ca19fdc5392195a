"""The gate: may this debtor be contacted on this channel at this instant, and if not, when."""

from services.notifications.domain.gate.decision import Decision, Reason, applicable, decide, statutory
from services.notifications.domain.gate.facts import BusinessDays, Contact, Facts, Usage, Window
from services.notifications.domain.gate.kinds import frees_at, window_start

__all__ = [
    "BusinessDays",
    "Contact",
    "Decision",
    "Facts",
    "Reason",
    "Usage",
    "Window",
    "applicable",
    "decide",
    "frees_at",
    "statutory",
    "window_start",
]
