"""What manifests are made from: doors and sizes from services.yaml, edges and topics from the code."""

import importlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from chassis.service import DOORS
from cli.suite import ALL

ROOT = Path(__file__).parents[2]
K8S = ROOT / "deploy" / "k8s"
NAMESPACE = "saiken"
Manifest = dict[str, Any]
# A step of a process and a comparison name the peer they ask: `peers.channel("billing")`, `peers.position("billing")`.
_ASKED = re.compile(r"\.(?:channel|position)\(\s*\"(\w+)\"")


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a manifest depends on."""

    ports: Mapping[str, int]
    doors: Mapping[str, Mapping[str, Any]]
    lag: int
    mail: Sequence[str]
    partitions: int
    units: str
    topics: Mapping[str, Sequence[str]]
    calls: Mapping[str, Sequence[str]]

    def callers(self, service: str) -> list[str]:
        """Who opens this service's gRPC door."""
        return [name for name in ALL if service in self.calls[name]]


def read_facts(units: Path = ROOT / "samples" / "units.yaml") -> Facts:
    """From the files of the repository and the business units' file."""
    said = yaml.safe_load((K8S / "services.yaml").read_text("utf-8"))
    assert tuple(said["doors"]) == DOORS, f"services.yaml has other doors than {DOORS}"
    topics = {name: sorted(_app(name).subscriptions.topics()) for name in ALL}
    return Facts(
        said["ports"],
        said["doors"],
        said["lag"],
        said["mail"],
        said["partitions"],
        units.read_text("utf-8"),
        topics,
        {name: calls(name, topics[name]) for name in ALL},
    )


def calls(service: str, topics: Sequence[str]) -> list[str]:
    """The services whose gRPC door this one opens: the publishers it hears, and those its code names."""
    named = {
        name
        for path in (ROOT / "services" / service).rglob("*.py")
        if "tests" not in path.parts
        for name in _ASKED.findall(path.read_text("utf-8"))
    }
    return sorted(named | {topic.split(".")[0] for topic in topics})


def _app(name: str) -> Any:
    return importlib.import_module(f"services.{name}.app").app


def labels(service: str, door: str = "") -> dict[str, str]:
    """How pods of a service, or of one of its doors, are found."""
    found = {"app.kubernetes.io/name": service, "app.kubernetes.io/part-of": "saiken"}
    return found | ({"app.kubernetes.io/component": door} if door else {})


def manifest(api: str, kind: str, name: str, spec: Any = None, **more: Any) -> Manifest:
    """The frame of a manifest; the namespace is kustomize's."""
    own = more.pop("labels", {"app.kubernetes.io/part-of": "saiken"})
    metadata: Manifest = {"name": name, "labels": own}
    if annotations := more.pop("annotations", None):
        metadata["annotations"] = annotations
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **more, **({"spec": spec} if spec is not None else {})}
