"""What is shipped agrees with the code: settings, doors, ports, edges, topics, metrics, runbooks; manifests are valid and restricted."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import typer
import yaml
from prometheus_client import REGISTRY

import chassis.metrics
from chassis.service import DOORS
from chassis.settings import SETTINGS
from cli.infrastructure.broker import TOPICS
from cli.infrastructure.provision import LOGINS, script
from cli.main import make_app
from cli.suite import ALL
from tests.tree import ROOT
from tools import write_dashboards, write_k8s, write_requirements
from tools.manifests import read_facts
from tools.manifests.shared import TESTS

DEPLOY = ROOT / "deploy"
K8S = DEPLOY / "k8s"
RUNBOOKS = ROOT / "docs" / "runbooks"
KUBERNETES = "1.37"
KNOWN = {name for name, _, _ in SETTINGS}
# Custom resources: their operators' schemas are in no registry that CI reaches, so what they must have is listed here.
CUSTOM = {
    "ExternalSecret": {"secretStoreRef", "target", "data"},
    "ScaledObject": {"scaleTargetRef", "triggers"},
    "Kafka": {"kafka", "entityOperator"},
    "KafkaNodePool": {"replicas", "roles", "storage"},
    "KafkaTopic": {"partitions", "replicas", "config"},
    "KafkaUser": {"authentication", "authorization"},
    "Cluster": {"instances", "storage", "bootstrap", "managed", "backup"},
    "ScheduledBackup": {"schedule", "cluster"},
    "ServiceMonitor": {"selector", "endpoints"},
    "PrometheusRule": {"groups"},
    "TriggerAuthentication": {"secretTargetRef"},
    "Issuer": {"ca"},
    "Certificate": {"secretName", "dnsNames", "issuerRef"},
}
# What Prometheus itself says of every target.
PROMETHEUS = {"up"}
WORKLOADS = {"Deployment", "Job"}


def documents(*folders: str) -> list[tuple[str, dict[str, Any]]]:
    """Every manifest, with where it stands."""
    return [
        (f"{path.relative_to(K8S)}: {one['kind']} {one['metadata']['name']}", one)
        for folder in folders
        for path in sorted((K8S / folder).glob("*.yaml"))
        for one in yaml.safe_load_all(path.read_text("utf-8"))
        if one and "metadata" in one
    ]


MANIFESTS = documents("base", "infrastructure", "monitoring", "overlays/production")
PATCHES = "overlays/production/scaling.yaml"
BASE = documents("base")


def of_kind(*kinds: str) -> list[dict[str, Any]]:
    return [one for place, one in MANIFESTS if one["kind"] in kinds and not place.startswith(PATCHES)]


@pytest.mark.parametrize("written", ["k8s", "dashboards", "requirements"])
def test_what_is_generated_is_what_the_code_says(written):
    """`python -m tools.write_k8s` (write_dashboards, write_requirements) brings it up to date."""
    made = {
        "k8s": lambda: write_k8s.files(read_facts()),
        "dashboards": write_dashboards.files,
        "requirements": lambda: {write_requirements.FOLDER / f"{name}.txt": write_requirements.text(name) for name in ALL},
    }[written]()
    stale = [str(path.relative_to(ROOT)) for path, text in made.items() if not path.exists() or path.read_text("utf-8") != text]

    assert not stale


def test_core_manifests_are_valid_for_kubernetes():
    for place, one in MANIFESTS:
        if one["kind"] not in CUSTOM:
            try:
                kubernetes_validate.validate(one, KUBERNETES, strict=True)
            except kubernetes_validate.ValidationError as error:
                pytest.fail(f"{place}: {error}")


def test_custom_resources_have_what_their_operators_ask_for():
    for place, one in MANIFESTS:
        if one["kind"] in CUSTOM and not place.startswith(PATCHES):
            assert not (lacking := CUSTOM[one["kind"]] - one["spec"].keys()), f"{place} lacks {lacking}"


def test_every_pod_is_restricted_and_bounded():
    """Pod Security `restricted`, and besides: no writable root, no token, nothing without a request and a limit of memory."""
    for one in of_kind(*WORKLOADS):
        pod, name = one["spec"]["template"]["spec"], one["metadata"]["name"]
        own = pod["securityContext"]
        assert (own["runAsNonRoot"], own["runAsUser"] > 0, own["seccompProfile"]["type"]) == (True, True, "RuntimeDefault"), name
        assert pod["automountServiceAccountToken"] is False, name
        assert not pod.keys() & {"hostNetwork", "hostPID", "hostIPC"}, name
        assert {next(iter(volume.keys() - {"name"})) for volume in pod["volumes"]} <= {
            "configMap", "emptyDir", "projected", "secret", "persistentVolumeClaim",
        }, name  # fmt: skip
        for container in pod["containers"]:
            locked = container["securityContext"]
            assert locked["allowPrivilegeEscalation"] is False, name
            assert locked["readOnlyRootFilesystem"] is True, name
            assert locked["capabilities"] == {"drop": ["ALL"]}, name
            assert container["resources"]["requests"].keys() == {"cpu", "memory"}, name
            assert "memory" in container["resources"]["limits"], name
    (namespace,) = of_kind("Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def told(one: dict[str, Any]) -> set[str]:
    """The settings that a ConfigMap or an ExternalSecret carries."""
    if one["kind"] == "ConfigMap":
        return {name for name in one["data"] if name.startswith("SAIKEN_")}
    return {entry["secretKey"] for entry in one["spec"]["data"] if entry["secretKey"].startswith("SAIKEN_")}


def test_every_setting_is_set_and_nothing_else_is():
    given = set().union(*(told(one) for one in of_kind("ConfigMap", "ExternalSecret")))

    assert given == KNOWN - {f"SAIKEN_{name}" for name in TESTS}


def test_every_variable_named_anywhere_in_deploy_is_a_setting():
    named = {
        (path.name, name)
        for path in DEPLOY.rglob("*")
        if path.is_file() and path.suffix in {".yaml", ".py", ""}
        for name in re.findall(r"SAIKEN_[A-Z_]+[A-Z]", path.read_text("utf-8"))
    }
    # One owner's URL for each service is how the migration of all five at once is told.
    assert not {(file, name) for file, name in named if re.sub(r"_URL_[A-Z]+$", "_URL", name) not in KNOWN | COMPOSE}


# What only compose.yaml is told: images, and where `python -m tools.compose` put keys and passwords.
COMPOSE = {"SAIKEN_TAG", "SAIKEN_PREPARED", "SAIKEN_IMAGE_KAFKA", "SAIKEN_IMAGE_POSTGRES", "SAIKEN_IMAGE_TEMPORAL", "SAIKEN_IMAGE_MAIL"}


def test_every_door_of_every_service_runs_alone():
    doors = {(one["metadata"]["labels"]["app.kubernetes.io/name"], *args(one)) for one in of_kind("Deployment")}

    assert doors == {(name, "--only", door) for name in ALL for door in DOORS}


def args(one: dict[str, Any]) -> list[str]:
    (container,) = one["spec"]["template"]["spec"]["containers"]
    return container["args"]


def test_the_broker_has_the_topics_the_code_speaks_of():
    partitions = {one["data"]["SAIKEN_PARTITIONS"] for one in of_kind("ConfigMap") if "SAIKEN_PARTITIONS" in one["data"]}

    assert {one["metadata"]["name"] for one in of_kind("KafkaTopic")} == set(TOPICS)
    assert {str(one["spec"]["partitions"]) for one in of_kind("KafkaTopic")} == partitions
    assert all(one["spec"]["replicas"] == 3 and one["spec"]["config"]["min.insync.replicas"] == 2 for one in of_kind("KafkaTopic"))


def test_the_databases_get_the_roles_and_grants_of_the_embedded_ones():
    for one in of_kind("Cluster"):
        name = one["metadata"]["name"].removesuffix("-postgres")
        said = one["spec"]["bootstrap"]["initdb"]
        statements = {*said["postInitSQL"], *said["postInitApplicationSQL"]}
        granted = {
            line.removesuffix(";")
            for line in script([name], {f"{name}_{role}": "" for role in LOGINS}).splitlines()
            if line.startswith(("GRANT", "REVOKE"))
        }
        assert granted <= statements
        assert {role["name"] for role in one["spec"]["managed"]["roles"]} == {f"{name}_{role}" for role in LOGINS if role != "owner"}


def test_who_may_call_is_who_is_called():
    """Each edge has both its ends, and nobody is let in or out besides."""
    own = {one["metadata"]["name"]: one["spec"] for one in of_kind("NetworkPolicy") if one["metadata"]["name"] in ALL}
    outwards = {(name, peer) for name, spec in own.items() for peer in peers(spec["egress"], "to")}
    inwards = {(peer, name) for name, spec in own.items() for peer in peers(spec["ingress"], "from")}

    assert outwards == inwards
    assert ("billing", "payments") in outwards
    assert ("payments", "notifications") not in outwards
    (denied,) = [one for one in of_kind("NetworkPolicy") if one["metadata"]["name"] == "default-deny"]
    assert denied["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def peers(rules: list[dict[str, Any]], side: str) -> Iterator[str]:
    for rule in rules:
        for place in rule[side]:
            if name := place.get("podSelector", {}).get("matchLabels", {}).get("app.kubernetes.io/name"):
                yield name


def test_ports_agree_between_image_and_manifests():
    exposed = re.search(r"^EXPOSE (.*)$", (DEPLOY / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    ports = yaml.safe_load((K8S / "services.yaml").read_text("utf-8"))["ports"]

    assert exposed is not None
    assert set(map(int, exposed[1].split())) == set(ports.values())


def test_a_kustomization_names_what_is_there():
    for path in K8S.rglob("kustomization.yaml"):
        said = yaml.safe_load(path.read_text("utf-8"))
        generated = [file for maker in said.get("configMapGenerator", ()) for file in maker["files"]]
        patches = [patch["path"] for patch in said.get("patches", ()) if "path" in patch]
        for name in (*said["resources"], *generated, *patches):
            assert (path.parent / name).exists(), f"{path.relative_to(ROOT)} names {name}"


def expressions() -> Iterator[tuple[str, str]]:
    for path in (K8S / "monitoring" / "dashboards").glob("*.json"):
        for panel in json.loads(path.read_text("utf-8"))["panels"]:
            yield from ((path.name, target["expr"]) for target in panel["targets"])
    yield from ((rule.get("alert") or rule["record"], rule["expr"]) for rule in rules())


def rules() -> list[dict[str, Any]]:
    (one,) = of_kind("PrometheusRule")
    return [rule for group in one["spec"]["groups"] for rule in group["rules"]]


def test_only_metrics_that_exist_are_watched():
    assert chassis.metrics.PUBLISHED in REGISTRY._collector_to_names
    known = set(REGISTRY._names_to_collectors) | {rule["record"] for rule in rules() if "record" in rule}
    unknown = {(place, name) for place, text in expressions() for name in re.findall(r"saiken[:_][a-z0-9_:]+", text) if name not in known}

    assert not unknown


def test_every_alert_has_its_runbook_and_every_runbook_its_alert():
    asked = {Path(rule["annotations"]["runbook_url"]) for rule in rules() if "alert" in rule}

    assert asked == {path.relative_to(ROOT) for path in RUNBOOKS.glob("*.md")}
    for rule in rules():
        if "alert" in rule:
            assert rule["alert"] in (ROOT / rule["annotations"]["runbook_url"]).read_text("utf-8"), f"{rule['alert']} is not named there"


@pytest.mark.parametrize("page", [*sorted(RUNBOOKS.glob("*.md")), ROOT / "docs" / "operating.md"], ids=lambda path: path.stem)
def test_every_saiken_command_in_it_can_be_typed(page):
    main = typer.main.get_command(make_app())
    commands = [line.strip() for line in page.read_text("utf-8").splitlines() if line.startswith(("    saiken ", "saiken "))]

    for line in commands:
        _, name, *words = shlex.split(line.partition(" #")[0])
        command = main.commands[name]
        command.make_parser(typer.Context(command)).parse_args(words)


def test_the_image_file_has_no_remark_of_its_linter():
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, DEPLOY / "Dockerfile"], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


def test_compose_runs_every_service_on_images_that_can_be_chosen():
    said = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))

    assert set(ALL) <= said["services"].keys()
    for name, service in said["services"].items():
        assert "${" in service["image"], f"{name} has a fixed image"
        assert "healthcheck" in service or service.get("restart") == "no" or name in ALL, f"{name} says nothing of its health"
