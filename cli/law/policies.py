"""`saiken policy print`: every rule and every rate in force on a day, with its source."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from cli.law.books import SUBJECTS, documents
from kernel.series import RateMissing, read_book


def in_force(on: date) -> list[dict[str, Any]]:
    """One row per rule and per series, subject by subject."""
    return [row for subject in SUBJECTS for row in _of_subject(subject, on)]


def _of_subject(subject: str, on: date) -> Iterator[dict[str, Any]]:
    files = documents(subject)
    if subject == "contact":
        rows = [row for _, document in files for row in document]
    else:
        book = read_book(files)
        for series in book.series.values():
            try:
                row = series.at(on)
            except RateMissing:
                continue
            yield {
                "subject": subject,
                "id": series.name,
                "effective_from": str(row.effective_from),
                "value": row.value,
                "citation": row.citation,
                "source_checked": str(series.source_checked),
                "counsel_validated": series.counsel_validated,
                "unsure": row.unsure,
            }
        rows = [row for _, document in files for row in document.get("rules") or ()]
    for rule in rows:
        if rule["effective_from"] <= on and (rule.get("effective_until") is None or on < rule["effective_until"]):
            yield _shown(subject, rule)


_FRAME = ("id", "effective_from", "citation", "source_checked", "counsel_validated", "unsure")


def _shown(subject: str, rule: Mapping[str, Any]) -> dict[str, Any]:
    said = {name: value for name, value in rule.items() if name not in _FRAME and name != "effective_until"}
    frame = {"citation": rule["citation"], "source_checked": str(rule["source_checked"]), "counsel_validated": rule["counsel_validated"]}
    start = {"subject": subject, "id": rule["id"], "effective_from": str(rule["effective_from"])}
    return {**start, "value": said, **frame, "unsure": rule.get("unsure", "")}
