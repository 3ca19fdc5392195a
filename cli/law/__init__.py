"""Calculators of the law, offline: interest, seizable amounts, court fees, deadlines, references, contacts, policies."""

from cli.law.books import SUBJECTS, calendars, documents
from cli.law.commands import court_fee, deadline, interest, may_contact, policy, reference, seizable, tracking

__all__ = [
    "SUBJECTS",
    "calendars",
    "court_fee",
    "deadline",
    "documents",
    "interest",
    "may_contact",
    "policy",
    "reference",
    "seizable",
    "tracking",
]
