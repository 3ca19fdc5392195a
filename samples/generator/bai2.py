"""Writes BAI2: one group per day with movements, one account in it, texts in 88 records."""

from datetime import date
from itertools import groupby

from generator.book import Entry
from generator.days import YEAR, month_end, on_or_before

# Routing numbers that begin with 99 belong to no Federal Reserve district.
BANK, CUSTOMER, ACCOUNT = "999000013", "HUDSON01", "4000456789"
_CODES = {  # kind: BAI2 type code, words
    "ach": ("142", "ACH CREDIT RECEIVED"),
    "ach_debit": ("165", "PREAUTHORIZED ACH CREDIT"),
    "wire": ("195", "INCOMING MONEY TRANSFER"),
    "lockbox": ("115", "LOCKBOX DEPOSIT"),
    "return": ("557", "INDIVIDUAL ACH RETURN ITEM"),
    "fee": ("698", "MISCELLANEOUS FEES"),
}


def statement(month: int, entries: list[Entry], opening: int) -> tuple[bytes, int]:
    """The file of a month and its closing balance; the days in it form a chain of their own."""
    last = on_or_before("hudson", month_end(month))
    made = f"{last:%y%m%d}"
    lines = [f"01,{BANK},{CUSTOMER},{made},2330,{YEAR % 100}{month:02d}1,,,2/"]
    days = [(day, list(found)) for day, found in groupby(entries, key=lambda entry: entry.on)]
    if not days or days[-1][0] != last:
        days.append((last, []))
    total, balance = 0, opening
    for day, found in days:
        group, control, balance = _group(day, found, balance, month, entries)
        lines += group
        total += control
    lines.append(f"99,{total},{len(days)},{len(lines) + 1}/")
    return ("\r\n".join(lines) + "\r\n").encode("ascii"), balance


def _group(day: date, entries: list[Entry], opening: int, month: int, all_: list[Entry]) -> tuple[list[str], int, int]:
    credits = [entry.amount for entry in entries if entry.amount > 0]
    debits = [-entry.amount for entry in entries if entry.amount < 0]
    closing = opening + sum(credits) - sum(debits)
    account = [
        f"03,{ACCOUNT},USD,010,{opening},,,015,{closing},,/",
        f"88,100,{sum(credits)},{len(credits)},,400,{sum(debits)},{len(debits)},/",
    ]
    for entry in entries:
        account += _detail(entry, f"{YEAR % 100}{month:02d}{all_.index(entry) + 1:04d}")
    control = opening + closing + 2 * (sum(credits) + sum(debits))
    account.append(f"49,{control},{len(account) + 1}/")
    group = [f"02,{CUSTOMER},{BANK},1,{day:%y%m%d},2300,USD,2/", *account]
    group.append(f"98,{control},1,{len(group) + 1}/")
    return group, control, closing


def _detail(entry: Entry, number: str) -> list[str]:
    code, words = _CODES[entry.kind]
    lines = [f"16,{code},{abs(entry.amount)},Z,{number},{entry.end_to_end or ''},{words}"]
    if entry.reason:
        lines.append(f"88,RETURN REASON {entry.reason}")
    if entry.name:
        lines.append(f"88,ORIG CO NAME:{entry.name.upper()}")
    if entry.texts:
        words = " ".join(entry.texts).upper()
        lines.append(f"88,{words}" if entry.kind == "fee" else f"88,REMITTANCE:{words}")
    return lines
