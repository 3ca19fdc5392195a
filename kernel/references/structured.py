"""Payment references with check digits: ISO 11649 RF, Swiss QRR/ESR, Finnish viitenumero; and finding all of them in text."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from kernel.errors import Unreadable
from kernel.references.mod97 import check_digits, rotated_is_valid
from kernel.references.national import is_betalingskenmerk, is_creditor_id, is_fik, is_kid, is_ocr, is_ogm

# Longer text is no remittance information of any format; what lies behind is not searched.
MAX_TEXT = 20_000

_QRR_LENGTH = 27
_QRR_TABLE = (0, 9, 4, 6, 8, 2, 7, 1, 3, 5)
_VIITE_WEIGHTS = (7, 3, 1)

_RF_TOKEN = re.compile(r"(?<![A-Z0-9])RF\d{2}[A-Z0-9]{1,21}(?![A-Z0-9])")
_RF_GROUPED = re.compile(r"(?<![A-Z0-9])RF\d{2}(?: [A-Z0-9]{4}){0,5}(?: [A-Z0-9]{1,4})(?![A-Z0-9])")
# A point, a hyphen or a slash beside digits makes them a date, an amount or another number's part.
_DIGITS = re.compile(r"(?<![A-Z0-9.,/-])\d(?: ?\d)*(?![A-Z0-9]|[.,/-]\d)")


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference whose check digits fit, in its normal form: no blanks, capitals."""

    scheme: str
    value: str

    @property
    def is_proof(self) -> bool:
        """False where one number in ten fits by chance: a candidate to look up."""
        return self.scheme in PROOFS


def _compact(text: str) -> str:
    return re.sub(r"\s+", "", text).upper()


def is_rf(value: str) -> bool:
    """ISO 11649: ``RF``, two check digits, 1 to 21 letters or digits; MOD 97-10."""
    return re.fullmatch(r"RF\d{2}[A-Z0-9]{1,21}", value) is not None and rotated_is_valid(value)


def make_rf(body: str) -> str:
    """``make_rf("539007547034")`` = ``RF18539007547034``. Leading zeros of the body count."""
    body = _compact(body)
    if not re.fullmatch(r"[A-Z0-9]{1,21}", body):
        raise Unreadable("INVALID", "the body of an RF reference is 1 to 21 letters or digits", length=len(body))
    return f"RF{check_digits('RF', body)}{body}"


def _recursive_mod10(digits: str) -> int:
    carry = 0
    for digit in digits:
        carry = _QRR_TABLE[(carry + int(digit)) % 10]
    return (10 - carry) % 10


def is_qrr(value: str) -> bool:
    """Swiss QR reference and its forerunner ESR: 27 digits, the last is modulo 10, recursive. All zeros is none."""
    if not re.fullmatch(rf"[0-9]{{{_QRR_LENGTH}}}", value) or not value.strip("0"):
        return False
    return _recursive_mod10(value[:-1]) == int(value[-1])


def make_qrr(body: str) -> str:
    """26 digits or fewer (filled with zeros on the left) and the check digit."""
    body = _compact(body).rjust(_QRR_LENGTH - 1, "0")
    if not re.fullmatch(rf"[0-9]{{{_QRR_LENGTH - 1}}}", body):
        raise Unreadable("INVALID", "the body of a QR reference is at most 26 digits", length=len(body))
    return f"{body}{_recursive_mod10(body)}"


def _viite_check(digits: str) -> int:
    total = sum(int(digit) * _VIITE_WEIGHTS[place % 3] for place, digit in enumerate(reversed(digits)))
    return (10 - total % 10) % 10


def is_viitenumero(value: str) -> bool:
    """Finnish reference: 3 to 19 digits and one check digit with weights 7, 3, 1 from the right."""
    return re.fullmatch(r"[0-9]{4,20}", value) is not None and value.strip("0") != "" and _viite_check(value[:-1]) == int(value[-1])


def make_viitenumero(body: str) -> str:
    """``make_viitenumero("123")`` = ``1232``."""
    body = _compact(body)
    if not re.fullmatch(r"[0-9]{3,19}", body) or not body.strip("0"):
        raise Unreadable("INVALID", "the body of a viitenumero is 3 to 19 digits", length=len(body))
    return f"{body}{_viite_check(body)}"


