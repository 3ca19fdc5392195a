"""A filing: a document that one person prepares, another approves, and that is then recorded with its cost."""

from dataclasses import dataclass
from datetime import date

from kernel.errors import Refused
from kernel.money import Money, exponent

# A scanned contract with all invoices; more belongs in several annexes.
MAX_DOCUMENT_BYTES = 20 * 2**20
# Court names and file numbers are short; what is longer was pasted by mistake.
MAX_TEXT = 200


class SamePerson(Refused):
    """Who prepared a filing cannot approve it."""

    code = "SAME_PERSON"


class DocumentChanged(Refused):
    """The approver has read another document."""

    code = "DOCUMENT_CHANGED"


class FilingInvalid(Refused):
    """Something that a filing needs is missing or cannot be."""

    code = "FILING_INVALID"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document that waits for approval."""

    prepared_by: str
    document_sha256: str


@dataclass(frozen=True, slots=True)
class Filing:
    """What was filed at court."""

    court_file_number: str
    filed_on: date
    cost: Money


def approve(prepared: Prepared, approver: str, document_sha256: str) -> None:
    """Four eyes over one document. Refuses: SAME_PERSON, DOCUMENT_CHANGED."""
    if approver == prepared.prepared_by:
        raise SamePerson("who prepared the filing cannot approve it")
    if document_sha256.lower() != prepared.document_sha256:
        raise DocumentChanged("this is not the document that was prepared", prepared_sha256=prepared.document_sha256)


def check_document(court: str, document: bytes) -> None:
    """Refuses: FILING_INVALID (no court, no document, too large)."""
    if not court.strip() or len(court) > MAX_TEXT:
        raise FilingInvalid("a filing names its court", field="court")
    if not document:
        raise FilingInvalid("a filing has a document", field="document")
    if len(document) > MAX_DOCUMENT_BYTES:
        raise FilingInvalid(f"a document has at most {MAX_DOCUMENT_BYTES} bytes", field="document", bytes=len(document))


def check_filing(filing: Filing, approved_on: date, today: date) -> None:
    """Refuses: FILING_INVALID (no number, a day before approval or in the future, a negative cost); Unreadable UNKNOWN_CURRENCY."""
    if not filing.court_file_number.strip() or len(filing.court_file_number) > MAX_TEXT:
        raise FilingInvalid("a filing has the court's file number", field="court_file_number")
    if not approved_on <= filing.filed_on <= today:
        raise FilingInvalid(f"filed between approval on {approved_on} and today", field="filed_on", filed_on=filing.filed_on.isoformat())
    exponent(filing.cost.currency)
    if filing.cost.minor < 0:
        raise FilingInvalid("a cost is not negative", field="cost")
