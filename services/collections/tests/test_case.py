"""A case: what it does next at each moment; it never falls silent."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from uuid import UUID

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kernel.calendar import Calendar
from kernel.errors import Unreadable
from services.collections.domain import Case, Close, Item, Office, Take, Wait, decide, read_strategy

POLICY = yaml.safe_load((Path(__file__).parents[1] / "policies" / "strategies" / "consumer-de.yaml").read_text("utf-8"))
STRATEGY = read_strategy(POLICY)
OFFICE = Office(STRATEGY, Calendar("DE", "NW"), "Europe/Berlin", "EUR")
NEW = Case(UUID(int=1), UUID(int=2), UUID(int=3), "open", 0, None, None, None, None, "", "", None)


def case(**changes: object) -> Case:
    return Case(**{name: changes.get(name, getattr(NEW, name)) for name in Case.__slots__})


def item(open_minor: int = 10_000, due: date = date(2026, 6, 15), overdue: bool = True) -> Item:
    return Item(UUID(int=9), "R-1", "EUR", open_minor, date(2026, 6, 1), due, overdue, 1)


def at(day: str, hour: int = 12) -> datetime:
    return datetime.combine(date.fromisoformat(day), time(hour), UTC)


def test_the_first_step_waits_seven_days_from_the_due_date_until_nine_in_the_office():
    waits = decide(NEW, [item()], OFFICE, at("2026-06-16"))

    assert isinstance(waits, Wait)
    assert (waits.action, waits.due_at) == ("reminder", datetime(2026, 6, 22, 7, 0, tzinfo=UTC))
    assert isinstance(decide(NEW, [item()], OFFICE, at("2026-06-22")), Take)


def test_a_step_that_falls_on_a_sunday_waits_for_monday():
    waits = decide(NEW, [item(due=date(2026, 6, 14))], OFFICE, at("2026-06-16"))

    assert isinstance(waits, Wait)
    assert waits.due_at.date() == date(2026, 6, 22)


def test_credits_net_before_any_letter_and_nothing_open_closes():
    assert decide(NEW, [item(), item(-10_000, overdue=False)], OFFICE, at("2026-07-30")) == Close("paid")
    assert decide(NEW, [], OFFICE, at("2026-07-30")) == Close("paid")


def test_the_next_step_counts_from_the_delivery_and_waits_for_it():
    waiting = case(taken=1, awaiting=UUID(int=5), asked_on=date(2026, 6, 22))
    delivered = case(taken=1, since_on=date(2026, 6, 22))

    assert decide(waiting, [item()], OFFICE, at("2026-06-23")).action == "wait for delivery"
    assert decide(delivered, [item()], OFFICE, at("2026-06-23")).due_at.date() == date(2026, 7, 6)


def test_a_hold_stops_the_ladder_until_its_end():
    held = case(hold_until=date(2026, 7, 10), hold_reason="dispute")

    waits = decide(held, [item()], OFFICE, at("2026-07-01"))
    assert (waits.action, waits.due_at.date()) == ("hold: dispute", date(2026, 7, 13))


def test_less_than_the_least_amount_is_watched_not_chased():
    assert decide(NEW, [item(499)], OFFICE, at("2026-07-01")).action == "below the least amount"


def test_a_strategy_that_goes_on_after_hand_over_is_refused():
    with pytest.raises(Unreadable):
        read_strategy(POLICY | {"steps": [*POLICY["steps"], {"step": "x", "days_after": 1, "action": "hand_over"}]})


days = st.none() | st.dates(date(2026, 6, 1), date(2027, 6, 1))


@given(
    st.integers(0, 5),
    st.sampled_from(["open", "handed_over"]),
    st.booleans(),
    *[days] * 4,
    st.sampled_from(["", "message not sent: insolvency"]),
    st.lists(st.integers(-20_000, 20_000).filter(bool), max_size=4),
    st.datetimes(datetime(2026, 6, 16), datetime(2027, 6, 1), timezones=st.just(UTC)),
)
def test_no_case_falls_silent(taken, state, awaits, asked, since, hold, over, obstacle, opens, now):
    """Whatever has happened: it closes, takes a step, or waits for an instant that lies ahead, with an action and an owner."""
    trial = case(
        taken=taken, state=state, awaiting=UUID(int=7) if awaits else None, asked_on=asked, since_on=since, hold_until=hold,
        handed_over_on=over, obstacle=obstacle,
    )  # fmt: skip

    decision = decide(trial, [item(minor, overdue=minor > 0) for minor in opens], OFFICE, now)

    if isinstance(decision, Close):
        assert sum(opens) <= 0
    elif isinstance(decision, Take):
        assert taken < len(STRATEGY.steps)
    else:
        assert decision.action
        assert decision.owner
        assert now < decision.due_at <= now + timedelta(days=500)
