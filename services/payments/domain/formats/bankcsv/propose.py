"""Proposes a profile for a CSV that none describes, from its header and its first rows; where both are plain, it reads the file."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from kernel.errors import Unreadable
from kernel.money import EXPONENTS
from services.payments.domain.formats.bankcsv.cells import DELIMITERS, HEADER_ROWS, read_amount, read_date, rows
from services.payments.domain.formats.bankcsv.profile import plain, split_currency
from services.payments.domain.formats.bankcsv.words import CREDIT_MARKS, DEBIT_MARKS, OTHER_PARTY, WORDS

_MAX_COLUMNS = 60
_SAMPLE_ROWS = 50
_MAX_HEADER = 60
_ACCOUNT = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9 ]{8,38}|[\d /.-]{6,34}")
# What several columns may be together.
_SHARED = frozenset({"text", "name", "reference", "ignored"})


# Everything between the words of a header.
_BETWEEN = re.compile(r"[\W_]+")


@dataclass(slots=True)
class _Column:
    """A header and the cells below it that are not empty; `field` is what it is proposed to be."""

    header: str
    cells: list[str]
    field: str = "ignored"

    @property
    def words(self) -> str:
        """The header's words, a blank around each."""
        return f" {_BETWEEN.sub(' ', plain(split_currency(self.header)[0]))} "

    def says(self, name: str) -> bool:
        """True where the header holds a word of a field; a word in blanks stands for itself only."""
        return any(word in self.words for word in WORDS[name])

    @property
    def holds_dates(self) -> bool:
        return bool(self.cells) and all(read_date(cell, "dmy") or read_date(cell, "mdy") for cell in self.cells)

    @property
    def holds_amounts(self) -> bool:
        return bool(self.cells) and not self.holds_dates and all(_is_amount(cell) for cell in self.cells)

    @property
    def holds_marks(self) -> bool:
        return bool(self.cells) and {plain(cell) for cell in self.cells} <= CREDIT_MARKS | DEBIT_MARKS

    @property
    def holds_currencies(self) -> bool:
        return bool(self.cells) and all(cell in EXPONENTS for cell in self.cells)

    @property
    def is_constant(self) -> bool:
        return len(self.cells) > 1 and len(set(self.cells)) == 1


def proposal(text: str) -> str:
    """The YAML of a profile to complete and put beside the others; what could not be told is `ignored`."""
    head, sample = _header(text)
    columns = [
        _Column(header, [row[place].strip() for row in sample if place < len(row) and row[place].strip()])
        for place, header in enumerate(head[:_MAX_COLUMNS])
        if header.strip()
    ]
    _name_dates(columns)
    _name_amounts(columns)
    _name_others(columns)
    lines = [f"date_order: {_date_order(columns)}", f'decimal_mark: "{_decimal_mark(columns)}"', "columns:"]
    for name in dict.fromkeys(column.field for column in columns):
        headers = (split_currency(column.header)[0].strip()[:_MAX_HEADER] for column in columns if column.field == name)
        lines.append(f"  {name}: [{', '.join(map(_quoted, headers))}]")
    return "\n".join([*lines, *_marks(columns)]) + "\n"


def _name_dates(columns: Sequence[_Column]) -> None:
    """The value date by its name; of the others the first, or the one that says so, is the booking's."""
    dates = [column for column in columns if column.holds_dates]
    for column in dates:
        if column.says("value_on") and not any(other.field == "value_on" for other in dates):
            column.field = "value_on"
    others = [column for column in dates if column.field == "ignored"]
    booked = next((column for column in others if column.says("booked_on")), None) or next(iter(others or dates), None)
    if booked is not None:
        booked.field = "booked_on"


