"""The business calendar and the wall clocks of the zones debtors live in."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.calendar import Calendar, UnknownCalendar, local_date, local_instant
from kernel.errors import Unreadable

ZONES = ["Europe/Berlin", "Asia/Tokyo", "America/New_York", "Europe/London", "Pacific/Auckland", "Asia/Kolkata"]
DAYS = st.dates(date(2015, 1, 1), date(2035, 12, 31))
BERLIN = Calendar("DE", "BE")
CALENDARS = [BERLIN, Calendar("JP"), Calendar("US", "NY"), Calendar("AE"), Calendar("XECB")]


def test_a_monday_in_berlin_is_worked_and_a_sunday_is_not():
    assert BERLIN.is_business_day(date(2026, 6, 1))
    assert not BERLIN.is_business_day(date(2026, 5, 31))


def test_corpus_christi_is_a_holiday_in_bavaria_and_not_in_berlin():
    on = date(2026, 6, 4)

    assert not Calendar("DE", "BY").is_business_day(on)
    assert BERLIN.is_business_day(on)


def test_golden_week_pushes_a_japanese_due_date_to_the_seventh():
    assert Calendar("JP").next_business_day(date(2026, 5, 2)) == date(2026, 5, 7)


def test_japanese_banks_are_closed_on_the_second_of_january_when_asked_as_banks():
    on = date(2026, 1, 2)

    assert Calendar("JP").is_business_day(on)
    assert not Calendar("JP", categories=("public", "bank")).is_business_day(on)


def test_a_friday_and_saturday_weekend_is_the_countrys_own():
    assert not Calendar("SA").is_business_day(date(2026, 6, 5))
    assert Calendar("SA").is_business_day(date(2026, 6, 7))


def test_target_is_closed_on_good_friday_and_open_on_german_unity_day():
    assert not Calendar("XECB").is_business_day(date(2026, 4, 3))
    assert Calendar("XECB").is_business_day(date(2025, 10, 3))


def test_policy_may_close_a_weekday_and_a_single_day():
    calendar = Calendar("DE", extra_weekend=frozenset({4}), extra_closed=frozenset({date(2026, 6, 1)}))

    assert calendar.next_business_day(date(2026, 6, 1)) == date(2026, 6, 2)
    assert calendar.next_business_day(date(2026, 6, 5)) == date(2026, 6, 8)


def test_five_business_days_from_maundy_thursday_skip_easter():
    assert BERLIN.add_business_days(date(2026, 4, 2), 5) == date(2026, 4, 13)


def test_an_unknown_country_is_refused_by_name():
    with pytest.raises(UnknownCalendar, match="QQ"):
        Calendar("QQ").is_business_day(date(2026, 6, 1))


def test_a_calendar_without_a_single_worked_day_is_refused():
    with pytest.raises(UnknownCalendar):
        Calendar("DE", extra_weekend=frozenset(range(7))).next_business_day(date(2026, 6, 1))


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(CALENDARS), DAYS, st.integers(-15, 15))
def test_counting_business_days_there_and_back_returns_to_a_worked_day(calendar: Calendar, on: date, n: int):
    start = calendar.next_business_day(on)

    there = calendar.add_business_days(start, n)

    assert calendar.is_business_day(there)
    assert calendar.add_business_days(there, -n) == start


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(CALENDARS), DAYS, st.integers(1, 15))
def test_exactly_n_worked_days_lie_between(calendar: Calendar, on: date, n: int):
    there = calendar.add_business_days(on, n)
    between = [on + timedelta(days=step) for step in range(1, (there - on).days + 1)]

    assert len(calendar.business_days(between)) == n
    assert calendar.previous_business_day(there) == there


@settings(deadline=None)
@given(DAYS, st.times(), st.sampled_from(ZONES))
def test_a_local_time_that_exists_is_shown_by_the_clock_at_its_instant(on: date, at: time, zone: str):
    instant = local_instant(on, at, zone)
    shown = instant.astimezone(ZoneInfo(zone))

    assert instant.utcoffset() == timedelta(0)
    assert local_date(instant, zone) == on
    gap = shown.replace(tzinfo=None) - datetime.combine(on, at)
    assert gap in {timedelta(0), timedelta(hours=1)}, "only a skipped hour may move it, and only forward"


@given(DAYS, st.times(), st.times(), st.sampled_from(ZONES))
def test_later_on_the_wall_is_never_much_earlier_in_time(on: date, first: time, second: time, zone: str):
    early, late = sorted([first, second])

    # Within the skipped hour two readings may swap; never by more than that hour.
    assert local_instant(on, late, zone) - local_instant(on, early, zone) > timedelta(hours=-1)


@pytest.mark.parametrize(
    ("on", "zone", "instant"),
    [
        (date(2026, 3, 29), "Europe/Berlin", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        (date(2026, 3, 8), "America/New_York", datetime(2026, 3, 8, 7, 30, tzinfo=UTC)),
    ],
)
def test_half_past_two_that_the_spring_change_skips_moves_an_hour_forward(on: date, zone: str, instant: datetime):
    assert local_instant(on, time(2, 30), zone) == instant
    assert instant.astimezone(ZoneInfo(zone)).time() == time(3, 30)


def test_half_past_two_that_the_autumn_change_repeats_is_the_first():
    assert local_instant(date(2026, 10, 25), time(2, 30), "Europe/Berlin") == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert local_instant(date(2026, 11, 1), time(1, 30), "America/New_York") == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


def test_the_same_instant_is_tomorrow_in_tokyo_and_today_in_new_york():
    instant = datetime(2026, 6, 1, 20, 0, tzinfo=UTC)

    assert local_date(instant, "Asia/Tokyo") == date(2026, 6, 2)
    assert local_date(instant, "America/New_York") == date(2026, 6, 1)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "Europe"])
def test_an_unknown_zone_is_refused_by_name(zone: str):
    with pytest.raises(Unreadable) as refusal:
        local_instant(date(2026, 6, 1), time(8), zone)

    assert refusal.value.code == "UNKNOWN_ZONE"


def test_an_instant_without_a_zone_is_refused():
    with pytest.raises(Unreadable):
        local_date(datetime(2026, 6, 1), "Asia/Tokyo")
