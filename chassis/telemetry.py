"""Telemetry: JSON logs with the trace id and no personal data, traces in W3C headers, metrics."""

import logging
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any

import structlog
from opentelemetry import trace
from opentelemetry.propagate import extract, inject
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from prometheus_client import start_http_server
from temporalio.runtime import LogForwardingConfig, LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter

from chassis.audit import acting
from chassis.settings import Settings

_tracer = trace.get_tracer("saiken")


def start(settings: Settings) -> None:
    """Configure logs, traces and metrics of this process."""
    processors: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _trace_id,
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*processors, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[settings.log_level]),
        # A line and its end in one write: other threads log too.
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )
    # Libraries write the same lines, Temporal's core too.
    handler = logging.StreamHandler(sys.stderr)
    last: list[Any] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, structlog.processors.JSONRenderer()]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=processors, processors=last))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    forwarded = LogForwardingConfig(logging.getLogger("temporal"))
    logs = LoggingConfig(TelemetryFilter(core_level="WARN", other_level="ERROR"), forwarding=forwarded)
    Runtime.set_default(Runtime(telemetry=TelemetryConfig(logging=logs)))
    provider = TracerProvider(resource=Resource.create({"service.name": settings.service}))
    if settings.otlp:
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=settings.otlp)))
    trace.set_tracer_provider(provider)
    if settings.metrics:
        host, _, port = settings.metrics.rpartition(":")
        start_http_server(int(port), host)


def logger() -> Any:
    """The process's logger; give ids and codes, never names, accounts or texts."""
    return structlog.get_logger()


def trace_headers() -> dict[str, str]:
    """The current trace context as W3C headers."""
    headers: dict[str, str] = {}
    inject(headers)
    return headers


@contextmanager
def continued(name: str, headers: Mapping[str, str]) -> Iterator[None]:
    """A span that goes on from the context in some headers; the audit trail calls what happens in it by its name."""
    token = acting.set(name)
    try:
        with _tracer.start_as_current_span(name, context=extract(headers)):
            yield
    finally:
        acting.reset(token)


def trace_id() -> str:
    """The current trace's id in hexadecimal; empty when there is none."""
    context = trace.get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else ""


def _trace_id(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if id_ := trace_id():
        event["trace_id"] = id_
    return event
