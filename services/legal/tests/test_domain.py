"""The stages of a matter, its waiting, its packs: laws and examples."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.calendar import Calendar, local_date, local_instant
from kernel.errors import Unreadable
from kernel.references import tracking_check
from services.legal.commands import procedures
from services.legal.commands.office import PROCEDURES
from services.legal.domain import (
    AWAITING_APPROVAL,
    CLOSED,
    LETTER_DELIVERED,
    LETTER_POSTED,
    OPENED,
    PAID,
    READY_TO_PREPARE,
    STAGES,
    Close,
    LookForProof,
    Matter,
    Move,
    Office,
    Post,
    Wait,
    choose_procedure,
    decide,
    move,
    read_procedure,
    tracking_number,
)
from services.legal.domain.letter import NumbersExhausted
from services.legal.domain.matter import WrongStage, end_of_waiting
from services.legal.domain.procedure import UnknownProcedure

PACKS = {pack.name: pack for pack in procedures()}
OFFICE = Office(PACKS["DE"], Calendar("DE", "NW"), "Europe/Berlin")
MONDAY = date(2026, 6, 1)
MATTER = Matter(UUID(int=1), OPENED, MONDAY, "", None, None, None, "", None, False, None)


def at(on: date, hour: int = 12) -> datetime:
    return local_instant(on, time(hour), "Europe/Berlin")


# The first question to a calendar loads its holidays, which takes seconds on a busy machine.
patient = settings(deadline=None)
days = st.dates(date(2026, 1, 1), date(2027, 12, 31))
instants = st.integers(0, 550 * 24).map(lambda hours: datetime(2026, 7, 1, tzinfo=UTC) + timedelta(hours=hours))
matters = st.builds(
    Matter,
    id=st.just(UUID(int=1)),
    stage=st.sampled_from([stage for stage in STAGES if stage != CLOSED]),
    stage_on=st.dates(date(2026, 1, 1), date(2026, 6, 30)),
    obstacle=st.just("clerk decides"),
    not_before=st.none() | instants,
    posted_on=st.none() | st.dates(date(2026, 1, 1), date(2026, 6, 30)),
    looked_on=st.none() | st.dates(date(2026, 1, 1), date(2026, 6, 30)),
    doubt=st.sampled_from(["", "unreadable"]),
    returned_on=st.none() | st.dates(date(2026, 1, 1), date(2026, 6, 30)),
    has_new_address=st.booleans(),
    delivered_on=st.none() | st.dates(date(2026, 1, 1), date(2026, 6, 30)),
)


@given(st.lists(st.sampled_from(sorted(STAGES)), max_size=12))
def test_whatever_is_tried_a_matter_takes_only_the_steps_that_are_drawn(tries):
    stage = OPENED
    for to in tries:
        if to in STAGES[stage]:
            stage = move(stage, to)
        else:
            with pytest.raises(WrongStage):
                move(stage, to)


def test_a_matter_is_filed_only_after_letter_delivery_waiting_and_approval():
    reached, order = {OPENED}, [OPENED]
    while nexts := sorted({to for stage in reached for to in STAGES[stage]} - reached - {CLOSED}):
        assert len(nexts) == 1  # there is one road
        reached |= set(nexts)
        order += nexts

    assert order == [
        "opened",
        "letter_posting",
        "letter_posted",
        "letter_delivered",
        "ready_to_prepare",
        "awaiting_approval",
        "approved",
        "filed",
    ]
    assert all(CLOSED in STAGES[stage] for stage in order)


@patient
@given(matters, st.integers(1, 10**9), instants)
def test_no_matter_falls_silent(matter, claim_minor, now):
    decision = decide(matter, claim_minor, OFFICE, now)

    if isinstance(decision, Wait):
        assert decision.action
        assert decision.owner in {"legal_clerk", "legal_lead"}
        assert now < decision.look_at <= decision.due_at
    elif isinstance(decision, Move):
        assert decision.to in STAGES[matter.stage]
    else:
        assert isinstance(decision, Post | LookForProof)


@patient
@given(matters, st.integers(-(10**9), 0), instants)
def test_a_claim_that_is_paid_closes_its_matter_at_any_stage(matter, claim_minor, now):
    assert decide(matter, claim_minor, OFFICE, now) == Close(PAID)


@patient
@given(days)
def test_the_waiting_period_is_over_on_a_worked_morning_after_all_its_days(delivered_on):
    ready_at = end_of_waiting(OFFICE, delivered_on)

    ready_on = local_date(ready_at, "Europe/Berlin")
    assert ready_on > delivered_on + timedelta(days=OFFICE.procedure.wait_days)
    assert OFFICE.calendar.is_business_day(ready_on)
    assert decide(replace(MATTER, stage=LETTER_DELIVERED, delivered_on=delivered_on), 1, OFFICE, ready_at) == Move(READY_TO_PREPARE)
    assert isinstance(
        decide(replace(MATTER, stage=LETTER_DELIVERED, delivered_on=delivered_on), 1, OFFICE, ready_at - timedelta(seconds=1)), Wait
    )


def test_a_last_day_on_a_saturday_moves_to_monday_and_the_filing_to_tuesday():
    assert end_of_waiting(OFFICE, date(2026, 8, 8)) == at(date(2026, 8, 25), 9)  # 22 August 2026 is a Saturday


def test_the_post_is_asked_once_each_worked_morning():
    posted = replace(MATTER, stage=LETTER_POSTED, posted_on=MONDAY, looked_on=MONDAY)
    tuesday = MONDAY + timedelta(days=1)

    waits = decide(posted, 1, OFFICE, at(MONDAY))
    assert waits == Wait("wait for the proof of delivery", at(tuesday, 9), "legal_clerk", at(tuesday, 9))
    assert decide(posted, 1, OFFICE, at(tuesday, 9)) == LookForProof()
    thursday = date(2026, 6, 4)  # Corpus Christi, closed in North Rhine-Westphalia
    asked = replace(posted, looked_on=date(2026, 6, 3))
    assert decide(asked, 1, OFFICE, at(thursday)).look_at == at(date(2026, 6, 5), 9)


def test_thirty_days_without_a_proof_are_a_clerks_matter_and_the_post_is_still_asked():
    today = MONDAY + timedelta(days=31)
    waits = decide(replace(MATTER, stage=LETTER_POSTED, posted_on=MONDAY, looked_on=today), 1, OFFICE, at(today))

    assert waits.action == "find out what became of the letter"
    assert waits.due_at == at(date(2026, 7, 15), 9)
    assert waits.look_at == at(date(2026, 7, 3), 9)


def test_a_letter_that_came_back_waits_for_a_new_address_and_is_then_written_again():
    returned = replace(MATTER, stage=LETTER_POSTED, posted_on=MONDAY, looked_on=MONDAY, returned_on=date(2026, 6, 5))

    assert decide(returned, 1, OFFICE, at(date(2026, 6, 5))).action == "find a new address"
    assert decide(replace(returned, has_new_address=True), 1, OFFICE, at(date(2026, 6, 5))) == Move(OPENED)


def test_what_people_must_do_is_looked_at_again_every_two_weeks():
    waiting = replace(MATTER, stage=AWAITING_APPROVAL)
    first = decide(waiting, 1, OFFICE, at(MONDAY))
    second = decide(waiting, 1, OFFICE, first.due_at)

    assert (first.action, first.owner, first.due_at) == ("approve Mahnantrag", "legal_lead", at(date(2026, 6, 15), 9))
    assert second.due_at == at(date(2026, 6, 29), 9)


@given(st.sampled_from(sorted(PACKS)), st.integers(1, 99_999_999))
def test_every_letters_number_has_a_valid_check_digit_and_is_its_own(name, serial):
    pack = PACKS[name]
    number = tracking_number(pack, serial)

    assert tracking_check(number, pack.tracking.scheme) == (True, pack.tracking.scheme)
    assert number != tracking_number(pack, serial - 1)


def test_a_range_that_is_used_up_is_refused():
    with pytest.raises(NumbersExhausted):
        tracking_number(PACKS["DE"], 10**8)


def test_a_pack_is_in_force_from_its_day():
    later = replace(PACKS["DE"], version=2, effective_from=date(2027, 1, 1))
    packs = [later, *PACKS.values()]

    assert choose_procedure(packs, "DE", date(2026, 12, 31)).id == "DE@1"
    assert choose_procedure(packs, "DE", date(2027, 1, 1)).id == "DE@2"
    with pytest.raises(UnknownProcedure, match="'FR'"):
        choose_procedure(packs, "FR", date(2026, 12, 31))


def test_every_pack_is_dated_cited_and_says_whether_counsel_has_seen_it():
    for pack in PACKS.values():
        assert pack.source
        assert pack.wait_citation
        assert pack.filing_citation
        assert pack.source_checked >= date(2026, 1, 1)
        assert pack.counsel_validated in {True, False}


def test_a_pack_that_goes_on_before_its_own_date_of_payment_is_refused():
    data = yaml.safe_load((PROCEDURES / "DE.yaml").read_text("utf-8"))
    data["waiting_period"]["days"] = 7

    with pytest.raises(Unreadable, match="before the day"):
        read_procedure(data)
    del data["letter"]
    with pytest.raises(Unreadable, match="letter"):
        read_procedure(data)
