"""What the doors of a service stand on, in one value."""

from dataclasses import dataclass

from chassis.auth import Caller
from chassis.clock import Clock
from chassis.database import Database
from chassis.settings import Settings
from chassis.tenancy import Units, Vault
from chassis.wire import Peers


@dataclass(frozen=True)
class Runtime:
    """What the doors of a service stand on."""

    service: str
    settings: Settings
    database: Database
    peers: Peers
    clock: Clock
    units: Units
    vault: Vault
    caller: Caller
