"""Invoice files: from bytes to documents in one normal form, or a clear refusal with its place."""

from services.billing.domain.formats.checks import content_hash, inconsistencies, to_json
from services.billing.domain.formats.document import Buyer, Document, InvoiceFile, Seller
from services.billing.domain.formats.profile import Profile
from services.billing.domain.formats.reader import MAX_BYTES, read

__all__ = [
    "MAX_BYTES",
    "Buyer",
    "Document",
    "InvoiceFile",
    "Profile",
    "Seller",
    "content_hash",
    "inconsistencies",
    "read",
    "to_json",
]
