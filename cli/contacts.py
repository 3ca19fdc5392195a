"""The emergency stop of outgoing contacts, unit by unit."""

from typing import Literal

from cli.client import Client
from proto.notifications.v1.api_pb2 import StartContactsRequest, StopContactsRequest


async def set_contacts(client: Client, action: Literal["stop", "start"], unit: str, reason: str) -> list[str]:
    """Stop or start the contacts of one unit, or of all; the units in which it holds now. Refuses: UNKNOWN_UNIT."""
    units = [unit] if unit else list(client.units.by_id)
    for one in units:
        if action == "stop":
            await client.ask("notifications", "StopContacts", StopContactsRequest(reason=reason), one)
        else:
            await client.ask("notifications", "StartContacts", StartContactsRequest(), one)
    return units
