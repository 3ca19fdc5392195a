"""Whom the law lets whom contact when: counters, hours in every zone, who is bound, stop states, on facts as they are told."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kernel import series
from kernel.errors import Unreadable
from kernel.series import ClosedDays, read_closed_days
from services.notifications.domain import Decision, decide, read_facts, read_rules, statutory


def documents(subject: str) -> list[tuple[str, Any]]:
    folder = Path(__file__).parents[1] / "policies" / subject
    return [(path.name, yaml.safe_load(path.read_text("utf-8"))) for path in sorted(folder.glob("*.yaml"))]


def calendars() -> Mapping[str, ClosedDays]:
    return read_closed_days(yaml.safe_load((Path(series.__file__).parent / "closed_days.yaml").read_text("utf-8")))


RULES, CALENDARS = read_rules(documents("contact")), calendars()
NEW_YORK, TOKYO, BERLIN = "America/New_York", "Asia/Tokyo", "Europe/Berlin"
ZONES = {"US": NEW_YORK, "JP": TOKYO, "DE": BERLIN, "FR": "Europe/Paris", "GB": "Europe/London"}


def ask(
    at: str, channel: str = "call", jurisdiction: str = "US", collector: str = "agency", rules: str = "statutory", **party: Any
) -> Decision:
    contacts, state, debt = party.pop("contacts", []), party.pop("state", None), party.pop("debt", "D1")
    whom = {"type": "consumer", "residence": None, "zones": [ZONES[jurisdiction]], "place": "home", **party}
    told = {
        "jurisdiction": jurisdiction,
        "state": state,
        "collector": collector,
        "rules": rules,
        "party": whom,
        "debt": debt,
        "contacts": contacts,
    }
    moment = datetime.fromisoformat(at)
    facts, only_statutes = read_facts(told, channel, moment, RULES, CALENDARS)
    return decide(facts, statutory(RULES) if only_statutes else RULES, moment)


def call(
    day: int, outcome: str = "NO_ANSWER", debt: str = "D1", channel: str = "call", direction: str = "out", month: int = 11
) -> dict[str, str]:
    at = f"2026-{month:02d}-{day:02d}T12:00:00-05:00"
    return {"at": at, "channel": channel, "direction": direction, "debt": debt, "business_unit": "bu2", "outcome": outcome}


def rules_of(decision: Decision) -> list[str]:
    return [reason.rule for reason in decision.reasons]


WEEK = [call(day) for day in range(2, 9)]  # Monday 2 to Sunday 8 November 2026


def test_an_eighth_call_within_seven_days_is_blocked_until_the_first_is_seven_days_old():
    decision = ask("2026-11-08T15:00:00-05:00", contacts=WEEK)
    assert rules_of(decision) == ["US.reg_f.call_cap"]
    assert decision.next_at == datetime.fromisoformat("2026-11-09T08:00:00-05:00")


def test_on_the_next_monday_six_calls_are_in_the_window():
    assert ask("2026-11-09T15:00:00-05:00", contacts=WEEK).allowed


@pytest.mark.parametrize("direction", ["out", "in"])
def test_after_a_conversation_seven_days_pass_whoever_called(direction):
    talked = [call(2, "CONVERSATION", direction=direction)]
    blocked = ask("2026-11-08T15:00:00-05:00", contacts=talked)
    assert rules_of(blocked) == ["US.reg_f.conversation"]
    assert blocked.next_at == datetime.fromisoformat("2026-11-09T08:00:00-05:00")
    assert ask("2026-11-09T15:00:00-05:00", contacts=talked).allowed


def test_two_debts_of_one_person_are_counted_apart():
    assert ask("2026-11-08T15:00:00-05:00", contacts=[call(day, debt="D2") for day in range(2, 9)]).allowed
    assert ask("2026-11-08T15:00:00-05:00", contacts=[call(2, "CONVERSATION", debt="D2")]).allowed


def test_what_never_connected_and_what_is_no_call_is_not_counted():
    assert ask("2026-11-08T15:00:00-05:00", contacts=[*WEEK[:6], call(8, "BUSY")]).allowed
    assert ask("2026-11-08T15:00:00-05:00", contacts=[*WEEK[:6], call(8, channel="sms")]).allowed
    assert ask("2026-11-08T15:00:00-05:00", channel="sms", contacts=WEEK).allowed


@pytest.mark.parametrize(
    ("state", "collector", "bound"),
    [("NY", "agency", True), ("NY", "assignee", True), ("NY", "law_firm", True), ("NY", "creditor", False), ("NY", "group_company", False),
     ("CA", "creditor", True), ("TX", "creditor", True), (None, "creditor", False)],
)  # fmt: skip
def test_the_counter_binds_third_parties_and_in_california_and_texas_creditors_too(state, collector, bound):
    for contacts, at in ((WEEK, "2026-11-08T15:00:00-05:00"), ([], "2026-11-08T22:00:00-05:00")):
        assert ask(at, collector=collector, state=state, contacts=contacts).allowed is not bound


def test_a_business_is_not_protected_as_a_consumer():
    assert ask("2026-11-08T15:00:00-05:00", type="business", contacts=WEEK).allowed


@pytest.mark.parametrize(("collector", "channel"), [("creditor", "email"), ("agency", "call"), ("creditor", "letter")])
def test_new_york_city_counts_three_attempts_over_all_channels_whoever_collects(collector, channel):
    three = [call(7), call(8, channel="sms"), call(9, channel="email")]
    decision = ask("2026-11-10T15:00:00-05:00", channel=channel, collector=collector, residence="NYC", contacts=three)
    assert rules_of(decision) == ["US.NYC.cap"]
    assert decision.next_at is not None
    assert decision.next_at.date().isoformat() == "2026-11-14"
    assert ask("2026-11-10T15:00:00-05:00", channel=channel, collector=collector, residence="NYC", contacts=three[1:]).allowed
    assert ask("2026-11-10T15:00:00-05:00", channel=channel, collector=collector, state="NY", contacts=three).allowed


def test_new_york_citys_hours_bind_creditors_since_september_2026():
    assert ask("2026-08-31T22:00:00-04:00", collector="creditor", residence="NYC").allowed
    decision = ask("2026-09-01T22:00:00-04:00", collector="creditor", residence="NYC")
    assert rules_of(decision) == ["US.NYC.hours"]
    assert decision.next_at == datetime.fromisoformat("2026-09-02T08:00:00-04:00")
    assert not ask("2026-09-02T12:00:00-04:00", collector="creditor", residence="NYC", represented=True).allowed


def test_new_york_city_counts_from_september_2026():
    august, september = ([call(day, month=month) for day in (28, 29, 30)] for month in (8, 9))
    assert ask("2026-08-31T15:00:00-04:00", residence="NYC", contacts=august).allowed
    assert not ask("2026-10-01T15:00:00-04:00", residence="NYC", contacts=september).allowed


@pytest.mark.parametrize(
    ("at", "zones", "allowed"),
    [
        ("2026-11-10T08:00:00-05:00", [NEW_YORK], True),
        ("2026-11-10T07:59:00-05:00", [NEW_YORK], False),
        ("2026-11-10T20:59:00-05:00", [NEW_YORK], True),
        ("2026-11-10T21:00:00-05:00", [NEW_YORK], False),
        ("2026-11-10T10:59:00-05:00", [NEW_YORK, "America/Los_Angeles"], False),
        ("2026-11-10T11:00:00-05:00", [NEW_YORK, "America/Los_Angeles"], True),
        ("2026-11-10T10:59:00-05:00", [], False),
        ("2026-11-10T11:00:00-05:00", [], True),
        ("2026-11-10T21:00:00-05:00", [], False),
    ],
)
def test_the_hours_hold_in_every_place_where_somebody_may_be(at, zones, allowed):
    assert ask(at, zones=zones).allowed is allowed


def test_the_next_time_is_one_that_every_place_allows():
    decision = ask("2026-11-10T22:00:00-05:00", zones=[NEW_YORK, "America/Los_Angeles"])
    assert decision.next_at == datetime.fromisoformat("2026-11-11T11:00:00-05:00")


@pytest.mark.parametrize(
    ("collector", "rules", "allowed"), [("agency", "statutory", False), ("creditor", "statutory", True), ("creditor", "all", False)]
)
def test_japanese_hours_bind_lenders_and_their_delegates_and_by_policy_everybody(collector, rules, allowed):
    decision = ask("2026-11-10T21:00:00+09:00", jurisdiction="JP", collector=collector, rules=rules)
    assert decision.allowed is allowed
    if not allowed:
        assert decision.next_at == datetime.fromisoformat("2026-11-11T08:00:00+09:00")
    assert ask("2026-11-10T20:59:00+09:00", jurisdiction="JP", collector=collector, rules=rules).allowed


def test_nobody_is_called_at_a_japanese_workplace_but_a_letter_may_come():
    assert rules_of(ask("2026-11-10T12:00:00+09:00", jurisdiction="JP", place="work")) == ["JP.mlba.workplace"]
    assert ask("2026-11-10T12:00:00+09:00", channel="letter", jurisdiction="JP", place="work").allowed


@pytest.mark.parametrize(
    ("collector", "objected", "channel", "allowed"),
    [
        ("assignee", False, "call", True),
        ("assignee", True, "call", False),
        ("assignee", True, "letter", True),
        ("agency", False, "call", False),
        ("agency", False, "letter", True),
    ],
)
def test_a_japanese_lawyer_stops_calls_when_the_debtor_objects_and_servicers_at_once(collector, objected, channel, allowed):
    decision = ask("2026-11-10T12:00:00+09:00", channel, "JP", collector, represented=True, represented_objected=objected)
    assert decision.allowed is allowed


def test_an_american_attorney_is_the_only_one_to_speak_to():
    for channel in ("call", "sms", "email", "letter", "visit"):
        assert "US.reg_f.attorney" in rules_of(ask("2026-11-10T12:00:00-05:00", channel, represented=True))
        assert "US.reg_f.cease" in rules_of(ask("2026-11-10T12:00:00-05:00", channel, cease=True))
    assert ask("2026-11-10T12:00:00-05:00", collector="creditor", represented=True).allowed
    assert not ask("2026-11-10T12:00:00-05:00", collector="creditor", rules="all", represented=True).allowed


MORNINGS = [{"days": ["mon", "tue"], "from": "09:00", "to": "12:00"}]
NIGHTS = [{"days": ["mon"], "from": "20:00", "to": "10:00"}]


@pytest.mark.parametrize(
    ("at", "windows", "next_at"),
    [
        ("2026-11-09T08:59:00+09:00", MORNINGS, None),
        ("2026-11-09T09:00:00+09:00", MORNINGS, "2026-11-09T12:00:00+09:00"),
        ("2026-11-09T12:00:00+09:00", MORNINGS, None),
        ("2026-11-11T10:00:00+09:00", MORNINGS, None),
        ("2026-11-09T20:00:00+09:00", NIGHTS, "2026-11-10T10:00:00+09:00"),
        ("2026-11-10T09:00:00+09:00", NIGHTS, "2026-11-10T10:00:00+09:00"),
        ("2026-11-09T09:00:00+09:00", NIGHTS, None),
        ("2026-11-09T15:00:00+09:00", [{"days": ["mon"], "from": "00:00", "to": "24:00"}], "2026-11-10T08:00:00+09:00"),
    ],
)
def test_inconvenient_hours_are_kept(at, windows, next_at):
    decision = ask(at, jurisdiction="JP", inconvenient=windows)
    assert decision.allowed is (next_at is None)
    assert decision.next_at == (datetime.fromisoformat(next_at) if next_at else None)


def test_sundays_and_holidays_are_policy_and_no_statute():
    for at in ("2026-11-08T12:00:00+09:00", "2026-11-23T12:00:00+09:00"):
        assert ask(at, jurisdiction="JP").allowed
        assert rules_of(ask(at, jurisdiction="JP", rules="all")) == ["group.closed_days"]
    decision = ask("2026-11-22T12:00:00+09:00", jurisdiction="JP", rules="all")  # Sunday; Monday is 勤労感謝の日
    assert decision.next_at == datetime.fromisoformat("2026-11-24T08:00:00+09:00")


@pytest.mark.parametrize("jurisdiction", ["US", "JP", "DE", "FR", "GB"])
@pytest.mark.parametrize("state", ["insolvency", "moratorium", "deceased", "minor"])
def test_some_states_stop_everything_whoever_collects(jurisdiction, state):
    for collector in ("creditor", "agency"):
        for channel in ("call", "letter"):
            decision = ask("2026-11-10T12:00:00Z".replace("Z", "+00:00"), channel, jurisdiction, collector, states=[state])
            assert not decision.allowed
            assert decision.next_at is None
            assert all(reason.citation for reason in decision.reasons)


@pytest.mark.parametrize("state", ["dispute", "time_barred"])
def test_other_states_stop_by_policy_everywhere(state):
    for jurisdiction, at in (("JP", "2026-11-10T12:00:00+09:00"), ("DE", "2026-11-10T12:00:00+01:00")):
        assert ask(at, jurisdiction=jurisdiction, states=[state]).allowed
        assert rules_of(ask(at, jurisdiction=jurisdiction, rules="all", states=[state])) == ["group.stop"]


def test_a_disputed_american_debt_rests_and_a_french_consumers_prescribed_one_too():
    assert rules_of(ask("2026-11-10T12:00:00-05:00", states=["dispute"])) == ["US.reg_f.dispute"]
    assert rules_of(ask("2026-11-10T12:00:00+01:00", jurisdiction="FR", collector="creditor", states=["time_barred"])) == ["FR.time_barred"]


def test_a_channel_that_was_opted_out_of_is_closed_and_the_others_are_not():
    assert not ask("2026-11-10T12:00:00-05:00", "sms", collector="creditor", opt_outs=["sms"]).allowed
    assert ask("2026-11-10T12:00:00-05:00", "call", collector="creditor", opt_outs=["sms"]).allowed
    assert not ask("2026-11-10T12:00:00+01:00", "email", "DE", opt_outs=["email"]).allowed


def test_no_reason_names_another_unit():
    said = repr(ask("2026-11-08T22:00:00-05:00", contacts=WEEK, rules="all"))
    assert "bu2" not in said


@pytest.mark.parametrize(
    "change",
    [{"type": "alien"}, {"states": ["bored"]}, {"zones": ["Mars/Olympus"]}, {"contacts": [{"at": "yesterday"}]}, {"inconvenient": [{"from": "9"}]},
     {"contacts": [call(2, channel="pigeon")]}],
)  # fmt: skip
def test_facts_that_cannot_be_read_are_refused(change):
    with pytest.raises(Unreadable):
        ask("2026-11-08T22:00:00-05:00", **change)


@pytest.mark.parametrize("change", [{"applies": {"collectors": ["agency"]}}, {"applies": {"collector": ["butcher"]}}, {"colour": "red"}])
def test_a_misspelt_rule_is_refused_before_it_binds_everybody(change):
    (row, *_) = documents("contact")[0][1]
    with pytest.raises(Unreadable, match=r"test\.yaml"):
        read_rules([("test.yaml", [{**row, **change}])])


history = st.lists(
    st.builds(call, st.integers(1, 28), st.sampled_from(["NO_ANSWER", "CONVERSATION", "BUSY"]), st.sampled_from(["D1", "D2"])), max_size=12
)


@given(history, st.integers(1, 28), st.integers(0, 23), st.sampled_from(["statutory", "all"]), st.sampled_from([None, "NYC"]))
def test_the_next_time_it_names_is_allowed_and_none_before(contacts, day, hour, rules, residence):
    def at(moment: datetime) -> Decision:
        return ask(moment.isoformat(), rules=rules, residence=residence, contacts=contacts)

    asked = datetime.fromisoformat(f"2026-11-{day:02d}T{hour:02d}:30:00-05:00")
    contacts = [contact for contact in contacts if datetime.fromisoformat(contact["at"]) <= asked]
    decision = at(asked)
    if not decision.allowed and decision.next_at is not None:
        assert at(decision.next_at).allowed
        halfway = asked + (decision.next_at - asked) / 2
        assert not at(halfway).allowed
