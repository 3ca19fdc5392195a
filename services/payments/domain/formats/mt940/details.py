"""Reads field 86, the information to the account owner, in its dialects: German ?20, Dutch /REMI/, free text."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from kernel.references import is_iban, normalise_iban
from services.payments.domain.formats.statement import NOBODY, Counterparty
from services.payments.domain.formats.values import or_none, tidy

# Three digits of business transaction code, then a separator of the bank's choice and two digits of subfield.
_CODED = re.compile(r"\s*(\d{3})?\s*([?>~+<@&])(?=\d\d)")
_SUBFIELDS = frozenset({0, 10, *range(20, 40), *range(60, 70)})
_PURPOSE = (*range(20, 30), *range(60, 70))
# A purpose line has 27 characters; a full one may have been cut within a word, a shorter one ended with one.
_PURPOSE_WIDTH = 27
_LINE_WIDTH = 65
_NARROWEST = 50
_SEPA = re.compile(r"\b(EREF|KREF|MREF|CRED|DEBT|SVWZ|ABWA|ABWE|IBAN|BIC|COAM|OAMT|PURP|RCUR|CREF|DDAT)\+ ?")
_SLASHED = re.compile(
    r"/(TRTP|IBAN|BIC|NAME|REMI|EREF|ORDP|BENM|CSID|MARF|RTRN|CNTP|PURP|ISDT|ADDR|ID|SVCL|PREF|KREF|IREF|ROC|RFS|ULTD|ULTC|ULTB|"
    r"CREF|TRCD|OCMT|CHGS|EXCH|INST|ACC|BN|BA|TR|SC|PY|RI|PI|AO|CPRP|ACCW)/"
)
_STARTS_SLASHED = re.compile(r"\s*/(TRTP|IBAN|REMI|EREF|ORDP|BENM|CNTP|RTRN|TRCD|PREF|MARF|NAME|CREF|CSID|PURP|ROC|RFS)/")
_NAMED = re.compile(r"\bNAAM: ?([^/]{1,70}?)(?=\s+[A-Z]{3,}\.?:|/|$)")
_ACCOUNT = re.compile(r"(?:\b(?:REK|IBAN): ?|^\s*)([A-Z]{2}\d{2}[A-Z0-9]{8,30})\b")
# The Dutch betalingskenmerk: 16 digits, printed in groups or with the spaces of an acceptgiro form.
_KENMERK = re.compile(r"(?:ISSUER: CUR\s+REF|BETALINGSKENM\.?|S[CT][OR][RD]/CUR)[:/ ]*((?:\d ?){15}\d)(?!\d)")
_REASON = re.compile(
    r"(?<![A-Z0-9])(AC0[146]|AC13|AG0[12]|AM0[456]|BE05|CNOR|DNOR|FF0[15]|MD0[1267]|MS0[23]|RC01|RR0[1-4]|SL01)(?![A-Z0-9])"
)
# Business transaction codes of returns and re-credits (DFÜ-Abkommen, annex 3).
RETURN_CODES = frozenset("108 109 159 181 184".split())
_NO_ID = frozenset("NOTPROVIDED NONREF NOTAVAILABLE NOREF NICHTANGEGEBEN".split())


@dataclass(frozen=True, slots=True)
class Details:
    """What field 86 says of one booking."""

    text: str = ""
    counterparty: Counterparty = NOBODY
    references: tuple[str, ...] = ()
    end_to_end_id: str | None = None
    mandate_id: str | None = None
    return_reason: str | None = None
    code: str | None = None


def read_details(lines: Sequence[str]) -> Details:
    """Never fails: what fits no dialect is text."""
    match = _CODED.match("".join(lines[:2]))
    if match:
        text = _unwrapped(lines, match[2])
        return _coded(match[1], match[2], text[text.index(match[2]) :])
    if _STARTS_SLASHED.match(lines[0]):
        return _slashed(_unwrapped(lines, "/"))
    return _free(" ".join(lines))


def _coded(code: str | None, separator: str, text: str) -> Details:
    parts: dict[int, str] = {}
    number = None
    for piece in text.split(separator)[1:]:
        if piece[:2].isascii() and piece[:2].isdecimal() and int(piece[:2]) in _SUBFIELDS:
            number = int(piece[:2])
            parts[number] = parts.get(number, "") + piece[2:]
        elif number is not None:  # the separator as a character of the text
            parts[number] += separator + piece
    purpose = _joined([parts[number] for number in _PURPOSE if number in parts], _PURPOSE_WIDTH)
    tags = _sepa(purpose)
    if is_iban(parts.get(33, "")):  # Romanian banks
        parts[31] = parts.pop(33)
    account = tidy(parts.get(31, "")) or tidy(parts.get(38, "")) or tags.get("IBAN", "")
    name = tags.get("ABWA") or tags.get("ABWE") or _joined([parts[number] for number in (32, 33) if number in parts], _PURPOSE_WIDTH)
    returned = code in RETURN_CODES
    reason = _REASON.search(purpose) if returned or "RETURN" in purpose or "RUECK" in purpose.upper() else None
    return Details(
        text=tidy(tags.get("SVWZ") or purpose) or tidy(parts.get(0)),
        counterparty=Counterparty(or_none(name), _account(account)),
        references=tuple(value for value in (tidy(tags.get("KREF", "")),) if value and value.upper() not in _NO_ID),
        end_to_end_id=_id(tags.get("EREF")),
        mandate_id=_id(tags.get("MREF")),
        return_reason=reason[1] if reason else None,
        code=code,
    )


def _joined(pieces: list[str], width: int) -> str:
    text = "".join(piece if len(piece) >= width else f"{piece} " for piece in pieces)
    return text.rstrip()


def _sepa(purpose: str) -> dict[str, str]:
    """The tags of the SEPA purpose (EREF+ …), each until the next; the first of each counts."""
    pieces = _SEPA.split(purpose)
    tags: dict[str, str] = {}
    for tag, value in zip(pieces[1::2], pieces[2::2], strict=True):
        tags.setdefault(tag, tidy(value))
    return tags


def _unwrapped(lines: Sequence[str], separator: str) -> str:
    """Full lines were cut anywhere; a shorter one ended with a word, unless a subfield is cut or follows."""
    width = _width(lines)
    text = lines[0]
    for before, line in pairwise(lines):
        glued = len(before) >= width or line.startswith(separator) or separator in before[-2:]
        text += line if glued else f" {line}"
    return text


def _width(lines: Sequence[str]) -> int:
    """65 characters by the standard; a bank that wraps elsewhere shows it by several lines of the same length."""
    lengths = sorted((len(line) for line in lines[:-1]), reverse=True)
    if len(lengths) > 1 and lengths[0] == lengths[1] >= _NARROWEST:
        return min(lengths[0], _LINE_WIDTH)
    return _LINE_WIDTH


def _slashed(text: str) -> Details:
    pieces = _SLASHED.split(text)
    tags: dict[str, str] = {}
    for tag, value in zip(pieces[1::2], pieces[2::2], strict=True):
        tags.setdefault(tag, value.strip())
    party = [tidy(part) for part in tags.get("CNTP", "").split("/")]
    iban = tags.get("IBAN", "").strip("/") or (party[0] if party else "")
    name = tags.get("NAME", "").strip("/") or (party[2] if len(party) > 2 else "")  # noqa: PLR2004 - account, BIC, name, town
    name = name or tags.get("ORDP", "").strip("/") or tags.get("BENM", "").strip("/")
    remittance, structured = _remittance(tags.get("REMI", ""))
    references = [structured, *(tidy(tags.get(tag, "").strip("/")) for tag in ("KREF", "CREF", "RFS"))]
    reason = tags.get("RTRN", "").strip("/")[:35]
    return Details(
        text=remittance or structured or tidy(text),
        counterparty=Counterparty(or_none(name), _account(iban)),
        references=tuple(dict.fromkeys(value for value in (*references, *_kenmerk(text)) if value and value.upper() not in _NO_ID)),
        end_to_end_id=_id(tags.get("EREF", "").strip("/")),
        mandate_id=_id(tags.get("MARF", "").strip("/")),
        return_reason=or_none(reason),
    )


def _remittance(value: str) -> tuple[str, str]:
    """Text and creditor reference of REMI: ``USTD//text``, ``STRD/CUR/9999999999999999/``, or text alone."""
    if value.startswith("STRD/"):
        parts = value.split("/", 2)
        return "", tidy(parts[2].strip("/")) if len(parts) > 2 else ""  # noqa: PLR2004 - STRD, issuer, reference
    return tidy(value.removeprefix("USTD").strip("/")), ""


def _free(text: str) -> Details:
    name, account = _NAMED.search(text), _ACCOUNT.search(text)
    returned = "RETURN" in text.upper() or "RTRN" in text.upper()
    reason = _REASON.search(text) if returned else None
    return Details(
        text=tidy(text),
        counterparty=Counterparty(or_none(name[1]) if name else None, _account(account[1]) if account else None),
        references=_kenmerk(text),
        return_reason=reason[1] if reason else None,
    )


def _kenmerk(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(match[1].replace(" ", "") for match in _KENMERK.finditer(text)))


def _account(text: str) -> str | None:
    if is_iban(text):
        return normalise_iban(text)
    compact = "".join(text.split())
    return compact if compact.isdecimal() else or_none(text)


def _id(text: str | None) -> str | None:
    value = tidy(text)
    return None if not value or value.upper().replace(" ", "") in _NO_ID else value
