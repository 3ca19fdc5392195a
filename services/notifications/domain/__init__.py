"""Notifications' rules: the gate, what is still owed, and how it is said."""

from services.notifications.domain.balance import Answers, Cash, NoBankAccount, Open, Section, is_covered, owed
from services.notifications.domain.formatting import LOCALES, UnknownLanguage, format_date, format_money
from services.notifications.domain.gate import (
    Contact,
    Decision,
    Facts,
    Reason,
    Usage,
    Window,
    applicable,
    decide,
    frees_at,
    statutory,
    window_start,
)
from services.notifications.domain.places import Place, Places, read_places
from services.notifications.domain.preferences import INCONVENIENT, OPT_OUT, Preference, Wishes, inconvenient, opt_out, stop, wishes
from services.notifications.domain.request import read_facts
from services.notifications.domain.rules import CHANNELS, COLLECTORS, OUTCOMES, Rule, read_rules
from services.notifications.domain.texts import LABELS, Letter, Recipient, Sender, Texts, UnknownTemplate, letter_data

__all__ = [
    "CHANNELS",
    "COLLECTORS",
    "INCONVENIENT",
    "LABELS",
    "LOCALES",
    "OPT_OUT",
    "OUTCOMES",
    "Answers",
    "Cash",
    "Contact",
    "Decision",
    "Facts",
    "Letter",
    "NoBankAccount",
    "Open",
    "Place",
    "Places",
    "Preference",
    "Reason",
    "Recipient",
    "Rule",
    "Section",
    "Sender",
    "Texts",
    "UnknownLanguage",
    "UnknownTemplate",
    "Usage",
    "Window",
    "Wishes",
    "applicable",
    "decide",
    "format_date",
    "format_money",
    "frees_at",
    "inconvenient",
    "is_covered",
    "letter_data",
    "opt_out",
    "owed",
    "read_facts",
    "read_places",
    "read_rules",
    "statutory",
    "stop",
    "window_start",
    "wishes",
]
