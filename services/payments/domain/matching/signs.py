"""What a line says: the numbers of ours in its text, whole, broken, abbreviated or as a range; charges, amounts, words."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from kernel.money import EXPONENTS
from kernel.references import is_iban
from kernel.references.structured import PROOFS, SCHEMES, is_rf
from services.payments.domain.matching.book import LONG_TAIL_DIGITS, TAIL_DIGITS, Book, digits_tail, mask
from services.payments.domain.matching.facts import Line
from services.payments.domain.matching.policy import Policy
from services.payments.domain.matching.text import SKELETON, fold, number_key, one_off

# A QR reference printed in groups is six pieces, an RF reference of letters and digits more; none is longer than 30.
MAX_PIECES, MAX_KEY = 9, 30
# Text beyond this is no remittance information of any format.
MAX_TEXT = 2_000
_MIN_TYPO_DIGITS = 5
# Groups of one number stand so close together.
_NEAR = 2
_DIGIT = re.compile("[0-9]")
_PIECE = re.compile(r"[A-Z]+|\d+")
_DATE = re.compile(r"(?<!\d)(?:[0-3]?\d\.[01]?\d\.(?:(?:19|20)\d\d|\d\d(?!\d))?|20\d\d-[01]\d-[0-3]\d(?!\d)|[0-3]?\d/[01]?\d/20\d\d)")
_AMOUNT = re.compile(r"(?<![\d.,])(?:\d{1,3}(?:[.,']\d{3})+|\d+)[.,]\d{2}(?![\w]|[.,]\d)")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_RF = re.compile(r"\bRF\d{2}(?: ?[A-Z0-9]{1,4}){1,6}\b")
# What the payer's bank tags with another meaning than remittance.
_FOREIGN = re.compile(r"\b(?:MREF|CRED|DEBT|ABWA|ABWE|IBAN|BIC|TAN|PURP)[+:] ?\S+")
_RANGE = re.compile(
    r"\s*(?:-|~|\.\.+|BIS(?: ZU)?|TO|THROUGH|THRU|UNTIL|T/M|TM|TOT(?: EN MET)?|AU?|AL|ALLA|HASTA(?: EL)?|カラ)\s*(?:N[RO]\.?\s*)?"
)
_LIST = re.compile(r"\s*(?:[,;/+&|-]|\s|UND|AND|U\.|ET|E|Y|EN|ト)+\s*[-/.]*\s*(?:N[RO]\.?\s*)?")
_GAP = "\x00"


@dataclass(slots=True)
class Hit:
    """An item that the text names; `weight` in thousandths."""

    kind: str
    weight: int
    detail: str


@dataclass(slots=True)
class Signs:
    """What the text of a line says about items. `unknown` are numbers of our shape that no item has."""

    folded: str
    hits: dict[str, Hit] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    groups: tuple[str, ...] = ()
    last_group: str = ""
    stated_minor: frozenset[int] = frozenset()
    charges: bool = False
    prepayment: bool = False


@dataclass(slots=True)
class _Found:
    key: str
    first: int
    last: int
    items: tuple[str, ...]


def read_signs(line: Line, book: Book, policy: Policy) -> Signs:
    """Everything the texts of a line say."""
    folded = f" {_GAP} ".join(fold(text) for text in line.texts)[:MAX_TEXT]
    signs = Signs(folded)
    signs.charges = policy.charges.search(folded) is not None
    signs.prepayment = policy.prepayment.search(folded) is not None
    if not (_DIGIT.search(folded) or line.end_to_end_id):
        return signs
    bare = _FOREIGN.sub(_GAP, _DATE.sub(_GAP, folded))
    signs.stated_minor = frozenset(_stated(bare, line.currency))
    bare = _RF.sub(_keep_valid_rf, _IBAN.sub(_drop_iban, _AMOUNT.sub(_GAP, bare)))
    pieces = list(_PIECE.finditer(bare))
    found = list(_named(bare, pieces, book, policy, signs))
    for id_ in book.by_number.get(number_key(line.end_to_end_id), ()) if line.end_to_end_id else ():
        _hit(signs, id_, "invoice_number", policy, line.end_to_end_id)
    _continue_lists(bare, pieces, found, book, policy, signs)
    taken = {place for one in found for place in range(one.first, one.last + 1)}
    signs.groups = tuple(dict.fromkeys(_groups(pieces, taken)))
    signs.last_group = pieces[-1].group() if pieces and pieces[-1].end() >= len(bare.rstrip()) else ""
    return signs


def _stated(text: str, currency: str) -> Iterator[int]:
    """The amounts in the text, in minor units; yen are written without decimals."""
    digits = EXPONENTS.get(currency, 2)
    for match in _AMOUNT.finditer(text):
        plain = re.sub(r"\D", "", match.group())
        yield int(Decimal(plain).scaleb(digits - 2)) if digits else int(plain) // 100
    if not digits:
        for match in re.finditer(r"(?<![\d,])\d{1,3}(?:,\d{3})+(?!\d)|\d{3,7}(?= ?(?:円|エン|YEN))", text):
            yield int(match.group().replace(",", ""))


def _drop_iban(match: re.Match[str]) -> str:
    return _GAP if is_iban(match.group()) else match.group()


def _keep_valid_rf(match: re.Match[str]) -> str:
    """A reference whose check digits fail is not followed, nor is the invoice number inside it."""
    words = match.group().split(" ")
    for count in range(len(words), 0, -1):
        if is_rf("".join(words[:count])):
            return match.group()
    return f"{_GAP} {' '.join(words[1:])}" if len(words[0]) > LONG_TAIL_DIGITS else _GAP


def _named(text: str, pieces: list[re.Match[str]], book: Book, policy: Policy, signs: Signs) -> Iterator[_Found]:
    """From left to right the longest run of pieces that is a number of ours, or a part of one that says enough."""
    place = 0
    while place < len(pieces):
        found = _longest(text, pieces, place, book)
        if found is None:
            _note_unknown(text, pieces, place, book, signs)
            place += 1
            continue
        printed = text[pieces[found.first].start() : pieces[found.last].end()]
        for kind, ids in book.parts(found.key):
            for id_ in ids:
                exact = kind != "invoice_number" or number_key(book.items[id_].invoice_number) == _key(pieces, found.first, found.last)
                _hit(signs, id_, kind if exact else "number_form", policy, printed)
        yield found
        place = found.last + 1


def _key(pieces: list[re.Match[str]], first: int, last: int) -> str:
    return "".join(piece.group() for piece in pieces[first : last + 1])


def _hit(signs: Signs, id_: str, kind: str, policy: Policy, detail: str) -> None:
    if kind == "structured_reference" and not _is_proof(detail):
        kind = "weak_reference"
    weight = policy.weights[kind]
    known = signs.hits.get(id_)
    if known is None or known.weight < weight:
        signs.hits[id_] = Hit(kind, weight, " ".join(detail.split()))


def _is_proof(printed: str) -> bool:
    return any(SCHEMES[scheme](form) for form in _forms(printed) for scheme in PROOFS)


def _forms(printed: str) -> tuple[str, ...]:
    """A Belgian reference is printed with signs around it, and comes bare in camt."""
    key = number_key(printed)
    return key, f"+++{key[:3]}/{key[3:7]}/{key[7:]}+++"


def _longest(text: str, pieces: list[re.Match[str]], first: int, book: Book) -> _Found | None:
    key, best, parts, end = "", None, book.parts, pieces[first].start()
    for last in range(first, min(first + MAX_PIECES, len(pieces))):
        piece = pieces[last]
        if _GAP in text[end : piece.start()]:
            break
        key, end = key + piece.group().translate(SKELETON), piece.end()
        if len(key) > MAX_KEY:
            break
        found = parts(key)
        if found and _stands_alone(text, pieces, first, last):
            best = _Found(key, first, last, tuple(dict.fromkeys(id_ for _, ids in found for id_ in ids)))
    return best


def _stands_alone(text: str, pieces: list[re.Match[str]], first: int, last: int) -> bool:
    """Digits do not go on directly before or behind."""
    start, end = pieces[first].start(), pieces[last].end()
    before, behind = text[start - 1 : start], text[end : end + 1]
    return not (before.isdigit() and text[start].isdigit()) and not (behind.isdigit() and text[end - 1].isdigit())


def _note_unknown(text: str, pieces: list[re.Match[str]], first: int, book: Book, signs: Signs) -> None:
    """A number of our own shape that no item has: paid long ago, or mistyped."""
    key = ""
    for last in range(first, min(first + MAX_PIECES, len(pieces))):
        if last > first and _GAP in text[pieces[last - 1].end() : pieces[last].start()]:
            break
        key += pieces[last].group()
        if len(key) > MAX_KEY:
            break
        if key[-1].isdigit() and len(key) >= TAIL_DIGITS and mask(key) in book.masks and _stands_alone(text, pieces, first, last):
            signs.unknown.append(key)


def _continue_lists(text: str, pieces: list[re.Match[str]], found: list[_Found], book: Book, policy: Policy, signs: Signs) -> None:
    """``RE-2026-0101/102/03`` and ``RE 100 - 104``: what follows a number and only repeats its end, of the same customer."""
    starts = {one.first: one for one in found}
    for one in found:
        number, last = _whole_number(one, book), one.last
        accounts = {(item.business_unit, item.account_id) for id_ in one.items for item in [book.items[id_]]}
        for place in range(one.last + 1, len(pieces)):
            piece = pieces[place].group()
            if not piece.isdecimal() and place not in starts:
                continue
            between = text[pieces[last].end() : pieces[place].start()]
            other = starts.get(place)
            following = _whole_number(other, book) if other else number[: -len(piece)] + piece
            is_range = _RANGE.fullmatch(between) is not None
            if not number or len(following) != len(number) or not (is_range or _LIST.fullmatch(between)):
                break
            if is_range:
                _hit_range(number, following, accounts, book, policy, signs)
            ids = [] if other else _of(accounts, book.by_number.get(following, ()), book)
            for id_ in ids:
                _hit(signs, id_, "invoice_number", policy, piece)
            if other or not (ids or is_range):
                break
            number, last = following, place


def _of(accounts: set[tuple[str, str]], ids: Iterable[str], book: Book) -> list[str]:
    return [id_ for id_ in ids if (book.items[id_].business_unit, book.items[id_].account_id) in accounts]


def _whole_number(found: _Found, book: Book) -> str:
    numbers = {number_key(book.items[id_].invoice_number) for id_ in found.items}
    return numbers.pop() if len(numbers) == 1 else ""


def _span(first: str, last: str, policy: Policy) -> int:
    """How many numbers a range has; 0 when it is none."""
    one, other = digits_tail(first), digits_tail(last)
    if len(first) != len(last) or first[: -len(one)] != last[: -len(other)] or not one or not other:
        return 0
    span = int(other) - int(one)
    return span if 1 <= span <= policy.list_items else 0


def _hit_range(first: str, last: str, accounts: set[tuple[str, str]], book: Book, policy: Policy, signs: Signs) -> None:
    tail = digits_tail(first)
    start = first[: -len(tail)]
    for number in range(int(tail), int(tail) + _span(first, last, policy) + 1):
        for id_ in _of(accounts, book.by_number.get(f"{start}{number:0{len(tail)}d}", ()), book):
            _hit(signs, id_, "invoice_number", policy, f"{first} - {last}")


def _groups(pieces: list[re.Match[str]], taken: set[int]) -> Iterator[str]:
    """Digit groups that are no number of ours, alone and with their neighbours, for numbers with an error in them."""
    for first in range(len(pieces)):
        key = ""
        for last in range(first, min(first + MAX_PIECES, len(pieces))):
            if last in taken or (last > first and pieces[last].start() - pieces[last - 1].end() > _NEAR):
                break
            key += pieces[last].group().translate(SKELETON)
            if not key.isdecimal():
                break
            if len(key) >= TAIL_DIGITS:
                yield key


def likeness(signs: Signs, number: str) -> str:
    """The kind of evidence that an item's number is meant by a number with an error, or cut off; empty when it is not."""
    key = number_key(number)
    digits = "".join(character for character in key if character.isdigit())
    tail = digits_tail(number)
    for group in signs.groups:
        for whole in (digits, tail):
            if len(whole) >= _MIN_TYPO_DIGITS and one_off(group, whole):
                return "number_typo"
    if len(tail) > TAIL_DIGITS:
        for group in signs.groups:
            if len(group) < len(digits) and (
                digits.endswith(group) or (group == signs.last_group and (tail.startswith(group) or digits.startswith(group)))
            ):
                return "number_part"
    return ""
