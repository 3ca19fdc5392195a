"""A case: what is chased of one account, and what happens to it next. No case falls silent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from kernel.calendar import Calendar, local_date, local_instant
from services.collections.domain.strategy import HAND_OVER, Step, Strategy

OPEN, HANDED_OVER, CLOSED = "open", "handed_over", "closed"
LEGAL = "legal"


@dataclass(frozen=True, slots=True)
class Item:
    """One item of the account as billing last told it; amounts in minor units, negative for a credit item."""

    id: UUID
    invoice_number: str
    currency: str
    open_minor: int
    issued_on: date
    due_on: date
    overdue: bool
    version: int


@dataclass(frozen=True, slots=True)
class Case:
    """`taken` steps were taken; `awaiting` names a notice whose delivery is not known yet, asked for on `asked_on`.

    `since_on`: the last delivered step, the end of a hold or the day the case resumed, whichever is latest.
    """

    id: UUID
    account_id: UUID
    party_id: UUID
    state: str
    taken: int
    awaiting: UUID | None
    asked_on: date | None
    since_on: date | None
    hold_until: date | None
    hold_reason: str
    obstacle: str
    handed_over_on: date | None


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do before `due_at`; then `action` is the owner's."""

    action: str
    due_at: datetime
    owner: str


@dataclass(frozen=True, slots=True)
class Take:
    """A step whose time has come."""

    step: Step


@dataclass(frozen=True, slots=True)
class Close:
    """Nothing is left to chase."""

    reason: str


Decision = Wait | Take | Close


def chased(items: Sequence[Item], currency: str) -> int:
    """What the case is about: overdue items less open credit items, in minor units. Credits net before any letter."""
    return sum(item.open_minor for item in items if item.currency == currency and (item.overdue or item.open_minor < 0))


def nothing_left(items: Sequence[Item], currency: str) -> Close | None:
    """The end of a case of which nothing is left to chase."""
    return Close("paid") if chased(items, currency) <= 0 else None


@dataclass(frozen=True, slots=True)
class Office:
    """Where the case is worked: its strategy, its days and its wall clock."""

    strategy: Strategy
    calendar: Calendar
    time_zone: str
    currency: str

    def at(self, on: date) -> datetime:
        """The hour of work on the first worked day from `on`."""
        return local_instant(self.calendar.next_business_day(on), self.strategy.send_at, self.time_zone)


def decide(case: Case, items: Sequence[Item], office: Office, now: datetime) -> Decision:
    """What a case does now, or what it waits for and until when."""
    strategy, today = office.strategy, local_date(now, office.time_zone)
    if closing := nothing_left(items, office.currency):
        return closing
    amount = chased(items, office.currency)
    if case.state == HANDED_OVER:
        return _review(case.handed_over_on or today, "review with legal", LEGAL, office, now)
    if case.hold_until is not None and (ends := office.at(case.hold_until + timedelta(days=1))) > now:
        return Wait(f"hold: {case.hold_reason}", ends, strategy.owner)
    if case.awaiting is not None and case.asked_on is not None:
        late = office.at(case.asked_on + timedelta(days=strategy.delivery_within_days))
        if late > now:
            return Wait("wait for delivery", late, strategy.owner)
        return _review(case.asked_on, "find out what became of the message", strategy.owner, office, now)
    if case.obstacle:
        return _review(case.since_on or today, case.obstacle, strategy.owner, office, now)
    if amount < strategy.minimum_minor.get(office.currency, 0):
        return _review(min(item.due_on for item in items if item.overdue), "below the least amount", strategy.owner, office, now)
    if case.taken >= len(strategy.steps):
        return _review(case.since_on or today, "decide how to go on", strategy.owner, office, now)
    step = strategy.steps[case.taken]
    due_at = office.at(_reference(case, items) + timedelta(days=step.days_after))
    return Take(step) if due_at <= now else Wait(step.name, due_at, LEGAL if step.action == HAND_OVER else strategy.owner)


def _reference(case: Case, items: Sequence[Item]) -> date:
    oldest = min(item.due_on for item in items if item.overdue and item.open_minor > 0)
    return max(filter(None, (oldest, case.since_on, case.hold_until)))


def _review(since: date, action: str, owner: str, office: Office, now: datetime) -> Wait:
    """A person looks at it, again and again: every `review_days` from `since`, on the next date that lies ahead."""
    days = timedelta(days=office.strategy.review_days)
    on = since + days
    while office.at(on) <= now:
        on += days
    return Wait(action, office.at(on), owner)
