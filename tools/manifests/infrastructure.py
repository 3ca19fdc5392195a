"""What the services stand on, as custom resources: Strimzi's Kafka, and CloudNativePG's PostgreSQL for each service."""

from cli.infrastructure import provision
from cli.infrastructure.broker import TOPICS
from cli.suite import ALL
from tools.manifests.facts import Facts, Manifest, labels, manifest

CLUSTER = "saiken"
KAFKA_VERSION = "4.1.0"
COPIES, IN_SYNC = 3, 2
# Events are kept for a week; what is older comes from the outboxes (`saiken replay`), which keep 35 days.
RETENTION_MILLISECONDS = 7 * 86_400_000
_KAFKA = "kafka.strimzi.io/v1"


def kafka(facts: Facts) -> list[Manifest]:
    """The cluster, its nodes, a topic and a user for each service; sizes are the overlays' business."""
    pool = {"replicas": COPIES, "roles": ["controller", "broker"], "storage": {"type": "persistent-claim", "size": "100Gi"}}
    own = {"strimzi.io/cluster": CLUSTER}
    return [
        manifest(_KAFKA, "Kafka", CLUSTER, _cluster()),
        manifest(_KAFKA, "KafkaNodePool", "nodes", pool, labels=own),
        *(manifest(_KAFKA, "KafkaTopic", topic, _topic(facts), labels=own) for topic in TOPICS),
        *(manifest(_KAFKA, "KafkaUser", f"{name}-kafka", _user(name, facts), labels=own) for name in ALL),
    ]


def _cluster() -> Manifest:
    listeners = [
        {"name": "plain", "port": 9092, "type": "internal", "tls": False},
        {"name": "tls", "port": 9093, "type": "internal", "tls": True, "authentication": {"type": "tls"}},
    ]
    config = {
        "auto.create.topics.enable": False,
        "default.replication.factor": COPIES,
        "min.insync.replicas": IN_SYNC,
        "offsets.topic.replication.factor": COPIES,
        "transaction.state.log.replication.factor": COPIES,
        "transaction.state.log.min.isr": IN_SYNC,
    }
    return {
        "kafka": {"version": KAFKA_VERSION, "listeners": listeners, "config": config},
        "entityOperator": {"topicOperator": {}, "userOperator": {}},
    }


def _topic(facts: Facts) -> Manifest:
    config = {"retention.ms": RETENTION_MILLISECONDS, "min.insync.replicas": IN_SYNC, "cleanup.policy": "delete"}
    return {"partitions": facts.partitions, "replicas": COPIES, "config": config}


def _user(name: str, facts: Facts) -> Manifest:
    """It writes its own topic, reads those it hears, and is its own group: nothing else."""

    def allow(kind: str, resource: str, *operations: str) -> Manifest:
        return {"resource": {"type": kind, "name": resource, "patternType": "literal"}, "operations": list(operations)}

    acls = [allow("topic", f"{name}.events", "Write", "Describe"), allow("group", name, "Read", "Describe")]
    acls += [allow("topic", topic, "Read", "Describe") for topic in facts.topics[name]]
    return {"authentication": {"type": "tls"}, "authorization": {"type": "simple", "acls": acls}}


def databases(name: str) -> list[Manifest]:
    """One PostgreSQL cluster of a service: three instances, its roles, a backup each night and the log all day."""
    roles = [f"{name}_{role}" for role in provision.LOGINS if role != "owner"]
    before, inside = _scripts(name)
    spec = {
        "instances": 3,
        "imageName": "ghcr.io/cloudnative-pg/postgresql:18",
        "storage": {"size": "50Gi"},
        "resources": {"requests": {"cpu": "500m", "memory": "2Gi"}, "limits": {"memory": "2Gi"}},
        "postgresql": {"parameters": {"max_connections": "400", "shared_buffers": "512MB", "jit": "off", "timezone": "UTC"}},
        "bootstrap": {
            "initdb": {
                "database": provision.database(name),
                "owner": f"{name}_owner",
                "secret": {"name": _password(f"{name}_owner")},
                "localeProvider": "builtin",
                "builtinLocale": "C.UTF-8",
                "postInitSQL": before,
                "postInitApplicationSQL": inside,
            }
        },
        "managed": {"roles": [_role(role) for role in roles]},
        "backup": _archive(name),
    }
    nightly = {"schedule": "0 0 2 * * *", "backupOwnerReference": "self", "cluster": {"name": f"{name}-postgres"}}
    return [
        manifest("postgresql.cnpg.io/v1", "Cluster", f"{name}-postgres", spec, labels=labels(name, "postgres")),
        manifest("postgresql.cnpg.io/v1", "ScheduledBackup", f"{name}-postgres", nightly, labels=labels(name, "postgres")),
        *(_credentials(name, role) for role in [f"{name}_owner", *roles]),
    ]


def _archive(name: str) -> Manifest:
    """Where the write-ahead log and the backups go: an object store of the overlay's choice."""
    keys = {"accessKeyId": ("postgres-backup", "access-key"), "secretAccessKey": ("postgres-backup", "secret-key")}
    credentials = {field: {"name": secret, "key": key} for field, (secret, key) in keys.items()}
    return {
        "retentionPolicy": "35d",
        "barmanObjectStore": {
            "destinationPath": f"s3://saiken-backups/{name}",
            "s3Credentials": credentials,
            "wal": {"compression": "gzip"},
        },
    }


def _scripts(name: str) -> tuple[list[str], list[str]]:
    """What `cli.infrastructure.provision` does to an embedded server, as statements: on the server, then inside the database."""
    script = provision.script([name], dict.fromkeys([f"{name}_{role}" for role in provision.LOGINS], ""))
    server, _, inside = script.partition(f"\\connect {provision.database(name)}\n")
    statements = []
    for line in server.splitlines():
        if line.endswith("\\gexec"):
            if "CREATE ROLE" in line and f"{name}_owner" not in line:  # the owner and the database are made by the operator
                statements.append(line.split("'")[1] + " LOGIN" * (provision.DEFINER not in line))
        else:
            statements.append(line.replace(" PASSWORD ''", "").removesuffix(";"))
    return statements, [line.removesuffix(";") for line in inside.splitlines() if line]


def _role(role: str) -> Manifest:
    """Its password comes from the vault, and changes with it."""
    return {"name": role, "ensure": "present", "login": True, "superuser": False, "passwordSecret": {"name": _password(role)}}


def _password(role: str) -> str:
    return f"{role.replace('_', '-')}-password"


def _credentials(name: str, role: str) -> Manifest:
    template = {"type": "kubernetes.io/basic-auth", "data": {"username": role, "password": "{{ .password }}"}}
    spec = {
        "refreshInterval": "1h",
        "secretStoreRef": {"kind": "ClusterSecretStore", "name": "saiken"},
        "target": {"name": _password(role), "template": template},
        "data": [{"secretKey": "password", "remoteRef": {"key": f"saiken/{name}", "property": f"{role}_password"}}],
    }
    return manifest("external-secrets.io/v1", "ExternalSecret", _password(role), spec, labels=labels(name, "postgres"))
