"""May this debtor be contacted on this channel at this instant, and if not, why not and when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from kernel.calendar import local_date
from services.notifications.domain.gate.facts import Facts
from services.notifications.domain.gate.kinds import KINDS, next_midnight
from services.notifications.domain.rules import STATUTE, Rule

# Rules that leave no instant within two months leave none that a message could wait for.
HORIZON = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Reason:
    """A rule that says no; `word` is what is told about a message that will never be sent for it."""

    rule: str
    citation: str
    basis: str
    kind: str
    word: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer. `next_at` is the earliest instant at which every rule allows; None when there is none."""

    allowed: bool
    reasons: tuple[Reason, ...]
    next_at: datetime | None

    @property
    def only_switched_off(self) -> bool:
        """True when nothing but the unit's switch says no."""
        return not self.allowed and all(reason.kind == "switch" for reason in self.reasons)


def decide(facts: Facts, rules: Sequence[Rule], at: datetime) -> Decision:
    """Ask every rule that applies at that instant."""
    blocking = [rule for rule in applicable(facts, rules, at) if KINDS[rule.kind](rule, facts, at) != at]
    if not blocking:
        return Decision(True, (), None)
    # Rules that never open come first: they are why a message is skipped.
    blocking.sort(key=lambda rule: KINDS[rule.kind](rule, facts, at) is not None)
    reasons = tuple(Reason(rule.id, rule.citation, rule.basis, rule.kind, _word(rule, facts)) for rule in blocking)
    return Decision(False, reasons, _next_at(facts, rules, at))


def applicable(facts: Facts, rules: Sequence[Rule], at: datetime) -> list[Rule]:
    """The rules in force for this debtor and channel on the debtor's date."""
    on = local_date(at, facts.time_zone)
    return [
        rule
        for rule in rules
        if rule.applies(facts.channel, facts.country, facts.debtor_type, on) and rule.binds(facts.state, facts.residence, facts.collector)
    ]


def statutory(rules: Sequence[Rule]) -> list[Rule]:
    """What the law asks for, without the group's own policies but the hard ones."""
    return [rule for rule in rules if rule.basis == STATUTE or rule.hard]


def _next_at(facts: Facts, rules: Sequence[Rule], at: datetime) -> datetime | None:
    """Each rule moves the instant to its own next opening until none moves it any more."""
    moment = at
    while moment <= at + HORIZON:
        latest = moment
        for rule in applicable(facts, rules, moment):
            opens = KINDS[rule.kind](rule, facts, moment)
            if opens is None:
                return None
            latest = max(latest, opens)
        if latest == moment:
            return moment
        # Not past midnight in one step: another day may have other rules.
        moment = min(latest, next_midnight(moment, facts.time_zone))
    return None


def _word(rule: Rule, facts: Facts) -> str:
    if rule.kind == "stop_states":
        return min(facts.stop_states & frozenset(rule.values["states"]))
    return "contacts_off" if rule.kind == "switch" else rule.kind
