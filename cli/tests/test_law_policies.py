"""The law's policy files: the linter over all of them, closed days against the published calendars, the pages made of them."""

from datetime import date
from pathlib import Path

import holidays
import pytest

from cli.law import SUBJECTS, calendars, documents
from cli.law.books import CLOSED_DAYS, parsed
from kernel.series import lint
from services.billing.domain import allowance, interest
from services.legal.domain import court_fees, deadlines, seizable
from services.notifications.domain import read_rules
from tools import write_law

VOCABULARIES = {
    "interest": (interest.KNOWN, interest.VALUES),
    "allowance": (allowance.KNOWN, allowance.VALUES),
    "seizable": (seizable.KNOWN, seizable.VALUES),
    "court_fees": (court_fees.KNOWN, court_fees.VALUES),
    "deadlines": (deadlines.KNOWN, deadlines.VALUES),
}
CALENDARS = calendars()


@pytest.mark.parametrize("subject", VOCABULARIES)
def test_the_linter_finds_nothing_in_the_policies(subject):
    known, values = VOCABULARIES[subject]
    assert lint(documents(subject), known, values) == []


def test_the_contact_rules_can_be_read():
    assert len(read_rules(documents("contact"))) > len(documents("contact"))


def test_every_subject_is_linted():
    assert SUBJECTS.keys() == VOCABULARIES.keys() | {"contact"}


@pytest.mark.parametrize(("name", "years"), [("DE", (1995, 2060)), ("FR", (2008, 2060)), ("JP", (2022, 2060)), ("US", (2022, 2060))])
def test_the_closed_days_are_the_published_holidays(name, years):
    for year in range(*years):
        published = set(holidays.country_holidays(name, years=year))
        assert {day for day in CALENDARS[name].of_year(year) if day.weekday() < 5} == {day for day in published if day.weekday() < 5}, year


def test_every_calendar_has_its_source_and_its_years():
    rows = parsed(CLOSED_DAYS)["calendars"]
    assert rows.keys() >= {"DE", "FR", "GB", "JP-COURT", "US", "US-NY", "US-CA"}
    assert all(row["citation"] and row["source_checked"] and row["effective_from"] < row["valid_until"] for row in rows.values())


def test_english_bank_holidays_are_the_published_ones():
    for year in range(2020, 2050):
        published = set(holidays.country_holidays("GB", subdiv="ENG", years=year))
        assert {day for day in CALENDARS["GB"].of_year(year) if day.weekday() < 5} == {day for day in published if day.weekday() < 5}, year


def test_californian_courts_keep_native_american_day_and_not_columbus_day():
    closed = CALENDARS["US-CA"].of_year(2026)
    assert {date(2026, 2, 12), date(2026, 3, 31), date(2026, 9, 25), date(2026, 11, 27)} <= closed
    assert date(2026, 10, 12) not in closed
    assert date(2026, 10, 12) in CALENDARS["US"].of_year(2026)


def test_the_deadlines_name_calendars_that_there_are():
    assert set(deadlines.VALUES["roll"]) | set(interest.VALUES["roll"]) <= CALENDARS.keys()


def test_japanese_courts_close_over_the_turn_of_the_year():
    assert CALENDARS["JP-COURT"].next_open(date(2026, 12, 29)) == date(2027, 1, 4)
    assert CALENDARS["JP"].next_open(date(2026, 12, 29)) == date(2026, 12, 29)


@pytest.mark.parametrize("name", write_law.PAGES)
def test_the_pages_of_the_law_are_what_the_policies_say(name):
    path = Path(write_law.FOLDER) / f"{name}.md"
    assert path.read_text("utf-8") == write_law.page(name), "run python -m tools.write_law"
