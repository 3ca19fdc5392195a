"""Proposes a profile for a CSV that none describes, from its header and its first rows."""

from itertools import islice

from kernel.errors import Unreadable
from services.payments.domain.formats.bankcsv.cells import DELIMITERS, HEADER_ROWS, read_amount, read_date, rows
from services.payments.domain.formats.bankcsv.profile import plain, split_currency

# Words of headers in the languages of the banks seen; the first field whose word a header holds is proposed.
_WORDS: dict[str, str] = {
    "value_on": "valuta valutadatum wert wertstellung value valeur valuedate 起算日",
    "booked_on": "datum date data buchung buchungstag buchungsdatum booking posted fecha 日付 取引日 年月日",
    "balance": "saldo solde balance kontostand 残高",
    "debit": "soll belastung debit débit addebito withdrawal ausgang 出金 お支払金額 支払",
    "credit": "haben gutschrift credit crédit accredito deposit eingang 入金 お預り金額 預入",
    "amount": "betrag amount montant importo umsatz 金額",
    "currency": "währung currency devise monnaie moneta ccy whg 通貨",
    "counterparty_account": "iban account konto kontonummer compte conto 口座番号",
    "name": "name empfänger auftraggeber begünstigter beneficiary payee payer partner 氏名 振込人",
    "reference": "reference referenz référence riferimento referenznummer 照会番号",
    "text": "text verwendungszweck buchungstext description beschreibung libellé memo details narrative mitteilung message testo 摘要",
}
_MAX_COLUMNS = 60
_SAMPLE_ROWS = 20
_MAX_HEADER = 60


def proposal(text: str) -> str:
    """The YAML of a profile to complete and put beside the others; what could not be told is `ignored`."""
    head, sample = _header(text)
    fields: dict[str, list[str]] = {}
    for column, cell in enumerate(head[:_MAX_COLUMNS]):
        if cell.strip():
            fields.setdefault(_field(cell, column, sample, fields), []).append(split_currency(cell)[0].strip()[:_MAX_HEADER])
    lines = [f"date_order: {_date_order(sample)}", f'decimal_mark: "{_decimal_mark(sample)}"', "columns:"]
    lines += [f"  {name}: [{', '.join(_quoted(header) for header in headers)}]" for name, headers in fields.items()]
    return "\n".join(lines) + "\n"


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
    if read_date(cell, "dmy") or read_date(cell, "mdy"):
        return True
    try:
        read_amount(cell, ".", 0)
    except Unreadable:
        return False
    return True


def _field(cell: str, column: int, sample: list[list[str]], taken: dict[str, list[str]]) -> str:
    words = plain(split_currency(cell)[0])
    tokens = set(words.replace("/", " ").replace("-", " ").split())
    for name, known in _WORDS.items():
        hit = any(word in tokens or (not word.isascii() and word in words) for word in known.split())
        if hit and (name in {"text", "name", "reference"} or name not in taken) and _fits(name, column, sample):
            return name
    return "ignored"


def _fits(name: str, column: int, sample: list[list[str]]) -> bool:
    """A date column holds dates, an amount column amounts."""
    values = [row[column] for row in sample if column < len(row) and row[column].strip()]
    if name in {"booked_on", "value_on"}:
        return bool(values) and any(read_date(value, "dmy") or read_date(value, "mdy") for value in values)
    if name in {"amount", "debit", "credit", "balance"}:
        return any(_is_value(value) for value in values) if values else name != "amount"
    return True


def _date_order(sample: list[list[str]]) -> str:
    cells = [cell for row in sample for cell in row if "/" in cell]
    day_first = any(read_date(cell, "dmy") and not read_date(cell, "mdy") for cell in cells)
    month_first = any(read_date(cell, "mdy") and not read_date(cell, "dmy") for cell in cells)
    return "mdy" if month_first and not day_first else "dmy"


def _decimal_mark(sample: list[list[str]]) -> str:
    cells = [cell.strip() for row in sample for cell in row]
    commas = sum(1 for cell in cells if cell[-3:-2] == "," and cell[-2:].isdecimal())
    points = sum(1 for cell in cells if cell[-3:-2] == "." and cell[-2:].isdecimal() and not read_date(cell, "dmy"))
    return "," if commas > points else "."
