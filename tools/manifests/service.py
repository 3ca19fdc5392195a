"""One service: its doors, their probes, sizes and scaling, its migration, its secrets by reference, its metrics."""

from typing import Any

import yaml

from tools.manifests.facts import Facts, Manifest, labels, manifest
from tools.manifests.shared import FILES, KEYS, SECRET, UNITS

# A call under way may end (chassis/service.py waits 8 s); before that the balancer has taken the pod out.
GRACE_SECONDS, LEAVE_SECONDS = 30, 5
_LOCKED = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
_NOBODY = {"runAsNonRoot": True, "runAsUser": 10001, "runAsGroup": 10001, "fsGroup": 10001, "seccompProfile": {"type": "RuntimeDefault"}}
# Doors that write files: letters and post from a step, the exported heads of the trail from the sealer beside the relay.
_WRITERS = {"worker", "relay"}
_DATABASE = "databases"


def service(name: str, facts: Facts) -> list[Manifest]:
    """All of one service but its network."""
    found: list[Manifest] = [
        manifest("v1", "ServiceAccount", name, labels=labels(name), automountServiceAccountToken=False),
        _grpc(name, facts),
        _metrics(name, facts),
        _files(name),
        _secret(name, _DATABASE, [setting for setting in SECRET if setting != "OWNER_DATABASE_URL"]),
        _secret(name, "owner", ["OWNER_DATABASE_URL"]),
        _migration(name),
    ]
    for door in facts.doors:
        found += [_deployment(name, door, facts), _budget(name, door), *_scaling(name, door, facts)]
    return found


def _grpc(name: str, facts: Facts) -> Manifest:
    port = {"name": "grpc", "port": facts.ports["grpc"], "targetPort": "grpc", "appProtocol": "grpc"}
    return manifest("v1", "Service", name, {"selector": labels(name, "api"), "ports": [port]}, labels=labels(name, "api"))


def _metrics(name: str, facts: Facts) -> Manifest:
    port = {"name": "metrics", "port": facts.ports["metrics"], "targetPort": "metrics"}
    own = {**labels(name), "saiken.metrics": "yes"}
    return manifest("v1", "Service", f"{name}-metrics", {"clusterIP": "None", "selector": labels(name), "ports": [port]}, labels=own)


def _files(name: str) -> Manifest:
    """Shared by the pods that write files, so of a class that many nodes may mount."""
    spec = {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "10Gi"}}}
    return manifest("v1", "PersistentVolumeClaim", f"{name}-files", spec, labels=labels(name))


def _secret(name: str, kind: str, settings: list[str]) -> Manifest:
    """A Secret that External Secrets copies from the vault: `saiken/<service>` has one property for each setting."""
    data = [{"secretKey": f"SAIKEN_{setting}", "remoteRef": {"key": f"saiken/{name}", "property": setting.lower()}} for setting in settings]
    spec = {
        "refreshInterval": "1h",
        "secretStoreRef": {"kind": "ClusterSecretStore", "name": "saiken"},
        "target": {"name": f"{name}-{kind}", "creationPolicy": "Owner"},
        "data": data,
    }
    return manifest("external-secrets.io/v1", "ExternalSecret", f"{name}-{kind}", spec, labels=labels(name))


def _migration(name: str) -> Manifest:
    """Before the new version: `kubectl apply` of a changed image needs the finished Job gone (it goes by itself after an hour)."""
    hook = {"argocd.argoproj.io/hook": "PreSync", "argocd.argoproj.io/hook-delete-policy": "BeforeHookCreation"}
    sizes = {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "512Mi"}}
    container = {
        "name": "migrate",
        "image": f"saiken/{name}",
        "args": ["migrate"],
        "envFrom": [{"secretRef": {"name": f"{name}-owner"}}],
        "resources": sizes,
        "securityContext": _LOCKED,
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 (the container's own)
    }
    pod = {**_pod(name, [container], [{"name": "tmp", "emptyDir": {}}]), "restartPolicy": "Never"}
    own = labels(name, "migration")
    spec = {
        "backoffLimit": 3,
        "activeDeadlineSeconds": 1800,
        "ttlSecondsAfterFinished": 3600,
        "template": {"metadata": {"labels": own}, "spec": pod},
    }
    return manifest("batch/v1", "Job", f"{name}-migrate", spec, labels=own, annotations=hook)


def _pod(name: str, containers: list[Manifest], volumes: list[Manifest]) -> Manifest:
    return {
        "serviceAccountName": name,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": _NOBODY,
        "containers": containers,
        "volumes": volumes,
    }


def _deployment(name: str, door: str, facts: Facts) -> Manifest:
    own, size = labels(name, door), facts.doors[door]
    container = {
        "name": name,
        "image": f"saiken/{name}",
        "args": ["--only", door],
        "envFrom": [{"configMapRef": {"name": "saiken-settings"}}, {"secretRef": {"name": f"{name}-{_DATABASE}"}}],
        "ports": [{"name": port, "containerPort": number} for port, number in facts.ports.items()],
        "resources": {"requests": {"cpu": size["cpu"], "memory": size["memory"]}, "limits": {"memory": size["limit"]}},
        "securityContext": _LOCKED,
        **_probes(facts),
        "lifecycle": {"preStop": {"sleep": {"seconds": LEAVE_SECONDS}}},
        "volumeMounts": [
            {"name": "keys", "mountPath": KEYS, "readOnly": True},
            {"name": "units", "mountPath": UNITS, "subPath": "units.yaml", "readOnly": True},
            {"name": "files", "mountPath": FILES},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108
        ],
    }
    pod = {
        **_pod(name, [container], _volumes(name, door, facts)),
        "terminationGracePeriodSeconds": GRACE_SECONDS,
        "topologySpreadConstraints": [_spread(own, key, when) for key, when in _SPREAD],
    }
    # One more before one goes: two versions side by side, as tests/integration rehearses it.
    update = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}
    spec: Manifest = {"selector": {"matchLabels": own}, "strategy": update, "template": {"metadata": {"labels": own}, "spec": pod}}
    if size["scale"] == "none":  # otherwise the number is the autoscaler's
        spec = {"replicas": size["replicas"], **spec}
    return manifest("apps/v1", "Deployment", f"{name}-{door}", spec, labels=own)


