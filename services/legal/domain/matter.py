"""A matter: from a case that was handed over to a filing at court. No matter falls silent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from kernel.calendar import Calendar, local_date, local_instant
from kernel.errors import Refused
from services.legal.domain.procedure import Procedure

OPENED = "opened"
LETTER_POSTING = "letter_posting"
LETTER_POSTED = "letter_posted"
LETTER_DELIVERED = "letter_delivered"
READY_TO_PREPARE = "ready_to_prepare"
AWAITING_APPROVAL = "awaiting_approval"
APPROVED = "approved"
FILED = "filed"
CLOSED = "closed"
PAID = "paid"

# Where a matter may go from each stage. From every stage but the last a payment withdraws it.
STAGES: Mapping[str, frozenset[str]] = {
    OPENED: frozenset({LETTER_POSTING, CLOSED}),
    LETTER_POSTING: frozenset({LETTER_POSTED, CLOSED}),
    # A letter that came back is written again when the debtor has a new address.
    LETTER_POSTED: frozenset({LETTER_DELIVERED, OPENED, CLOSED}),
    LETTER_DELIVERED: frozenset({READY_TO_PREPARE, CLOSED}),
    READY_TO_PREPARE: frozenset({AWAITING_APPROVAL, CLOSED}),
    # The clerk may replace the document until it is approved.
    AWAITING_APPROVAL: frozenset({AWAITING_APPROVAL, APPROVED, CLOSED}),
    APPROVED: frozenset({FILED, CLOSED}),
    FILED: frozenset({CLOSED}),
    CLOSED: frozenset(),
}


class WrongStage(Refused):
    """The matter is not where this can be done."""

    code = "WRONG_STAGE"


def move(stage: str, to: str) -> str:
    """The next stage. Refuses: WRONG_STAGE."""
    if to not in STAGES[stage]:
        raise WrongStage(f"a matter cannot go from {stage} to {to}", stage=stage, to=to)
    return to


@dataclass(frozen=True, slots=True)
class Matter:
    """`obstacle` keeps the letter from being posted before `not_before`; `posted_on` and after are the current letter's.

    `looked_on` is the last day on which the post was asked for the proof of delivery; `doubt` says what is wrong with it.
    """

    id: UUID
    stage: str
    stage_on: date
    obstacle: str
    not_before: datetime | None
    posted_on: date | None
    looked_on: date | None
    doubt: str
    returned_on: date | None
    has_new_address: bool
    delivered_on: date | None


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do before `due_at`; then `action` is the owner's. `look_at` is the earlier time of the next look, if any."""

    action: str
    due_at: datetime
    owner: str
    look_at: datetime


@dataclass(frozen=True, slots=True)
class Move:
    """The next stage is reached by itself."""

    to: str


@dataclass(frozen=True, slots=True)
class Post:
    """The registered letter is to be handed to the post."""


@dataclass(frozen=True, slots=True)
class LookForProof:
    """The post is to be asked for the proof of delivery."""


@dataclass(frozen=True, slots=True)
class Close:
    """Nothing is left to claim."""

    reason: str


Decision = Wait | Move | Post | LookForProof | Close


@dataclass(frozen=True, slots=True)
class Office:
    """Where the matter is worked: its procedure, its days and its wall clock."""

    procedure: Procedure
    calendar: Calendar
    time_zone: str

    def at(self, on: date) -> datetime:
        """The morning of the first worked day from `on`."""
        return local_instant(self.calendar.next_business_day(on), self.procedure.look_at, self.time_zone)

    def next_morning(self, now: datetime) -> datetime:
        """The first morning of a worked day after `now`."""
        on = local_date(now, self.time_zone)
        return today if (today := self.at(on)) > now else self.at(on + timedelta(days=1))


def decide(matter: Matter, claim_minor: int, office: Office, now: datetime) -> Decision:
    """What a matter does now, or what it waits for and until when. `claim_minor`: what is open of its items, credits netted."""
    procedure = office.procedure
    if claim_minor <= 0:
        return Close(PAID)
    match matter.stage:
        case "opened" | "letter_posting":
            if matter.not_before is not None and matter.not_before > now:
                return Wait(matter.obstacle, matter.not_before, procedure.clerk, matter.not_before)
            return Post()
        case "letter_posted":
            return _await_proof(matter, office, now)
        case "letter_delivered":
            ready_at = end_of_waiting(office, matter.delivered_on or matter.stage_on)
            waiting = Wait(f"waiting period: {procedure.wait_citation}", ready_at, procedure.clerk, ready_at)
            return Move(READY_TO_PREPARE) if ready_at <= now else waiting
        case "ready_to_prepare":
            return _review(matter.stage_on, f"prepare {procedure.filing_name}", procedure.clerk, office, now)
        case "awaiting_approval":
            return _review(matter.stage_on, f"approve {procedure.filing_name}", procedure.lead, office, now)
        case "approved":
            return _review(matter.stage_on, f"file {procedure.filing_name}", procedure.clerk, office, now)
        case _:
            return _review(matter.stage_on, "follow the court", procedure.clerk, office, now)


def end_of_waiting(office: Office, delivered_on: date) -> datetime:
    """The first morning after the period. The day of delivery is not counted; a last day that is not worked moves on."""
    last = office.calendar.next_business_day(delivered_on + timedelta(days=office.procedure.wait_days))
    return office.at(last + timedelta(days=1))


def _await_proof(matter: Matter, office: Office, now: datetime) -> Decision:
    procedure, today = office.procedure, local_date(now, office.time_zone)
    posted_on = matter.posted_on or matter.stage_on
    if matter.returned_on is not None:
        if matter.has_new_address:
            return Move(OPENED)
        return _review(matter.returned_on, "find a new address", procedure.clerk, office, now)
    looked_on = matter.looked_on or posted_on
    if looked_on < today and office.at(today) <= now:
        return LookForProof()
    morning = office.next_morning(now)
    overdue_on = posted_on + timedelta(days=procedure.proof_within_days)
    if matter.doubt:
        action = _review(looked_on, matter.doubt, procedure.clerk, office, now)
    elif overdue_on <= today:
        action = _review(overdue_on, "find out what became of the letter", procedure.clerk, office, now)
    else:
        return Wait("wait for the proof of delivery", morning, procedure.clerk, morning)
    # Somebody cares for it, and the proof may still come.
    return Wait(action.action, action.due_at, action.owner, min(morning, action.due_at))


def _review(since: date, action: str, owner: str, office: Office, now: datetime) -> Wait:
    """A person does it or looks at it again: every `review_days` from `since`, on the next date that lies ahead."""
    days = timedelta(days=office.procedure.review_days)
    on = since + days
    while office.at(on) <= now:
        on += days
    return Wait(action, office.at(on), owner, office.at(on))
