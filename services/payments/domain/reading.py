"""A bank's transaction as matching reads it: amount, texts, payer; and which open item a waiting line may be about."""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

from services.payments.domain.formats import Entry, Transaction
from services.payments.domain.matching import Account, Item, Line
from services.payments.domain.matching.book import TAIL_DIGITS, digits_tail
from services.payments.domain.matching.text import name_words, number_key

# Banks write these where the payer gave no reference.
_NO_REFERENCE = frozenset({"NOTPROVIDED", "NOT PROVIDED", "NONREF", "NOTAVAILABLE"})
# NACHA addenda as BAI2 prints them: the payer's name stands in the text only.
_ORIGINATOR = re.compile(r"ORIG CO NAME:(.+?)(?= [A-Z]+(?: [A-Z]+)*:|$)")


def bank_line(id_: str, entry: Entry, part: Transaction) -> Line:
    """The line of one transaction; tokens carry what they stand for. Raises Unreadable as `Transaction.money` does."""
    money, payer = part.money(), part.counterparty
    texts = dict.fromkeys([*(one for one in part.references if one not in part.text), part.text])
    end_to_end = part.end_to_end_id or ""
    return Line(
        id_,
        money.minor if entry.direction == "credit" else -money.minor,
        money.currency,
        tuple(filter(None, texts)),
        payer.name or originator(part.text),
        (*account_token(payer.account), *code_token(payer.code)),
        entry.booked_on,
        entry.value_on,
        part.bank_reference or entry.bank_reference or "",
        end_to_end_id="" if end_to_end.upper() in _NO_REFERENCE else end_to_end,
    )


def account_token(account: str | None) -> tuple[str, ...]:
    """An account number without its blanks."""
    key = "".join((account or "").split()).upper()
    return (f"iban:{key}",) if key else ()


def code_token(code: str | None) -> tuple[str, ...]:
    """A payer's code; banks fill codes with zeros on the left."""
    key = "".join((code or "").split()).lstrip("0").upper()
    return (f"code:{key}",) if key else ()


def blind_token(token: str, index: Callable[[str], str]) -> str:
    """A token whose value is its blind index: billing gives account numbers' indexes without their kind."""
    kind, _, value = token.partition(":")
    return f"{kind}:{index(value if kind == 'iban' else token)}"


def may_concern(line: Line, item: Item, account: Account | None) -> bool:
    """False when nothing in a line speaks for an item, so that its opening cannot change the decision on the line.

    Cheap, and rather true than false: its amount, its number or the end of it, or a sign of its payer.
    """
    if line.currency != item.currency or item.id in line.barred:
        return False
    if line.amount_minor == item.open_minor:
        return True
    said, words = _said(line.texts, line.end_to_end_id)
    tail = digits_tail(item.invoice_number)
    if any(key and key in said for key in (number_key(item.structured_reference), number_key(item.invoice_number))):
        return True
    if len(tail) >= TAIL_DIGITS and tail.lstrip("0") in said:
        return True
    if account is None:
        return False
    return bool(set(line.tokens) & set(account.tokens)) or any(_is_named(name, line.payer_name, words) for name in account.names)


def _is_named(name: str, payer_name: str, words: frozenset[str]) -> bool:
    theirs, payer = name_words(name), name_words(payer_name) if payer_name else ()
    if words.issuperset(theirs):
        return True
    return any(one.startswith(other) or other.startswith(one) for one in payer for other in theirs)


@lru_cache(maxsize=10_000)
def _said(texts: tuple[str, ...], end_to_end_id: str) -> tuple[str, frozenset[str]]:
    """The letters and digits of a line in one piece, and its words as those of names."""
    together = " ".join(texts)
    return number_key(f"{together} {end_to_end_id}"), frozenset(name_words(together))


def normalise_name(text: str) -> str:
    """Letters and digits alone, one width, one case: what two spellings of a payer must share to be told equal blindly."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in folded if character.isalnum())


def originator(text: str) -> str:
    """The payer whom NACHA addenda name, as BAI2 prints them; empty without any."""
    found = _ORIGINATOR.search(text)
    return found.group(1).strip() if found else ""
