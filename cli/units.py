"""A new business unit: its section in the units' file, checked, with contacts off, and its keys."""

import re
from pathlib import Path
from zoneinfo import available_timezones

import yaml

from cli.infrastructure.keys import make_keys, read_unit_ids
from kernel.errors import Conflict, Refused
from kernel.money import exponent

# Lower-case letters and digits only: the id travels in a header whose values have no hyphens (design, events).
_ID = re.compile("[a-z0-9]{1,30}")
STRATEGIES = Path(__file__).parents[1] / "services" / "collections" / "policies" / "strategies"


class UnitInvalid(Refused):
    """What is said of the unit cannot be."""

    code = "INVALID"


def create_unit(path: Path, keys: Path, unit: dict[str, str]) -> None:
    """Append the unit to the file and make its keys; nothing leaves for it until its `contacts` is set to true.

    Refuses: INVALID (with the field), CONFLICT (the unit is there).
    """
    _check(unit)
    if unit["id"] in read_unit_ids(path):
        raise Conflict("the business unit is there already", business_unit=unit["id"])
    section = {
        "name": unit["name"],
        "country": unit["country"],
        "currency": unit["currency"],
        "time_zone": unit["time_zone"],
        "language": unit["language"],
        "calendar": {"country": unit["country"], "subdivision": unit["subdivision"] or None},
        "billing": {"default_due_days": 30},
        "payments": {"bank_accounts": []},
        "collections": {"strategy": unit["strategy"]},
        "notifications": {"contacts": False, "sender_name": unit["name"], "sender_email": "", "reply_to": "", "address": []},
        "legal": {"procedure": unit["country"]},
    }
    text = yaml.safe_dump({unit["id"]: section}, allow_unicode=True, sort_keys=False)
    lines = path.read_text("utf-8").splitlines()
    # Into the mapping, behind its last unit: comments and order of the file stay as they are.
    begin = next(place for place, line in enumerate(lines) if line.rstrip() == "units:")
    end = next((place for place in range(begin + 1, len(lines)) if lines[place] and lines[place][0] not in " #"), len(lines))
    while not lines[end - 1].strip() or lines[end - 1].startswith("#"):
        end -= 1
    made = [*lines[:end], "", *(f"  {line}" for line in text.splitlines()), *lines[end:]]
    waiting = path.with_name(f".{path.name}.new")
    waiting.write_text("\n".join(made) + "\n", "utf-8")
    assert read_unit_ids(waiting)[-1] == unit["id"], "the section is in the mapping"
    waiting.replace(path)
    keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    make_keys(keys, [unit["id"]])


def _check(unit: dict[str, str]) -> None:
    if not _ID.fullmatch(unit["id"]):
        raise UnitInvalid("a unit's id is 1 to 30 lower-case letters and digits", field="id")
    if unit["time_zone"] not in available_timezones():
        raise UnitInvalid("not a time zone of the IANA database", field="time_zone")
    if not re.fullmatch("[A-Z]{2}", unit["country"]):
        raise UnitInvalid("a country is two capital letters (ISO 3166-1)", field="country")
    if unit["strategy"] not in (known := sorted(path.stem for path in STRATEGIES.glob("*.yaml"))):
        raise UnitInvalid(f"there are the strategies {', '.join(known)}", field="strategy")
    try:
        exponent(unit["currency"])
    except Refused as refused:
        raise UnitInvalid(refused.message, field="currency") from refused
