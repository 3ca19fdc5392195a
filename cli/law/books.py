"""Where the policies of the law lie, and how they are read: quickly, because the calculators start in under 0.5 s."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kernel.series import ClosedDays

ROOT = Path(__file__).parents[2]
CLOSED_DAYS = ROOT / "kernel" / "series" / "closed_days.yaml"
# The subjects, each with the service that owns its policies.
SUBJECTS: Mapping[str, str] = {
    "interest": "billing",
    "allowance": "billing",
    "seizable": "legal",
    "court_fees": "legal",
    "deadlines": "legal",
    "contact": "notifications",
}


def parsed(path: Path) -> Any:
    """One YAML file, by libyaml where there is one."""
    import yaml

    return yaml.load(path.read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506


def documents(subject: str) -> list[tuple[str, Any]]:
    """The policy files of a subject, parsed, with their names."""
    folder = ROOT / "services" / SUBJECTS[subject] / "policies" / subject
    return [(path.name, parsed(path)) for path in sorted(folder.glob("*.yaml"))]


def calendars() -> "Mapping[str, ClosedDays]":
    """The closed days of all places."""
    from kernel.series import read_closed_days

    return read_closed_days(parsed(CLOSED_DAYS))
