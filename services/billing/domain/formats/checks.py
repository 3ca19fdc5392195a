"""What can be said of a read document: whether it adds up, whether it is the same as another, its JSON."""

import hashlib
import json
from typing import Any

from services.billing.domain.formats.document import Document


def inconsistencies(document: Document) -> tuple[str, ...]:
    """Why this document cannot be booked as it stands; empty if it can. A reader warns of them, an import refuses."""
    found = []
    if document.gross != document.net + document.tax:
        found.append(f"gross {document.gross} is not net {document.net} + tax {document.tax}")
    if document.payable != document.gross - document.prepaid + document.rounding:
        found.append(
            f"payable {document.payable} is not gross {document.gross} - prepaid {document.prepaid} + rounding {document.rounding}"
        )
    if not document.buyer.account_number:
        found.append("the buyer has no account number")
    if not document.buyer.name:
        found.append("the buyer has no name")
    if not document.buyer.country:
        found.append("the buyer has no country")
    return tuple(found)


def content_hash(document: Document) -> str:
    """SHA-256 (hex) of what the document claims from whom, whatever the file's layout, order and format.

    Contact and payment data of the buyer (mail, language, zone, kana, payer's account and code) are left out: they
    are the customer's current record, and an export repeated after they changed is still the same document.
    """
    buyer = document.buyer
    claim = {
        **_head(document),
        "payment_references": sorted(document.payment_references),
        "ibans": sorted(document.ibans),
        "seller": [document.seller.name, document.seller.registration],
        "buyer": [buyer.account_number, buyer.name, buyer.registration, buyer.country, list(buyer.address)],
        "rounding": str(document.rounding),
        "preceding": sorted(document.preceding),
        "mandate_id": document.mandate_id,
    }
    canonical = json.dumps(claim, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def to_json(document: Document) -> dict[str, Any]:
    """The shape that ``saiken invoice --json`` prints: amounts as strings, dates ISO 8601, parties by name."""
    return {
        "format": document.format,
        **_head(document),
        "seller": document.seller.name,
        "buyer": document.buyer.name,
        "payment_references": list(document.payment_references),
        "ibans": list(document.ibans),
        "warnings": list(document.warnings),
    }


def _head(document: Document) -> dict[str, Any]:
    return {
        "number": document.number,
        "type_code": document.type_code,
        "issued_on": document.issued_on.isoformat(),
        "due_on": document.due_on.isoformat() if document.due_on else None,
        "currency": document.currency,
        "net": str(document.net),
        "tax": str(document.tax),
        "gross": str(document.gross),
        "prepaid": str(document.prepaid),
        "payable": str(document.payable),
        "lines": document.lines,
    }
