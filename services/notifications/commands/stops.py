"""The unit's emergency stop: nothing leaves from the moment it is committed until somebody starts contacts again."""

from datetime import timedelta
from uuid import UUID

from chassis.database import Transaction
from services.notifications import store
from services.notifications.commands.outcomes import DELIVERY
from services.notifications.domain import Decision, Reason

STOPPED = "contacts_stopped"
# When people and other services that are refused ask again.
LOOK_AGAIN = timedelta(minutes=15)


async def stop_contacts(tx: Transaction, reason: str) -> None:
    """Stop all outgoing contacts of the unit; a second stop changes nothing."""
    await tx.execute(
        "INSERT INTO contact_stops VALUES (:unit, :reason, :subject, :now) ON CONFLICT DO NOTHING",
        {"unit": tx.unit.id, "reason": reason, "subject": tx.caller.subject, "now": tx.now},
    )
    tx.note("contacts stopped", reason=reason)


async def start_contacts(tx: Transaction) -> None:
    """Let contacts leave again; messages that waited for it look at once, and every rule is asked anew."""
    await tx.execute("DELETE FROM contact_stops")
    tx.note("contacts started")
    rows = await tx.all(
        "UPDATE messages SET next_try_at = :now, reason = '' WHERE state = 'queued' AND reason = :stopped RETURNING channel",
        now=tx.now,
        stopped=STOPPED,
    )
    for channel in sorted({row.channel for row in rows}):
        await tx.nudge(DELIVERY, channel)


async def wait_for_start(tx: Transaction, message_id: UUID) -> None:
    """A message waits for no instant: the start wakes it."""
    await store.update_message(tx, message_id, state="queued", reason=STOPPED, next_try_at=None)


async def refusal(tx: Transaction) -> Decision | None:
    """What the gate answers while contacts are stopped, else None."""
    if not await store.contacts_stopped(tx):
        return None
    reason = Reason(STOPPED, "Group policy: the business unit's contacts are stopped", "policy", "stop", STOPPED)
    return Decision(False, (reason,), tx.now + LOOK_AGAIN)
