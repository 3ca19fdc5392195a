"""The Kubernetes manifests of the suite, made from the code, the settings' table and deploy/k8s/services.yaml."""

from tools.manifests.facts import Facts, read_facts
from tools.manifests.infrastructure import databases, kafka
from tools.manifests.network import default, policies
from tools.manifests.service import scaled_under_tls, service
from tools.manifests.shared import shared

__all__ = ["Facts", "databases", "default", "kafka", "policies", "read_facts", "scaled_under_tls", "service", "shared"]
