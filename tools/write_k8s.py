"""The Kubernetes base: `python -m tools.write_k8s [--units FILE]` writes deploy/k8s/base and infrastructure from the code."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import yaml

from cli.suite import ALL
from tools.manifests import Facts, databases, default, kafka, policies, read_facts, scaled_under_tls, service, shared
from tools.manifests.facts import K8S, ROOT, Manifest

_HEAD = "# Written by `python -m tools.write_k8s` from the code, chassis/settings.py and deploy/k8s/services.yaml: change those.\n"


def files(facts: Facts) -> dict[Path, str]:
    """Every generated file with its text."""
    base, below, production = K8S / "base", K8S / "infrastructure", K8S / "overlays" / "production"
    manifests: dict[Path, Sequence[Manifest]] = {base / "shared.yaml": [*shared(facts), *default()]}
    manifests |= {base / f"{name}.yaml": [*service(name, facts), *policies(name, facts)] for name in ALL}
    manifests |= {below / f"postgres-{name}.yaml": databases(name) for name in ALL}
    manifests[below / "kafka.yaml"] = kafka(facts)
    scaled = [one for name in ALL for one in scaled_under_tls(name, facts)]
    manifests[production / "scaling.yaml"] = [one for one in scaled if one["kind"] == "ScaledObject"]
    manifests[production / "authentication.yaml"] = [one for one in scaled if one["kind"] == "TriggerAuthentication"]
    return {path: text(found) for path, found in manifests.items()}


def text(manifests: Sequence[Manifest]) -> str:
    """One YAML file, a document for each manifest."""
    dumped = [yaml.dump(one, Dumper=_Dumper, sort_keys=False, width=140, allow_unicode=True) for one in manifests]
    return _HEAD + "---\n" + "---\n".join(dumped)


class _Dumper(yaml.SafeDumper):
    """Writes the same value twice rather than pointing at the first, and text of several lines as a block."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _block(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Dumper.add_representer(str, _block)


def main() -> None:
    """Write all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--units", type=Path, default=ROOT / "samples" / "units.yaml", help="the business units of the deployment")
    for path, written in files(read_facts(parser.parse_args().units)).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(written, "utf-8")


if __name__ == "__main__":
    main()
