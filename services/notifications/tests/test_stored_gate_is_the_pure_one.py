"""The stored gate answers what the pure one answers on the same facts: random people, histories, wishes and instants."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random

from chassis.database import new_id
from chassis.testing import rolled_back
from kernel.calendar import Calendar
from services.notifications import commands, store
from services.notifications.commands.facts import debt_index, public_holidays
from services.notifications.domain import Contact, Facts, Preference, decide, inconvenient, opt_out, stop, wishes
from services.notifications.tests.helpers import UNIT, account, by_statute, collects_as

CASES = 200
# New York City's rules come into force within.
BEGINS, MINUTES = datetime(2026, 8, 20, tzinfo=UTC), 30 * 24 * 60
PLACES = {
    "New York, NY 10001": ("US", "America/New_York", "NY", "NYC", ("America/New_York",)),
    "Albany, NY 12201": ("US", "America/New_York", "NY", "", ("America/New_York",)),
    "Fresno, CA 93650": ("US", "America/New_York", "CA", "", ("America/New_York", "America/Los_Angeles")),
    "El Paso, TX 79901": ("US", "America/Denver", "TX", "", ("America/Denver",)),
    "Nowhere": ("US", "America/New_York", "", "", ("America/New_York",)),
    "00010 Neuenrath": ("DE", "Europe/Berlin", "", "", ("Europe/Berlin",)),
    "東京都": ("JP", "Asia/Tokyo", "", "", ("Asia/Tokyo",)),
}
CHANNELS = ["email", "letter", "sms", "call", "call", "visit", "registered_letter"]
WISHES = [opt_out("sms"), opt_out("email"), inconvenient([], "22:00", "12:00"), inconvenient([0, 2], "09:00", "18:30"), stop("cease")]
WISHES += [stop("represented"), stop("represented_objected")]
ELSEWHERE = "another account's"


@dataclass(frozen=True)
class Told:
    """One row of a history; `debt` empty: the account whole."""

    at: datetime
    channel: str
    kind: str
    debt: str
    outcome: str
    lives: bool


@dataclass(frozen=True)
class Case:
    """A question to the gate, and all that it rests on."""

    now: datetime
    town: str
    debtor_type: str
    collector: str
    channel: str
    debt: str
    wishes: list[Preference]
    history: list[Told]


def thrown(dice: Random) -> Case:
    now = BEGINS + timedelta(minutes=dice.randrange(MINUTES))
    case = Case(
        now=now,
        town=dice.choice(sorted(PLACES)),
        debtor_type=dice.choice(["consumer", "business"]),
        collector=dice.choice(["creditor", "agency", "group_company"]),
        channel=dice.choice(CHANNELS),
        debt=dice.choice(["", "D1"]),
        wishes=dice.sample(WISHES, dice.choice([0, 0, 1, 2])),
        history=[one for one in history(dice, now, CHANNELS) if one.at <= now],
    )
    if dice.random() < 0.5:
        return case
    # Most rules that count are about calls to American consumers: half of the cases.
    town = dice.choice(sorted(town for town, place in PLACES.items() if place[0] == "US"))
    calls = [one for one in history(dice, now, ["call"]) if one.at <= now]
    return replace(case, town=town, debtor_type="consumer", collector="agency", channel="call", history=calls)


def history(dice: Random, now: datetime, channels: list[str]) -> list[Told]:
    return [
        Told(
            # Some at or after the midnight of New York, when California has the day before.
            at=(now - timedelta(minutes=dice.randrange(10 * 24 * 60))).replace(**dice.choice([{}, {"hour": 4, "minute": 0}, {"hour": 6}])),
            channel=dice.choice(channels),
            kind=dice.choice(["made", "made", "made", "made", "received", "reserved"]),
            debt=dice.choice(["", "D1", "D1", "D2", ELSEWHERE]),
            outcome=dice.choice(["", "NO_ANSWER", "BUSY", "BUSY", "CONVERSATION"]),
            lives=dice.random() < 0.5,
        )
        for _ in range(dice.choice([0, 4, 15, 25]))
    ]


async def test_the_stored_gate_answers_what_the_pure_one_does(database_of):
    opened, refused = database_of("notifications"), set()
    async with rolled_back(opened.database, opened.caller, UNIT) as tx:
        for seed in range(CASES):
            dice = Random(seed)
            case, book = thrown(dice), dice.choice([commands.rule_book(), by_statute()])

            stored = await commands.may_contact(tx, await prepared(tx, case), book)

            assert stored == decide(pure(case), book.rules, case.now), (seed, case)
            refused |= {reason.kind for reason in stored.reasons}
    # The dice have reached every rule that the ledger or the preferences answer.
    assert refused >= {"cap", "conversation", "inconvenient", "opt_out", "stop_states"}


async def prepared(tx, case: Case) -> commands.Asked:
    """The case in the database, at its instant."""
    party, (country, zone, *_) = new_id(), PLACES[case.town]
    id_ = await account(tx, party, address=("1 Way", case.town), debtor_type=case.debtor_type, place=(country, zone))
    collects_as(tx, case.collector)
    for wish in case.wishes:
        await commands.record_preference(tx, id_, wish)
    for one in case.history:
        tx.now = one.at
        debt = debt_index(tx, new_id(), "") if one.debt == ELSEWHERE else debt_index(tx, id_, one.debt)
        reserved, outcome = one.kind == "reserved", "" if one.kind == "reserved" else one.outcome
        expires_at = case.now + timedelta(minutes=1 if one.lives else 0) if reserved else None
        await store.add_contact(tx, new_id(), party, one.channel, one.kind, debt, outcome=outcome, expires_at=expires_at)
    tx.now = case.now
    return commands.Asked(id_, case.channel, case.debt)


def pure(case: Case) -> Facts:
    """The case as the pure gate takes it."""
    country, _, state, residence, zones = PLACES[case.town]
    known, subdivision = wishes(case.wishes), state or ("NW" if country == "DE" else None)
    return Facts(
        channel=case.channel,
        country=country,
        time_zone=zones[0],
        debtor_type=case.debtor_type,
        stop_states=known.stop_states,
        contacts_on=True,
        calendar=Calendar(country, subdivision),
        holidays=public_holidays(country, subdivision, 2026) | public_holidays(country, subdivision, 2027),
        usage={},
        state=state,
        residence=residence,
        collector=case.collector,
        zones=zones,
        opt_outs=known.opt_outs,
        inconvenient=known.inconvenient,
        debt="this",
        contacts=tuple(contact(one, case.debt) for one in case.history if one.kind != "reserved" or one.lives),
    )


def contact(one: Told, debt: str) -> Contact:
    """What is about the account whole is about each of its debts; what was reserved has no outcome yet."""
    about = one.debt != ELSEWHERE and (one.debt == debt or "" in {one.debt, debt})
    outcome = "" if one.kind == "reserved" else one.outcome
    return Contact(one.at, one.channel, one.kind != "received", "this" if about else "other", outcome)
