"""What all services have in common: the namespace, their settings, the business units, the default of the network."""

from chassis.settings import SETTINGS
from cli.suite import ALL
from tools.manifests.facts import NAMESPACE, Facts, Manifest, manifest

# Where a pod finds what is mounted.
KEYS, UNITS, FILES, TLS = "/var/run/saiken/keys", "/etc/saiken/units.yaml", "/var/lib/saiken", "/var/run/saiken/tls"
# Given to each service by itself, or to nobody in a cluster: the skipping clock and fail points belong to tests.
SECRET = ("DATABASE_URL", "RELAY_DATABASE_URL", "AUDITOR_DATABASE_URL", "SEALER_DATABASE_URL", "OWNER_DATABASE_URL")
TESTS = ("CLOCK_ORIGIN", "CLOCK_START", "FAIL_AT")


def shared(facts: Facts) -> list[Manifest]:
    """Namespace (Pod Security `restricted`), settings, units."""
    restricted = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
    return [
        manifest("v1", "Namespace", NAMESPACE, labels={"app.kubernetes.io/part-of": "saiken", **restricted}),
        manifest("v1", "ConfigMap", "saiken-settings", data=settings(facts)),
        manifest("v1", "ConfigMap", "saiken-units", data={"units.yaml": facts.units}),
    ]


def settings(facts: Facts) -> dict[str, str]:
    """Every setting that is no secret, so that what a pod is told can be read in one place."""
    ports = facts.ports
    here = {
        "KAFKA": "saiken-kafka-bootstrap:9092",
        "TEMPORAL": "temporal-frontend:7233",
        "LISTEN": f"0.0.0.0:{ports['grpc']}",
        "HEALTH": f"0.0.0.0:{ports['health']}",
        "METRICS": f"0.0.0.0:{ports['metrics']}",
        "PEERS": ",".join(f"{name}={name}:{ports['grpc']}" for name in ALL),
        "KEYS": KEYS,
        "UNITS": UNITS,
        "FILES": FILES,
        "SMTP": "smtp:25",
        "PARTITIONS": str(facts.partitions),
    }
    defaults = {name.removeprefix("SAIKEN_"): default or "" for name, default, _ in SETTINGS}
    shown = [name for name in defaults if name not in (*SECRET, *TESTS)]
    return {f"SAIKEN_{name}": here.get(name, defaults[name]) for name in shown}
