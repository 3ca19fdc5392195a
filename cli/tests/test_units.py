"""`saiken unit create`: a section in the units' file that services can read, keys of its own, and no contacts yet."""

import shutil
from pathlib import Path

import pytest

from chassis.tenancy import load_units
from cli.infrastructure import ROOT
from cli.units import create_unit
from kernel.errors import Conflict, Refused

KYUSHU = {
    "id": "kyushu",
    "name": "九州商事: 株式会社",
    "country": "JP",
    "currency": "JPY",
    "time_zone": "Asia/Tokyo",
    "language": "ja",
    "subdivision": "",
    "strategy": "wholesale-jp",
}


@pytest.fixture
def units(tmp_path: Path) -> Path:
    return Path(shutil.copy(ROOT / "samples" / "units.yaml", tmp_path))


def test_a_new_unit_is_read_beside_the_others_and_nothing_leaves_for_it(units, tmp_path):
    before = load_units(units)
    create_unit(units, tmp_path / "keys", KYUSHU)

    after = load_units(units)
    assert list(after.by_id) == [*before.by_id, "kyushu"]
    assert {id_: after.by_id[id_] for id_ in before.by_id} == before.by_id
    assert after.country_defaults == before.country_defaults
    unit = after.get("kyushu")
    assert (unit.name, unit.currency, unit.time_zone) == (KYUSHU["name"], "JPY", "Asia/Tokyo")
    assert unit.sections["notifications"]["contacts"] is False
    assert sorted(path.name for path in (tmp_path / "keys" / "units").iterdir()) == ["kyushu.blind", "kyushu.seal"]
    assert "# What holds for a buyer" in units.read_text("utf-8"), "comments stay"


def test_a_unit_is_not_made_twice(units, tmp_path):
    create_unit(units, tmp_path / "keys", KYUSHU)
    with pytest.raises(Conflict):
        create_unit(units, tmp_path / "keys", KYUSHU)


@pytest.mark.parametrize(
    ("field", "value"),
    [("id", "Kyu-shu"), ("id", ""), ("currency", "YEN"), ("time_zone", "Tokyo"), ("country", "jp"), ("strategy", "none")],
)
def test_what_cannot_be_is_refused_with_its_field_and_changes_nothing(units, tmp_path, field, value):
    before = units.read_bytes()
    with pytest.raises(Refused) as raised:
        create_unit(units, tmp_path / "keys", {**KYUSHU, field: value})

    assert raised.value.details["field"] == field
    assert units.read_bytes() == before
