"""The gRPC door and the channel to it: who is let in, and what a refusal is on the wire."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import grpc
import grpc.aio
import pytest
import pytest_asyncio
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from chassis.auth import Signer, Verifier
from chassis.doors import Door, caller, unit
from chassis.errors import from_rpc
from chassis.wire import Peers
from kernel.errors import Conflict, NotFound, Refused
from proto.chassis.v1 import admin_pb2 as pb
from proto.chassis.v1.admin_pb2_grpc import AdminServicer, AdminStub, add_AdminServicer_to_server

ROLES = {name: frozenset({"operator"}) for name in ("GetPosition", "Resend", "ListParked")}


class Counter(AdminServicer):
    """Says who called; fails as the number in the question asks."""

    def __init__(self, database: Any) -> None:
        self.database, self.failure = database, Refused("no")

    async def GetPosition(self, request: pb.GetPositionRequest, context: Any) -> pb.GetPositionResponse:
        async with self.database.begin(caller(), unit()) as tx:
            return pb.GetPositionResponse(service=f"{caller().subject}@{tx.unit.id}", numbers={-1: 9, 0: 4}, unpublished=0)

    async def ListParked(self, request: pb.ListParkedRequest, context: Any) -> pb.ListParkedResponse:
        raise self.failure


@dataclass
class Served:
    stub: AdminStub
    service: Counter
    keys: Any
    address: str

    def peers(self, subject="anna", units=("rheintel",), roles=("operator",), issuer="cli") -> Peers:
        return Peers({"billing": self.address}, Signer(self.keys, issuer), subject, frozenset(units), frozenset(roles))

    async def ask(self, peers: Peers, unit: str | None = "rheintel", audience: str = "billing") -> str:
        answer = await self.stub.GetPosition(pb.GetPositionRequest(), metadata=peers.identity(audience, unit))
        return answer.service

    async def refusal(self, peers: Peers, unit: str | None = "rheintel", audience: str = "billing") -> tuple[str, str]:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await self.ask(peers, unit, audience)
        refused = from_rpc(raised.value)
        return raised.value.code().name, refused.code if refused else ""


@pytest_asyncio.fixture
async def served(bench) -> AsyncIterator[Served]:
    keys = bench.server.keys
    server = grpc.aio.server(interceptors=[Door(Verifier(keys, "billing", frozenset({"billing", "payments"})), ROLES)])
    service = Counter(bench.database)
    add_AdminServicer_to_server(service, server)
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    await server.start()
    async with grpc.aio.insecure_channel(address) as channel:
        yield Served(AdminStub(channel), service, keys, address)
    await server.stop(None)


async def test_a_caller_with_the_role_and_the_unit_is_let_in(served):
    assert await served.ask(served.peers()) == "anna@rheintel"


async def test_a_service_speaks_for_every_unit_but_chooses_one(served):
    service = served.peers("payments", ("*",), ("service",), issuer="payments")

    assert await served.ask(service, "naniwa") == "payments@naniwa"
    assert await served.refusal(service, "nobody") == ("FAILED_PRECONDITION", "UNKNOWN_UNIT")
    assert await served.refusal(service, None) == ("FAILED_PRECONDITION", "UNKNOWN_UNIT")


async def test_a_token_for_another_service_opens_nothing(served):
    assert (await served.refusal(served.peers(), audience="payments"))[0] == "UNAUTHENTICATED"


@pytest.mark.parametrize(
    "metadata", [(), (("authorization", "Bearer"),), (("authorization", "Basic YTpi"),), (("authorization", "Bearer x.y.z"),)]
)
async def test_without_a_token_nobody_is_let_in(served, metadata):
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await served.stub.GetPosition(pb.GetPositionRequest(), metadata=metadata)

    assert raised.value.code() is grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.parametrize(("roles", "units", "unit"), [(("clerk",), ("rheintel",), "rheintel"), (("operator",), ("rheintel",), "naniwa"),
                                                      ((), ("rheintel",), "rheintel"), (("operator",), (), "rheintel"),
                                                      (("operator",), ("rheintel",), None)])  # fmt: skip
async def test_a_role_or_a_unit_that_the_token_does_not_list_is_forbidden(served, roles, units, unit):
    assert await served.refusal(served.peers(roles=roles, units=units), unit) == ("PERMISSION_DENIED", "FORBIDDEN")


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (Refused("no", item="7"), "FAILED_PRECONDITION"),
        (NotFound("no", item="7"), "NOT_FOUND"),
        (Conflict("no", item="7"), "ALREADY_EXISTS"),
    ],
)
async def test_a_refusal_travels_with_its_code_and_its_place(served, failure, code):
    served.service.failure = failure
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await served.stub.ListParked(pb.ListParkedRequest(), metadata=served.peers().identity("billing"))

    refused = from_rpc(raised.value)
    assert (raised.value.code().name, raised.value.details()) == (code, "no")
    assert (refused.code, refused.details) == (failure.code, {"item": "7"})
    (detail,) = rpc_status.from_call(raised.value).details
    assert detail.Is(error_details_pb2.ErrorInfo.DESCRIPTOR)


@pytest.mark.parametrize(("failure", "code"), [(ZeroDivisionError("secret"), "INTERNAL"), (ConnectionResetError("secret"), "UNAVAILABLE")])
async def test_a_bug_and_an_outage_tell_nothing_of_the_inside(served, failure, code):
    served.service.failure = failure
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await served.stub.ListParked(pb.ListParkedRequest(), metadata=served.peers().identity("billing"))

    assert raised.value.code().name == code
    assert "secret" not in raised.value.details()


async def test_a_subscriber_compares_events_and_never_nudges(served):
    """Nudges have a partition that nobody hears: asked for again, they would all be sent again, for ever."""

    class AtRheintel(Peers):
        def identity(self, service, unit=None):
            return super().identity(service, unit or "rheintel")

    peers = AtRheintel({"billing": served.address}, Signer(served.keys, "payments"))
    assert await peers.published("billing") == {0: 4}
    await peers.close()
