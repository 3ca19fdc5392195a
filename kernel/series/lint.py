"""The linter of law as data: overlaps, holes, missing citations, names that nobody knows."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import combinations, pairwise
from typing import Any

from kernel.series.days import add_months

_FAR = date.max
_CHECKED = ("citation", "source_checked", "counsel_validated", "effective_from")
_FRAME = frozenset({"id", "applies", "effective_until", "source_valid_until", "unsure", *_CHECKED})
_SERIES = frozenset({"unit", "citation", "source_checked", "counsel_validated", "valid_until", "every_months", "rows"})


def lint(documents: Iterable[tuple[str, Any]], known: Mapping[str, Collection[str]], values: Mapping[str, Collection[str]]) -> list[str]:
    """What is wrong with the policy files of one subject, as sentences that name file and row; nothing is well.

    `known` are the names that `applies` may use with their values; `values` the other keys that a rule may have, however deep, with
    the words that may stand there (none: any value).
    """
    wrong: list[str] = []
    series: dict[str, Any] = {}
    rules: list[tuple[str, Mapping[str, Any]]] = []
    for file, document in documents:
        for name, data in (document.get("series") or {}).items():
            if name in series:
                wrong.append(f"{file}: two series are named {name}")
            series[name] = data
            wrong += [f"{file}: {name}: {what}" for what in _of_series(data)]
        rules += [(file, rule) for rule in document.get("rules") or ()]
        wrong += [f"{file}: unknown part {name}" for name in document.keys() - {"series", "rules"}]
    for file, rule in rules:
        wrong += [f"{file}: {rule.get('id', '?')}: {what}" for what in _of_rule(rule, known, values)]
        wrong += [f"{file}: {rule.get('id', '?')}: unknown series {name}" for name in _names(rule, "series") if name not in series]
    return wrong + list(_overlaps(rules))


def _of_series(data: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"unknown key {key}" for key in data.keys() - _SERIES)
    yield from (f"no {key}" for key in _SERIES - {"valid_until", "every_months"} if key not in data or data[key] == "")
    if "valid_until" not in data:
        yield "no valid_until: say until when the last row was published, or null"
    rows = data.get("rows") or {}
    if any(not isinstance(start, date) for start in rows):
        yield "a row starts on no date"
    elif list(rows) != sorted(rows):
        yield "rows are not in the order of their dates"
    elif rows and data.get("valid_until") and data["valid_until"] < list(rows)[-1]:
        yield "the last row starts after valid_until"
    elif "every_months" in data:
        yield from _holes(data)
    # YAML reads 0.1 as a binary fraction: what is exact is quoted.
    if any(type(value).__name__ == "float" for value in _leaves(dict(rows))):
        yield "a number without quotes"


def _holes(data: Mapping[str, Any]) -> Iterator[str]:
    """A series that is published at set times has a row for each, and is known until the day before the next."""
    starts, months = list(data["rows"]), data["every_months"]
    for start, following in pairwise(starts):
        if add_months(start, months) != following:
            yield f"a hole: no row from {add_months(start, months)}"
    if data["valid_until"] != add_months(starts[-1], months) - timedelta(days=1):
        yield f"valid_until is not the day before {add_months(starts[-1], months)}"


def _of_rule(rule: Mapping[str, Any], known: Mapping[str, Collection[str]], values: Mapping[str, Collection[str]]) -> Iterator[str]:
    yield from (f"no {key}" for key in ("id", "applies", *_CHECKED) if key not in rule or rule[key] == "")
    for key, value in _pairs({key: value for key, value in rule.items() if key != "applies"}):
        if key not in _FRAME | values.keys():
            yield f"unknown key {key}"
        elif isinstance(value, str) and values.get(key) and value not in values[key]:
            yield f"{key} {value} is unknown"
    for name, allowed in (rule.get("applies") or {}).items():
        if name not in known:
            yield f"applies speaks of {name}"
        else:
            yield from (f"applies: {name} {value} is unknown" for value in set(allowed) - set(known[name]))
    if rule.get("effective_until") and rule["effective_until"] <= rule["effective_from"]:
        yield "ends before it begins"
    if any(type(value).__name__ == "float" for value in _leaves(rule)):
        yield "a number without quotes"


def _overlaps(rules: Sequence[tuple[str, Mapping[str, Any]]]) -> Iterator[str]:
    for (file, one), (_, other) in combinations(rules, 2):
        if one.get("id") == other.get("id"):
            yield f"{file}: two rules are named {one.get('id')}"
        elif _meet(one, other):
            yield f"{file}: {one.get('id')} and {other.get('id')} both speak of the same facts on the same day"


def _meet(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    if one["effective_from"] >= (other.get("effective_until") or _FAR) or other["effective_from"] >= (one.get("effective_until") or _FAR):
        return False
    shared = one["applies"].keys() & other["applies"].keys()
    return all(set(one["applies"][name]) & set(other["applies"][name]) for name in shared)


def _names(value: Any, key: str) -> Iterator[str]:
    """Every word that stands under that key, however deep."""
    return (inner for name, inner in _pairs(value) if name == key and isinstance(inner, str))


def _pairs(value: Any) -> Iterator[tuple[str, Any]]:
    """All keys with what stands under them, however deep."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield name, inner
            yield from _pairs(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _pairs(inner)


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
    else:
        yield value
