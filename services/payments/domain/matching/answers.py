"""What a line may pay: by the numbers it names, by its payer and amount, or nothing that is open."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from services.payments.domain.matching.facts import Allocation, Evidence
from services.payments.domain.matching.fits import Fit, Open, coincidence, credible_sizes, discount_minor, fit, subsets, whole
from services.payments.domain.matching.payers import AccountKey
from services.payments.domain.matching.policy import THOUSAND
from services.payments.domain.matching.scene import Answer, Scene, doubt_of

# Fits that need nothing to be granted.
_PLAIN = frozenset({"amount", "total", "sum"})
# Doubts that are added, in millionths: what speaks against an answer.
_OTHER_PAYER_GRANTED = 20_000
_OTHER_PAYER_WEAK = 50_000
_OTHER_PAYER_PART = 500_000
_BETTER_FIT = 100_000
_IGNORES_A_NUMBER = 50_000
_MAY_PAY_AGAIN = 20_000
_UNKNOWN_PAYER = 100_000
_MANY_OPEN = 300_000
_STRONG_NUMBER = 850
_SHOWN_PARTS = 2
# Nobody is granted more than a third of what was paid, in thousandths.
_REACH = 333
# Of a sum that chance gives too often, so much less is left.
_BY_CHANCE = 8


def named_answers(scene: Scene, account: AccountKey) -> Iterator[Answer]:
    """By numbers: what is named, with what adds up beside it; less or more than that; only a part of a list."""
    shelf = scene.shelf(account)
    named = [one for one in shelf if one.item.id in scene.signs.hits]
    if not named:
        return
    found = fit(scene.line.amount_minor, named, scene.terms(account), scene.policy)
    if found is not None:
        yield _answer(scene, account, named, found, "named")
        return
    beside = list(_with_others(scene, account, named, shelf))
    yield from beside
    yield from _part_or_more(scene, account, named, _BETTER_FIT if beside else 0)


def _with_others(scene: Scene, account: AccountKey, named: list[Open], shelf: list[Open]) -> Iterator[Answer]:
    """Some of the named ones, or all and some that the text does not name (cut off, mistyped, a credit)."""
    amount, policy = scene.line.amount_minor, scene.policy
    unnamed = [one for one in shelf if one.item.id not in scene.signs.hits]
    others, unsearched = unnamed[: policy.subset_items], unnamed[policy.subset_items :]
    rest = amount - sum(one.minor for one in named)
    if 1 < len(named) <= policy.subset_items:
        solutions = subsets([one.minor for one in named], amount, amount, range(1, len(named)))
        for places in solutions:
            some = [named[place] for place in places]
            yield _answer(scene, account, some, Fit("sum", str(amount), whole(some)), "named_some", (len(solutions) - 1) * THOUSAND)
    values = [one.minor for one in others]
    solutions = subsets(values, rest, rest, range(1, len(values) + 1))
    for places in solutions:
        added = [others[place] for place in places]
        by_chance = 0 if all(map(scene.number, added)) else coincidence(values, len(places), rest)
        by_chance = by_chance * policy.coincidence // policy.coincidence_beside_a_number + _rivals(added, unsearched)
        found = Fit("sum", str(amount), whole([*named, *added]))
        yield _answer(scene, account, named, found, "named_and_others", by_chance + (len(solutions) - 1) * THOUSAND)


def _part_or_more(scene: Scene, account: AccountKey, named: list[Open], doubt: int) -> Iterator[Answer]:
    """A part of what is named, oldest first; or all of it, and the rest waits on the account."""
    left, allocations = scene.line.amount_minor, []
    credit = sum(one.minor for one in named if one.minor < 0)
    left -= credit
    for one in named:
        taken = one.minor if one.minor < 0 else min(one.minor, left)
        left -= max(taken, 0)
        if taken:
            allocations.append(Allocation(one.item.id, taken))
    evidence = [*_numbers(scene, named), *_who(scene, account)]
    doubt += doubt_of(_weakest(scene, named), *(one.weight for one in _who(scene, account)))
    if scene.contradicts(account):
        doubt += _OTHER_PAYER_PART
    if len(named) > 1:
        doubt += _MANY_OPEN  # which of them is paid in part is the payer's to say; more for a list is a list half read
    if left > 0 and scene.signs.unknown:
        doubt += _BETTER_FIT  # the rest may be for the number that no item has
    yield Answer(
        "named_overpaid" if left > 0 else "named_in_part", account, tuple(allocations), max(left, 0), tuple(evidence), _bounded(doubt)
    )


def unnamed_answers(scene: Scene, account: AccountKey) -> Iterator[Answer]:
    """By payer and amount: one item, then everything, then the only set that adds up."""
    shelf = [one for one in scene.shelf(account) if one.item.id in scene.signs.hits or not scene.is_too_young(one)]
    amount, terms, exact = scene.line.amount_minor, scene.terms(account), False
    granted = scene.policy.amounts(scene.line.currency)
    reach = max(granted.stated_charges_minor, granted.fee_to_minor, amount * _REACH // THOUSAND, *terms.fees_minor)
    for one in shelf:
        if amount <= one.minor <= amount + reach:
            found = fit(amount, [one], terms, scene.policy)
            if found is not None:
                exact = exact or found.kind == "amount"
                yield _answer(scene, account, [one], found, "payer")
    if exact or len(shelf) == 1 or any(_is_strong(scene, one.item.id) for one in shelf):
        return  # sums with what is named are answers by number
    yield from _sums(scene, account, shelf)


def _is_strong(scene: Scene, id_: str) -> bool:
    hit = scene.signs.hits.get(id_)
    return hit is not None and hit.weight >= _STRONG_NUMBER


def _rivals(chosen: Sequence[Open], unsearched: Sequence[Open]) -> int:
    """By-chance of a set that an item beyond the limit of the search could be exchanged into."""
    amounts = {one.minor for one in unsearched}
    return THOUSAND if any(one.minor in amounts for one in chosen) else 0


def _sums(scene: Scene, account: AccountKey, shelf: list[Open]) -> Iterator[Answer]:
    amount, policy = scene.line.amount_minor, scene.policy
    values = [one.minor for one in shelf]
    granted = policy.amounts(scene.line.currency)
    width = granted.fee_to_minor - granted.fee_from_minor
    everything = fit(amount, shelf, scene.terms(account), policy)
    if everything is not None:
        by_chance = coincidence(values, 1, amount, 1 if everything.kind == "amount" else width)
        kind = "total" if everything.kind == "amount" else everything.kind
        yield _answer(scene, account, [], Fit(kind, everything.detail, everything.allocations), "payer_total", by_chance)
        if everything.kind == "amount":
            return
    some = shelf[: policy.subset_items]
    nets = [
        one.minor - (discount_minor(one) if one.item.discount_until and scene.on and scene.on <= one.item.discount_until else 0)
        for one in some
    ]
    tries = [([one.minor for one in some], 0, 0)]
    tries += [(nets, 0, 0)] if nets != tries[0][0] else []
    tries += [(tries[0][0], granted.fee_from_minor, granted.fee_to_minor)] if granted.fee_to_minor else []
    for open_minor, low, high in tries:
        sizes = credible_sizes(open_minor, amount, max(1, high - low), policy.coincidence)
        sizes = sizes or range(2, 3 if low == high else 2)  # exact pairs are shown to a person in any case
        solutions = subsets(open_minor, amount + low, amount + high, sizes)
        for places in solutions:
            chosen = [some[place] for place in places]
            found = fit(amount, chosen, scene.terms(account), policy)
            if found is not None and len(chosen) < len(shelf):
                kind = "sum" if found.kind == "amount" else found.kind
                by_chance = coincidence(open_minor, len(places), amount, max(1, high - low)) + (len(solutions) - 1) * THOUSAND
                by_chance += _rivals(chosen, shelf[policy.subset_items :])
                yield _answer(scene, account, [], Fit(kind, found.detail, found.allocations), "payer_sum", by_chance)
        if solutions:
            return


def on_account_answers(scene: Scene, account: AccountKey, answers: Sequence[Answer]) -> Iterator[Answer]:
    """Money for nothing that is open: a second payment, a number that is settled, a prepayment."""
    who, signs, line = _who(scene, account), scene.signs, scene.line
    paid = [scene.book.items[id_] for id_ in signs.hits if not scene.book.open_minor[id_]]
    paid = [item for item in paid if (item.business_unit, item.account_id) == account]
    weight = scene.policy.weights["on_account"]
    if paid:
        evidence = (*(Evidence(signs.hits[item.id].kind, signs.hits[item.id].weight, item.invoice_number) for item in paid), *who)
        doubt = doubt_of(weight, *(one.weight for one in who)) + (0 if account in scene.certain_payers else _UNKNOWN_PAYER)
        yield Answer("paid_already", account, (), line.amount_minor, evidence, _bounded(doubt))
    elif account in scene.payers:
        clear = (signs.prepayment or signs.unknown) and not answers and account in scene.certain_payers
        said = signs.unknown[0] if signs.unknown else "prepayment"
        evidence = (*who, Evidence("on_account", weight, said)) if clear else tuple(who)
        doubt = doubt_of(weight if clear else 0, *(one.weight for one in who)) + (0 if clear else _MANY_OPEN)
        yield Answer("on_account", account, (), line.amount_minor, evidence, _bounded(doubt))


def guesses(scene: Scene, account: AccountKey) -> Iterator[Answer]:
    """For a person, where nothing fits: the oldest first, or a part of the items that are next in size."""
    shelf, amount = [one for one in scene.shelf(account) if one.minor > 0], scene.line.amount_minor
    doubt = _bounded(_MANY_OPEN + doubt_of(*(one.weight for one in _who(scene, account))))
    left, allocations = amount, []
    for one in shelf:
        if left:
            allocations.append(Allocation(one.item.id, min(one.minor, left)))
            left -= allocations[-1].amount_minor
    if allocations:
        yield Answer("oldest_first", account, tuple(allocations), left, tuple(_who(scene, account)), doubt)
    larger = sorted((one for one in shelf if one.minor > amount), key=lambda one: (one.minor, one.item.id))
    for one in larger[:_SHOWN_PARTS]:
        yield Answer("part_of_one", account, (Allocation(one.item.id, amount),), 0, tuple(_who(scene, account)), _bounded(doubt + 1))


def _answer(scene: Scene, account: AccountKey, named: Sequence[Open], found: Fit, rule: str, by_chance: int = 0) -> Answer:
    who = _who(scene, account)
    weight, doubt = scene.policy.weights[found.kind], 0
    if by_chance > scene.policy.coincidence:
        weight //= _BY_CHANCE
        doubt = _BETTER_FIT if named else 0  # what is named may as well be overpaid
    numbers = _numbers(scene, named)
    strongest = [one.weight for one in numbers]
    doubt += doubt_of(weight, min(strongest, default=0), *(one.weight for one in who))
    if scene.contradicts(account):
        if found.kind not in _PLAIN:
            doubt += _OTHER_PAYER_GRANTED
        if min(strongest, default=0) < _STRONG_NUMBER:
            doubt += _OTHER_PAYER_WEAK
    evidence = (*numbers, *who, Evidence(found.kind, weight, found.detail))
    return Answer(f"{rule}_{found.kind}", account, found.allocations, 0, evidence, _bounded(doubt))


def weigh(scene: Scene, answers: list[Answer]) -> list[Answer]:
    """Best first; an answer that passes over what the line names, or that a plainer one beats, loses."""
    hits = scene.signs.hits
    strong = {id_ for id_, hit in hits.items() if hit.weight >= _STRONG_NUMBER and scene.book.open_minor[id_]}
    fitting = {one.account for one in answers if one.rule == "payer_amount" and one.account in scene.certain_payers}
    fitting = {account for account in fitting if _says_much(scene, account)}
    settled = {id_ for id_ in hits if not scene.book.open_minor[id_] and hits[id_].weight >= _STRONG_NUMBER}
    best: dict[object, Answer] = {}
    for one in answers:
        doubt, named = one.doubt, {allocation.item_id for allocation in one.allocations}
        if one.rule in {"named_in_part", "named_overpaid"} and one.account in fitting:
            doubt += _BETTER_FIT
        elif named and strong - named and one.rule.startswith("payer_") and one.rule != "payer_amount":
            doubt += _IGNORES_A_NUMBER
        elif named and not named & hits.keys():
            doubt += max((_pays_again(scene, id_) for id_ in settled), default=0)
        if doubt != one.doubt:
            one = replace(one, doubt=_bounded(doubt))
        known = best.get(one.paid)
        if known is None or one.doubt < known.doubt:
            best[one.paid] = one
    return sorted(best.values(), key=lambda one: one.order)


def _says_much(scene: Scene, account: AccountKey) -> bool:
    """An amount that an item of the account would not have by chance."""
    amount = scene.line.amount_minor
    return coincidence([one.minor for one in scene.shelf(account)], 1, amount) <= scene.policy.coincidence_beside_a_number


def _pays_again(scene: Scene, id_: str) -> int:
    """The doubt that a named item which is settled throws on another: its second payment, or a mistyped number of another amount."""
    return {0: _MAY_PAY_AGAIN, scene.line.amount_minor: _IGNORES_A_NUMBER}.get(scene.book.items[id_].open_minor, 0)


def _who(scene: Scene, account: AccountKey) -> list[Evidence]:
    found = scene.who(account)
    return [found] if found else []


def _numbers(scene: Scene, items: Sequence[Open]) -> list[Evidence]:
    return [found for one in items if (found := scene.number(one))]


def _weakest(scene: Scene, items: Sequence[Open]) -> int:
    return min((one.weight for one in _numbers(scene, items)), default=0)


def _bounded(doubt: int) -> int:
    return min(doubt, THOUSAND * THOUSAND)
