"""Reads the parties of an INVOIC message: names, numbers, addresses, accounts."""

from kernel.errors import Unreadable
from services.billing.domain.formats.document import Buyer, DebtorType, Seller
from services.billing.domain.formats.edifact.groups import Group, Parts
from services.billing.domain.formats.text import clean, compact

# UNTDID 1153: VAT number, company registration, other registrations.
_REGISTRATIONS = ("VA", "GN", "XA")
# A component of a name holds 35 characters; a full one goes on in the next.
_NAME_WIDTH = 35


def party(parts: Parts, *roles: str) -> Group | None:
    """The first party (NAD) of the first role that there is."""
    return next((group for role in roles for group in parts.header if group.tag == "NAD" and group.head.get(0) == role), None)


def seller_of(parts: Parts) -> Seller:
    """SE in D14B, SU in D96A. Raises Unreadable INVALID where there is neither."""
    found = party(parts, "SE", "SU", "II", "MF")
    if found is None:
        raise Unreadable("INVALID", "the message names no seller", place="NAD+SU")
    return Seller(name_of(found), _registration(found))


def buyer_of(parts: Parts) -> tuple[Buyer, tuple[str, ...]]:
    """The buyer (EN 16931 BG-7), with what has to be said of it. Raises Unreadable INVALID where there is none."""
    found = party(parts, "BY", "IV")
    if found is None:
        raise Unreadable("INVALID", "the message names no buyer", place="NAD+BY")
    registration = _registration(found)
    debtor_type: DebtorType = "business" if registration else "consumer"
    warnings = () if registration else ("the buyer has neither registration nor person: taken as a consumer, who is protected more",)
    invoicee = party(parts, "IV")
    if invoicee is not None and name_of(invoicee) != name_of(found):
        warnings = (*warnings, f"the invoice goes to {name_of(invoicee)[:70]}, not to the buyer")
    payer = accounts(parts, "BI", "PB", "OR")
    buyer = Buyer(
        account_number=next((clean(text) for text in found.references("IT", "ADE") if text), "") or clean(found.head.get(1)),
        name=name_of(found),
        name_kana=None,
        registration=registration,
        debtor_type=debtor_type,
        language=None,
        country=clean(found.head.get(8)).upper(),
        time_zone=None,
        email=next((clean(one.get(0)) for one in found.all("COM") if one.get(0, 1) == "EM"), None),
        address=_address(found),
        iban=payer[0] if payer else None,
        payer_code=None,
    )
    return buyer, warnings


def name_of(found: Group) -> str:
    """The name; the first line of an unstructured address; else the number that names the party."""
    name = found.head.get(3)
    if len(name) >= _NAME_WIDTH:
        name += found.head.get(3, 1)
    return clean(name or found.head.get(2) or found.head.get(1)) or _nameless(found)


def _nameless(found: Group) -> str:
    role = found.head.get(0)[:3]
    raise Unreadable("INVALID", "a party without name and number", place=f"NAD+{role}", line=found.head.line)


def _address(found: Group) -> tuple[str, ...]:
    unstructured = [clean(found.head.get(2, place)) for place in range(0 if found.head.get(3) else 1, 5)]
    streets = [clean(found.head.get(4, place)) for place in range(4)]
    town = clean(f"{found.head.get(7)} {found.head.get(5)}")
    return tuple(line for line in (*unstructured, *streets, town) if line)


def _registration(found: Group) -> str | None:
    numbers = (compact(clean(text)) for kind in _REGISTRATIONS for text in found.references(kind))
    return next(filter(None, numbers), None)


def accounts(parts: Parts, *roles: str) -> list[str]:
    """Account numbers (FII) of these roles, wherever in the header they stand."""
    return [compact(clean(one.get(1))) for one in parts.all("FII") if one.get(0) in roles and one.get(1)]
