"""Reads UN/EDIFACT INVOIC of any directory (D96A, D14B and between): from segments to documents."""

from services.billing.domain.formats.edifact.reader import read
from services.billing.domain.formats.edifact.segments import recognises

__all__ = ["read", "recognises"]
