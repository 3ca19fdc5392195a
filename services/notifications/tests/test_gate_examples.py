"""Who may be contacted when, example by example to the minute, and against a plain reading of the statutes hour by hour."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.errors import Unreadable
from services.notifications.domain import read_rules
from services.notifications.tests.test_gate_statutes import NEW_YORK, ask, rules_of

LOS_ANGELES, PHOENIX, CHICAGO, DENVER = "America/Los_Angeles", "America/Phoenix", "America/Chicago", "America/Denver"
CONTIGUOUS = (NEW_YORK, CHICAGO, DENVER, LOS_ANGELES)
# jurisdiction, collector, rules, channel, asked at, next allowed time (- now, x never)
HOURS = """
JP agency   statutory call   2026-11-10T07:59:59+09:00 2026-11-10T08:00:00+09:00
JP agency   statutory call   2026-11-10T08:00:00+09:00 -
JP agency   statutory call   2026-11-10T20:59:59+09:00 -
JP agency   statutory visit  2026-11-10T21:00:00+09:00 2026-11-11T08:00:00+09:00
JP agency   statutory letter 2026-11-10T23:00:00+09:00 -
JP creditor statutory call   2026-11-10T23:00:00+09:00 -
JP creditor all       call   2026-12-31T21:00:00+09:00 2027-01-02T08:00:00+09:00
JP creditor all       call   2026-05-02T21:00:00+09:00 2026-05-07T08:00:00+09:00
JP agency   statutory call   2026-11-08T12:00:00+09:00 -
US agency   statutory call   2026-10-31T12:30:00+00:00 -
US agency   statutory call   2026-11-01T12:30:00+00:00 2026-11-01T08:00:00-05:00
US agency   statutory call   2026-03-07T12:30:00+00:00 2026-03-07T08:00:00-05:00
US agency   statutory call   2026-03-08T12:30:00+00:00 -
US agency   statutory call   2026-03-08T01:59:00-05:00 2026-03-08T08:00:00-04:00
US agency   statutory sms    2026-11-10T21:00:00-05:00 2026-11-11T08:00:00-05:00
US agency   statutory letter 2026-11-10T23:00:00-05:00 -
US agency   all       call   2026-11-25T21:00:00-05:00 2026-11-27T08:00:00-05:00
DE creditor statutory call   2026-11-10T05:00:00+01:00 -
DE creditor all       call   2026-11-10T19:59:00+01:00 -
DE creditor all       call   2026-11-10T20:00:00+01:00 2026-11-11T08:00:00+01:00
DE creditor all       call   2026-12-24T20:00:00+01:00 2026-12-28T08:00:00+01:00
DE creditor all       call   2026-03-29T12:00:00+02:00 2026-03-30T08:00:00+02:00
DE creditor all       letter 2026-11-14T10:00:00+01:00 2026-11-16T00:00:00+01:00
DE creditor statutory letter 2026-11-15T10:00:00+01:00 -
FR creditor all       call   2026-07-13T20:30:00+02:00 2026-07-15T08:00:00+02:00
FR creditor all       letter 2026-05-01T10:00:00+02:00 2026-05-04T00:00:00+02:00
GB creditor all       call   2026-12-24T20:00:00+00:00 2026-12-29T08:00:00+00:00
GB agency   statutory call   2026-11-10T23:00:00+00:00 -
"""


def says(jurisdiction: str, collector: str, rules: str, channel: str, at: str, expected: str, **party: Any) -> None:
    decision = ask(at, channel, jurisdiction, collector, rules, **party)
    assert decision.allowed is (expected == "-"), rules_of(decision)
    assert decision.next_at == (datetime.fromisoformat(expected) if len(expected) > 1 else None)


@pytest.mark.parametrize("example", HOURS.strip().splitlines())
def test_an_hour_is_right_to_the_second(example):
    says(*example.split())


@pytest.mark.parametrize(
    ("zones", "at", "expected"),
    [
        ([NEW_YORK, LOS_ANGELES], "2026-10-31T10:59:00-04:00", "2026-10-31T11:00:00-04:00"),
        ([NEW_YORK, LOS_ANGELES], "2026-11-01T10:59:00-05:00", "2026-11-01T11:00:00-05:00"),
        ([LOS_ANGELES, PHOENIX], "2026-10-31T15:00:00+00:00", "-"),
        ([LOS_ANGELES, PHOENIX], "2026-11-01T15:30:00+00:00", "2026-11-01T16:00:00+00:00"),
        ([LOS_ANGELES, PHOENIX], "2026-11-02T04:00:00+00:00", "2026-11-02T16:00:00+00:00"),
        ([NEW_YORK, "Asia/Tokyo"], "2026-11-10T12:00:00+00:00", "2026-11-10T23:00:00+00:00"),
        (["Asia/Tokyo"], "2026-11-10T12:00:00-05:00", "2026-11-10T18:00:00-05:00"),
        ([], "2026-11-01T15:59:00+00:00", "2026-11-01T16:00:00+00:00"),
        ([], "2026-11-01T16:00:00+00:00", "-"),
        ([], "2026-11-02T01:59:00+00:00", "-"),
        ([], "2026-11-02T02:00:00+00:00", "2026-11-02T16:00:00+00:00"),
    ],
)
def test_every_candidate_zone_must_allow_also_when_the_clocks_change(zones, at, expected):
    says("US", "agency", "statutory", "call", at, expected, zones=zones)


def contact(at: str, channel: str = "call", outcome: str = "NO_ANSWER", debt: str = "D1", direction: str = "out") -> dict[str, str]:
    return {"at": at, "channel": channel, "direction": direction, "debt": debt, "business_unit": "bu2", "outcome": outcome}


def days(*numbers: int, **more: str) -> list[dict[str, str]]:
    return [contact(f"2026-11-{day:02d}T12:00:00-05:00", **more) for day in numbers]


NOON = "2026-11-08T15:00:00-05:00"
COUNTERS = [
    ("seven calls in one day", days(8, 8, 8, 8, 8, 8, 8), "call", {}, "2026-11-15T08:00:00-05:00"),
    ("nine calls, three must leave", days(2, 3, 4, 5, 6, 7, 8, 8, 8), "call", {}, "2026-11-11T08:00:00-05:00"),
    ("six calls", days(3, 4, 5, 6, 7, 8), "call", {}, "-"),
    ("a call of eight days ago does not count", days(1, 3, 4, 5, 6, 7, 8), "call", {}, "-"),
    ("a call late on the first day counts whole days", [contact("2026-11-02T20:59:00-05:00"), *days(3, 4, 5, 6, 7, 8)], "call", {},
     "2026-11-09T08:00:00-05:00"),
    ("whose debt is not told may be of any", days(2, 3, 4, 5, 6, 7, 8, debt=""), "call", {}, "2026-11-09T08:00:00-05:00"),
    ("calls that came in", days(2, 3, 4, 5, 6, 7, 8, direction="in"), "call", {}, "-"),
    ("messages by text are not counted", days(2, 3, 4, 5, 6, 7, 8, channel="sms"), "call", {}, "-"),
    ("a promise is a conversation", days(5, outcome="RPC_PROMISE"), "call", {}, "2026-11-12T08:00:00-05:00"),
    ("the later of two conversations counts", days(2, 7, outcome="CONVERSATION"), "call", {}, "2026-11-14T08:00:00-05:00"),
    ("after a conversation a letter may come", days(5, outcome="CONVERSATION"), "letter", {}, "-"),
    ("a talk at the door is no telephone conversation", days(5, outcome="CONVERSATION", channel="visit"), "call", {}, "-"),
    ("New York City, over all channels", [*days(3), *days(5, channel="letter"), *days(8, channel="email")], "sms", {"residence": "NYC"},
     "2026-11-10T08:00:00-05:00"),
    ("New York City, letters at midnight", days(3, 5, 8), "letter", {"residence": "NYC"}, "2026-11-10T00:00:00-05:00"),
    ("New York City, a busy line is an attempt", days(6, 7, 8, outcome="BUSY"), "call", {"residence": "NYC"}, "2026-11-13T08:00:00-05:00"),
    ("New York City, per account", days(6, 7, 8, debt="D2"), "call", {"residence": "NYC"}, "-"),
    ("New York City, companies are not consumers", days(6, 7, 8), "call", {"residence": "NYC", "type": "business"}, "-"),
    ("New York State has no counter of its own", days(6, 7, 8), "call", {"state": "NY"}, "-"),
]  # fmt: skip


@pytest.mark.parametrize(("contacts", "channel", "party", "expected"), [row[1:] for row in COUNTERS], ids=[row[0] for row in COUNTERS])
def test_a_counter_frees_to_the_minute(contacts, channel, party, expected):
    says("US", "agency", "statutory", channel, NOON, expected, contacts=contacts, **party)


def test_a_debt_that_is_not_told_is_counted_with_every_other():
    assert not ask(NOON, contacts=days(2, 3, 4, 5, 6, 7, 8, debt="D2"), debt="").allowed
    assert not ask(NOON, contacts=days(5, debt="D2", outcome="CONVERSATION"), debt="").allowed


def test_policy_counts_two_contacts_a_week_over_all_units_and_three_japanese_calls_a_day():
    two = [contact(f"2026-11-{day:02d}T12:00:00+01:00", debt=f"D{day}") for day in (9, 10)]
    says("FR", "creditor", "all", "email", "2026-11-12T12:00:00+01:00", "2026-11-16T08:00:00+01:00", contacts=two)
    says("FR", "creditor", "statutory", "email", "2026-11-12T12:00:00+01:00", "-", contacts=two)
    three = [contact(f"2026-11-10T{hour:02d}:00:00+09:00") for hour in (9, 10, 11)]
    assert "JP.call_cap" in rules_of(ask("2026-11-10T12:00:00+09:00", "call", "JP", "creditor", "all", contacts=three))
    assert "JP.call_cap" not in rules_of(ask("2026-11-11T12:00:00+09:00", "call", "JP", "creditor", "all", contacts=three))
    assert ask("2026-11-10T12:00:00+09:00", "call", "JP", "agency", "statutory", contacts=three).allowed


# jurisdiction, collector, state or residence, fact, channel, allowed by statute, allowed by all rules
STOPS = """
US agency        -   represented       call   no  no
US creditor      -   represented       call   yes no
US creditor      CA  represented       letter no  no
US creditor      TX  represented       email  no  no
US creditor      NYC represented       call   no  no
US group_company NYC cease             letter no  no
US creditor      NY  cease             call   yes no
US law_firm      NY  cease             letter no  no
US agency        -   dispute           letter no  no
US creditor      CA  dispute           call   yes no
US agency        -   time_barred       letter yes no
US creditor      -   insolvency        letter no  no
US creditor      -   sms               sms    no  no
US creditor      -   sms               call   yes yes
US creditor      -   email             email  yes no
US creditor      CA  email             email  no  no
US creditor      TX  email             email  no  no
US creditor      NYC letter            letter no  no
US agency        -   letter            letter no  no
US agency        -   work              email  no  no
US agency        -   work              letter yes yes
JP agency        -   represented       call   no  no
JP agency        -   represented       letter yes no
JP assignee      -   represented       call   yes no
JP assignee      -   objected          call   no  no
JP assignee      -   objected          letter yes no
JP creditor      -   objected          call   yes no
JP agency        -   work              call   no  no
JP agency        -   work              visit  no  no
JP agency        -   work              letter yes yes
JP creditor      -   work              call   yes no
JP creditor      -   insolvency        letter no  no
DE creditor      -   cease             call   no  no
DE creditor      -   cease             letter yes no
DE agency        -   represented       call   yes no
DE creditor      -   email             email  no  no
GB agency        -   represented       letter no  no
GB creditor      -   represented       letter yes no
GB agency        -   dispute           call   no  no
GB creditor      -   moratorium        letter no  no
FR creditor      -   time_barred       letter no  no
FR agency        -   dispute           call   yes no
FR creditor      -   minor             letter no  no
"""
FACTS: dict[str, dict[str, Any]] = {
    "represented": {"represented": True},
    "objected": {"represented": True, "represented_objected": True},
    "cease": {"cease": True},
    "work": {"place": "work"},
    **{channel: {"opt_outs": [channel]} for channel in ("sms", "email", "letter")},
}


@pytest.mark.parametrize("example", STOPS.strip().splitlines())
def test_a_stop_binds_whom_it_binds(example):
    jurisdiction, collector, where, fact, channel, by_statute, by_all = example.split()
    place = {"residence": where} if where == "NYC" else {"state": where.strip("-") or None}
    at = "2026-11-10T" + {"US": "12:00:00-05:00", "JP": "12:00:00+09:00"}.get(jurisdiction, "12:00:00+01:00")
    for rules, expected in (("statutory", by_statute), ("all", by_all)):
        decision = ask(at, channel, jurisdiction, collector, rules, **place, **FACTS.get(fact, {"states": [fact]}))
        assert decision.allowed is (expected == "yes"), (rules, rules_of(decision))
        assert decision.next_at is None


@pytest.mark.parametrize(
    "change",
    [{"debtor_type": ["consumr"]}, {"country": ["Germany"]}, {"state": ["NJ"]}, {"residence": ["NYCity"]}, {"chanel": ["call"]}],
)
def test_a_rule_for_nobody_is_refused(change):
    row = {"id": "a", "kind": "stop_states", "basis": "policy", "effective_from": date(2026, 1, 1), "values": {"states": ["cease"]},
           "citation": "test", "source_checked": date(2026, 1, 1), "counsel_validated": False}  # fmt: skip
    assert read_rules([("test.yaml", [row])])
    for wrong in ({"applies": change}, {"values": {"states": ["ceased"]}}, {"citation": ""}, {"basis": "hearsay"}):
        with pytest.raises(Unreadable, match=r"test\.yaml"):
            read_rules([("test.yaml", [row | wrong])])


def plainly_allowed(at: datetime, channel: str, zones: list[str], who: dict[str, Any], contacts: list[dict[str, str]]) -> bool:
    """The American statutes as a person would count them: Reg F, who else it binds, New York City."""
    third = who["collector"] in {"agency", "assignee", "law_firm"}

    def on(moment: datetime, zone: str) -> date:
        return moment.astimezone(ZoneInfo(zone)).date()

    def recent(zone: str) -> list[dict[str, str]]:
        return [one for one in contacts if 0 <= (on(at, zone) - on(datetime.fromisoformat(one["at"]), zone)).days < 7]

    places = zones or list(CONTIGUOUS)
    city = who["residence"] == "NYC" and on(at, places[0]) >= date(2026, 9, 1)
    reg_f = third or who["state"] in {"CA", "TX"}
    if (reg_f or city) and channel != "letter" and not all(time(8) <= at.astimezone(ZoneInfo(zone)).time() < time(21) for zone in places):
        return False
    calls = [[one for one in recent(zone) if one["channel"] == "call" and one["debt"] == "D1"] for zone in places]
    if reg_f and channel == "call":
        if any(sum(one["direction"] == "out" and one["outcome"] != "BUSY" for one in row) >= 7 for row in calls):
            return False
        if any(one["outcome"] == "CONVERSATION" for row in calls for one in row):
            return False
    return not (city and any(sum(one["debt"] == "D1" and one["direction"] == "out" for one in recent(zone)) >= 3 for zone in places))


starts = st.sampled_from(["2026-03-06", "2026-10-29", "2026-08-28", "2026-11-09"]).map(
    lambda day: datetime.fromisoformat(f"{day}T00:00:00+00:00")
)
people = st.fixed_dictionaries(
    {
        "collector": st.sampled_from(["creditor", "agency", "law_firm"]),
        "state": st.sampled_from([None, "CA", "NY"]),
        "residence": st.sampled_from([None, "NYC"]),
    }
)
pasts = st.lists(
    st.tuples(
        st.integers(0, 9 * 1440), st.sampled_from(["call", "call", "sms"]), st.sampled_from(["NO_ANSWER", "NO_ANSWER", "BUSY", "CONVERSATION"]),
        st.sampled_from(["D1", "D2"]), st.sampled_from(["out", "out", "in"]),
    ),
    max_size=10,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    starts,
    st.integers(0, 6 * 1440),
    st.sampled_from(["call", "sms", "letter"]),
    st.lists(st.sampled_from([*CONTIGUOUS, PHOENIX]), max_size=3, unique=True),
    people,
    pasts,
)
def test_the_gate_says_what_a_plain_reading_says_now_and_next(start, minutes, channel, zones, who, past):
    at = start + timedelta(minutes=minutes)
    contacts = [
        contact((at - timedelta(minutes=ago)).isoformat(), made_by, outcome, debt, direction)
        for ago, made_by, outcome, debt, direction in past
    ]
    decision = ask(at.isoformat(), channel, "US", zones=zones, contacts=contacts, **who)
    assert decision.allowed is plainly_allowed(at, channel, zones, who, contacts)
    # Every American zone here opens and changes its day on a full hour.
    moment = at if decision.allowed else at.replace(minute=0) + timedelta(hours=1)
    while not plainly_allowed(moment, channel, zones, who, contacts):
        moment += timedelta(hours=1)
    assert decision.allowed or decision.next_at == moment
