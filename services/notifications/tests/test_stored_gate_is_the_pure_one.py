"""The stored gate answers what the pure one answers on the same facts: random people, histories, wishes and instants."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from chassis.database import new_id
from chassis.testing import rolled_back
from kernel.calendar import Calendar
from services.notifications import commands, store
from services.notifications.commands.facts import debt_index, public_holidays
from services.notifications.domain import Contact, Facts, decide, inconvenient, opt_out, stop, wishes
from services.notifications.tests.helpers import UNIT, account, by_statute, collects_as

CASES = 150
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


def history(dice: Random, now: datetime) -> list[Told]:
    return [
        Told(
            at=(now - timedelta(minutes=dice.randrange(12 * 24 * 60))).replace(**dice.choice([{}, {"hour": 4, "minute": 0}])),
            channel=dice.choice(CHANNELS),
            kind=dice.choice(["made", "made", "made", "received", "reserved"]),
            debt=dice.choice(["", "D1", "D1", "D2", ELSEWHERE]),
            outcome=dice.choice(["", "NO_ANSWER", "BUSY", "CONVERSATION"]),
            lives=dice.random() < 0.5,
        )
        for _ in range(dice.choice([0, 2, 5, 25]))
    ]


def seen_by(debt: str, told: list[Told], now: datetime) -> tuple[Contact, ...]:
    """The history as the pure gate takes it: what is about the account whole is about each of its debts."""
    counted = [one for one in told if one.at <= now and (one.kind != "reserved" or one.lives)]
    return tuple(
        Contact(
            at=one.at,
            channel=one.channel,
            outgoing=one.kind != "received",
            debt="this" if one.debt != ELSEWHERE and (one.debt == debt or "" in {one.debt, debt}) else "other",
            outcome="" if one.kind == "reserved" else one.outcome,
        )
        for one in counted
    )


async def test_the_stored_gate_answers_what_the_pure_one_does(database_of):
    opened, refused = database_of("notifications"), set()
    async with rolled_back(opened.database, opened.caller, UNIT) as tx:
        for seed in range(CASES):
            dice = Random(seed)
            now = BEGINS + timedelta(minutes=dice.randrange(MINUTES))
            town, party, debtor_type = dice.choice(sorted(PLACES)), new_id(), dice.choice(["consumer", "consumer", "business"])
            country, zone, state, residence, zones = PLACES[town]
            id_ = await account(tx, party, address=("1 Way", town), debtor_type=debtor_type, place=(country, zone))
            collector, debt = dice.choice(["creditor", "agency", "group_company"]), dice.choice(["", "D1"])
            asked_for, told = dice.sample(WISHES, dice.choice([0, 0, 1, 2])), history(dice, now)
            collects_as(tx, collector)
            for wish in asked_for:
                await commands.record_preference(tx, id_, wish)
            for one in told:
                if one.at <= now:
                    await write(tx, id_, party, one, now)
            tx.now = now
            channel, book = dice.choice(CHANNELS), dice.choice([commands.rule_book(), by_statute()])

            stored = await commands.may_contact(tx, commands.Asked(id_, channel, debt), book)

            known, subdivision = wishes(asked_for), state or ("NW" if country == "DE" else None)
            facts = Facts(
                channel=channel,
                country=country,
                time_zone=zones[0],
                debtor_type=debtor_type,
                stop_states=known.stop_states,
                contacts_on=True,
                calendar=Calendar(country, subdivision),
                holidays=public_holidays(country, subdivision, 2026) | public_holidays(country, subdivision, 2027),
                usage={},
                state=state,
                residence=residence,
                collector=collector,
                zones=zones,
                opt_outs=known.opt_outs,
                inconvenient=known.inconvenient,
                debt="this",
                contacts=seen_by(debt, told, now),
            )
            assert stored == decide(facts, book.rules, now), seed
            refused |= {reason.kind for reason in stored.reasons}
    # The dice have reached every rule that the ledger or the preferences answer.
    assert refused >= {"cap", "conversation", "inconvenient", "opt_out", "stop_states"}


async def write(tx, account_id, party, one: Told, now: datetime) -> None:
    """A row of the ledger as commands leave it; a reservation that does not live has lapsed."""
    tx.now = one.at
    debt = debt_index(tx, new_id() if one.debt == ELSEWHERE else account_id, "" if one.debt == ELSEWHERE else one.debt)
    reserved = one.kind == "reserved"
    expires_at = now + timedelta(minutes=1 if one.lives else 0) if reserved else None
    outcome = "" if reserved else one.outcome
    await store.add_contact(tx, new_id(), party, one.channel, one.kind, debt, outcome=outcome, expires_at=expires_at)
