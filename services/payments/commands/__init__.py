"""What payments can be told to do; one transaction each, none commits."""

from services.payments.commands.cash import Applied, apply_on_account, combine_lines
from services.payments.commands.files import keep_file
from services.payments.commands.learning import forget
from services.payments.commands.matching import match_lines, move_slice
from services.payments.commands.people import confirm_match, reject_match, split_line, undo_match
from services.payments.commands.projections import PayerState, take_items, take_payer
from services.payments.commands.statements import IMPORT_STATEMENT, Stored, import_statement

__all__ = [
    "IMPORT_STATEMENT",
    "Applied",
    "PayerState",
    "Stored",
    "apply_on_account",
    "combine_lines",
    "confirm_match",
    "forget",
    "import_statement",
    "keep_file",
    "match_lines",
    "move_slice",
    "reject_match",
    "split_line",
    "take_items",
    "take_payer",
    "undo_match",
]
