"""Every metric there is, with a sentence each; a process counts what it does and reads its database's state now and then."""

import asyncio
import json
from collections.abc import Mapping

import asyncpg
from prometheus_client import Counter, Gauge

from chassis.clock import Clock
from chassis.errors import again_and_again

PUBLISHED = Counter("saiken_published_total", "Events that the relay has handed to the broker.", ["type"])
CONSUMED = Counter("saiken_consumed_total", "Events whose effect is committed.", ["type"])
HEARD_SECONDS = Gauge(
    "saiken_consumer_lag_seconds", "Business time between a publisher's commit and our effect, at the last event.", ["publisher"]
)
DISTANCE = Gauge(
    "saiken_watermark_distance", "Published numbers that this service has not heard yet, by partition.", ["publisher", "partition"]
)
PARKED = Counter("saiken_parked_total", "Messages put aside with their reason, to be replayed.", ["type"])
PARKED_NOW = Gauge("saiken_parked_messages", "Messages that are parked now; every one waits for a person.")
UNPUBLISHED = Gauge("saiken_outbox_unpublished", "Outbox rows that wait for the relay.")
OLDEST = Gauge("saiken_outbox_oldest_seconds", "Age of the oldest outbox row that waits: the relay's lag.")
UNSEALED = Gauge("saiken_trail_unsealed", "Entries of the audit trail that no seal covers yet.")
PROCESSES = Gauge("saiken_processes", "Processes over time that have not ended, by workflow.", ["workflow"])
BEHIND = Gauge("saiken_processes_behind", "Processes whose time has come or that were nudged, and that have not looked.")
REFUSED = Counter("saiken_refused_total", "Requests that a rule refused.", ["method", "code"])
DISTRIBUTED = Counter(
    "saiken_lines_total",
    "Bank lines by what became of them; the match rate is a ratio of these.",
    ["business_unit", "state"],
)
GATE = Counter(
    "saiken_gate_total", "Answers of the gate before a message leaves; a refusal by its first rule.", ["channel", "answer", "rule"]
)
DIFFERENCES = Gauge("saiken_audit_differences", "Differences between the services' books at the last audit.")
CHAINS_BROKEN = Gauge("saiken_audit_chains_broken", "Chains of the audit trail that did not verify at the last audit.")

# Between two readings of the state; a scrape comes every 15 to 60 s.
LOOK_SECONDS = 10.0

_STATE = """
SELECT (SELECT count(*) FROM outbox WHERE published_at IS NULL) AS unpublished,
    (SELECT extract(epoch FROM clock_timestamp() - to_timestamp(('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint / 1000.0))
        FROM outbox WHERE published_at IS NULL ORDER BY id LIMIT 1) AS oldest,
    (SELECT count(*) FROM parked) AS parked,
    (SELECT count(*) FROM trail t WHERE NOT EXISTS (SELECT FROM seals s WHERE s.id = t.id)) AS unsealed,
    (SELECT count(*) FROM processes WHERE ended = 0 AND (nudged > seen OR due_at <= $1)) AS behind,
    (SELECT coalesce(json_object_agg(workflow, running), '{}') FROM
        (SELECT workflow, count(*) FILTER (WHERE ended = 0) AS running FROM processes GROUP BY 1) AS by_workflow) AS processes
"""


class Gauges:
    """Reads the state of a service's plumbing as the auditor."""

    def __init__(self, url: str, clock: Clock) -> None:
        self._url, self._clock = url, clock

    async def run(self) -> None:
        """Read until cancelled; an outage only makes it wait."""
        await again_and_again("gauges", self._session, LOOK_SECONDS)

    async def _session(self) -> None:
        connection = await asyncpg.connect(self._url)
        try:
            while True:
                show(await connection.fetchrow(_STATE, await self._clock.now()))
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            await connection.close(timeout=1)


def show(state: Mapping[str, object]) -> None:
    """One reading, in the gauges."""
    for gauge, name in ((UNPUBLISHED, "unpublished"), (PARKED_NOW, "parked"), (UNSEALED, "unsealed"), (BEHIND, "behind")):
        gauge.set(int(str(state[name])))
    OLDEST.set(float(str(state["oldest"] or 0)))
    for workflow, running in json.loads(str(state["processes"])).items():
        PROCESSES.labels(workflow).set(running)
