"""A client of the suite: calls the services as one person, and gives their refusals back as refusals."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import grpc.aio

from chassis.auth import Signer
from chassis.errors import from_rpc
from chassis.settings import parse_peers, transport
from chassis.tenancy import Units, load_units
from chassis.wire import Peers
from kernel.errors import Refused
from proto.billing.v1.api_pb2_grpc import BillingStub
from proto.chassis.v1.admin_pb2_grpc import AdminStub
from proto.collections.v1.api_pb2_grpc import CollectionsStub
from proto.legal.v1.api_pb2_grpc import LegalStub
from proto.notifications.v1.api_pb2_grpc import NotificationsStub
from proto.payments.v1.api_pb2_grpc import PaymentsStub

ISSUER = "cli"
SERVICES: Mapping[str, Any] = {
    "billing": BillingStub,
    "payments": PaymentsStub,
    "collections": CollectionsStub,
    "legal": LegalStub,
    "notifications": NotificationsStub,
}
# An import of a large file is one call.
TIMEOUT_SECONDS = 120.0


class Away(Refused):
    """A service does not answer."""

    code = "UNAVAILABLE"


class Client:
    """One person's access to a running suite; `environment` is what the suite tells its clients."""

    def __init__(self, environment: Mapping[str, str], subject: str, roles: frozenset[str]) -> None:
        self.environment = environment
        self.units: Units = load_units(Path(environment["SAIKEN_UNITS"]))
        signer = Signer(Path(environment["SAIKEN_KEYS"]), ISSUER)
        peers, tls = parse_peers(environment["SAIKEN_PEERS"]), transport("SAIKEN_TLS", environment)
        self.peers = Peers(peers, signer, subject, frozenset(self.units.by_id), roles, tls)

    async def ask(self, service: str, method: str, request: Any, unit: str | None = None) -> Any:
        """One call. Refuses what the service refuses, and UNAVAILABLE."""
        if unit is not None:
            self.units.get(unit)
        return await self._call(service, getattr(SERVICES[service](self.peers.channel(service)), method), request, unit)

    async def admin(self, service: str, method: str, request: Any) -> Any:
        """One call of a service's admin door."""
        return await self._call(service, getattr(AdminStub(self.peers.channel(service)), method), request, None)

    async def _call(self, service: str, method: Any, request: Any, unit: str | None) -> Any:
        try:
            return await method(request, metadata=self.peers.identity(service, unit), timeout=TIMEOUT_SECONDS)
        except grpc.aio.AioRpcError as error:
            if refused := from_rpc(error):
                raise refused from error
            raise Away(f"{service}: {error.code().name}: {error.details()}", service=service) from error

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.peers.close()
