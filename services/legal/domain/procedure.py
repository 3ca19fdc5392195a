"""A procedure: how a claim is taken to court somewhere, as dated YAML states it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from kernel.errors import Refused, Unreadable
from kernel.references import make_tracking


class UnknownProcedure(Refused):
    """No pack of this name is in force."""

    code = "UNKNOWN_PROCEDURE"


@dataclass(frozen=True, slots=True)
class Tracking:
    """How the letter's numbers are made: scheme of `kernel.references.make_tracking`, what frames the serial, its digits."""

    scheme: str
    prefix: str
    country: str
    serial_digits: int


@dataclass(frozen=True, slots=True)
class Procedure:
    """A matter stays on the version it was opened with. Days are calendar days, `look_at` is a local time of day.

    `wait_days` run from the day after delivery. `proof_within_days` after posting somebody must ask for the proof.
    """

    name: str
    version: int
    effective_from: date
    source: str
    source_checked: date
    counsel_validated: bool
    letter_service: str
    letter_language: str
    tracking: Tracking
    pay_within_days: int
    proof_within_days: int
    wait_days: int
    wait_citation: str
    filing_name: str
    filing_citation: str
    look_at: time
    review_days: int
    clerk: str
    lead: str

    @property
    def id(self) -> str:
        """Name and version, as a matter keeps it."""
        return f"{self.name}@{self.version}"


def read_procedure(data: Mapping[str, Any]) -> Procedure:
    """A procedure from its YAML. Raises Unreadable INVALID with the place."""
    try:
        procedure = _procedure(data)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Unreadable("INVALID", f"procedure {data.get('name')!r}: {error}", place=str(error)) from error
    tracking = procedure.tracking
    make_tracking(tracking.scheme, "1".rjust(tracking.serial_digits, "0"), prefix=tracking.prefix, country=tracking.country)
    days = (procedure.pay_within_days, procedure.proof_within_days, procedure.review_days, tracking.serial_digits)
    if min(days) < 1 or procedure.wait_days < 0:
        raise Unreadable("INVALID", f"procedure {procedure.name} has a period without days", place="days")
    if procedure.pay_within_days > procedure.wait_days:
        raise Unreadable("INVALID", f"procedure {procedure.name} goes on before the day by which its letter asks to pay", place="wait_days")
    return procedure


def _procedure(data: Mapping[str, Any]) -> Procedure:
    letter, waiting, filing, owners = data["letter"], data["waiting_period"], data["filing"], data["owners"]
    tracking = letter["tracking"]
    return Procedure(
        name=data["name"],
        version=int(data["version"]),
        effective_from=data["effective_from"],
        source=data["source"],
        source_checked=data["source_checked"],
        counsel_validated=data["counsel_validated"],
        letter_service=letter["service"],
        letter_language=letter["language"],
        tracking=Tracking(
            tracking["scheme"], str(tracking.get("prefix", "")), str(tracking.get("country", "")), int(tracking["serial_digits"])
        ),
        pay_within_days=int(letter["pay_within_days"]),
        proof_within_days=int(letter["proof_within_days"]),
        wait_days=int(waiting["days"]),
        wait_citation=waiting["citation"],
        filing_name=filing["name"],
        filing_citation=filing["citation"],
        look_at=time.fromisoformat(data["look_at"]),
        review_days=int(data["review_days"]),
        clerk=owners["clerk"],
        lead=owners["lead"],
    )


def choose_procedure(packs: Sequence[Procedure], name: str, on: date) -> Procedure:
    """The newest version in force on a day. Refuses: UNKNOWN_PROCEDURE."""
    in_force = [pack for pack in packs if pack.name == name and pack.effective_from <= on]
    if not in_force:
        raise UnknownProcedure(f"no procedure {name!r} is in force on {on}", procedure=name, on=on.isoformat())
    return max(in_force, key=lambda pack: (pack.effective_from, pack.version))
