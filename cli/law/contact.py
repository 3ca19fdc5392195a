"""`saiken may-contact`: the gate's answer to facts in a file."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cli.law.books import calendars, documents
from kernel.errors import Unreadable
from services.notifications.domain import decide, read_facts, read_rules, statutory

# Longer is no question about one person.
MAX_BYTES = 5_000_000


def answer(path: Path, at: datetime, channel: str) -> dict[str, Any]:
    """Allowed or not, the rules that say no, and the next allowed time where the debtor is. Raises Unreadable."""
    text = path.read_bytes()
    if len(text) > MAX_BYTES:
        raise Unreadable("TOO_LARGE", f"more than {MAX_BYTES} bytes", place=path.name)
    try:
        document = json.loads(text)
    except ValueError as error:
        raise Unreadable("INVALID", f"{path.name} is no JSON: {error}", place=path.name) from None
    rules = read_rules(documents("contact"))
    facts, only_statutes = read_facts(document, channel, at, rules, calendars())
    decision = decide(facts, statutory(rules) if only_statutes else rules, at)
    return {
        "allowed": decision.allowed,
        "reasons": [{"rule": reason.rule, "citation": reason.citation} for reason in decision.reasons],
        "next_allowed_at": decision.next_at.astimezone(ZoneInfo(facts.time_zone)).isoformat() if decision.next_at else None,
    }
