"""The policies and texts that this service keeps beside its code, read once and checked."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from chassis.tenancy import Unit
from kernel.errors import Refused
from services.notifications.domain import COLLECTORS, Place, Places, Rule, Sender, Texts, read_places, read_rules

HERE = Path(__file__).parent.parent
CONTACT = HERE / "policies" / "contact"
PLACES = HERE / "policies" / "places.yaml"
DELIVERY = HERE / "policies" / "delivery.yaml"
TEMPLATES = HERE / "templates"
LETTER = TEMPLATES / "letter.typ"
# A version is told apart by these many characters of its hash.
_VERSION_LENGTH = 12


class NoSender(Refused):
    """The unit does not say who writes its messages."""

    code = "NO_SENDER"


class UnknownCollector(Refused):
    """The unit says that it collects as what no rule knows."""

    code = "UNKNOWN_COLLECTOR"


@dataclass(frozen=True)
class RuleBook:
    """All contact rules, how addresses are read for them, and the version that a decision is stored with."""

    rules: Sequence[Rule]
    places: Mapping[str, Places]
    version: str

    def place(self, country: str, address: Sequence[str]) -> Place:
        """Where a debtor lives, as far as rules ask; nowhere in a country without rules by place."""
        return self.places[country].of(address) if country in self.places else Place()


@cache
def rule_book() -> RuleBook:
    """The contact rules. Raises Unreadable with file and rule."""
    files = {path.name: path.read_text(encoding="utf-8") for path in sorted(CONTACT.glob("*.yaml"))}
    places = PLACES.read_text(encoding="utf-8")
    version = hashlib.sha256("".join([*files.values(), places]).encode()).hexdigest()[:_VERSION_LENGTH]
    rules = read_rules((name, yaml.safe_load(text)) for name, text in files.items())
    return RuleBook(rules, read_places(yaml.safe_load(places)), version)


@cache
def texts() -> Texts:
    """All texts; a missing translation is an error at start-up. Raises Unreadable."""
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for path in sorted((TEMPLATES / "texts").glob("*.yaml")):
        name, _, language = path.stem.partition(".")
        found[name, language] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return Texts(found, {path.name: path.read_text(encoding="utf-8") for path in sorted((TEMPLATES / "layouts").iterdir())})


@cache
def delivery_policy() -> Mapping[str, Any]:
    """When a message counts as delivered."""
    return yaml.safe_load(DELIVERY.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def contacts_on(unit: Unit) -> bool:
    """Contacts are off until a unit turns them on."""
    return unit.sections.get("notifications", {}).get("contacts", False) is True


def collector_of(unit: Unit) -> str:
    """As what the unit collects: its own claims as their creditor, unless it says otherwise. Refuses: UNKNOWN_COLLECTOR."""
    collector = unit.sections.get("notifications", {}).get("collector", "creditor")
    if collector not in COLLECTORS:
        raise UnknownCollector(f"notifications.collector of {unit.id} is none of {', '.join(sorted(COLLECTORS))}", business_unit=unit.id)
    return str(collector)


def sender_of(unit: Unit) -> Sender:
    """Who writes for the unit. Refuses: NO_SENDER."""
    section = unit.sections.get("notifications", {})
    try:
        return Sender(section["sender_name"], unit.name, tuple(section["address"]), section["sender_email"], section["reply_to"])
    except KeyError as missing:
        raise NoSender(f"{unit.id} has no notifications.{missing.args[0]}", business_unit=unit.id) from None


def banks_of(unit: Unit) -> Mapping[str, str]:
    """What is printed as the account to pay into, by currency."""
    return {account["currency"]: account["shown"] for account in unit.sections.get("payments", {}).get("bank_accounts", ())}
