"""Mutual TLS on every kind of connection, with certificates made here: whoever is plaintext, unknown or somebody else stays out."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import grpc
import grpc.aio
import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError

from chassis.auth import Signer, Verifier
from chassis.database import Database
from chassis.doors import Door
from chassis.tenancy import Vault
from chassis.transport import CA, CERTIFICATE, KEY, PLAINTEXT, Transport
from chassis.wire import Peers
from cli.infrastructure import make_keys
from cli.infrastructure.broker import make_topics, program
from cli.infrastructure.certificates import make_certificates
from cli.infrastructure.ports import HOST, answers, free_ports
from cli.infrastructure.process import Child, plain_environment, wait_until
from proto.chassis.v1 import admin_pb2 as pb
from proto.chassis.v1.admin_pb2_grpc import AdminServicer, AdminStub, add_AdminServicer_to_server

# PostgreSQL's protocol, 55.2.10: length 8, code 1234.5679.
SSL_REQUEST = bytes.fromhex("0000000804d2162f")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    make_certificates(folder, ["billing", "payments", "broker", "postgres"])
    make_certificates(folder / "others", ["payments"])
    make_keys(folder / "keys", ["rheintel"])
    return folder


class Answers(AdminServicer):
    async def GetPosition(self, request, context) -> pb.GetPositionResponse:
        return pb.GetPositionResponse(service="billing")


@pytest_asyncio.fixture
async def billing(certificates) -> AsyncIterator[str]:
    verifier = Verifier(certificates / "keys", "billing", frozenset({"billing", "payments"}))
    server = grpc.aio.server(interceptors=[Door(verifier, {"GetPosition": frozenset({"operator"})})])
    add_AdminServicer_to_server(Answers(), server)
    port = Transport(certificates / "billing").listen(server, f"{HOST}:0")
    await server.start()
    yield f"{HOST}:{port}"
    await server.stop(None)


async def ask(certificates: Path, address: str, transport: Transport, issuer: str = "payments") -> str:
    """The name that the service answers with; or the status that the call ends with."""
    peers = Peers({"billing": address}, Signer(certificates / "keys", issuer), transport=transport)
    try:
        stub = AdminStub(peers.channel("billing"))
        answer = await stub.GetPosition(pb.GetPositionRequest(), metadata=peers.identity("billing"), timeout=5)
        return answer.service
    except grpc.aio.AioRpcError as error:
        return error.code().name
    finally:
        await peers.close()


async def test_a_peer_with_its_own_certificate_and_token_is_let_in(certificates, billing):
    assert await ask(certificates, billing, Transport(certificates / "payments")) == "billing"


async def test_a_token_is_worth_nothing_with_the_certificate_of_another(certificates, billing):
    assert await ask(certificates, billing, Transport(certificates / "payments"), issuer="billing") == "UNAUTHENTICATED"


async def test_plaintext_and_strange_certificates_do_not_reach_a_service(certificates, billing):
    assert await ask(certificates, billing, PLAINTEXT) == "UNAVAILABLE"
    assert await ask(certificates, billing, Transport(certificates / "others" / "payments")) == "UNAVAILABLE"


def tls_of(folder: Path) -> ssl.SSLContext:
    """A server's side, mutual."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(folder / CA))
    context.load_cert_chain(folder / CERTIFICATE, folder / KEY)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


@pytest_asyncio.fixture
async def broker(certificates, tmp_path) -> AsyncIterator[str]:
    """The embedded broker speaks no TLS itself: a listener that does, mutually, stands before it."""
    inner, outer = free_ports(2)
    listen, advertised = f"tcp://{HOST}:{inner}", f"tcp://{HOST}:{outer}"
    options = ["--listener-url", listen, "--advertised-listener-url", advertised, "--storage-engine", "memory://tansu/"]
    child = Child("broker", [program(), *options], plain_environment(tmp_path), tmp_path)
    child.start()
    wait_until(lambda: answers(inner), child, 30.0)
    context = tls_of(certificates / "broker")

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inside, outside = await asyncio.open_connection(HOST, inner)
        await asyncio.gather(_copy(reader, outside), _copy(inside, writer), return_exceptions=True)

    listener = await asyncio.start_server(carry, HOST, outer, ssl=context)
    yield f"{HOST}:{outer}"
    listener.close()
    child.kill()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    writer.close()


async def test_events_travel_to_and_from_the_broker_under_tls(certificates, broker):
    options = {"bootstrap_servers": broker, **Transport(certificates / "billing").kafka()}
    async with AIOKafkaProducer(**options) as producer:
        await producer.send_and_wait("billing.events", b"fact")
    async with AIOKafkaConsumer("billing.events", auto_offset_reset="earliest", **options) as consumer:
        assert (await consumer.getone()).value == b"fact"


async def test_a_plaintext_client_does_not_reach_the_broker(broker):
    with pytest.raises(KafkaError):
        await make_topics(broker, 1)


@pytest_asyncio.fixture
async def postgres(certificates, server) -> AsyncIterator[str]:
    """The embedded server is built without TLS: a listener that answers PostgreSQL's request for it stands before it."""
    inner = await asyncio.to_thread(server.url, "billing", "app")
    place = urlsplit(inner)
    context = tls_of(certificates / "postgres")

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readexactly(8) == SSL_REQUEST
        writer.write(b"S")
        await writer.start_tls(context)
        inside, outside = await asyncio.open_connection(place.hostname, place.port)
        await asyncio.gather(_copy(reader, outside), _copy(inside, writer), return_exceptions=True)

    listener = await asyncio.start_server(carry, HOST, 0)
    port = listener.sockets[0].getsockname()[1]
    yield urlunsplit(place._replace(netloc=place.netloc.replace(f":{place.port}", f":{port}")))
    listener.close()


@pytest.mark.parametrize(("authority", "reached"), [("billing", True), ("others/payments", False)])
async def test_a_url_says_how_the_database_proves_who_it_is(certificates, postgres, authority, reached):
    own = certificates / "billing"
    files = f"sslrootcert={certificates / authority / CA}&sslcert={own / CERTIFICATE}&sslkey={own / KEY}"
    database = Database(f"{postgres}?sslmode=verify-full&{files}", None, None, Vault(own), 1)
    try:
        async with database.plumbing() as connection:
            assert (await connection.execute("SELECT current_user")).scalar_one() == "billing_app"
        assert reached
    except ssl.SSLCertVerificationError:
        assert not reached
    finally:
        await database.close()
