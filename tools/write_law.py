"""Write `docs/law/*.md` from the policies: every rule and every rate with its source: `python -m tools.write_law`."""

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from cli.law import SUBJECTS, documents

FOLDER = Path(__file__).parents[1] / "docs" / "law"
PAGES: Mapping[str, str] = {
    "interest": "Late interest and the order of part payments",
    "allowance": "Loss allowance and its limits",
    "seizable": "What may be seized",
    "court_fees": "Court fees and costs of collection",
    "deadlines": "Deadlines and limitation",
    "contact": "Contact rules",
}
HEAD = """# {title}

Written by `python -m tools.write_law` from `services/{service}/policies/{subject}/`; a test compares the two. Nothing here is legal
advice, and nothing was validated by counsel unless a row says so. *Unsure* means: read the source again before relying on it.
"""


def page(subject: str) -> str:
    """One subject's page."""
    return HEAD.format(title=PAGES[subject], service=SUBJECTS[subject], subject=subject) + "".join(_sections(subject))


def _sections(subject: str) -> Iterator[str]:
    for file, document in documents(subject):
        yield f"\n## {file.removesuffix('.yaml')}\n"
        series: Mapping[str, Any] = {} if subject == "contact" else document.get("series") or {}
        for name, data in series.items():
            yield from _of_series(name, data)
        rules = document if subject == "contact" else document.get("rules") or []
        if rules:
            yield "\n| rule | in force | says | source | checked | counsel |\n|---|---|---|---|---|---|\n"
            yield from map(_of_rule, rules)


def _of_series(name: str, data: Mapping[str, Any]) -> Iterator[str]:
    end = f", known until {data['valid_until']}" if data["valid_until"] else ""
    yield f"\n**{name}** ({data['unit']}{end}). {data['citation']}. Checked {data['source_checked']}.\n\n| from | value | unsure |\n|---|---|---|\n"
    for start, row in (data["rows"] or {}).items():
        held = row if isinstance(row, dict) and "value" in row else {"value": row}
        yield f"| {start} | {_said(held['value'])} | {held.get('unsure', '')} |\n"


_FRAME = frozenset("id effective_from effective_until citation source_checked source_valid_until counsel_validated unsure".split())


def _of_rule(rule: Mapping[str, Any]) -> str:
    since = f"{rule['effective_from']} to {rule['effective_until']}" if rule.get("effective_until") else f"{rule['effective_from']}"
    said = "; ".join(f"{name}: {_said(value)}" for name, value in rule.items() if name not in _FRAME)
    source = rule["citation"] + (f" *Unsure: {rule['unsure']}*" if rule.get("unsure") else "")
    counsel = "yes" if rule["counsel_validated"] else "no"
    return f"| {rule['id']} | {since} | {said} | {source} | {rule['source_checked']} | {counsel} |\n".replace("\n|", "|")


def _said(value: Any) -> str:
    """A value on one line of a table."""
    match value:
        case dict():
            return ", ".join(f"{name} {_said(inner)}" for name, inner in value.items())
        case list():
            return " / ".join(map(_said, value))
        case date() | str() | int() | None:
            return str(value).replace("|", "\\|")
        case _:
            return repr(value)


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for subject in PAGES:
        (FOLDER / f"{subject}.md").write_text(page(subject), encoding="utf-8")
