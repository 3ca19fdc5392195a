"""Who may talk to whom: nothing by default, then the edges that exist in the code."""

from tools.manifests.facts import Facts, Manifest, labels, manifest

# Pods and namespaces of others, by the labels that their own charts give them.
KAFKA = {"strimzi.io/cluster": "saiken"}
PROMETHEUS = {"kubernetes.io/metadata.name": "monitoring"}
TEMPORAL = {"kubernetes.io/metadata.name": "temporal"}
DNS = {"kubernetes.io/metadata.name": "kube-system"}
MAIL = {"kubernetes.io/metadata.name": "mail"}
TRACES = {"kubernetes.io/metadata.name": "observability"}
KAFKA_PORTS = (9092, 9093)
TEMPORAL_PORT, POSTGRES_PORT, SMTP_PORT, OTLP_PORT, DNS_PORT = 7233, 5432, 25, 4317, 53


def policies(name: str, facts: Facts) -> list[Manifest]:
    """The edges of one service; the health door needs none, since probes come from the node itself."""
    grpc, metrics = facts.ports["grpc"], facts.ports["metrics"]
    inwards = [_rule("from", [_pods(labels(caller))], grpc) for caller in facts.callers(name)]
    inwards += [_rule("from", [_pods({"saiken.client": "yes"})], grpc), _rule("from", [_namespace(PROMETHEUS)], metrics)]
    outwards = [_rule("to", [_pods(labels(peer, "api"))], grpc) for peer in facts.calls[name]]
    outwards += [
        _rule("to", [_pods({"cnpg.io/cluster": f"{name}-postgres"})], POSTGRES_PORT),
        _rule("to", [_pods(KAFKA)], *KAFKA_PORTS),
        _rule("to", [_namespace(TEMPORAL)], TEMPORAL_PORT),
        _rule("to", [_namespace(TRACES)], OTLP_PORT),
    ]
    outwards += [_rule("to", [_namespace(MAIL)], SMTP_PORT)] if name in facts.mail else []
    spec = {"podSelector": {"matchLabels": labels(name)}, "policyTypes": ["Ingress", "Egress"], "ingress": inwards, "egress": outwards}
    return [manifest("networking.k8s.io/v1", "NetworkPolicy", name, spec, labels=labels(name))]


def default() -> list[Manifest]:
    """Nobody talks to anybody, but everybody may ask for names."""
    dns = {"to": [_namespace(DNS)], "ports": [{"protocol": protocol, "port": DNS_PORT} for protocol in ("UDP", "TCP")]}
    nothing = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    names = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [dns]}
    return [
        manifest("networking.k8s.io/v1", "NetworkPolicy", "default-deny", nothing),
        manifest("networking.k8s.io/v1", "NetworkPolicy", "names", names),
    ]


def _pods(match: dict[str, str]) -> Manifest:
    return {"podSelector": {"matchLabels": match}}


def _namespace(match: dict[str, str]) -> Manifest:
    return {"namespaceSelector": {"matchLabels": match}}


def _rule(side: str, places: list[Manifest], *ports: int) -> Manifest:
    return {side: places, "ports": [{"protocol": "TCP", "port": port} for port in ports]}
