"""What the tests of notifications' commands are told with: an account, a notice, the answers of billing and payments."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

from chassis.database import new_id
from services.notifications import commands
from services.notifications.domain import Answers, Cash, Decision, Open, statutory

UNIT, OTHER = "rheintel", "hudson"
# Monday noon in Germany.
NOON = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)


async def account(
    tx,
    party: UUID | None = None,
    email: str = "a@example.org",
    address: tuple[str, ...] = ("Weg 1",),
    debtor_type: str = "business",
    place: tuple[str, str] = ("DE", "Europe/Berlin"),
) -> UUID:
    id_ = new_id()
    contact = {"name": "Nord GmbH", "name_kana": "", "email": email, "address": list(address)}
    sealed = tx.vault.seal(tx.unit.id, json.dumps(contact).encode(), "event.account")
    made = commands.Account(id_, 1, party or new_id(), "K-1", debtor_type, "de", *place, sealed)
    await commands.take_account(tx, made)
    return id_


def asked(account_id: UUID, key: str = "k", channel: str = "email", debt: str = "") -> commands.Asked:
    return commands.Asked(account_id, channel, debt, key)


def collects_as(tx, collector: str) -> None:
    """For the length of this transaction the unit collects as that."""
    section = {**tx.unit.sections["notifications"], "collector": collector}
    tx._unit = replace(tx.unit, sections={**tx.unit.sections, "notifications": section})


def by_statute() -> commands.RuleBook:
    """The rule book without the group's own policies, whose cap comes before every other."""
    return replace(commands.rule_book(), rules=statutory(commands.rule_book().rules))


async def notice(tx, account_id: UUID, *channels: str) -> UUID:
    made = commands.Notice(new_id(), new_id(), account_id, "reminder", channels or ("email", "letter"), date(2026, 6, 11))
    await commands.take_notice(tx, made)
    await commands.take_notice(tx, made)
    (row,) = await tx.all("SELECT id FROM messages WHERE notice_id = :id", id=made.id)
    return row.id


def answers(at: datetime = NOON, open_minor: int = 11900, cash: int = 0) -> Answers:
    item = Open("R-1", "EUR", open_minor, date(2026, 4, 1), date(2026, 5, 1), True, 1)
    return Answers((item,) if open_minor else (), at, Cash("EUR", cash, 7, at))


async def state_of(tx, message_id: UUID):
    return await tx.first("SELECT * FROM messages WHERE id = :id", id=message_id)


def rules(decision: Decision) -> list[str]:
    return [reason.rule for reason in decision.reasons]
