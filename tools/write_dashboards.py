"""Grafana's dashboards: `python -m tools.write_dashboards` writes deploy/k8s/monitoring/dashboards from the list below."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "deploy" / "k8s" / "monitoring" / "dashboards"
# Grafana's grid is 24 wide: two panels a row.
WIDTH, HEIGHT = 12, 8


@dataclass(frozen=True, slots=True)
class Panel:
    """A graph: its title, its unit as Grafana calls it, and its expressions with what each line is called."""

    title: str
    unit: str
    lines: Sequence[tuple[str, str]]


_BY_UNIT = "sum by (business_unit) (increase(saiken_lines_total{}[1d]))"
_APPLIED = _BY_UNIT.format('{state="applied"}') + " / " + _BY_UNIT.format("")

DASHBOARDS: Mapping[str, tuple[str, Sequence[Panel]]] = {
    "money-flow": (
        "Money flow",
        (
            Panel("Differences between the books", "short", (("max(saiken_audit_differences)", "differences"),)),
            Panel("Broken chains of the audit trail", "short", (("max(saiken_audit_chains_broken)", "chains"),)),
            Panel(
                "Bank lines by what became of them",
                "short",
                (("sum by (state) (increase(saiken_lines_total[1h]))", "{{state}}"),),
            ),
            Panel(
                "Share of lines applied without a person",
                "percentunit",
                ((_APPLIED, "{{business_unit}}"),),
            ),
            Panel("Refusals", "reqps", (("sum by (method, code) (rate(saiken_refused_total[5m]))", "{{method}} {{code}}"),)),
            Panel("Parked messages", "short", (("sum by (service) (saiken_parked_messages)", "{{service}}"),)),
        ),
    ),
    "relay-and-consumers": (
        "Relay and consumers",
        (
            Panel("Outbox rows that wait", "short", (("max by (service) (saiken_outbox_unpublished)", "{{service}}"),)),
            Panel("Age of the oldest row that waits", "s", (("max by (service) (saiken_outbox_oldest_seconds)", "{{service}}"),)),
            Panel("Published", "cps", (("sum by (service, type) (rate(saiken_published_total[5m]))", "{{type}}"),)),
            Panel("Consumed", "cps", (("sum by (service, type) (rate(saiken_consumed_total[5m]))", "{{service}} {{type}}"),)),
            Panel(
                "From a publisher's commit to the effect",
                "s",
                (("max by (service, publisher) (saiken_consumer_lag_seconds)", "{{service}} hears {{publisher}}"),),
            ),
            Panel(
                "Published and not yet heard",
                "short",
                (("sum by (service, publisher) (saiken_watermark_distance)", "{{service}} hears {{publisher}}"),),
            ),
            Panel("Parked", "cps", (("sum by (service, type) (rate(saiken_parked_total[5m]))", "{{service}} {{type}}"),)),
            Panel("Entries of the trail without a seal", "short", (("max by (service) (saiken_trail_unsealed)", "{{service}}"),)),
        ),
    ),
    "workflows": (
        "Processes over time",
        (
            Panel("Running", "short", (("max by (service, workflow) (saiken_processes)", "{{workflow}}"),)),
            Panel("Due or nudged, and not looked", "short", (("max by (service) (saiken_processes_behind)", "{{service}}"),)),
        ),
    ),
    "gate": (
        "The gate before a contact",
        (
            Panel("Answers", "cps", (("sum by (channel, answer) (rate(saiken_gate_total[5m]))", "{{channel}} {{answer}}"),)),
            Panel(
                "Refusals by rule",
                "short",
                (('sum by (rule) (increase(saiken_gate_total{answer!="allowed"}[1d]))', "{{rule}}"),),
            ),
        ),
    ),
    "objectives": (
        "Service level objectives",
        (
            Panel(
                "Events in the broker within 30 s (99.9 % of the time)",
                "percentunit",
                (("saiken:relay_late:ratio_rate1h", "late, last hour"), ("saiken:relay_late:ratio_rate6h", "late, last six hours")),
            ),
            Panel(
                "Events heard within 30 s (99.9 % of the time)",
                "percentunit",
                (("saiken:hearing_late:ratio_rate1h", "late, last hour"), ("saiken:hearing_late:ratio_rate6h", "late, last six hours")),
            ),
        ),
    ),
}


def dashboard(uid: str, title: str, panels: Sequence[Panel]) -> dict[str, Any]:
    """What Grafana reads."""
    source = {"type": "prometheus", "uid": "${source}"}
    variable = {"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"}
    return {
        "uid": f"saiken-{uid}",
        "title": f"Saiken: {title}",
        "tags": ["saiken"],
        "schemaVersion": 39,
        "time": {"from": "now-6h", "to": "now"},
        "refresh": "30s",
        "templating": {"list": [variable]},
        "panels": [
            {
                "id": place + 1,
                "type": "timeseries",
                "title": panel.title,
                "datasource": source,
                "gridPos": {"x": WIDTH * (place % 2), "y": HEIGHT * (place // 2), "w": WIDTH, "h": HEIGHT},
                "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
                "targets": [
                    {"refId": "ABCDEFGH"[number], "datasource": source, "expr": expression, "legendFormat": legend}
                    for number, (expression, legend) in enumerate(panel.lines)
                ],
            }
            for place, panel in enumerate(panels)
        ],
    }


def files() -> dict[Path, str]:
    """Every dashboard with its text."""
    return {
        FOLDER / f"{uid}.json": json.dumps(dashboard(uid, title, panels), indent=2) + "\n" for uid, (title, panels) in DASHBOARDS.items()
    }


def main() -> None:
    """Write all."""
    for path, text in files().items():
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
