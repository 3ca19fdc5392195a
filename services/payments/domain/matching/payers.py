"""Who paid: by account, code, mandate, what was learnt, or name; and who is named in the text by somebody who pays for them."""

from services.payments.domain.matching.book import NAME_START, TAIL_DIGITS, Book
from services.payments.domain.matching.facts import TOKEN_KINDS, Evidence, Line
from services.payments.domain.matching.knowledge import Knowledge, signs_of
from services.payments.domain.matching.policy import THOUSAND, Policy
from services.payments.domain.matching.text import name_keys, name_words

AccountKey = tuple[str, str]
# One word says so little that it must be long.
_LONG_WORD = 7
_NAME_SHARE = 750


def find_payers(line: Line, book: Book, policy: Policy, knowledge: Knowledge) -> dict[AccountKey, Evidence]:
    """The accounts that the payer may be, each with the strongest sign; a certain sign leaves weaker ones unread."""
    found: dict[AccountKey, Evidence] = {}
    for token in line.tokens:
        kind, _, value = token.partition(":")
        kind = kind if kind in TOKEN_KINDS else "iban"
        for account in book.by_token.get(token, ()):
            _keep(found, account, Evidence(kind, policy.weights[kind], value))
    if found:
        return found
    for sign in signs_of(line):
        for account in knowledge.accounts(sign):
            trust = knowledge.trust(sign, account, line.value_on or line.booked_on)
            if trust and account in book.accounts:
                _keep(found, account, Evidence("learned", policy.weights["learned"] * trust // THOUSAND, sign.partition(":")[0]))
    if any(evidence.weight >= policy.certain_from for evidence in found.values()) or not line.payer_name:
        return found
    _by_name(line.payer_name, book, policy, found)
    return found


def _keep(found: dict[AccountKey, Evidence], account: AccountKey, evidence: Evidence) -> None:
    known = found.get(account)
    if known is None or known.weight < evidence.weight:
        found[account] = evidence


def _by_name(name: str, book: Book, policy: Policy, found: dict[AccountKey, Evidence]) -> None:
    forms = name_keys(name)
    whole = {account for form in forms for account in book.by_name.get(form, ())}
    for account in whole:
        _keep(found, account, Evidence("name", policy.weights["name"], name))
    if whole or not forms:
        return
    _with_branch(name, book, policy, found)
    start = forms[0]
    kind = "name_start" if len(start) >= _enough(start, policy.name_start_letters) else "name_part"
    for form, account in book.by_name_start.get(start[:NAME_START], ()):
        if (form.startswith(start) and len(start) >= _enough(start, NAME_START)) or (
            start.startswith(form) and len(form) >= _enough(form, NAME_START)
        ):
            _keep(found, account, Evidence(kind, policy.weights[kind], name))
    if not found:
        _by_words(name_words(name), name, book, policy, found)


def _with_branch(name: str, book: Book, policy: Policy, found: dict[AccountKey, Evidence]) -> None:
    """The whole name of a customer, and a branch or department behind it."""
    parts = name.split()
    for count in range(len(parts) - 1, 0, -1):
        for form in name_keys(" ".join(parts[:count])):
            if len(form) >= _enough(form, NAME_START):
                for account in book.by_name.get(form, ()):
                    _keep(found, account, Evidence("name_start", policy.weights["name_start"], name))
        if found:
            return


def _enough(text: str, letters: int) -> int:
    """Kana and kanji say more than Latin letters."""
    return letters if text.isascii() else letters // 2


def _by_words(words: tuple[str, ...], name: str, book: Book, policy: Policy, found: dict[AccountKey, Evidence]) -> None:
    """Most of the letters of both names are in words that they share."""
    mine = set(words)
    for account in {account for word in mine for account in book.by_word.get(word, ())}:
        for known in book.accounts[account].names:
            theirs = set(name_words(known))
            shared = sum(map(len, mine & theirs))
            if shared * THOUSAND >= _NAME_SHARE * max(sum(map(len, mine)), sum(map(len, theirs))):
                _keep(found, account, Evidence("name_words", policy.weights["name_words"], name))


def named_in_text(folded: str, book: Book, policy: Policy) -> dict[AccountKey, Evidence]:
    """Accounts whose whole name stands in the text: somebody pays for them."""
    words = set(name_words(folded))
    found: dict[AccountKey, Evidence] = {}
    for account in {account for word in words if len(word) >= TAIL_DIGITS for account in book.by_word.get(word, ())}:
        for name in book.accounts[account].names:
            theirs = name_words(name)
            if words.issuperset(theirs):
                kind = "name_in_text" if len(theirs) > 1 or len(theirs[0]) >= _LONG_WORD * 2 else "name_words"
                _keep(found, account, Evidence(kind, policy.weights[kind], name))
    return found
