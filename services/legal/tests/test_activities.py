"""The letter between two transactions: real gRPC peers with prepared answers, real PostgreSQL, a post office in memory."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta

import grpc.aio
import pytest

from chassis.auth import Signer
from chassis.database import new_id
from chassis.runtime import Runtime
from chassis.settings import load
from chassis.wire import Peers
from kernel.references import tracking_check
from proto.billing.v1.api_pb2 import GetBalanceResponse
from proto.billing.v1.api_pb2_grpc import BillingServicer, add_BillingServicer_to_server
from proto.billing.v1.events_pb2 import ItemChanged
from proto.notifications.v1 import api_pb2 as notifications
from proto.notifications.v1.api_pb2_grpc import NotificationsServicer, add_NotificationsServicer_to_server
from proto.payments.v1.api_pb2 import GetCashInFlightResponse
from proto.payments.v1.api_pb2_grpc import PaymentsServicer, add_PaymentsServicer_to_server
from services.legal import commands, store
from services.legal.activities import Activities
from services.legal.commands import AccountState, ItemState
from services.legal.gateways import Letter, NullPost

UNIT = "naniwa"


@dataclass
class World(BillingServicer, PaymentsServicer, NotificationsServicer):
    """What the other services answer, and what they were told."""

    items: list[ItemChanged] = field(default_factory=list)
    in_flight_minor: int = 0
    denied: notifications.ReserveContactResponse | None = None
    asked: list[str] = field(default_factory=list)
    confirmed: list[str] = field(default_factory=list)
    released: list[str] = field(default_factory=list)

    async def GetBalance(self, request, context):
        return GetBalanceResponse(account_id=request.account_id, items=self.items, as_of="2026-06-01T10:00:00+00:00", currency="JPY")

    async def GetCashInFlight(self, request, context):
        return GetCashInFlightResponse(currency="JPY", pending_minor=self.in_flight_minor, version=5)

    async def ReserveContact(self, request, context):
        assert request.channel == "registered_letter"
        self.asked.append(request.key)
        return self.denied or notifications.ReserveContactResponse(allowed=True, reservation_id=f"of {request.key}")

    async def ConfirmContact(self, request, context):
        self.confirmed.append(request.reservation_id)
        return notifications.ConfirmContactResponse()

    async def ReleaseContact(self, request, context):
        self.released.append(request.reservation_id)
        return notifications.ReleaseContactResponse()


class DyingPost(NullPost):
    """The process dies right after the letter was handed in."""

    def hand_in(self, letter: Letter):
        super().hand_in(letter)
        raise ConnectionError("died")


@asynccontextmanager
async def serving(world: World) -> AsyncIterator[str]:
    server = grpc.aio.server()
    for add in (add_BillingServicer_to_server, add_PaymentsServicer_to_server, add_NotificationsServicer_to_server):
        add(world, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(None)


@dataclass
class Desk:
    """Legal with one matter that was just handed over."""

    opened: object
    runtime: Runtime
    world: World
    matter_id: object

    async def look(self, post: NullPost) -> float | None:
        return await Activities(self.runtime, post).advance_matter(UNIT, str(self.matter_id))

    async def matter(self, unit: str = UNIT):
        async with self.opened.database.begin(self.opened.caller, unit) as tx:
            return await store.get_matter(tx, self.matter_id)


def owed(number: str, item_id, open_minor: int) -> ItemChanged:
    return ItemChanged(
        item_id=str(item_id),
        version=1,
        invoice_number=number,
        currency="JPY",
        open_minor=open_minor,
        issued_on="2026-04-01",
        due_on="2026-04-30",
    )


@pytest.fixture
async def desk(database_of, tmp_path):
    opened, world = database_of("legal"), World()
    item = ItemState(new_id(), new_id(), "JPY", 98_000, 1)
    world.items.append(owed("N-1", item.id, 98_000))
    world.items.append(owed("N-2", new_id(), 7))  # not part of the claim
    async with opened.database.begin(opened.caller, UNIT) as tx:
        await commands.take_account(tx, AccountState(item.account_id, "K-1", "山田電機", ["西町1"], True, 1))
        matter_id = await commands.open_matter(tx, new_id(), item.account_id, "JPY", [item])
    async with serving(world) as address:
        peers = Peers(dict.fromkeys(("billing", "payments", "notifications"), address), Signer(opened.server.keys, "legal"))
        needed = ("DATABASE_URL", "RELAY_DATABASE_URL", "AUDITOR_DATABASE_URL", "SEALER_DATABASE_URL", "KEYS", "UNITS", "FILES")
        settings = load("legal", {f"SAIKEN_{name}": str(tmp_path) for name in needed})
        database = opened.database
        runtime = Runtime("legal", settings, database, peers, opened.clock, database.units, database.vault, opened.caller)
        yield Desk(opened, runtime, world, matter_id)
        await peers.close()


async def test_a_letter_is_posted_after_gate_and_books_and_then_confirmed(desk):
    post = NullPost()

    until = await desk.look(post)

    matter = await desk.matter()
    ((key, receipt),) = post.letters.items()
    assert key == (UNIT, matter.tracking_number)
    assert tracking_check(matter.tracking_number, "japan_post") == (True, "japan_post")
    assert (matter.stage, until) == ("letter_posted", matter.next_action_at.timestamp())
    assert desk.world.confirmed == [f"of {key}" for key in desk.world.asked] == [receipt.answers["reservation_id"]]
    assert (receipt.answers["cash_version"], list(receipt.answers["items"].values())) == (5, [1])
    assert desk.world.released == []


async def test_a_process_that_dies_after_posting_does_not_post_twice(desk):
    post = DyingPost()
    with pytest.raises(ConnectionError):
        await desk.look(post)
    assert (await desk.matter()).stage == "letter_posting"
    (before,) = post.letters.values()
    desk.world.items.clear()  # what changes meanwhile cannot call the letter back

    await desk.look(post)

    matter = await desk.matter()
    (after,) = post.letters.values()
    assert before == after
    assert matter.stage == "letter_posted"
    assert len(desk.world.asked) == len(desk.world.confirmed) == 1
    async with desk.opened.database.begin(desk.opened.caller, UNIT) as tx:
        letter = await tx.first("SELECT document_sha256 FROM letters WHERE matter_id = :id", id=desk.matter_id)
    assert letter.document_sha256 == hashlib.sha256(before.document).hexdigest()


async def test_what_billing_says_is_paid_is_not_claimed(desk):
    post = NullPost()
    del desk.world.items[0]

    await desk.look(post)

    matter = await desk.matter()
    assert post.letters == {}
    assert matter.next_action == "letter waits: billing says that nothing is open"
    assert desk.world.released == [f"of {key}" for key in desk.world.asked]


async def test_cash_in_flight_that_covers_the_claim_holds_the_letter_until_the_next_morning(desk):
    post = NullPost()
    desk.world.in_flight_minor = 98_000
    await desk.look(post)
    assert post.letters == {}
    assert (await desk.matter()).next_action == "letter waits: cash in flight covers the claim"

    desk.world.in_flight_minor = 97_999
    desk.opened.clock.advance(timedelta(days=1))
    await desk.look(post)

    assert (await desk.matter()).stage == "letter_posted"
    assert len(set(desk.world.asked)) == 2


@pytest.mark.parametrize(
    ("next_at", "action"), [("", "clerk decides: JP.insolvency"), ("2026-06-03T00:00:00+00:00", "letter waits: JP.insolvency")]
)
async def test_the_gates_no_is_a_clerks_decision_or_a_later_time(desk, next_at, action):
    post = NullPost()
    reasons = [notifications.GateReason(rule="JP.insolvency", citation="破産法 100条")]
    desk.world.denied = notifications.ReserveContactResponse(allowed=False, reasons=reasons, next_allowed_at=next_at)

    until = await desk.look(post)

    matter = await desk.matter()
    assert post.letters == {}
    assert (matter.stage, matter.next_action, until) == ("letter_posting", action, matter.next_action_at.timestamp())


async def test_the_post_is_asked_each_morning_and_an_unreadable_proof_is_a_clerks_matter(desk):
    post = NullPost()
    await desk.look(post)
    matter = await desk.matter()
    desk.opened.clock.advance(timedelta(days=1))
    post.proofs[UNIT, matter.tracking_number] = b"?"
    await desk.look(post)
    assert (await desk.matter()).next_action == "the proof cannot be read: INVALID"

    post.proofs[UNIT, matter.tracking_number] = b'{"delivered_on": "2026-06-03", "outcome": "delivered"}'
    desk.opened.clock.advance(timedelta(days=1))
    await desk.look(post)

    matter = await desk.matter()
    assert (matter.stage, matter.delivered_on) == ("letter_delivered", date(2026, 6, 3))


async def test_another_unit_finds_nothing(desk):
    await desk.look(NullPost())

    assert await desk.matter("hudson") is None
    async with desk.opened.database.begin(desk.opened.caller, "hudson") as tx:
        mine = [id_ for id_ in (row.id for row in await store.list_matters(tx, None, 1_000, open_only=False)) if id_ == desk.matter_id]
        assert mine == []
        for table in ("matter_items", "letters"):
            assert await tx.all(f"SELECT matter_id FROM {table} WHERE matter_id = :id", id=desk.matter_id) == []
