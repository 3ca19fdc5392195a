"""What becomes of a message: the next channel, delivered, or skipped with the reason; each is announced."""

import json
from datetime import date
from typing import Any

from sqlalchemy import Row

from chassis.database import Transaction
from chassis.plumbing import Process
from chassis.wire import iso
from proto.notifications.v1 import events_pb2 as events
from services.notifications import store

DELIVERY = Process("Delivery", "delivery")
# The channels that messages leave by, each with a dispatcher of its own per unit.
EMAIL, LETTER = "email", "letter"
DISPATCHED = (EMAIL, LETTER)
CONTACT = "accounts.contact"


async def skip(tx: Transaction, row: Row[Any], reason: str, citation: str) -> None:
    """The message will not be sent, and why."""
    await store.update_message(tx, row.id, state="skipped", reason=reason, citation=citation, next_try_at=None)
    tx.publish(
        events.MessageSkipped(
            message_id=str(row.id),
            notice_id=str(row.notice_id),
            case_id=str(row.case_id),
            account_id=str(row.account_id),
            channel=row.channel,
            reason=reason,
            citation=citation,
        ),
        key=str(row.account_id),
    )


async def deliver(tx: Transaction, row: Row[Any], delivered_on: date) -> None:
    await store.update_message(tx, row.id, state="delivered", next_try_at=None, delivered_on=delivered_on)
    tx.publish(
        events.MessageDelivered(
            message_id=str(row.id),
            notice_id=str(row.notice_id),
            case_id=str(row.case_id),
            account_id=str(row.account_id),
            channel=row.channel,
            delivered_on=iso(delivered_on),
        ),
        key=str(row.account_id),
    )


async def next_channel(tx: Transaction, row: Row[Any], reason: str) -> None:
    left = row.channels[1:]
    if not left:
        await skip(tx, row, reason, "")
        return
    await store.update_message(tx, row.id, state="queued", channels=left, channel=left[0], next_try_at=tx.now)
    await tx.nudge(DELIVERY, left[0])


def open_contact(tx: Transaction, account: Row[Any]) -> dict[str, Any]:
    """An account's contact points: name, name_kana, email, address."""
    return json.loads(tx.vault.open(tx.unit.id, account.contact, CONTACT))  # type: ignore[no-any-return]


def has_contact_point(contact: dict[str, Any], channel: str) -> bool:
    """True when the channel has something to send to."""
    email = contact.get("email") or ""
    if channel == EMAIL:
        return "@" in email and email.isprintable() and not any(mark in email for mark in ' ,;<>"')
    return any(line.strip() for line in contact.get("address") or ())
