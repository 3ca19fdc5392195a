"""Where a debtor lives, read off the address: the state, the city that has rules of its own, the time zones."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kernel.errors import Unreadable
from services.notifications.domain.rules import RESIDENCES

# No line of an address is longer (UPU S42 gives less); what is longer is a text.
MAX_LINE = 200


@dataclass(frozen=True, slots=True)
class Place:
    """Empty where the address does not tell; `zones` are all in which the state lies."""

    state: str = ""
    residence: str = ""
    zones: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Residence:
    """A city with contact rules of its own: names of towns in lower case, beginnings of postal codes."""

    name: str
    state: str
    towns: frozenset[str]
    postal_codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Places:
    """How addresses of one country are read. `zones` by state."""

    town: re.Pattern[str]
    postal_code: re.Pattern[str]
    zones: Mapping[str, tuple[str, ...]]
    residences: tuple[Residence, ...]

    def of(self, address: Sequence[str]) -> Place:
        """The place of an address's lines, the last of which names it; nowhere if none does."""
        for line in (line.strip() for line in reversed(address) if len(line) <= MAX_LINE):
            found = self.town.fullmatch(line)
            if found and (state := found["state"].upper()) in self.zones:
                town, code = found["town"].strip().casefold(), self._code(line, address)
                return Place(state, self._residence(state, town, code), self.zones[state])
        return Place()

    def _code(self, line: str, address: Sequence[str]) -> str:
        """The postal code in the town's line or in one of its own; a street has numbers too."""
        found = [self.postal_code.search(line), *(self.postal_code.fullmatch(other.strip()) for other in address)]
        return next((match["code"] for match in found if match), "")

    def _residence(self, state: str, town: str, code: str) -> str:
        for residence in self.residences:
            if state == residence.state and (town in residence.towns or code.startswith(residence.postal_codes)):
                return residence.name
        return ""


def read_places(document: Any) -> Mapping[str, Places]:
    """By country. Raises Unreadable INVALID with the country."""
    return {country: _read(country, row) for country, row in document.items()}


def _read(country: str, row: Mapping[str, Any]) -> Places:
    try:
        states = sorted({state for of_zone in row["zones"].values() for state in of_zone})
        for zone in row["zones"]:
            ZoneInfo(zone)
        residences = tuple(
            Residence(name, one["state"], frozenset(town.casefold() for town in one["towns"]), tuple(one["postal_codes"]))
            for name, one in row["residences"].items()
        )
        if unknown := {residence.name for residence in residences} - RESIDENCES:
            raise ValueError(f"no rule asks for {min(unknown)}")
        return Places(
            town=re.compile(row["town"], re.IGNORECASE),
            postal_code=re.compile(row["postal_code"]),
            zones={state: tuple(zone for zone, of_zone in row["zones"].items() if state in of_zone) for state in states},
            residences=residences,
        )
    except (KeyError, ValueError, TypeError, AttributeError, re.error, ZoneInfoNotFoundError) as error:
        raise Unreadable("INVALID", f"places of {country}: {error}", country=country) from None