# Strongest check first: a value takes the name of the first scheme it satisfies. A further scheme is one more line.
SCHEMES: dict[str, Callable[[str], bool]] = {
    "iso11649": is_rf,
    "qrr": is_qrr,
    "viitenumero": is_viitenumero,
    "ogm": is_ogm,
    "sepa_creditor_id": is_creditor_id,
    "betalingskenmerk": is_betalingskenmerk,
    "fik": is_fik,
    "kid": is_kid,
    "ocr": is_ocr,
}
# Two check digits, or 27 places, make chance unlikely; of the others one number in ten fits by chance.
PROOFS = frozenset({"iso11649", "qrr", "ogm", "sepa_creditor_id"})
# What is looked for among bare numbers; the rest only where its own print or a word before it says what it is.
_BARE = frozenset({"iso11649", "qrr", "viitenumero"})
_OGM_PRINTED = re.compile(r"(?<![+*\d])([+*]{3})(\d{3})/?(\d{4})/?(\d{5})\1(?![+*\d])")
_FIK_PRINTED = re.compile(r"\+71<(\d{15})\s?\+\d{8}<")
_NAMED = re.compile(r"\b(?:KID|OCR|BETALINGSKENM(?:ERK)?\.?)(?:[-. ]?N[RO]\.?)?[:. ]{1,3}(\d(?: ?\d){1,24}-?)(?![\dA-Z])")


def check_reference(text: str) -> tuple[bool, str | None]:
    """Whether one reference, printed with or without blanks, satisfies a scheme, and the scheme's name."""
    value = _compact(text[:MAX_TEXT])
    for scheme, fits in SCHEMES.items():
        if fits(value):
            return True, scheme
    return False, None


def normal_reference(text: str) -> str:
    """One form for each scheme that proves itself: without blanks, in capitals, an OGM's 12 and a FIK's 15 digits without
    the marks around them. Any other text stays as it is.
    """
    value = _compact(text[:MAX_TEXT])
    if is_rf(value) or is_qrr(value) or is_creditor_id(value):
        return value
    if (ogm := _OGM_PRINTED.fullmatch(value)) and is_ogm(value):
        return ogm[2] + ogm[3] + ogm[4]
    if (fik := _FIK_PRINTED.fullmatch(value)) and is_fik(fik[1]):
        return fik[1]
    return text


def find_valid(text: str) -> list[Reference]:
    """Every reference in free text whose check digits fit, in the order of the text, each once.

    A number that fits no check is not mentioned. One digit of check (viitenumero) lets one number in ten through by
    chance: such a reference is a candidate to look up, never a proof.
    """
    hits = [
        (list(SCHEMES).index(scheme), start, end, Reference(scheme, value))
        for start, end, value, bare in _candidates(text[:MAX_TEXT].upper())
        for valid, scheme in [check_reference(value)]
        if valid and scheme is not None and (not bare or scheme in _BARE)
    ]
    taken: list[tuple[int, int]] = []
    found: dict[Reference, int] = {}
    for _, start, end, reference in sorted(hits, key=lambda hit: (hit[0], hit[1] - hit[2])):
        # Four digits inside a QR reference are a part of it, not a reference of their own.
        if not any(start < other_end and other_start < end for other_start, other_end in taken):
            taken.append((start, end))
            found.setdefault(reference, start)
    return sorted(found, key=found.__getitem__)


def _candidates(text: str) -> Iterator[tuple[int, int, str, bool]]:
    """Where, where to, what, and whether nothing but its digits says that it is a reference."""
    text = re.sub(r"\s", " ", text)
    for match in _RF_TOKEN.finditer(text):
        yield match.start(), match.end(), match[0], True
    for match in _RF_GROUPED.finditer(text):
        for start, end, value in _longest_rf(match):
            yield start, end, value, True
    for match in _OGM_PRINTED.finditer(text):
        yield match.start(), match.end(), f"+++{match[2]}/{match[3]}/{match[4]}+++", False
    for match in _FIK_PRINTED.finditer(text):
        yield match.start(), match.end(), f"+71<{match[1]}", False
    for match in _NAMED.finditer(text):
        yield match.start(1), match.end(1), match[1].replace(" ", ""), False
    for match in _DIGITS.finditer(text):
        yield match.start(), match.end(), match[0].replace(" ", ""), True
        if " " in match[0]:
            for start, end, value in _words(match):
                yield start, end, value, True


def _longest_rf(match: re.Match[str]) -> Iterator[tuple[int, int, str]]:
    """The words behind the last group may be prose: the longest run of groups that checks is the reference."""
    groups = match[0].split(" ")
    for count in range(len(groups), 1, -1):
        value = "".join(groups[:count])
        if is_rf(value):
            yield match.start(), match.start() + len(" ".join(groups[:count])), value
            return


def _words(match: re.Match[str]) -> Iterator[tuple[int, int, str]]:
    """Digits between blanks may also be numbers of their own."""
    for word in re.finditer(r"\d+", match[0]):
        yield match.start() + word.start(), match.start() + word.end(), word[0]
