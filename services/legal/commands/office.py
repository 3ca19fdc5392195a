"""Where a matter is worked: its procedure from the packs, its calendar, its process."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import Row

from chassis.database import Transaction
from chassis.plumbing import Process
from kernel.calendar import Calendar, local_date
from services.legal import store
from services.legal.domain import Office, Procedure, Wait, choose_procedure, decide, read_procedure
from services.legal.domain.procedure import UnknownProcedure

MATTER = Process("Matter", "matter")
PROCEDURES = Path(__file__).parents[1] / "policies" / "procedures"


@cache
def procedures() -> Sequence[Procedure]:
    """All packs."""
    return tuple(read_procedure(yaml.safe_load(path.read_text(encoding="utf-8"))) for path in sorted(PROCEDURES.glob("*.yaml")))


def procedure_of_unit(tx: Transaction) -> Procedure:
    """The version in force for the unit today. Refuses: UNKNOWN_PROCEDURE."""
    return choose_procedure(procedures(), tx.unit.sections["legal"]["procedure"], local_date(tx.now, tx.unit.time_zone))


def office_of(tx: Transaction, row: Row[Any]) -> Office:
    """The office of a matter, on the version it was opened with. Refuses: UNKNOWN_PROCEDURE."""
    found = next((pack for pack in procedures() if pack.id == row.procedure), None)
    if found is None:
        raise UnknownProcedure(f"the pack {row.procedure} is not here any more", procedure=row.procedure)
    return Office(found, Calendar(tx.unit.country, tx.unit.subdivision), tx.unit.time_zone)


async def settle(tx: Transaction, row: Row[Any]) -> None:
    """After a person acted: say at once what comes next, and have the process look again."""
    changed = await store.get_matter(tx, row.id)
    assert changed is not None
    decision = decide(store.matter_of(changed), changed.claim_minor, office_of(tx, changed), tx.now)
    if isinstance(decision, Wait):
        await store.update_matter(tx, row.id, next_action=decision.action, next_action_at=decision.due_at, owner=decision.owner)
    await tx.nudge(MATTER, row.id)
