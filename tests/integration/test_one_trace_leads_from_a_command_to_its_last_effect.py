"""Telemetry: what follows from one command is one trace, over gRPC, outbox, Kafka and Temporal, and is told in no name."""

import json
import threading
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as otlp
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceServicer, add_TraceServiceServicer_to_server
from opentelemetry.sdk.trace import TracerProvider

from cli.imports import import_invoices
from cli.infrastructure.ports import HOST
from cli.suite import Suite
from kernel.errors import Refused
from tests.integration.conftest import RESTARTS, UNIT, Story, clean
from tests.integration.papers import Payment

# A span leaves its process in batches.
FLUSH_SECONDS = 60.0


class Collector(TraceServiceServicer):
    """Keeps `service: span` by trace."""

    def __init__(self) -> None:
        self.spans: dict[str, set[str]] = defaultdict(set)
        self.came = threading.Condition()

    def Export(self, request: otlp.ExportTraceServiceRequest, context: grpc.ServicerContext) -> otlp.ExportTraceServiceResponse:
        with self.came:
            for of_service in request.resource_spans:
                service = next(a.value.string_value for a in of_service.resource.attributes if a.key == "service.name")
                for span in (span for scope in of_service.scope_spans for span in scope.spans):
                    self.spans[span.trace_id.hex()].add(f"{service}: {span.name}")
            self.came.notify_all()
        return otlp.ExportTraceServiceResponse()


@pytest.fixture(scope="module")
def collector() -> Iterator[tuple[Collector, str]]:
    server, collector = grpc.server(ThreadPoolExecutor(2)), Collector()
    add_TraceServiceServicer_to_server(collector, server)
    port = server.add_insecure_port(f"{HOST}:0")
    server.start()
    yield collector, f"http://{HOST}:{port}"
    server.stop(None)


@pytest.fixture(scope="module")
def suite(tmp_path_factory, collector) -> Iterator[Suite]:
    folder = tmp_path_factory.mktemp("suite")
    with Suite.start(
        folder, throwaway=True, clock_start="2026-06-01T06:00:00Z", settings={**RESTARTS, "SAIKEN_OTLP": collector[1]}
    ) as running:
        yield running


async def test_one_trace_leads_from_a_command_to_its_last_effect(story: Story, collector) -> None:
    await story.until("2026-06-01T09:00")
    await story.invoice("R-5", "K-5", "48.00", issued="2026-06-01", due="2026-06-05")
    await story.until("2026-06-09T09:00")

    with TracerProvider().get_tracer("test").start_as_current_span("saiken import statement") as span:
        await story.statement("S-5", Payment("48.00", "2026-06-09", "R-5"))
        trace = f"{span.get_span_context().trace_id:032x}"
    assert clean(await story.audit())

    way = {
        "payments: /payments.v1.Payments/ImportStatement",
        "payments: nudge ImportStatement",
        "payments: RunActivity:match_lines",
        "billing: handle payments.v1.LineDistributed",
        "collections: handle billing.v1.ItemChanged",
        "collections: nudge CollectionCase",
    }
    kept = collector[0]
    with kept.came:
        assert kept.came.wait_for(lambda: way <= kept.spans[trace], FLUSH_SECONDS), way - kept.spans[trace]


PERSONAL = ("Erna", "Muster", "DE92999000010001001200", "example.org", "Neuenrath", "Weg 1", "R-5")


async def test_logs_are_json_with_the_trace_and_name_nobody(story: Story) -> None:
    path = story.folder / "broken.xml"
    path.write_text("<Invoice>Erna Muster</Invoice>", "utf-8")
    with pytest.raises(Refused):
        await import_invoices(story.client, UNIT, [path])

    for service in ("billing", "payments", "collections", "legal", "notifications"):
        text = story.suite.log(service)
        assert [word for word in PERSONAL if word in text] == []
        lines = [json.loads(line) for line in text.splitlines()]
        assert all({"event", "level", "timestamp"} <= line.keys() for line in lines)
    refused = next(line for line in map(json.loads, story.suite.log("billing").splitlines()) if line["event"] == "refused")
    assert len(refused["trace_id"]) == 32
