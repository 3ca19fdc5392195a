"""What payments can be told to do; one transaction each, none commits."""

from services.payments.commands.distribution import match_lines, move_slice, rematch
from services.payments.commands.files import keep_file
from services.payments.commands.projections import ItemState, payer_marks, take_item, take_payer
from services.payments.commands.statements import IMPORT_STATEMENT, Stored, import_statement

__all__ = [
    "IMPORT_STATEMENT",
    "ItemState",
    "Stored",
    "import_statement",
    "keep_file",
    "match_lines",
    "move_slice",
    "payer_marks",
    "rematch",
    "take_item",
    "take_payer",
]
