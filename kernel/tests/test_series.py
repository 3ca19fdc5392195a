"""Dated series, months and the linter: holes are named, nothing is extrapolated, wrong policies are told apart."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.series import NoRule, RateMissing, add_months, lint, read_book

FRAME = {"citation": "test", "source_checked": date(2026, 1, 1), "counsel_validated": False}
ROWS = {date(2020, 1, 1): "1", date(2020, 7, 1): None, date(2021, 1, 1): "3"}
SERIES = {"unit": "percent", "valid_until": date(2021, 6, 30), "rows": ROWS, **FRAME}
RULE = {"id": "a", "applies": {"where": ["X"]}, "effective_from": date(2020, 1, 1), "rate": {"series": "S"}, **FRAME}

WORDS = {"rate": (), "series": (), "percent": (), "mode": ("floating", "frozen")}


def book(*rules: dict) -> object:
    return read_book([("test.yaml", {"series": {"S": SERIES}, "rules": rules})])


@pytest.mark.parametrize("on", [date(2019, 12, 31), date(2020, 7, 1), date(2020, 12, 31), date(2021, 7, 1)])
def test_a_day_without_a_row_is_missing_with_series_and_day(on):
    with pytest.raises(RateMissing) as missing:
        book().one("S").at(on)
    assert missing.value.details == {"series": "S", "on": on.isoformat()}


def test_a_span_names_the_first_day_that_has_no_row():
    with pytest.raises(RateMissing) as missing:
        list(book().one("S").between(date(2020, 6, 1), date(2021, 2, 1)))
    assert missing.value.details["on"] == "2020-07-01"


def test_a_rule_speaks_of_its_facts_and_its_days_only():
    dated = book(RULE | {"effective_until": date(2020, 6, 1)})
    assert dated.find(date(2020, 5, 31), {"where": "X", "who": "anybody"}).id == "a"
    for on, where in ((date(2020, 6, 1), "X"), (date(2020, 1, 1), "Y")):
        with pytest.raises(NoRule):
            dated.find(on, {"where": where})


@pytest.mark.parametrize(
    ("rules", "series", "complaint"),
    [
        ([RULE, RULE], {}, "two rules are named a"),
        ([RULE, RULE | {"id": "b", "effective_from": date(2025, 1, 1)}], {}, "a and b both speak"),
        ([RULE | {"citation": ""}], {}, "no citation"),
        ([RULE | {"applies": {"whom": ["X"]}}], {}, "applies speaks of whom"),
        ([RULE | {"applies": {"where": ["Z"]}}], {}, "where Z is unknown"),
        ([RULE | {"colour": "red"}], {}, "unknown key colour"),
        ([RULE | {"rate": {"series": "S", "mod": "floating"}}], {}, "unknown key mod"),
        ([RULE | {"rate": [{"series": "S", "mode": "floatign"}]}], {}, "mode floatign is unknown"),
        ([RULE | {"source_checked": ""}], {}, "no source_checked"),
        ([RULE], {"unit": ""}, "no unit"),
        ([RULE], {"rows": {date(2020, 1, 1): 0.5}}, "without quotes"),
        ([RULE | {"rate": {"series": "T"}}], {}, "unknown series T"),
        ([RULE | {"rate": {"percent": 5 / 2}}], {}, "without quotes"),
        ([RULE | {"effective_until": date(2020, 1, 1)}], {}, "ends before it begins"),
        ([RULE], {"rows": {date(2021, 1, 1): "1", date(2020, 1, 1): "2"}}, "not in the order"),
        ([RULE], {"valid_until": date(2020, 6, 1)}, "starts after valid_until"),
        ([RULE], {"citation": ""}, "no citation"),
        ([RULE], {"every_months": 6, "rows": {date(2020, 1, 1): "1", date(2021, 1, 1): "3"}}, "a hole: no row from 2020-07-01"),
        ([RULE], {"every_months": 6, "rows": {date(2020, 7, 1): "1"}}, "valid_until is not the day before 2021-01-01"),
    ],
)
def test_the_linter_names_what_is_wrong(rules, series, complaint):
    (wrong,) = lint([("test.yaml", {"series": {"S": SERIES | series}, "rules": rules})], {"where": ["X", "Y"]}, WORDS)
    assert complaint in wrong
    assert wrong.startswith("test.yaml")


def test_the_linter_is_silent_about_rules_that_follow_each_other():
    old, new = RULE | {"effective_until": date(2025, 1, 1)}, RULE | {"id": "b", "effective_from": date(2025, 1, 1)}
    assert lint([("test.yaml", {"series": {"S": SERIES}, "rules": [old, new]})], {"where": ["X"]}, WORDS) == []


@pytest.mark.parametrize(
    ("on", "months", "expected"),
    [("2026-08-31", 6, "2027-02-28"), ("2024-02-29", 12, "2025-02-28"), ("2026-12-15", 1, "2027-01-15"), ("2023-10-31", 4, "2024-02-29")],
)
def test_months_end_on_the_same_day_or_the_last(on, months, expected):
    assert add_months(date.fromisoformat(on), months).isoformat() == expected


@given(st.dates(date(2000, 1, 1), date(2050, 1, 1)), st.integers(0, 120))
def test_a_later_day_never_gives_an_earlier_end(on, months):
    assert add_months(on, months) <= add_months(date.fromordinal(on.toordinal() + 1), months)
