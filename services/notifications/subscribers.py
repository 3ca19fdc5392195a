"""What notifications hears."""

from datetime import date
from uuid import UUID

from chassis.database import Transaction
from chassis.subscriptions import Subscriptions
from proto.billing.v1.events_pb2 import AccountChanged, PartyChanged
from proto.collections.v1.events_pb2 import NoticeRequested
from services.notifications import commands

subscriptions = Subscriptions()


@subscriptions.on(AccountChanged)
async def know_account(event: AccountChanged, tx: Transaction) -> None:
    """Keep the account's contact points and what the gate asks about it."""
    account = commands.Account(
        id=UUID(event.account_id),
        version=event.version,
        party_id=UUID(event.party_id),
        number=event.number,
        debtor_type=event.debtor_type,
        language=event.language,
        country=event.country,
        time_zone=event.time_zone,
        sealed=event.sealed,
    )
    await commands.take_account(tx, account)


@subscriptions.on(PartyChanged)
async def know_party(event: PartyChanged, tx: Transaction) -> None:
    """Keep the party's stop states, for all units."""
    await commands.take_party(tx, UUID(event.party_id), event.version, event.debtor_type, event.stop_states)


@subscriptions.on(NoticeRequested)
async def queue_message(event: NoticeRequested, tx: Transaction) -> None:
    """Queue the message; whether it may be sent is decided when it is sent."""
    notice = commands.Notice(
        id=UUID(event.notice_id),
        case_id=UUID(event.case_id),
        account_id=UUID(event.account_id),
        template=event.template,
        channels=event.channels,
        pay_by=date.fromisoformat(event.pay_by),
    )
    await commands.take_notice(tx, notice)
