"""Three nodes of Apache Kafka, one killed under load: no acknowledged event is lost, consumers go on, the books are equal."""

import asyncio
from collections.abc import Iterator

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from chassis.clock import wall_now
from chassis.producer import Producer
from chassis.testing import Witness
from cli.infrastructure.kafka import Kafka
from cli.quiet import read_positions
from cli.suite import Suite
from tests.integration.conftest import RESTARTS, TOPICS, UNIT, Story, clean, until_it_works
from tests.integration.papers import Payment
from tests.integration.replicas import replica

pytestmark = pytest.mark.apache
NODES = 3
# Papers on their way when the node dies, and after.
LOAD = 12
# A reader that first asks the node that died.
PATIENCE_SECONDS = 60.0
TOO_LARGE = 2 * 2**20


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    folder = tmp_path_factory.mktemp("suite")
    with Suite.start(folder, throwaway=True, clock_start="2026-06-01T06:00:00Z", settings=RESTARTS, kafka_nodes=NODES) as running:
        yield running


async def bill(story: Story, first: int) -> None:
    await asyncio.gather(
        *(
            until_it_works(lambda n=n: story.invoice(f"A-{n}", f"L-{n % 5}", "7.00", issued="2026-06-01", due="2030-01-01"))
            for n in range(first, first + LOAD)
        )
    )


async def test_a_node_dies_under_load_and_no_acknowledged_event_is_lost(story: Story) -> None:
    with replica(story.suite, "payments", "consumer"), replica(story.suite, "collections", "consumer"):
        load = asyncio.create_task(bill(story, 0))
        await asyncio.to_thread(story.suite.kill, "broker-2", for_good=True)
        await load
        await bill(story, LOAD)
        today = (await until_it_works(story.time.now)).date().isoformat()
        payments = [Payment("7.00", today, f"A-{n}") for n in range(2 * LOAD)]
        await until_it_works(lambda: story.statement("S-A", *payments))
        proof = await until_it_works(story.audit)

    assert not story.suite.alive("broker-2")
    assert clean(proof)
    books = {row["book"]: row["by_service"] for row in proof["books"] if row["business_unit"] == UNIT}
    assert books["applied"]["billing"] == f"{7 * 2 * LOAD}.00" == books["applied"]["payments"]
    await all_published_is_there(story)


async def all_published_is_there(story: Story) -> None:
    """Every number that a publisher has marked as published is read back from the two nodes that are left."""
    positions = await read_positions(story.client, [topic.split(".")[0] for topic in TOPICS])
    published = {(name, p, n) for name, at in positions.items() for p, last in at.numbers.items() if p >= 0 for n in range(1, last + 1)}
    missing = published
    deadline = wall_now().timestamp() + PATIENCE_SECONDS
    async with Witness(story.suite.kafka_address, TOPICS) as witness:
        while missing and wall_now().timestamp() < deadline:
            missing = published - {(event.publisher, event.partition, event.number) for event in await witness.listen(2.0)}

    assert published
    assert not missing


async def test_the_node_comes_back_and_consumers_share_the_partitions_anew(story: Story) -> None:
    """A second consumer of a service takes its share and gives it back; nothing is told twice."""
    broker = story.suite.infrastructure.broker
    assert isinstance(broker, Kafka)
    await asyncio.to_thread(broker.revive, broker.children[1])
    await asyncio.to_thread(broker.wait)
    with replica(story.suite, "payments", "consumer"):
        await bill(story, 10 * LOAD)
        proof = await until_it_works(story.audit)
    assert clean(proof)
    await bill(story, 11 * LOAD)

    assert clean(await until_it_works(story.audit))
    await all_published_is_there(story)


async def test_an_idempotent_producer_goes_on_after_a_batch_that_failed(suite: Suite) -> None:
    """aiokafka counts the numbers of a batch that the broker refused; without a new producer all later ones would be out of order."""
    admin = AIOKafkaAdminClient(bootstrap_servers=suite.kafka_address)
    await admin.start()
    await admin.create_topics([NewTopic("trial", num_partitions=1, replication_factor=NODES)])
    await admin.close()
    producer = Producer({"bootstrap_servers": suite.kafka_address, "max_request_size": 2 * TOO_LARGE}, idempotent=True)
    refused = await producer.send("trial", b"x" * TOO_LARGE)
    with pytest.raises(Exception, match="MessageSizeTooLarge"):
        await refused

    record = await (await producer.send("trial", b""))
    await producer.stop()
    assert record.offset == 0
