"""Deadlines to the day: the examples of the law's research, their neighbours, and limitation on its way."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kernel import series
from kernel.errors import Unreadable
from kernel.series import ClosedDays, NoRule, RateMissing, read_book, read_closed_days
from services.legal.domain.deadlines import Happening, deadlines, limitation


def documents(subject: str) -> list[tuple[str, Any]]:
    folder = Path(__file__).parents[1] / "policies" / subject
    return [(path.name, yaml.safe_load(path.read_text("utf-8"))) for path in sorted(folder.glob("*.yaml"))]


def calendars() -> Mapping[str, ClosedDays]:
    return read_closed_days(yaml.safe_load((Path(series.__file__).parent / "closed_days.yaml").read_text("utf-8")))


BOOK, CALENDARS = read_book(documents("deadlines")), calendars()
# id, jurisdiction, state, event, on, name, due on
EXAMPLES = """
DE-D1     DE - payment_order_served     2026-03-02 objection                   2026-03-16
DE-D2     DE - payment_order_served     2026-03-02 enforcement_order_from      2026-03-17
DE-D3     DE - payment_order_served     2026-03-02 enforcement_order_until     2026-09-02
DE-D4     DE - enforcement_order_served 2026-03-20 objection                   2026-04-07
DE-D5     DE - claim_arose              2023-05-10 limitation                  2026-12-31
DE-D6     DE - claim_arose              2025-05-10 limitation                  2029-01-02
JP-D1     JP - payment_order_served     2026-06-01 objection                   2026-06-15
JP-D2     JP - payment_order_served     2026-06-01 provisional_execution_from  2026-06-16
JP-D3     JP - payment_order_served     2026-06-01 provisional_execution_until 2026-07-15
JP-D3b    JP - payment_order_served     2026-12-15 objection                   2027-01-04
JP-D4     JP - claim_due                2021-06-30 limitation                  2026-06-30
JP-D5     JP - demand_received          2026-06-20 limitation_postponed_to     2026-12-20
FR-D1     FR - payment_order_issued     2026-08-31 service                     2027-03-01
FR-D2     FR - payment_order_issued     2026-09-01 service                     2026-12-01
FR-D3     FR - payment_order_served     2026-10-15 opposition                  2026-11-16
FR-D4     FR - payment_order_served     2026-10-15 title                       2026-12-15
UK-D1     GB - claim_issued             2026-03-02 deemed_service              2026-03-07
UK-D2     GB - claim_issued             2026-03-02 acknowledgment              2026-03-21
UK-D3     GB - claim_issued             2026-03-02 defence                     2026-04-04
UK-D4     GB - letter_of_claim_sent     2026-03-02 issue_from                  2026-04-02
UK-D5     GB - claim_due                2020-11-20 limitation                  2026-11-20
US-D1     US - served                   2026-03-02 answer                      2026-03-23
US-D2     US NY served                  2026-03-02 answer                      2026-03-23
US-D3     US CA served                  2026-03-02 answer                      2026-04-01
US-D3b    US CA served                  2026-03-01 answer                      2026-04-01
US-D4     US TX served                  2026-03-02 answer                      2026-03-23
US-D5     US TX served                  2026-03-02 answer                      2026-03-16
US-D6     US - validation_notice_sent   2026-09-04 assumed_receipt             2026-09-14
US-D7     US - validation_notice_sent   2026-09-04 validation_end              2026-10-14
US-C1     US - conversation             2026-11-02 next_call                   2026-11-09
DE/may    DE - payment_order_served     2026-04-17 objection                   2026-05-04
DE/may+   DE - payment_order_served     2026-04-17 enforcement_order_from      2026-05-05
DE/month  DE - payment_order_served     2026-08-31 enforcement_order_until     2027-03-01
DE/easter DE - payment_order_served     2026-03-20 objection                   2026-04-07
DE/unity  DE - enforcement_order_served 2026-09-19 objection                   2026-10-05
DE/plain  DE - enforcement_order_served 2026-03-03 objection                   2026-03-17
NY/plain  US NY served                  2026-03-04 answer                      2026-03-24
DE/xmas   DE - enforcement_order_served 2026-12-11 objection                   2026-12-28
DE/leap   DE - payment_order_served     2027-08-31 enforcement_order_until     2028-02-29
DE/2022   DE - claim_arose              2022-01-01 limitation                  2025-12-31
DE/2024   DE - claim_arose              2024-12-31 limitation                  2027-12-31
JP/golden JP - payment_order_served     2026-04-21 objection                   2026-05-07
JP/golden JP - payment_order_served     2026-04-21 provisional_execution_until 2026-06-08
JP/silver JP - payment_order_served     2026-09-08 objection                   2026-09-24
JP/dec    JP - payment_order_served     2026-12-14 objection                   2026-12-28
JP/dec+   JP - payment_order_served     2026-12-16 provisional_execution_from  2027-01-05
JP/leap   JP - claim_due                2024-02-29 limitation                  2029-02-28
JP/demand JP - demand_received          2026-08-31 limitation_postponed_to     2027-02-28
FR/month  FR - payment_order_issued     2026-09-30 service                     2026-12-30
FR/last   FR - payment_order_issued     2026-11-30 service                     2027-03-01
FR/nov    FR - payment_order_served     2026-10-11 opposition                  2026-11-12
FR/jan    FR - payment_order_served     2027-01-31 opposition                  2027-03-01
FR/easter FR - payment_order_served     2027-02-28 opposition                  2027-03-30
FR/old    FR - payment_order_served     2026-06-15 opposition                  2026-07-15
FR/old+   FR - payment_order_served     2026-06-15 title                       2026-07-16
UK/leap   GB - claim_due                2020-02-29 limitation                  2026-02-28
UK/letter GB - letter_of_claim_sent     2026-01-31 issue_from                  2026-03-03
UK/xmas   GB - claim_issued             2026-12-20 deemed_service              2026-12-25
US/thanks US - served                   2026-11-05 answer                      2026-11-27
US/satur  US - served                   2026-03-07 answer                      2026-03-30
US/2027   US - served                   2027-12-10 answer                      2028-01-03
NY/elect  US NY served                  2026-10-14 answer                      2026-11-04
NY/linc   US NY served                  2027-01-23 answer                      2027-02-16
CA/thanks US CA served                  2026-10-28 answer                      2026-11-30
CA/colum  US CA served                  2026-09-12 answer                      2026-10-12
CA/native US CA served                  2026-08-26 answer                      2026-09-28
TX/monday US TX served                  2026-03-03 answer                      2026-03-30
TX/sunday US TX served                  2026-03-09 answer                      2026-03-30
TX/mlk    US TX served                  2025-12-29 answer                      2026-01-20
TX/small  US TX served                  2026-06-05 answer                      2026-06-22
US/valid  US - validation_notice_sent   2026-11-20 assumed_receipt             2026-11-30
US/valid+ US - validation_notice_sent   2026-11-20 validation_end              2026-12-30
US/talk   US - conversation             2026-12-28 next_call                   2027-01-04
"""


def ask(jurisdiction: str, event: str, on: str, state: str = ""):
    return deadlines(BOOK, CALENDARS, jurisdiction, event, date.fromisoformat(on), state)


@pytest.mark.parametrize("example", EXAMPLES.strip().splitlines(), ids=lambda example: example.split()[0])
def test_an_example_is_right_to_the_day(example):
    _, jurisdiction, state, event, on, name, due_on = example.split()
    found = ask(jurisdiction, event, on, state.strip("-"))
    assert due_on in {deadline.due_on.isoformat() for deadline in found if deadline.name == name}
    assert all(deadline.citation for deadline in found)


@pytest.mark.parametrize(
    ("jurisdiction", "event", "on"),
    [
        ("EU", "served", "2026-03-02"),
        ("DE", "served", "2026-03-02"),
        ("JP", "claim_due", "2019-06-30"),
        ("GB", "payment_order_served", "2026-03-02"),
    ],
)
def test_where_no_rule_is_kept_nothing_is_guessed(jurisdiction, event, on):
    with pytest.raises(NoRule):
        ask(jurisdiction, event, on)


def test_a_day_outside_the_calendar_is_missing():
    with pytest.raises(RateMissing) as missing:
        ask("JP", "payment_order_served", "2015-03-02")
    assert missing.value.details["series"] == "JP-COURT"


@given(st.sampled_from([line.split()[1:4] for line in EXAMPLES.strip().splitlines()]), st.dates(date(2026, 1, 1), date(2040, 1, 1)))
def test_a_later_event_never_ends_earlier(row, on):
    jurisdiction, state, event = row
    one, later = (
        {(deadline.name, deadline.citation): deadline.due_on for deadline in ask(jurisdiction, event, day.isoformat(), state.strip("-"))}
        for day in (on, date.fromordinal(on.toordinal() + 1))
    )
    assert all(one[name] <= later[name] for name in one.keys() & later.keys() if "1411" not in name[1] and "1422" not in name[1])


def barred(jurisdiction: str, arose: str, *happened: tuple[str, ...]) -> tuple[str, list[str]]:
    event = "claim_arose" if jurisdiction == "DE" else "claim_due"
    on = date.fromisoformat(arose)
    rule = BOOK.find(on, {"jurisdiction": jurisdiction, "event": event})
    course = [Happening(name, date.fromisoformat(first), *(date.fromisoformat(last) for last in until)) for name, first, *until in happened]
    found = limitation(BOOK, CALENDARS, rule, on, course)
    return found.ends_on.isoformat(), [happening.event for happening in found.without_effect]


@pytest.mark.parametrize(
    ("jurisdiction", "arose", "happened", "expected"),
    [
        ("JP", "2021-06-30", [], ("2026-06-30", [])),
        ("JP", "2021-06-30", [("demand", "2026-06-20")], ("2026-12-20", [])),
        ("JP", "2021-06-30", [("demand", "2026-06-20"), ("demand", "2026-12-10")], ("2026-12-20", ["demand"])),
        (
            "JP",
            "2021-06-30",
            [("demand", "2026-06-20"), ("negotiation_agreement", "2026-12-10")],
            ("2026-12-20", ["negotiation_agreement"]),
        ),
        ("JP", "2021-06-30", [("negotiation_agreement", "2026-06-20"), ("demand", "2027-06-10")], ("2027-06-20", ["demand"])),
        ("JP", "2021-06-30", [("negotiation_agreement", "2026-06-20"), ("negotiation_agreement", "2027-06-10")], ("2028-06-10", [])),
        ("JP", "2021-06-30", [("negotiation_agreement", "2026-06-20", "2026-09-30")], ("2026-09-30", [])),
        ("JP", "2021-06-30", [("demand", "2025-06-20")], ("2026-06-30", ["demand"])),
        ("JP", "2021-06-30", [("acknowledgment", "2026-06-20")], ("2031-06-20", [])),
        ("JP", "2021-06-30", [("demand", "2026-06-20"), ("acknowledgment", "2026-12-10")], ("2031-12-10", [])),
        ("JP", "2021-06-30", [("acknowledgment", "2026-07-01")], ("2026-06-30", ["acknowledgment"])),
        ("JP", "2021-06-30", [("judgment", "2026-05-01")], ("2036-05-01", [])),
        ("DE", "2023-05-10", [("demand", "2026-12-01")], ("2026-12-31", ["demand"])),
        ("DE", "2023-05-10", [("negotiation", "2026-12-01", "2026-12-11")], ("2027-03-11", [])),
        ("DE", "2023-05-10", [("negotiation", "2026-01-01", "2026-01-11")], ("2027-01-11", [])),
        ("DE", "2023-05-10", [("acknowledgment", "2026-03-02")], ("2029-03-02", [])),
        ("GB", "2020-11-20", [("acknowledgment", "2026-11-20")], ("2032-11-20", [])),
        ("GB", "2020-11-20", [("demand", "2026-11-01")], ("2026-11-20", ["demand"])),
    ],
)
def test_limitation_moves_as_the_law_says(jurisdiction, arose, happened, expected):
    assert barred(jurisdiction, arose, *happened) == expected


def test_proceedings_stop_the_clock_until_six_months_after_them():
    assert barred("DE", "2023-05-10", ("proceedings", "2026-12-15", "2027-03-15"))[0] == "2027-10-01"


def test_a_negotiation_without_an_end_is_refused():
    with pytest.raises(Unreadable):
        barred("DE", "2023-05-10", ("negotiation", "2026-12-01"))
