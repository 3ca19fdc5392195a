"""Contact rules as data: dated rows with their basis and citation, read from YAML or refused with their place."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from kernel.errors import Unreadable

STATUTE, POLICY = "statute", "policy"
CHANNELS = frozenset({"email", "letter", "registered_letter", "sms", "call", "visit"})
KINDS: Mapping[str, frozenset[str]] = {
    "local_hours": frozenset({"from", "until"}),
    "closed_days": frozenset({"weekdays", "holidays"}),
    "business_days": frozenset(),
    "stop_states": frozenset({"states"}),
    "cap": frozenset({"contacts", "days", "channels"}),
    "conversation": frozenset({"days", "channels", "outcomes"}),
    "inconvenient": frozenset(),
    "opt_out": frozenset(),
    "place": frozenset({"places"}),
    "switch": frozenset(),
    "zones": frozenset({"zones"}),
}
# What a kind may say besides: a cap per debt instead of per person, and outcomes that it does not count.
OPTIONAL: Mapping[str, frozenset[str]] = {"cap": frozenset({"per", "not_counted"})}
# What a rule may be about: a misspelt word would bind nobody.
DEBTOR_TYPES, STATES, RESIDENCES = frozenset({"consumer", "business"}), frozenset({"NY", "CA", "TX"}), frozenset({"NYC"})
STOP_STATES = frozenset(
    {"insolvency", "moratorium", "dispute", "deceased", "time_barred", "minor", "represented", "represented_objected", "cease"}
)
COLLECTORS = frozenset({"creditor", "group_company", "agency", "assignee", "law_firm"})
# What came of a contact; empty: nothing is known, as of a letter. A misspelt word would start or end no period.
OUTCOMES = frozenset(
    "BUSY CALL_BACK CONVERSATION DECEASED DISCONNECTED INVALID MESSAGE NOT_CONNECTED NO_ANSWER REPRESENTED RPC_CLAIMS_PAID "
    "RPC_DISPUTE RPC_HARDSHIP RPC_PROMISE RPC_REFUSED THIRD_PARTY VOICEMAIL_LIMITED WRONG_PARTY".split()
) | {""}


@dataclass(frozen=True, slots=True)
class Rule:
    """One row. Empty `countries`, `channels`, `debtor_types`, `states`, `residences` or `collectors` mean all.

    `except_countries` have rows of their own. A `hard` policy holds even where only statutes are asked for.
    """

    id: str
    kind: str
    basis: str
    effective_from: date
    effective_until: date | None
    countries: frozenset[str]
    except_countries: frozenset[str]
    channels: frozenset[str]
    debtor_types: frozenset[str]
    values: Mapping[str, Any]
    citation: str
    source_checked: date
    counsel_validated: bool
    states: frozenset[str] = frozenset()
    residences: frozenset[str] = frozenset()
    collectors: frozenset[str] = frozenset()
    hard: bool = False
    unsure: str = ""

    def binds(self, state: str, residence: str, collector: str) -> bool:
        """True when the rule binds who collects, for a debtor of that state and residence."""
        return (
            (not self.states or state in self.states)
            and (not self.residences or residence in self.residences)
            and (not self.collectors or collector in self.collectors)
        )

    def applies(self, channel: str, country: str, debtor_type: str, on: date) -> bool:
        """True when the rule holds for this debtor and channel on that day; `effective_until` is the first day without it."""
        in_force = self.effective_from <= on and (self.effective_until is None or on < self.effective_until)
        return in_force and self.concerns(channel, country, debtor_type)

    def concerns(self, channel: str, country: str, debtor_type: str) -> bool:
        """True when the rule holds for this debtor and channel while it is in force."""
        return (
            (not self.countries or country in self.countries)
            and country not in self.except_countries
            and (not self.channels or channel in self.channels)
            and (not self.debtor_types or debtor_type in self.debtor_types)
        )


def read_rules(documents: Iterable[tuple[str, Any]]) -> Sequence[Rule]:
    """The rules of some YAML documents, given with their names. Raises Unreadable INVALID with file and rule."""
    rules = [_read_rule(name, row) for name, rows in documents for row in rows]
    twice = {rule.id for rule in rules if sum(other.id == rule.id for other in rules) > 1}
    if twice:
        raise Unreadable("INVALID", f"two rules are named {min(twice)}", rule=min(twice))
    return tuple(rules)


_APPLIES = frozenset({"country", "except_country", "channel", "debtor_type", "state", "residence", "collector"})
_ROW = frozenset(
    "id kind basis effective_from effective_until applies values hard citation source_checked source_valid_until counsel_validated unsure".split()
)


def _read_rule(file: str, row: Mapping[str, Any]) -> Rule:
    try:
        applies = row.get("applies", {})
        # A misspelt name would bind everybody.
        if unknown := (row.keys() - _ROW) | (applies.keys() - _APPLIES):
            raise ValueError(f"nobody knows {', '.join(sorted(unknown))}")
        rule = Rule(
            id=row["id"],
            kind=row["kind"],
            basis=row["basis"],
            effective_from=row["effective_from"],
            effective_until=row.get("effective_until"),
            countries=frozenset(applies.get("country", ())),
            except_countries=frozenset(applies.get("except_country", ())),
            channels=frozenset(applies.get("channel", ())),
            debtor_types=frozenset(applies.get("debtor_type", ())),
            values=_values(row["kind"], row.get("values", {})),
            citation=row["citation"],
            source_checked=row["source_checked"],
            counsel_validated=row["counsel_validated"],
            states=frozenset(applies.get("state", ())),
            residences=frozenset(applies.get("residence", ())),
            collectors=frozenset(applies.get("collector", ())),
            hard=row.get("hard", False),
            unsure=row.get("unsure", ""),
        )
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise Unreadable("INVALID", f"{file}: contact rule {row.get('id', '?')}: {error}", file=file) from None
    if rule.basis not in (STATUTE, POLICY) or not rule.citation or not _is_known(rule):
        raise Unreadable("INVALID", f"{file}: contact rule {rule.id}: basis, citation, or a word nobody knows", file=file, rule=rule.id)
    return rule


def _is_known(rule: Rule) -> bool:
    return (
        rule.channels <= CHANNELS
        and rule.collectors <= COLLECTORS
        and rule.debtor_types <= DEBTOR_TYPES
        and rule.states <= STATES
        and rule.residences <= RESIDENCES
        and all(re.fullmatch("[A-Z]{2}", country) for country in rule.countries | rule.except_countries)
        and (rule.kind != "stop_states" or frozenset(rule.values["states"]) <= STOP_STATES)
        and frozenset(rule.values.get("outcomes", ())) | frozenset(rule.values.get("not_counted", ())) <= OUTCOMES
    )


def _values(kind: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
    if not KINDS[kind] <= set(values) <= KINDS[kind] | OPTIONAL.get(kind, frozenset()):
        raise ValueError(f"kind {kind} takes the values {sorted(KINDS[kind])}")
    if kind == "local_hours":
        opened, closed = time.fromisoformat(values["from"]), time.fromisoformat(values["until"])
        if opened >= closed:
            raise ValueError("hours end before they begin")
        return {"from": opened, "until": closed}
    if kind == "cap" and not (values["contacts"] >= 1 and values["days"] >= 1 and set(values["channels"]) <= CHANNELS):
        raise ValueError("a cap counts at least one contact in at least one day, of known channels")
    if kind == "closed_days" and not set(values["weekdays"]) <= set(range(7)):
        raise ValueError("weekdays are 0 (Monday) to 6")
    return dict(values)
