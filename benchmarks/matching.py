"""How right the matcher is, by kind of payment and by rule, over several seeds: `python -m benchmarks.matching [--write]`."""

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import sqrt
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.matching_data.files import items_csv, statement
from benchmarks.matching_data.make import make
from benchmarks.matching_data.model import DataSet, Payment
from cli.matching import matching_policy, read_items, read_lines
from services.payments.domain.matching import Book, Decision, Suggestion, accounts_of, match_lines

# Of the normal distribution, for 95 %.
_Z = 1.959964
_FIRST = 3
DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "matching.md"
_BEGIN, _END = "<!-- measured: python -m benchmarks.matching --write --seeds 5 -->", "<!-- end of what was measured -->"
OUTCOMES = ("right", "wrong", "suggested_first_three", "suggested_other", "unidentified", "not_receivable")
# Kinds that no engine may apply, because nobody can know the answer.
NEVER_APPLIED = frozenset({"noise"})


@dataclass
class Score:
    """Counts of outcomes: by kind of payment, and by rule of what was applied."""

    kinds: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    rules: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    wrong: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    open_lines: int = 0
    open_applied: int = 0
    matching_seconds: float = 0.0

    @property
    def applied(self) -> tuple[int, int]:
        """Right and all."""
        right = sum(counts["right"] for counts in self.kinds.values())
        return right, right + sum(counts["wrong"] for counts in self.kinds.values())


def wilson(right: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a proportion (Wilson 1927)."""
    if not of:
        return 0.0, 1.0
    share, z2 = right / of, _Z * _Z
    centre, half = share + z2 / (2 * of), _Z * sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    return (centre - half) / (1 + z2 / of), min(1.0, (centre + half) / (1 + z2 / of))


def decided(data: DataSet) -> tuple[list[Decision], float]:
    """The decisions on a data set as `saiken match` makes them, and the seconds of matching without reading."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "statement"
        file.write_bytes(statement(data))
        rows, lines = read_items(items_csv(data)), list(read_lines([file]))
    policy = matching_policy(data.payments[-1].on)
    began = perf_counter()
    decisions = match_lines(lines, Book((item for item, _ in rows), accounts_of(rows)), policy)
    return decisions, perf_counter() - began


def judge(data: DataSet, decisions: Sequence[Decision], score: Score) -> None:
    """Adds a data set's outcomes. Of two equal payments either may be the first."""
    for payment, decision in zip(data.payments, decisions, strict=True):
        outcome = _outcome(payment, decision)
        score.kinds[payment.kind][outcome] += 1
        if payment.paid is not None and payment.decidable:
            score.open_lines += 1
            score.open_applied += outcome == "right"
        if decision.status == "applied":
            score.rules[decision.rule][outcome] += 1
        if outcome == "wrong" or (outcome != "right" and payment.paid is not None):
            shelf = score.wrong if outcome == "wrong" else score.missed
            shelf.append(f"{payment.kind}: {payment.text!r} {payment.amount_minor} {payment.name!r} is {payment.paid}, got {decision}")


def _outcome(payment: Payment, decision: Decision) -> str:
    if decision.status == "applied":
        given = {one.item_id: one.amount_minor for one in decision.allocations}
        granted = {one.item_id: one.difference.reason for one in decision.allocations if one.difference}
        return "right" if given == payment.paid and granted == payment.granted else "wrong"
    if decision.status == "suggested":
        true_one = any(_is_true(one, payment) for one in decision.suggestions[:_FIRST])
        return "suggested_first_three" if true_one else "suggested_other"
    return decision.status


def _is_true(suggestion: Suggestion, payment: Payment) -> bool:
    return {one.item_id: one.amount_minor for one in suggestion.allocations} == payment.paid


def run(seeds: Iterable[int], *, japanese: bool, unseen: bool, lines: int = 2000, items: int = 5000) -> Score:
    """The outcomes of several seeds together."""
    score = Score()
    for seed in seeds:
        data = make(seed, lines, items, japanese=japanese, unseen=unseen)
        decisions, seconds = decided(data)
        score.matching_seconds += seconds
        judge(data, decisions, score)
    return score


def table(title: str, score: Score) -> str:
    """The confusion table as Markdown."""
    right, applied = score.applied
    low, high = wilson(right, applied)
    rest = [sum(counts[name] for kind, counts in score.kinds.items() if kind not in NEVER_APPLIED) for name in OUTCOMES[2:5]]
    rows = [
        f"### {title}\n",
        (
            f"Applied and right {right} of {applied} applied: precision {right / applied:.4%} (95 % interval {low:.3%} to {high:.3%}). "
            f"Applied {score.open_applied} of {score.open_lines} lines whose answer can be known: {score.open_applied / score.open_lines:.2%}. "
            f"The true answer is among the first three suggestions for {rest[0]} of the other {sum(rest)}: {rest[0] / max(1, sum(rest)):.1%}.\n"
        ),
        "| kind of payment | " + " | ".join(name.replace("_", " ") for name in OUTCOMES) + " |",
        "|---|" + "--:|" * len(OUTCOMES),
        *(
            f"| {kind.replace('_', ' ')} | " + " | ".join(str(counts[name] or "") for name in OUTCOMES) + " |"
            for kind, counts in sorted(score.kinds.items())
        ),
        "",
        "| rule | right | wrong | precision, 95 % interval |",
        "|---|--:|--:|---|",
    ]
    for rule, counts in sorted(score.rules.items()):
        low, high = wilson(counts["right"], counts.total())
        rows.append(f"| {rule} | {counts['right']} | {counts['wrong'] or ''} | {low:.2%} to {high:.2%} |")
    return "\n".join(rows) + "\n"


def written(seeds: range) -> str:
    """The measured part of docs/matching.md: names, texts and numbers that tuning never saw."""
    parts = [f"Seeds {seeds.start} to {seeds.stop - 1} of the unseen part, 2,000 lines against 5,000 items each.\n"]
    for japanese in (False, True):
        parts.append(table("Yen" if japanese else "Euro", run(seeds, japanese=japanese, unseen=True)))
    return "\n".join(parts)


def main() -> None:
    """Prints the tables; `--wrong` and `--missed` show lines; `--write` puts the unseen part's tables into docs/matching.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    for flag in ("--unseen", "--wrong", "--missed", "--write"):
        parser.add_argument(flag, action="store_true")
    asked = parser.parse_args()
    if asked.write:
        before, _, rest = DOCUMENT.read_text("utf-8").partition(_BEGIN)
        DOCUMENT.write_text(f"{before}{_BEGIN}\n{written(range(301, 301 + asked.seeds))}{_END}{rest.partition(_END)[2]}", "utf-8")
        return
    for japanese in (False, True):
        score = run(range(1, asked.seeds + 1), japanese=japanese, unseen=asked.unseen)
        print(table("Yen" if japanese else "Euro", score))
        print(f"matching: {score.matching_seconds:.2f} s\n")
        for line in (score.wrong if asked.wrong else []) + (score.missed if asked.missed else []):
            print(line)


if __name__ == "__main__":
    main()
