"""Line identity: what makes two lines of two files the same payment, so that a file read twice books once."""

import hashlib
from collections import Counter
from collections.abc import Iterable

from services.payments.domain.formats.statement import Entry, Statement, Transaction, payments, shortest

# A change of what goes into the hash is a new version: identities of different versions never meet by chance.
VERSION = "1"


def identities(statement: Statement, earlier_pages: Iterable[Statement] = ()) -> list[str]:
    """One identity for each of `payments(statement)`, in the same order: 64 hexadecimal digits.

    Level 1 where the bank gave a reference of its own: account, references, end-to-end id, dates, amount, direction.
    Banks use references again, hence the rest. Level 2 elsewhere: what the line says. Both end in the ordinal among
    equal rows of the account's booking day: two true equal payments of a day stay two, and a file that is sent
    again, or overlaps another, or carries another statement id, gives the identities that are already known.

    `earlier_pages` are the pages of the same statement that came before: their rows are counted, so that an equal
    row on a later page is a further payment. Never pass a copy of the statement.
    """
    seen: Counter[str] = Counter()
    for page in earlier_pages:
        seen.update(_key(page, entry, part) for entry, part in payments(page))
    result = []
    for entry, part in payments(statement):
        key = _key(statement, entry, part)
        result.append(_hash(key, str(seen[key])))
        seen[key] += 1
    return result


def _key(statement: Statement, entry: Entry, part: Transaction) -> str:
    common: list[str | None] = [
        statement.bank,
        statement.account,
        str(entry.booked_on),
        str(entry.value_on),
        # Another statement's EUR 5.0 and EUR 5.00 are one amount.
        f"{shortest(part.amount):f}",
        part.currency,
        entry.direction,
        "reversal" if entry.reversal else "",
        part.end_to_end_id,
    ]
    if entry.bank_reference or part.bank_reference:
        return _hash("bank", *common, entry.bank_reference, part.bank_reference)
    party = part.counterparty
    return _hash("content", *common, party.name, party.account, party.code, *part.references, "", part.text)


def _hash(*parts: str | None) -> str:
    # Lengths keep ("ab", "c") and ("a", "bc") apart.
    text = "".join("-;" if part is None else f"{len(part)}:{part};" for part in (VERSION, *parts))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