_SPREAD = (("topology.kubernetes.io/zone", "ScheduleAnyway"), ("kubernetes.io/hostname", "ScheduleAnyway"))


def _spread(own: dict[str, str], key: str, when: str) -> Manifest:
    return {"maxSkew": 1, "topologyKey": key, "whenUnsatisfiable": when, "labelSelector": {"matchLabels": own}}


def _probes(facts: Facts) -> Manifest:
    """Readiness is the service's own word; a pod that waits for an outage is not ready and must not be killed for it."""
    port = facts.ports["health"]
    grpc = {"grpc": {"port": port}}
    return {
        "startupProbe": {**grpc, "periodSeconds": 2, "failureThreshold": 60},
        "readinessProbe": {**grpc, "periodSeconds": 5, "failureThreshold": 2},
        "livenessProbe": {"tcpSocket": {"port": port}, "periodSeconds": 10, "failureThreshold": 6},
    }


def _volumes(name: str, door: str, facts: Facts) -> list[Manifest]:
    units = sorted(yaml.safe_load(facts.units)["units"])
    sealed = [{"key": f"{unit}.{kind}", "path": f"units/{unit}.{kind}"} for unit in units for kind in ("seal", "blind")]
    sources = [{"secret": {"name": f"{name}-keys"}}, {"secret": {"name": "unit-keys", "items": sealed}}]
    files: Any = {"persistentVolumeClaim": {"claimName": f"{name}-files"}} if door in _WRITERS else {"emptyDir": {}}
    return [
        {"name": "keys", "projected": {"defaultMode": 0o440, "sources": sources}},
        {"name": "units", "configMap": {"name": "saiken-units"}},
        {"name": "files", **files},
        {"name": "tmp", "emptyDir": {}},
    ]


def _budget(name: str, door: str) -> Manifest:
    """A drained node takes one pod of a door at a time."""
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": labels(name, door)}}
    return manifest("policy/v1", "PodDisruptionBudget", f"{name}-{door}", spec, labels=labels(name, door))


def _scaling(name: str, door: str, facts: Facts) -> list[Manifest]:
    size, target = facts.doors[door], {"apiVersion": "apps/v1", "kind": "Deployment", "name": f"{name}-{door}"}
    if size["scale"] == "cpu":
        metric = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}}
        spec = {"scaleTargetRef": target, "minReplicas": size["replicas"], "maxReplicas": size["most"], "metrics": [metric]}
        return [manifest("autoscaling/v2", "HorizontalPodAutoscaler", f"{name}-{door}", spec, labels=labels(name, door))]
    if size["scale"] != "lag":
        return []
    most = min(size["most"], facts.partitions)
    triggers = [_trigger(name, topic, facts) for topic in facts.topics[name]]
    spec = {"scaleTargetRef": target, "minReplicaCount": size["replicas"], "maxReplicaCount": most, "triggers": triggers}
    return [manifest("keda.sh/v1alpha1", "ScaledObject", f"{name}-{door}", spec, labels=labels(name, door))]


def _trigger(name: str, topic: str, facts: Facts, address: str = "saiken-kafka-bootstrap:9092", **more: str) -> Manifest:
    said = {"bootstrapServers": address, "consumerGroup": name, "topic": topic, "lagThreshold": str(facts.lag)}
    return {"type": "kafka", "metadata": {**said, "offsetResetPolicy": "earliest", **more}}


def scaled_under_tls(name: str, facts: Facts) -> list[Manifest]:
    """For a patch: how KEDA asks a broker that speaks TLS alone, with the service's own certificate."""
    asked = [_trigger(name, topic, facts, "saiken-kafka-bootstrap:9093", tls="enable") for topic in facts.topics[name]]
    triggers = [{**trigger, "authenticationRef": {"name": f"{name}-kafka"}} for trigger in asked]
    refs = [("ca", "saiken-cluster-ca-cert", "ca.crt"), ("cert", f"{name}-kafka", "user.crt"), ("key", f"{name}-kafka", "user.key")]
    spec = {"secretTargetRef": [{"parameter": parameter, "name": secret, "key": key} for parameter, secret, key in refs]}
    return [
        manifest("keda.sh/v1alpha1", "ScaledObject", f"{name}-consumer", {"triggers": triggers}, labels=labels(name, "consumer")),
        manifest("keda.sh/v1alpha1", "TriggerAuthentication", f"{name}-kafka", spec, labels=labels(name)),
    ]
