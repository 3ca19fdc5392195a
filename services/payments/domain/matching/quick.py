"""The plain lines, which are most: a certain payer, and whole numbers that add up, or one item of this very amount."""

from collections.abc import Iterable, Sequence

from services.payments.domain.matching.book import TAIL_DIGITS, Book
from services.payments.domain.matching.facts import CERTAIN, TOKEN_KINDS, Allocation, Decision, Evidence, Line
from services.payments.domain.matching.knowledge import Knowledge
from services.payments.domain.matching.payers import AccountKey
from services.payments.domain.matching.policy import THOUSAND, Policy
from services.payments.domain.matching.scene import doubt_of
from services.payments.domain.matching.text import SKELETON, fold, name_keys

# An item with a discount that is open for up to a quarter more may be meant by the same amount.
_DISCOUNT_REACH = 4


class Quick:
    """Decides what needs no weighing, as the whole reading would; None: the line is read whole."""

    def __init__(self, book: Book, policy: Policy, knowledge: Knowledge) -> None:
        self.items, self.open_minor, self.accounts = book.items, book.open_minor, book.accounts
        self.by_number, self.by_reference, self.by_token, self.by_account = (
            book.by_number,
            book.by_reference,
            book.by_token,
            book.by_account,
        )
        self.book, self.policy, self.weights = book, policy, policy.weights
        self.granted = policy.amounts
        self._scores: dict[tuple[int, ...], int] = {}
        self._payers: dict[str, tuple[AccountKey, Evidence] | None] = {}
        self.model = f"{policy.version}/{knowledge.version}"
        # What was learnt of a payer may go before its name.
        self.names = not knowledge.payers

    def decide(self, line: Line, words: Sequence[str]) -> Decision | None:
        """The decision on a credit line with these words, if it is plain."""
        if line.barred or line.business_unit or line.amount_minor <= 0:
            return None
        by_number, by_reference = self.by_number, self.by_reference
        hits: dict[str, tuple[str, str]] = {}
        for word in words:
            ids, kind = by_number.get(word), "invoice_number"
            if ids is None:
                ids, kind = by_reference.get(word), "structured_reference"
                if ids is None:
                    continue
            if len(ids) > 1:
                return None
            hits[ids[0]] = (kind, word)
        payer = self._payer(line)
        if payer is None:
            return None
        account = payer[0]
        if hits:
            item = self.items[next(iter(hits))]
            if (item.business_unit, item.account_id) == account:
                return self._by_number(line, payer, hits)
            if not self._is_harmless(hits, account, line.amount_minor):
                return None
        return self._by_amount(line, payer) if self._has_no_part(words, account, line.amount_minor) else None

    def _has_no_part(self, words: Sequence[str], account: AccountKey, amount: int) -> bool:
        """True when no word is what people leave of a number that may be meant."""
        parts = [word.translate(SKELETON) for word in words if len(word) >= TAIL_DIGITS and word[-1].isdigit()]
        return all(self._is_harmless(ids, account, amount) for part in parts for _, ids in self.book.parts(part))

    def _is_harmless(self, ids: Iterable[str], account: AccountKey, amount: int) -> bool:
        """True when a number names items of somebody else that this amount does not pay: then it is not followed."""
        for id_ in ids:
            item, open_minor = self.items[id_], self.open_minor[id_]
            if (item.business_unit, item.account_id) == account or amount <= open_minor <= amount + amount // 2 or open_minor <= 0:
                return False
        return True

    def _payer(self, line: Line) -> tuple[AccountKey, Evidence] | None:
        for token in line.tokens:
            known = self._payers.get(token)
            if known is not None:
                return known
            if token in self.by_token:
                return self._payers.setdefault(token, self._of_token(token))
        if not self.names or not line.payer_name:
            return None
        named = {account for form in name_keys(line.payer_name) for account in self.book.by_name.get(form, ())}
        return (named.pop(), Evidence("name", self.weights["name"], line.payer_name)) if len(named) == 1 else None

    def _of_token(self, token: str) -> tuple[AccountKey, Evidence] | None:
        accounts, (kind, _, value) = self.by_token[token], token.partition(":")
        kind = kind if kind in TOKEN_KINDS else "iban"
        return (accounts[0], Evidence(kind, self.weights[kind], value)) if len(accounts) == 1 else None

    def _by_number(self, line: Line, payer: tuple[AccountKey, Evidence], hits: dict[str, tuple[str, str]]) -> Decision | None:
        account, who = payer
        total, weakest, allocations, evidence = 0, THOUSAND, [], []
        for id_, (kind, word) in hits.items():
            item, open_minor = self.items[id_], self.open_minor[id_]
            if open_minor <= 0 or item.currency != line.currency or (item.business_unit, item.account_id) != account:
                return None
            total += open_minor
            weight = self.weights[kind]
            weakest = min(weakest, weight)
            allocations.append(Allocation(id_, open_minor))
            evidence.append(Evidence(kind, weight, word))
        if total != line.amount_minor:
            return self._in_part(line, account, who, allocations, evidence[0], total)
        if len(allocations) > 1:
            allocations.sort(key=lambda one: one.item_id)
        return self._decision(line, account, "named_amount", tuple(allocations), (*evidence, who), (weakest, who.weight))

    def _in_part(
        self, line: Line, account: AccountKey, who: Evidence, allocations: list[Allocation], number: Evidence, total: int
    ) -> Decision | None:
        """Less than one item that is named, where nothing may be granted and nothing else is meant."""
        amount, id_ = line.amount_minor, allocations[0].item_id
        if (
            len(allocations) > 1
            or amount > total
            or self.items[id_].discount_percent
            or self.policy.charges.search(fold(" ".join(line.texts)))
        ):
            return None
        granted, short = self.granted(line.currency), total - amount
        if short <= max(granted.rounding_minor, granted.fee_to_minor) or not self.names:
            return None
        for other in self.by_account[account]:
            if self.open_minor[other] == amount or self.open_minor[other] < 0:
                return None
        score = CERTAIN - (THOUSAND - number.weight) * (THOUSAND - who.weight)
        if score < self.policy.apply:
            return None
        paid = (Allocation(id_, amount),)
        return Decision(
            line.id, "applied", "named_in_part", score, amount, line.currency, paid, 0, account[1], (number, who), (), self.model
        )

    def _by_amount(self, line: Line, payer: tuple[AccountKey, Evidence]) -> Decision | None:
        account, who = payer
        amount, found = line.amount_minor, ""
        for id_ in self.by_account.get(account, ()):
            open_minor = self.open_minor[id_]
            if open_minor == amount:
                if found:
                    return None
                found = id_
            elif amount < open_minor < amount + amount // _DISCOUNT_REACH and self.items[id_].discount_percent:
                return None
        if not found or self.items[found].currency != line.currency:
            return None
        issued, on = self.items[found].issued_on, line.booked_on
        if issued is not None and on is not None and issued > on:
            return None
        return self._decision(line, account, "payer_amount", (Allocation(found, amount),), (who,), (who.weight,))

    def _decision(
        self,
        line: Line,
        account: AccountKey,
        rule: str,
        allocations: tuple[Allocation, ...],
        evidence: tuple[Evidence, ...],
        weights: tuple[int, ...],
    ) -> Decision | None:
        score = self._scores.get(weights)
        if score is None:
            score = self._scores[weights] = CERTAIN - doubt_of(self.weights["amount"], *weights)
        if score < self.policy.apply:
            return None
        amount, currency = line.amount_minor, line.currency
        evidence = (*evidence, Evidence("amount", self.weights["amount"], str(amount)))
        return Decision(line.id, "applied", rule, score, amount, currency, allocations, 0, account[1], evidence, (), self.model)