def _name_amounts(columns: Sequence[_Column]) -> None:
    """Debit and credit by their names; else the amount by its name, or the only column of amounts that is no balance."""
    free = [column for column in columns if column.field == "ignored"]
    # A column of one side may be empty in the sample.
    amounts = [column for column in free if column.holds_amounts or not column.cells]
    for name in ("balance", "debit", "credit", "amount"):
        found = next((column for column in amounts if column.field == "ignored" and column.says(name)), None)
        if found is not None:
            found.field = name
    named = {column.field for column in columns}
    if not {"debit", "credit"} <= named:
        for column in columns:
            if column.field in {"debit", "credit"}:
                column.field = "amount" if "amount" not in named and column.holds_amounts else "ignored"
    elif "amount" in named:
        next(column for column in columns if column.field == "amount").field = "ignored"
    if not {"amount", "debit"} & {column.field for column in columns}:
        with_decimals = [column for column in amounts if column.field == "ignored" and any(_has_decimals(cell) for cell in column.cells)]
        if len(with_decimals) == 1:
            with_decimals[0].field = "amount"


def _name_others(columns: Sequence[_Column]) -> None:
    for column in columns:
        taken = {other.field for other in columns}
        if column.field == "ignored":
            column.field = next((name for name in _guesses(column) if name in _SHARED or name not in taken), "ignored")


def _guesses(column: _Column) -> Iterable[str]:
    if column.holds_marks and (column.says("mark") or len(set(column.cells)) > 1):
        yield "mark"
    if column.holds_currencies or column.says("currency"):
        yield "currency"
    if column.says("account") and (not column.cells or all(_ACCOUNT.fullmatch(cell) for cell in column.cells)):
        own = column.is_constant and not any(word in column.words for word in OTHER_PARTY)
        yield "account" if own else "counterparty_account"
    yield from (name for name in ("text", "reference", "name") if column.says(name))


def _marks(columns: Sequence[_Column]) -> list[str]:
    cells = {cell for column in columns if column.field == "mark" for cell in column.cells}
    sides = (("credit", CREDIT_MARKS), ("debit", DEBIT_MARKS))
    found = {side: sorted(cell for cell in cells if plain(cell) in known) for side, known in sides}
    return ["marks:", *(f"  {side}: [{', '.join(map(_quoted, given))}]" for side, given in found.items() if given)] if cells else []


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _header(text: str) -> tuple[list[str], list[list[str]]]:
    """The row with the most filled cells of which none is a number, under the delimiter that gives the most; then a sample."""
    best: tuple[int, list[str], list[list[str]]] = (0, [], [])
    for delimiter in DELIMITERS:
        try:
            found = [cells for _, cells in islice(rows(text, delimiter), HEADER_ROWS + _SAMPLE_ROWS)]
        except Unreadable:
            continue
        for place, cells in enumerate(found[:HEADER_ROWS]):
            filled = [cell for cell in cells if cell.strip()]
            if len(filled) > best[0] and not any(_is_value(cell) for cell in filled):
                best = (len(filled), cells, found[place + 1 : place + 1 + _SAMPLE_ROWS])
    return best[1], best[2]


def _is_value(cell: str) -> bool:
    return bool(read_date(cell, "dmy") or read_date(cell, "mdy")) or _is_amount(cell)


def _is_amount(cell: str) -> bool:
    try:
        read_amount(cell, ".", 0)
    except Unreadable:
        return False
    return True


def _has_decimals(cell: str) -> bool:
    return cell[-3:-2] in {",", "."} and cell[-2:].isdecimal()


def _date_order(columns: Sequence[_Column]) -> str:
    cells = [cell for column in columns if column.field in {"booked_on", "value_on"} for cell in column.cells]
    day_first = any(read_date(cell, "dmy") and not read_date(cell, "mdy") for cell in cells)
    month_first = any(read_date(cell, "mdy") and not read_date(cell, "dmy") for cell in cells)
    return "mdy" if month_first and not day_first else "dmy"


def _decimal_mark(columns: Sequence[_Column]) -> str:
    cells = [cell for column in columns if column.field in {"amount", "debit", "credit", "balance"} for cell in column.cells]
    commas = sum(1 for cell in cells if _has_decimals(cell) and cell[-3] == ",")
    points = sum(1 for cell in cells if _has_decimals(cell) and cell[-3] == ".")
    return "," if commas > points else "."
