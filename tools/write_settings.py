"""Write `docs/settings.md` from the table in `chassis.settings`: `python -m tools.write_settings`."""

from pathlib import Path

from chassis.settings import SETTINGS

PAGE = Path(__file__).parents[1] / "docs" / "settings.md"
HEAD = """# Settings

Everything a service's process is told from outside, read once from its environment. Written by `python -m tools.write_settings`
from `chassis/settings.py`; a test compares the two.

| name | default | meaning |
|---|---|---|
"""


def page() -> str:
    """The whole page."""
    return HEAD + "".join(f"| `{name}` | {_shown(default)} | {meaning} |\n" for name, default, meaning in SETTINGS)


def _shown(default: str | None) -> str:
    if default is None:
        return "required"
    return f"`{default}`" if default else "empty"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
