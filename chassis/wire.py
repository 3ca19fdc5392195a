"""The wire: channels to peers with a token on every call, and money and dates as protobuf carries them."""

from collections.abc import AsyncIterator, Callable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

import grpc.aio

from chassis.auth import SERVICE, Signer
from chassis.plumbing import NUDGES
from chassis.telemetry import trace_headers
from chassis.transport import PLAINTEXT, Transport
from kernel.errors import Refused
from kernel.money import Money
from proto.chassis.v1.admin_pb2 import GetPositionRequest, GetPositionResponse, ResendRequest
from proto.chassis.v1.admin_pb2_grpc import AdminStub
from proto.common.v1.common_pb2 import Money as MoneyMessage

# A statement of 60 MiB in one call; larger files come in parts.
MAX_MESSAGE_BYTES = 64 * 2**20
# A question between services either comes back within this time or counts as an outage.
TIMEOUT_SECONDS = 10.0
# After a peer was away, look again soon: a restarted service is back within seconds.
_OPTIONS = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_reconnect_backoff_ms", 1_000),
)
# The largest page of any listing: a reply of some hundred kilobytes.
MAX_PAGE = 1_000


class Peers:
    """The other services: a channel to each, and the credentials of whoever calls."""

    def __init__(
        self,
        addresses: Mapping[str, str],
        signer: Signer,
        subject: str | None = None,
        units: frozenset[str] = frozenset("*"),
        roles: frozenset[str] = frozenset({SERVICE}),
        transport: Transport = PLAINTEXT,
    ) -> None:
        self._addresses, self._signer, self._transport = addresses, signer, transport
        self._subject, self._units, self._roles = subject or signer.issuer, units, roles
        self._channels: dict[str, grpc.aio.Channel] = {}

    def channel(self, service: str) -> grpc.aio.Channel:
        """The channel to a service: `BillingStub(peers.channel("billing"))`."""
        if service not in self._channels:
            self._channels[service] = self._transport.channel(self._addresses[service], _OPTIONS)
        return self._channels[service]

    def identity(self, service: str, unit: str | None = None) -> tuple[tuple[str, str], ...]:
        """The metadata of one call: `stub.GetBalance(request, metadata=peers.identity("billing", unit), timeout=…)`."""
        token = self._signer.sign(service, self._subject, self._units, self._roles)
        metadata = [("authorization", f"Bearer {token}"), *trace_headers().items()]
        return tuple(metadata + ([("x-business-unit", unit)] if unit else []))

    async def position(self, service: str) -> GetPositionResponse:
        """Where a service stands."""
        stub = AdminStub(self.channel(service))
        return await stub.GetPosition(GetPositionRequest(), metadata=self.identity(service), timeout=TIMEOUT_SECONDS)

    async def published(self, publisher: str) -> Mapping[int, int]:
        """The last number of each partition of events of a publisher, when all of them are published."""
        position = await self.position(publisher)
        return {} if position.unpublished else {partition: number for partition, number in position.numbers.items() if partition != NUDGES}

    async def resend(self, publisher: str, partition: int, after: int) -> None:
        """Ask a publisher to publish again what comes after a number."""
        stub = AdminStub(self.channel(publisher))
        request = ResendRequest(partition=partition, after=after)
        await stub.Resend(request, metadata=self.identity(publisher), timeout=TIMEOUT_SECONDS)

    async def pages(self, service: str, listing: Callable[..., Any], request: Any, unit: str) -> AsyncIterator[Any]:
        """The answers of a listing of a unit, page by page: `pages("billing", stub.ListItems, ListItemsRequest(…), unit)`."""
        while True:
            answer = await listing(request, metadata=self.identity(service, unit), timeout=TIMEOUT_SECONDS)
            yield answer
            if not answer.next_page_token:
                return
            request.page_token = answer.next_page_token

    async def close(self) -> None:
        """Close all channels."""
        for channel in self._channels.values():
            await channel.close(None)


def from_proto(money: MoneyMessage) -> Money:
    """Money as the domains know it."""
    return Money(money.minor, money.currency)


class IdInvalid(Refused):
    """An id that is no UUID."""

    code = "INVALID"


def parse_id(text: str, field: str) -> UUID:
    """The id in a contract's field. Refuses: INVALID."""
    try:
        return UUID(text)
    except ValueError:
        raise IdInvalid(f"{field} is not an id", field=field) from None


def iso(day: date | None) -> str:
    """A date as the contracts carry it; empty for none."""
    return day.isoformat() if day else ""


def parse_date(text: str) -> date | None:
    """The date in a contract's field; None for an empty one."""
    return date.fromisoformat(text) if text else None
