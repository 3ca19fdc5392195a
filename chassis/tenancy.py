"""Tenancy: business units, the three row-level scopes, and the keys that seal a unit's secrets."""

import hashlib
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kernel.errors import Refused

UNIT = "unit"  # rows of one business unit
GROUP = "group"  # facts of the whole group, seen by a unit through what links it to them
PLUMBING = "plumbing"  # outbox, inbox, watermarks: the application inserts, special roles read

_NONCE_BYTES = 12  # AES-GCM's standard nonce (NIST SP 800-38D)


class UnknownUnit(Refused):
    """The business unit is not one of the group's."""

    code = "UNKNOWN_UNIT"


@dataclass(frozen=True)
class Unit:
    """A business unit as its YAML states it; `sections` holds what each service reads for itself."""

    id: str
    name: str
    country: str
    currency: str
    time_zone: str
    language: str
    subdivision: str | None
    sections: Mapping[str, Any]


@dataclass(frozen=True)
class Units:
    """All business units of the group."""

    by_id: Mapping[str, Unit]
    country_defaults: Mapping[str, Mapping[str, str]]

    def get(self, unit_id: str) -> Unit:
        """Refuses: UNKNOWN_UNIT."""
        try:
            return self.by_id[unit_id]
        except KeyError:
            raise UnknownUnit(f"{unit_id!r} is not a business unit", business_unit=unit_id) from None


def load_units(path: Path) -> Units:
    """Read the units' YAML."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    units = {
        unit_id: Unit(
            id=unit_id,
            name=row["name"],
            country=row["country"],
            currency=row["currency"],
            time_zone=row["time_zone"],
            language=row["language"],
            subdivision=row.get("calendar", {}).get("subdivision"),
            sections=row,
        )
        for unit_id, row in document["units"].items()
    }
    return Units(units, document.get("country_defaults", {}))


def protect(service: str, table: str, scope: str, visible: str = "true", change: str = "SELECT, INSERT, UPDATE, DELETE") -> list[str]:
    """The statements that put a table under its scope; migrations run them.

    `visible` narrows a group table for the application: an SQL condition over its row.
    """
    app, auditor, relay, definer = (f"{service}_{role}" for role in ("app", "auditor", "relay", "definer"))
    lines = [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
    ]
    if scope == UNIT:
        mine = "business_unit = nullif(current_setting('app.unit', true), '')"
        lines += [
            f"GRANT {change} ON {table} TO {app}",
            f"CREATE POLICY unit ON {table} TO {app} USING ({mine}) WITH CHECK ({mine})",
        ]
    elif scope == GROUP:
        lines += [
            f"GRANT {change} ON {table} TO {app}",
            f"CREATE POLICY visible ON {table} FOR SELECT TO {app} USING ({visible})",
            f"CREATE POLICY known ON {table} FOR INSERT TO {app} WITH CHECK (true)",
            f"CREATE POLICY changed ON {table} FOR UPDATE TO {app} USING ({visible}) WITH CHECK ({visible})",
            f"CREATE POLICY removed ON {table} FOR DELETE TO {app} USING ({visible})",
        ]
    else:
        lines += [
            f"GRANT INSERT ON {table} TO {app}",
            f"CREATE POLICY written ON {table} FOR INSERT TO {app} WITH CHECK (true)",
            f"GRANT SELECT, UPDATE, INSERT ON {table} TO {relay}",
            f"CREATE POLICY relayed ON {table} TO {relay} USING (true) WITH CHECK (true)",
            f"GRANT SELECT ON {table} TO {auditor}",
            f"CREATE POLICY audited ON {table} FOR SELECT TO {auditor} USING (true)",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {definer}",
            f"CREATE POLICY defined ON {table} TO {definer} USING (true) WITH CHECK (true)",
        ]
    return lines


# A group table's condition for transactions that act for the group (party events carry no unit).
ACTS_FOR_GROUP = "current_setting('app.scope', true) = 'group'"


class Vault:
    """Seals what must not lie open in a database or a topic; keys are the unit's own."""

    def __init__(self, keys: Path) -> None:
        self._folder = keys / "units"
        self._keys: dict[str, bytes] = {}

    def seal(self, unit: str, plain: bytes, purpose: str) -> bytes:
        """AES-256-GCM under the unit's key; `purpose` (table and column) must be given again to open it."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + AESGCM(self._key(unit, "seal")).encrypt(nonce, plain, f"{unit}|{purpose}".encode())

    def open(self, unit: str, sealed: bytes, purpose: str) -> bytes:
        """What was sealed. Raises InvalidTag when unit, purpose or bytes are not the ones sealed."""
        key = AESGCM(self._key(unit, "seal"))
        return key.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], f"{unit}|{purpose}".encode())

    def blind(self, unit: str, text: str) -> str:
        """A blind index: equal texts of one unit give equal tokens, and the token says nothing else."""
        return hmac.new(self._key(unit, "blind"), text.encode(), hashlib.sha256).hexdigest()

    def _key(self, unit: str, kind: str) -> bytes:
        name = f"{unit}.{kind}"
        if name not in self._keys:
            self._keys[name] = (self._folder / name).read_bytes()
        return self._keys[name]
