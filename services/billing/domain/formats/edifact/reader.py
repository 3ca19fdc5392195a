"""Makes documents of INVOIC messages, by the binding of EN 16931 (CEN/TS 16931-3-4) and the usage of EANCOM in D96A."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta

from kernel.errors import Unreadable
from kernel.money import Money, exponent
from services.billing.domain.formats.checks import inconsistencies
from services.billing.domain.formats.document import INVOICE, Discount, Document, DueDate, Extras, InvoiceFile
from services.billing.domain.formats.edifact.groups import Group, Parts, parts_of
from services.billing.domain.formats.edifact.parties import accounts, buyer_of, name_of, party, seller_of
from services.billing.domain.formats.edifact.segments import Message, messages
from services.billing.domain.formats.text import at, clean, note, unique

FORMAT = "edifact-{}"
# UNTDID 2379: how a date is written.
_DATES = {"102": "%Y%m%d", "203": "%Y%m%d%H%M", "204": "%Y%m%d%H%M%S", "101": "%y%m%d", "201": "%y%m%d%H%M", "2": "%d%m%y", "": "%Y%m%d"}
_ISSUED, _DUE, _DISCOUNT_UNTIL = ("137", "3"), ("13", "140", "265"), ("12",)
# UNTDID 4279: penalty and discount are terms, but no date by which all is due.
_PENALTY, _DISCOUNT = "20", "22"
# UNTDID 2475: the days of a term run from the invoice's date.
_FROM_INVOICE = frozenset({"", "5"})
_PERCENT_OF_DISCOUNT = "12"
_CANCELLATION, _COPIES = "1", frozenset({"7", "31"})
_TAX_ACCOUNTING = "2"
# A term of more days than ten years is none.
_MAX_DAYS = 3_660


def read(content: bytes) -> InvoiceFile:
    """Every INVOIC of the interchange. Raises Unreadable as `formats.read` says, with `line`."""
    found, warnings = messages(content)
    others = [message.kind[:10] for message in found if message.kind != "INVOIC"]
    invoices = [message for message in found if message.kind == "INVOIC"]
    if not invoices:
        kinds = ", ".join(sorted(set(others))) or "no message"
        raise Unreadable("UNKNOWN_FORMAT", f"an EDIFACT interchange with {kinds}, not INVOIC", line=1)
    if others:
        warnings.append(f"{len(others)} other messages are left out: {', '.join(sorted(set(others)))}"[:200])
    documents = tuple(_document(message) for message in invoices)
    return InvoiceFile(documents[0].format, documents, tuple(warnings))


def _document(message: Message) -> Document:
    with at(line=message.header.line):
        parts = parts_of(message)
        currency, tax_currency = _currencies(parts)
        buyer, warnings = buyer_of(parts)
        issued_on = _issued_on(parts)
        terms = tuple(group for group in parts.header if group.tag in {"PAT", "PYT"})
        dates = _due_dates(parts, terms, issued_on, currency)
        document = Document(
            format=FORMAT.format(message.release.lower() or "invoic"),
            number=clean(parts.begin.get(1)) or _missing("BGM"),
            type_code=parts.begin.get(0) or INVOICE,
            issued_on=issued_on,
            due_on=dates[0].due_on if dates else None,
            currency=currency,
            seller=seller_of(parts),
            buyer=buyer,
            **_totals(parts, currency),
            payment_references=unique([clean(text) for text in parts.references("PQ")]),
            ibans=unique(accounts(parts, "RB", "BF", "RH")),
            preceding=unique([clean(text) for text in parts.references("OI", "IV")]),
            mandate_id=next((clean(text) for group in parts.header for text in group.references("AVS") if text), None),
            lines=parts.lines,
            warnings=(),
            extras=_extras(parts, terms, dates, currency, tax_currency),
        )
        return replace(document, warnings=(*warnings, *_remarks(parts), *inconsistencies(document)))


def _missing(place: str) -> str:
    raise Unreadable("INVALID", f"the message has no {place}", place=place)


def _remarks(parts: Parts) -> Iterable[str]:
    """What the header says about the message, and a count of lines that does not hold."""
    function = parts.begin.get(2)
    if function == _CANCELLATION:
        yield "the message cancels a document (BGM function 1)"
    if function in _COPIES:
        yield f"the message is a copy (BGM function {function})"
    for said in parts.summary.all("CNT"):
        if said.get(0) == "2" and said.get(0, 1).lstrip("0") != str(parts.lines):
            yield f"line {said.line}: CNT counts {said.get(0, 1)[:10]} lines, the message has {parts.lines}"


def _currencies(parts: Parts) -> tuple[str, str | None]:
    """The document's currency (reference currency) and the one of the tax accounts, where another is named."""
    named = [(one.get(place), one.get(place, 1).upper()) for one in parts.all("CUX") for place in range(2)]
    document = next((code for qualifier, code in named if qualifier == "2" and code), None)
    in_amounts = (one.get(0, 2).upper() for one in parts.summary.all("MOA") if one.get(0, 2))
    currency = document or next((code for _, code in named if code), None) or next(in_amounts, "")
    exponent(currency)
    other = next((code for qualifier, code in named if qualifier == "6" and code and code != currency), None)
    return currency, other


def _amount(group: Group, currency: str, *codes: str) -> Money | None:
    """The first amount (MOA) of these codes that is in the currency, or in none of its own."""
    for code in codes:
        for one in group.all("MOA"):
            if one.get(0) == code and one.get(0, 1) and one.get(0, 2).upper() in {"", currency}:
                with at(line=one.line, place=f"MOA+{code}"):
                    return Money.parse(one.get(0, 1).replace(",", "."), currency)
    return None


