"""The decision on each line: applied only when it would stand without a person; a second claim on an item never finds another."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

from services.payments.domain.matching.answers import guesses, named_answers, on_account_answers, unnamed_answers, weigh
from services.payments.domain.matching.book import Book
from services.payments.domain.matching.facts import CERTAIN, Decision, Evidence, Line, Suggestion
from services.payments.domain.matching.fits import Open, fit, whole
from services.payments.domain.matching.knowledge import NOTHING, Knowledge
from services.payments.domain.matching.payers import AccountKey
from services.payments.domain.matching.policy import Policy
from services.payments.domain.matching.quick import Quick
from services.payments.domain.matching.scene import Answer, Scene, doubt_of
from services.payments.domain.matching.signs import Hit
from services.payments.domain.matching.text import folded_words

# With so many items of the same amount, the amount says nothing.
_MOST_EQUAL_AMOUNTS = 30
_SHOWN_BY_AMOUNT = 3


def match_lines(lines: Iterable[Line], book: Book, policy: Policy, knowledge: Knowledge = NOTHING) -> list[Decision]:
    """One decision for each line, in the order of the lines; the book's open amounts are lowered by what is applied.

    Each line is decided by itself on the book as it is. Where several claim the same money, the earliest day wins, then the
    bank's reference, and only lines that are equal in everything are taken in the order given; the others are decided
    again on what is left, and can then only go on account or to a person. So nothing depends on the order of lines or items.
    """
    lines = list(lines)
    quick = Quick(book, policy, knowledge)
    words = folded_words([" ".join(line.texts) for line in lines])
    decisions = [quick.decide(line, said) or decide(line, book, policy, knowledge) for line, said in zip(lines, words, strict=True)]
    losers = _losers(lines, decisions, book)
    for place, decision in enumerate(decisions):
        if place not in losers:
            take(book, decision)
    for place in losers:
        decisions[place] = _again(lines[place], decisions[place], book, policy, knowledge)
    return decisions


def take(book: Book, decision: Decision) -> None:
    """Lower what is open by what a decision takes."""
    for allocation in decision.allocations:
        book.open_minor[allocation.item_id] -= allocation.settled_minor


def undo(book: Book, decision: Decision) -> None:
    """The opposite of `take`."""
    for allocation in decision.allocations:
        book.open_minor[allocation.item_id] += allocation.settled_minor


def decide(line: Line, book: Book, policy: Policy, knowledge: Knowledge = NOTHING) -> Decision:
    """The decision on one line before a book; the book is not changed."""
    model = f"{policy.version}/{knowledge.version}"
    if line.amount_minor <= 0:
        return Decision(line.id, "not_receivable", "debit", CERTAIN, line.amount_minor, line.currency, (), line.amount_minor, model=model)
    scene = Scene(line, book, policy, knowledge)
    answers = find_answers(scene)
    return _decision(scene, answers, model)


def find_answers(scene: Scene) -> list[Answer]:
    """Whole answers, best first: those of the payers and of what is named; if none of them is sure, of whom the text names."""
    named = {(item.business_unit, item.account_id) for id_ in scene.signs.hits for item in [scene.book.items[id_]]}
    found: list[Answer] = []
    for account in sorted(named | scene.payers.keys()):
        found += named_answers(scene, account)
    for account in sorted(scene.payers):
        found += unnamed_answers(scene, account)
    if len(named) > 1:
        found += _over_accounts(scene)
    best = weigh(scene, found)
    if not best or best[0].score < scene.policy.apply:
        found += _others(scene)
        best = weigh(scene, found)
    if best and best[0].score >= scene.policy.apply and not _settled(scene):
        return best
    for account in sorted(named | scene.payers.keys()):
        answers = [one for one in best if one.account == account]
        found += on_account_answers(scene, account, answers)
        found += guesses(scene, account) if not answers and account in scene.payers else ()
    return weigh(scene, found) if found else []


def _settled(scene: Scene) -> bool:
    """True when the line names something that is paid."""
    return any(not scene.book.open_minor[id_] for id_ in scene.signs.hits)


def _over_accounts(scene: Scene) -> list[Answer]:
    """Somebody pays numbers of several customers of one unit."""
    by_unit: dict[str, list[Open]] = defaultdict(list)
    for id_ in sorted(scene.signs.hits):
        item, open_minor = scene.book.items[id_], scene.book.open_minor[id_]
        if open_minor:
            by_unit[item.business_unit].append(Open(item, open_minor))
    found = []
    for unit, items in sorted(by_unit.items()):
        if len({one.item.account_id for one in items}) < 2 or sum(one.minor for one in items) != scene.line.amount_minor:  # noqa: PLR2004
            continue
        fitted = fit(scene.line.amount_minor, items, scene.terms(("", "")), scene.policy)
        numbers = [number for one in items if (number := scene.number(one))]
        payers = sorted(account for account in scene.payers if account[0] == unit)
        account = payers[0] if payers else (unit, items[0].item.account_id)
        doubt = doubt_of(scene.policy.weights["amount"], min(number.weight for number in numbers))
        if fitted:
            evidence = (*numbers, Evidence("amount", scene.policy.weights["amount"], fitted.detail))
            found.append(Answer("named_over_accounts", account, fitted.allocations, 0, evidence, doubt))
    return found


def _others(scene: Scene) -> list[Answer]:
    """Customers whom the text names, and items of this very amount whose number has an error in it."""
    found: list[Answer] = []
    accounts: set[AccountKey] = set(scene.in_text)
    equal = [id_ for id_ in scene.book.by_amount.get(scene.line.amount_minor, ()) if scene.is_offered(id_)]
    if len(equal) <= _MOST_EQUAL_AMOUNTS:
        for id_ in equal:
            item = scene.book.items[id_]
            if scene.number(Open(item, item.open_minor)):
                accounts.add((item.business_unit, item.account_id))
    for account in sorted(accounts - scene.payers.keys()):
        found += unnamed_answers(scene, account)
    if not found and not scene.payers and 0 < len(equal) <= _SHOWN_BY_AMOUNT:
        for id_ in sorted(equal):
            item = scene.book.items[id_]
            evidence = (Evidence("amount", scene.policy.weights["amount"], str(scene.line.amount_minor)),)
            doubt = CERTAIN - CERTAIN // (2 * len(equal))
            paid = whole([Open(item, scene.line.amount_minor)])
            found.append(Answer("amount_only", (item.business_unit, item.account_id), paid, 0, evidence, doubt))
    return found


def _decision(scene: Scene, answers: Sequence[Answer], model: str, rules: frozenset[str] = frozenset()) -> Decision:
    """Two thresholds and a margin; `rules`: only these may be applied."""
    line, policy = scene.line, scene.policy
    shown = [one for one in answers[: policy.suggestions] if one.score >= policy.suggest]
    payer = next(iter(scene.certain_payers))[1] if len(scene.certain_payers) == 1 else None
    if not shown:
        return Decision(
            line.id, "unidentified", "no_answer", 0, line.amount_minor, line.currency, (), line.amount_minor, payer, model=model
        )
    best, others = shown[0], shown[1:]
    sure = best.score >= policy.apply and all(one.doubt >= policy.margin * best.doubt for one in others)
    if sure and (not rules or best.rule in rules):
        on_account = line.amount_minor - sum(allocation.amount_minor for allocation in best.allocations)
        return Decision(
            line.id, "applied", best.rule, best.score, line.amount_minor, line.currency, best.allocations, on_account, best.account[1],
            best.evidence, (), model,
        )  # fmt: skip
    suggestions = tuple(
        Suggestion(one.score, one.rule, one.account[1], one.allocations, one.on_account_minor, one.evidence) for one in shown
    )
    return Decision(
        line.id, "suggested", best.rule, best.score, line.amount_minor, line.currency, (), line.amount_minor, payer,
        best.evidence, suggestions, model,
    )  # fmt: skip


def _losers(lines: Sequence[Line], decisions: Sequence[Decision], book: Book) -> list[int]:
    """The places of lines whose items an earlier line has used up, in the order in which they are decided again."""
    claims: dict[str, list[int]] = defaultdict(list)
    for place, decision in enumerate(decisions):
        for allocation in decision.allocations:
            claims[allocation.item_id].append(place)
    contested = [id_ for id_, places in claims.items() if len(places) > 1]
    contested = [id_ for id_ in contested if _exceeds(id_, [decisions[place] for place in claims[id_]], book)]
    rivals = _in_order({place for id_ in contested for place in claims[id_]}, lines)
    left = dict(book.open_minor) if contested else {}
    losers = []
    for place in rivals:
        parts = decisions[place].allocations
        if all(0 <= part.settled_minor <= left[part.item_id] or left[part.item_id] <= part.settled_minor < 0 for part in parts):
            for part in parts:
                left[part.item_id] -= part.settled_minor
        else:
            losers.append(place)
    return losers


def _exceeds(id_: str, rivals: Sequence[Decision], book: Book) -> bool:
    claimed = sum(part.settled_minor for decision in rivals for part in decision.allocations if part.item_id == id_)
    return abs(claimed) > abs(book.open_minor[id_])


def _in_order(places: Iterable[int], lines: Sequence[Line]) -> list[int]:
    """The earliest day first, then the bank's reference; lines that say the same are neighbours, in file order."""
    content: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for place in sorted(places):
        line = lines[place]
        content[line.booked_on or date.max, line.value_on or date.max, line.amount_minor, line.texts, line.payer_name, line.tokens].append(
            place
        )

    def order(key: tuple[object, ...]) -> tuple[object, ...]:
        first = min((len(lines[place].bank_reference), lines[place].bank_reference) for place in content[key])
        return key[0], key[1], first, key[2:]

    return [place for key in sorted(content, key=order) for place in content[key]]


_SECOND_CLAIM = frozenset({"paid_already", "on_account"})


def _again(line: Line, first: Decision, book: Book, policy: Policy, knowledge: Knowledge) -> Decision:
    """What it would have paid is what it pays a second time."""
    scene = Scene(line, book, policy, knowledge)
    for allocation in first.allocations:
        if not book.open_minor[allocation.item_id]:
            scene.signs.hits.setdefault(allocation.item_id, Hit("amount", 0, str(line.amount_minor)))
    return _decision(scene, find_answers(scene), f"{policy.version}/{knowledge.version}", _SECOND_CLAIM)
