"""The gate's laws, and the contact rules as they stand."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.calendar import Calendar
from kernel.errors import Unreadable
from services.notifications.commands import rule_book
from services.notifications.commands.facts import public_holidays
from services.notifications.domain import Facts, Usage, decide, frees_at, read_rules, window_start

RULES = rule_book().rules
CAP = next(rule for rule in RULES if rule.id == "group.cap")
ZONES = {"DE": "Europe/Berlin", "JP": "Asia/Tokyo", "US": "America/New_York", "AT": "Europe/Vienna", "FR": "Europe/Paris"}


def facts(country: str = "DE", channel: str = "email", **changes: object) -> Facts:
    holidays = public_holidays(country, None, 2026) | public_holidays(country, None, 2027)
    usage = {rule.id: Usage(0, None) for rule in RULES if rule.kind == "cap"}
    usage |= changes.pop("usage", {})
    made = Facts(channel, country, ZONES[country], "business", frozenset(), True, Calendar(country), holidays, usage)
    return replace(made, **changes)


def local(country: str, text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONES[country])).astimezone(UTC)


instants = st.integers(0, 600_000).map(lambda minutes: datetime(2026, 2, 1, tzinfo=UTC) + timedelta(minutes=minutes))
channels = st.sampled_from(["email", "letter", "registered_letter", "sms", "call"])


@st.composite
def anybody(draw: st.DrawFn) -> Facts:
    at = draw(instants)
    used = draw(st.integers(0, 3))
    usage = Usage(used, at + timedelta(hours=draw(st.integers(-48, 24 * 7))) if used >= 2 else None)
    return facts(draw(st.sampled_from(sorted(ZONES))), draw(channels), usage={"group.cap": usage})


@given(anybody(), instants)
def test_the_next_time_it_names_is_allowed(who, at):
    decision = decide(who, RULES, at)
    if not decision.allowed and decision.next_at is not None:
        assert decision.next_at > at
        assert decide(who, RULES, decision.next_at).allowed


@given(anybody(), instants, st.integers(1, 60))
def test_no_time_before_the_next_one_is_allowed(who, at, minutes):
    decision = decide(who, RULES, at)
    between = at + timedelta(minutes=minutes * 11)
    if decision.next_at is not None and between < decision.next_at:
        assert not decide(who, RULES, between).allowed


@given(anybody(), instants, st.integers(0, 20_000))
def test_who_asks_later_is_never_allowed_earlier(who, at, minutes):
    def earliest(moment: datetime) -> datetime | None:
        decision = decide(who, RULES, moment)
        return moment if decision.allowed else decision.next_at

    first, second = earliest(at), earliest(at + timedelta(minutes=minutes))
    if first is not None and second is not None:
        assert first <= second


@pytest.mark.parametrize(
    ("country", "at", "allowed"),
    [
        ("JP", "2026-06-02T07:59", False),
        ("JP", "2026-06-02T08:00", True),
        ("JP", "2026-06-02T20:59", True),
        ("JP", "2026-06-02T21:00", False),
        ("DE", "2026-06-02T19:59", True),
        ("DE", "2026-06-02T20:00", False),
        ("DE", "2026-06-06T10:00", True),  # Saturday
        ("DE", "2026-06-07T10:00", False),  # Sunday
        ("DE", "2026-10-03T10:00", False),  # a Saturday that is a public holiday
        ("US", "2026-06-02T20:59", True),
        ("US", "2026-07-03T10:00", False),  # Independence Day as observed
        ("AT", "2026-06-02T20:00", False),  # no row of its own: the group's hours
    ],
)
def test_mails_keep_the_hours_and_days_of_the_debtors_country(country, at, allowed):
    assert decide(facts(country), RULES, local(country, at)).allowed is allowed


def test_a_letter_waits_for_the_next_business_day_and_not_for_an_hour():
    assert decide(facts(channel="letter"), RULES, local("DE", "2026-06-02T05:00")).allowed
    decision = decide(facts(channel="letter"), RULES, local("DE", "2026-10-02T23:00") + timedelta(hours=2))
    assert decision.next_at == local("DE", "2026-10-05T00:00")
    assert [reason.rule for reason in decision.reasons] == ["group.letter_days"]


@pytest.mark.parametrize(
    ("evening", "morning"),
    [("2026-03-28T22:00", "2026-03-30T08:00"), ("2026-10-24T22:00", "2026-10-26T08:00")],
)
def test_the_morning_after_the_clocks_change_is_the_local_one(evening, morning):
    assert decide(facts("DE"), RULES, local("DE", evening)).next_at == local("DE", morning)


def test_the_hours_are_the_debtors_and_not_the_units():
    at = local("JP", "2026-06-02T10:00")
    assert decide(facts("JP"), RULES, at).allowed
    assert not decide(facts("US"), RULES, at).allowed


@pytest.mark.parametrize("state", ["insolvency", "deceased", "moratorium", "represented", "cease", "dispute"])
def test_a_stop_state_stops_every_chasing_for_good(state):
    for channel in ("email", "letter", "sms", "call"):
        decision = decide(facts(channel=channel, stop_states=frozenset({state})), RULES, local("DE", "2026-06-07T23:00"))
        assert not decision.allowed
        assert decision.next_at is None
        assert decision.reasons[0].word == state


def test_insolvency_is_a_statute_and_a_deceased_debtor_a_policy():
    (insolvency,) = decide(facts(stop_states=frozenset({"insolvency"})), RULES, local("DE", "2026-06-02T10:00")).reasons
    (deceased,) = decide(facts(stop_states=frozenset({"deceased"})), RULES, local("DE", "2026-06-02T10:00")).reasons
    assert (insolvency.basis, insolvency.citation) == ("statute", "§§ 87, 89, 174 InsO")
    assert deceased.basis == "policy"


def test_statutory_service_knows_neither_hours_nor_the_cap_but_stops_for_insolvency_and_death():
    sunday = local("DE", "2026-06-07T03:00")
    full = {"group.cap": Usage(5, sunday + timedelta(days=3))}
    assert decide(facts(channel="registered_letter", usage=full), RULES, sunday).allowed
    assert decide(facts(channel="registered_letter", stop_states=frozenset({"dispute", "cease"})), RULES, sunday).allowed
    for state in ("insolvency", "deceased"):
        assert not decide(facts(channel="registered_letter", stop_states=frozenset({state})), RULES, sunday).allowed


def test_a_third_contact_within_seven_days_waits_until_the_first_is_seven_days_old():
    at = local("DE", "2026-06-05T10:00")
    first = local("DE", "2026-06-02T15:00")
    decision = decide(facts(usage={"group.cap": Usage(2, frees_at(CAP, ZONES["DE"], first))}), RULES, at)
    assert decision.next_at == local("DE", "2026-06-09T08:00")
    assert window_start(CAP, ZONES["DE"], decision.next_at) > first
    assert window_start(CAP, ZONES["DE"], decision.next_at - timedelta(days=1)) <= first


def test_contacts_that_are_switched_off_are_told_apart_from_every_other_reason():
    at = local("DE", "2026-06-02T10:00")
    assert decide(facts(contacts_on=False), RULES, at).only_switched_off
    assert not decide(facts(contacts_on=False, stop_states=frozenset({"cease"})), RULES, at).only_switched_off
    assert decide(facts(contacts_on=False), RULES, at).next_at is None


ROW = {
    "id": "x", "kind": "local_hours", "basis": "policy", "effective_from": date(2026, 1, 1), "values": {"from": "08:00", "until": "09:00"},
    "citation": "test", "source_checked": date(2026, 1, 1), "counsel_validated": False,
}  # fmt: skip


def test_a_rule_holds_from_its_day_until_its_day():
    (rule,) = read_rules([("test.yaml", [ROW | {"effective_from": date(2026, 6, 2), "effective_until": date(2026, 6, 3)}])])
    noon = time(12)
    days = [datetime.combine(date(2026, 6, day), noon, UTC) for day in (1, 2, 3)]
    assert [decide(facts(), [rule], at).allowed for at in days] == [True, False, True]
    # The rule ends at midnight, before its own next opening.
    assert decide(facts(), [rule], days[1]).next_at == local("DE", "2026-06-03T00:00")


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "moon_phase"},
        {"values": {"from": "21:00", "until": "08:00"}},
        {"values": {"from": "08:00"}},
        {"basis": "rumour"},
        {"citation": ""},
        {"applies": {"channel": ["pigeon"]}},
        {"kind": "cap", "values": {"contacts": 0, "days": 7, "channels": ["email"]}},
    ],
)
def test_a_row_that_makes_no_rule_is_refused_with_its_file(change):
    with pytest.raises(Unreadable, match=r"test\.yaml"):
        read_rules([("test.yaml", [ROW | change])])


def test_two_rules_of_one_name_are_refused():
    with pytest.raises(Unreadable, match="x"):
        read_rules([("a.yaml", [ROW]), ("b.yaml", [ROW])])
