"""Messages from the request to the gate: queued once, found when they are due, given a contact point, let through or put off."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from chassis.database import Transaction, new_id
from kernel.calendar import local_date
from services.notifications import store
from services.notifications.commands import gate
from services.notifications.commands.facts import Asked
from services.notifications.commands.outcomes import DELIVERY, DISPATCHED, deliver, has_contact_point, next_channel, open_contact, skip
from services.notifications.commands.policies import texts
from services.notifications.commands.sending import Prepared
from services.notifications.commands.stops import STOPPED, wait_for_start

# A look that takes more would hold up the nudges that came meanwhile.
BATCH = 25
# Events come in no order between topics: an account that is not known yet will be, and its arrival nudges.
UNKNOWN_ACCOUNT_WAIT = timedelta(minutes=15)


@dataclass(frozen=True)
class Notice:
    """What collections asks for. `channels` in order of preference."""

    id: UUID
    case_id: UUID
    account_id: UUID
    template: str
    channels: Sequence[str]
    pay_by: date


async def take_notice(tx: Transaction, notice: Notice) -> None:
    """Queue a message; the same notice again is silent. Refuses: UNKNOWN_TEMPLATE."""
    texts().require(notice.template)
    channels = [channel for channel in notice.channels if channel in DISPATCHED]
    today = local_date(tx.now, tx.unit.time_zone)
    channel = channels[0] if channels else DISPATCHED[0]
    added = await tx.execute(
        "INSERT INTO messages (id, business_unit, notice_id, case_id, account_id, template, channels, channel, pay_within_days, state, "
        "reason, citation, next_try_at, holds, language, currency, amount_minor, rendered_hash, created_at) VALUES (:id, :unit, :notice, "
        ":case, :account, :template, :channels, :channel, :days, 'queued', '', '', :now, 0, '', '', 0, '', :now) ON CONFLICT DO NOTHING",
        {
            "id": new_id(),
            "unit": tx.unit.id,
            "notice": notice.id,
            "case": notice.case_id,
            "account": notice.account_id,
            "template": notice.template,
            "channels": channels,
            "channel": channel,
            "days": max((notice.pay_by - today).days, 0),
            "now": tx.now,
        },
    )
    if added.rowcount:
        await tx.nudge(DELIVERY, channel)


async def nudge_waiting(tx: Transaction, account_id: UUID) -> None:
    """An account has become known or has new contact points: what waits for it looks again."""
    rows = await tx.all(
        "UPDATE messages SET next_try_at = :now WHERE account_id = :account AND state = 'queued' AND reason = 'unknown_account' "
        "RETURNING channel",
        now=tx.now,
        account=account_id,
    )
    for channel in sorted({row.channel for row in rows}):
        await tx.nudge(DELIVERY, channel)


async def begin_look(tx: Transaction, channel: str) -> tuple[int, Sequence[UUID]]:
    """How often the dispatcher was nudged so far, and the messages that are due."""
    seen = await tx.look(DELIVERY, channel)
    return seen, await store.find_due_messages(tx, channel, BATCH)


async def end_look(tx: Transaction, channel: str, seen: int) -> float | None:
    """The instant of the next message in Temporal's time (seconds since 1970), past when more are due already; None: a nudge."""
    return await tx.wait(DELIVERY, channel, seen, await store.next_due_at(tx, channel))


async def prepare(tx: Transaction, message_id: UUID, channel: str) -> Prepared | None:
    """Choose the contact point and pass the gate; None when there is nothing to send now.

    A message found in `sending` was handed over or not, nobody knows: it takes the same way again, under the same
    reservation while that lives, and leaves with the same Message-ID, so that the recipient's system shows one.
    """
    row = await store.lock_message(tx, message_id)
    if row is None or row.channel != channel or row.next_try_at is None or row.next_try_at > tx.now:
        return None
    if row.state == "sent":
        await deliver(tx, row, local_date(row.next_try_at, tx.unit.time_zone))
        return None
    account = await store.find_account(tx, row.account_id)
    if account is None:
        await store.update_message(tx, row.id, reason="unknown_account", next_try_at=tx.now + UNKNOWN_ACCOUNT_WAIT)
        return None
    if not (row.channels and has_contact_point(open_contact(tx, account), row.channel)):
        await next_channel(tx, row, "no_contact_point")
        return None
    return await _pass_gate(tx, row)


async def _pass_gate(tx: Transaction, row: Row[Any]) -> Prepared | None:
    asked = Asked(row.account_id, row.channel, str(row.account_id), f"message/{row.id}/{row.channel}", row.id)
    reserved = await gate.reserve_contact(tx, asked)
    decision = reserved.decision
    if decision.allowed or decision.only_switched_off:
        return Prepared(row.id, row.account_id, row.channel, reserved.id)
    if decision.reasons[0].rule == STOPPED:
        await wait_for_start(tx, row.id)
    elif decision.next_at is not None:
        await store.update_message(tx, row.id, state="queued", next_try_at=decision.next_at)
    else:
        await skip(tx, row, decision.reasons[0].word, decision.reasons[0].citation)
    return None
