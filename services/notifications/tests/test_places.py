"""Where a debtor lives, read off an address."""

import pytest

from kernel.errors import Unreadable
from services.notifications.commands import rule_book
from services.notifications.domain import read_places


def place(*address: str) -> tuple[str, str]:
    found = rule_book().place("US", address)
    return found.state, found.residence


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (("100 Sample Avenue", "Millbrook Falls, NY 00100"), ("NY", "")),
        (("151 Invented Street", "00379 East Wrenfield, NY"), ("NY", "")),
        (("1 Placeholder Road", "Harlow Springs, NJ"), ("NJ", "")),
        (("1 Placeholder Road", "New York, NY 10001-0001"), ("NY", "NYC")),
        (("1 Placeholder Road", "BROOKLYN NY 11201"), ("NY", "NYC")),
        (("1 Placeholder Road", "long island city, ny"), ("NY", "NYC")),
        (("1 Placeholder Road", "Somewhere, NY 11375"), ("NY", "NYC")),
        (("1 Placeholder Road", "Somewhere, NY", "11375"), ("NY", "NYC")),
        (("11375 Placeholder Road", "Albany, NY 12201"), ("NY", "")),
        (("1 Placeholder Road", "Brooklyn, CT 06234"), ("CT", "")),
        (("1 Placeholder Road", "Austin, TX 73301", "Attn: Payables"), ("TX", "")),
        (("1 Placeholder Road", "Springfield"), ("", "")),
        (("1 Placeholder Road", "Toronto, ON M5H 2N2"), ("", "")),
        (("New York, NY 10001" + " " * 200,), ("", "")),
        ((), ("", "")),
    ],
)
def test_the_state_and_the_city_are_read_off_the_last_line_that_names_them(address, expected):
    assert place(*address) == expected


def test_a_state_of_two_zones_has_both_and_every_state_has_one():
    places = rule_book().places["US"]

    assert rule_book().place("US", ["El Paso, TX 79901"]).zones == ("America/Chicago", "America/Denver")
    assert len(places.zones) == 50 + len({"DC", "PR", "VI", "GU", "MP", "AS"})


def test_elsewhere_no_rule_asks_for_the_place():
    assert rule_book().place("DE", ["00010 Neuenrath, NY"]).state == ""


@pytest.mark.parametrize(
    "change",
    [{"town": "("}, {"zones": {"America/Nowhere": ["NY"]}}, {"residences": {"Albany": {"state": "NY", "towns": [], "postal_codes": []}}}],
)
def test_a_broken_list_of_places_is_refused_with_its_country(change):
    row = {"town": ".", "postal_code": ".", "zones": {"America/New_York": ["NY"]}, "residences": {}}
    read_places({"US": row})
    with pytest.raises(Unreadable, match="places of US"):
        read_places({"US": row | change})
