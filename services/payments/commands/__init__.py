"""What payments can be told to do; one transaction each, none commits."""

from services.payments.commands.files import keep_file
from services.payments.commands.learning import forget
from services.payments.commands.matching import match_lines, move_slice
from services.payments.commands.projections import PayerState, take_items, take_payer
from services.payments.commands.statements import IMPORT_STATEMENT, Stored, import_statement

__all__ = [
    "IMPORT_STATEMENT",
    "PayerState",
    "Stored",
    "forget",
    "import_statement",
    "keep_file",
    "match_lines",
    "move_slice",
    "take_items",
    "take_payer",
]
