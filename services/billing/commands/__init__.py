"""What billing can be told to do; one transaction each, none commits."""

from services.billing.commands.announcements import item_message
from services.billing.commands.documents import Accepted, DocumentChanged, import_invoices, keep_file
from services.billing.commands.due import DAILY, DUE_WATCH, mark_due
from services.billing.commands.parties import set_stop_state
from services.billing.commands.postings import post_lines

__all__ = [
    "DAILY",
    "DUE_WATCH",
    "Accepted",
    "DocumentChanged",
    "import_invoices",
    "item_message",
    "keep_file",
    "mark_due",
    "post_lines",
    "set_stop_state",
]