def _totals(parts: Parts, currency: str) -> dict[str, Money]:
    """Net is MOA 389 or 125, tax 176, gross 388, 77 or 39, prepaid 113, rounding 366, payable 9; what is not said is derived."""
    nothing = Money(0, currency)
    taxes = [group for group in parts.taxes if group.head.get(1) in {"VAT", "GST", ""}]
    summary = parts.summary
    tax = _amount(summary, currency, "176", "150", "124") or _summed(taxes, currency, "124", "150")
    net = _amount(summary, currency, "389", "125") or _summed(taxes, currency, "125")
    prepaid, rounding = _amount(summary, currency, "113") or nothing, _amount(summary, currency, "366") or nothing
    payable = _amount(summary, currency, "9")
    gross = _amount(summary, currency, "388", "77", "39", "86")
    if gross is None:
        gross = payable + prepaid - rounding if payable is not None else net + (tax or nothing) if net is not None else None
    if gross is None:
        raise Unreadable("INVALID", "the message has no total amount", place="MOA+388")
    if tax is None:
        tax = gross - net if net is not None else nothing
    return {
        "net": net if net is not None else gross - tax,
        "tax": tax,
        "gross": gross,
        "prepaid": prepaid,
        "rounding": rounding,
        "payable": payable if payable is not None else gross - prepaid + rounding,
    }


def _summed(groups: list[Group], currency: str, *codes: str) -> Money | None:
    found = [amount for group in groups if (amount := _amount(group, currency, *codes)) is not None]
    return sum(found[1:], found[0]) if found else None


def _issued_on(parts: Parts) -> date:
    found = _day(parts.head, *_ISSUED)
    return found if found is not None else _missing_date()


def _missing_date() -> date:
    raise Unreadable("INVALID", "the message has no date of issue", place="DTM+137")


def _day(group: Group, *qualifiers: str) -> date | None:
    """The first date (DTM) of these qualifiers. Raises Unreadable INVALID with `line`."""
    for qualifier in qualifiers:
        for one in group.all("DTM"):
            written, form = one.get(0, 1), one.get(0, 2)
            if one.get(0) != qualifier or not written:
                continue
            try:
                return datetime.strptime(written, _DATES[form]).date()
            except (ValueError, KeyError):
                message = f"{written[:30]!r} is not a date of format {form[:10]!r}"
                raise Unreadable("INVALID", message, line=one.line, place=f"DTM+{qualifier}") from None
    return None


def _due_dates(parts: Parts, terms: tuple[Group, ...], issued_on: date, currency: str) -> tuple[DueDate, ...]:
    """Each term's date with its part of the amount; the header's date, or the days of a term, where no term has a date."""
    basic = [group for group in terms if group.head.get(0) not in {_PENALTY, _DISCOUNT}]
    found = [
        DueDate(due_on, _part(group, currency)) for group in basic if (due_on := _day(group, *_DUE)) is not None
    ] or [
        DueDate(due_on, _part(group, currency)) for group in basic if (due_on := _after(group, issued_on)) is not None
    ]  # fmt: skip
    header = _day(parts.head, *_DUE)
    found = found or ([DueDate(header, None)] if header else [])
    return tuple(sorted(found, key=lambda due: due.due_on))


def _part(group: Group, currency: str) -> Money | None:
    codes = [one.get(0) for one in group.all("MOA")]
    return _amount(group, currency, *codes)


def _after(group: Group, issued_on: date) -> date | None:
    """``5:3:D:30`` (C112): so many days, weeks or months after the invoice."""
    days = _days(group)
    if days is None or group.head.get(2) not in _FROM_INVOICE:
        return None
    return issued_on + timedelta(days=days)


def _days(group: Group) -> int | None:
    number, unit = group.head.get(2, 3), group.head.get(2, 2)
    factor = {"D": 1, "CD": 1, "": 1, "W": 7}.get(unit)
    if factor is None or not (number.isascii() and number.isdecimal()) or len(number) > len(str(_MAX_DAYS)):
        return None
    return min(int(number) * factor, _MAX_DAYS)


def _extras(parts: Parts, terms: tuple[Group, ...], dates: tuple[DueDate, ...], currency: str, tax_currency: str | None) -> Extras:
    texts = [one.get(3, place) for one in parts.all("FTX") if one.get(0) in {"AAB", "PMT"} for place in range(5)]
    payee = party(parts, "PE")
    allowances, charges = _allowances(parts, currency, "A"), _allowances(parts, currency, "C")
    return Extras(
        due_dates=dates,
        terms=unique([note(text) for text in texts]),
        discounts=tuple(_discount(group, currency) for group in terms if group.head.get(0) == _DISCOUNT),
        payee=name_of(payee) or None if payee is not None else None,
        allowances=_amount(parts.summary, currency, "260") or allowances,
        charges=_amount(parts.summary, currency, "259") or charges,
        accounting_tax=_amount(parts.summary, tax_currency, _TAX_ACCOUNTING) if tax_currency else None,
    )


def _allowances(parts: Parts, currency: str, kind: str) -> Money:
    """The document's allowances (A) or charges (C) together, where the summary gives no sum of them."""
    groups = [group for group in parts.header if group.tag == "ALC" and group.head.get(0) == kind]
    return _summed(groups, currency, "8", "204", "23") or Money(0, currency)


def _discount(group: Group, currency: str) -> Discount:
    """A term of kind 22: per cent (PCD+12) or an amount, within days or until a date."""
    percent = next((one.get(0, 1) for one in group.all("PCD") if one.get(0) == _PERCENT_OF_DISCOUNT), None)
    days = _days(group)
    return Discount(percent, str(days) if days is not None else None, _part(group, currency))
