"""Writes Zengin 入出金取引明細 (種別 03): records of 200 bytes in JIS X 0201, CRLF, dates in era years."""

import unicodedata
from datetime import date

from generator.book import Entry
from generator.days import YEAR, month_end

# 99xx banks but ゆうちょ (9900) are not assigned.
BANK, BRANCH, ACCOUNT = "9991", "001", "0004000123"
BANK_NAME, BRANCH_NAME, OWNER = "ﾐﾎﾝ", "ﾎﾝﾃﾝ", "ｶ)ﾅﾆﾜﾃﾞﾝｼｵﾛｼ"
_DEALINGS = {"transfer": "11", "correction": "19", "fee": "18"}
_REIWA = 2018  # Reiwa 1 is 2019

# Half-width katakana by the full-width character that NFKC makes of it.
_HALF = {unicodedata.normalize("NFKC", chr(code)): chr(code) for code in range(0xFF66, 0xFF9E)}
_MARKS = {"\u3099": "ﾞ", "\u309a": "ﾟ"}


def statement(month: int, entries: list[Entry], opening: int) -> tuple[bytes, int]:
    """The file of a month and its closing balance."""
    closing = opening + sum(entry.amount for entry in entries)
    first, last = date(YEAR, month, 1), month_end(month)
    credits = [entry.amount for entry in entries if entry.amount > 0]
    debits = [-entry.amount for entry in entries if entry.amount < 0]
    header = (
        f"1030{_era(last)}{_era(first)}{_era(last)}{BANK}{_text(BANK_NAME, 15)}{BRANCH}{_text(BRANCH_NAME, 15)}000"
        f"1{ACCOUNT}{_text(OWNER, 40)}11{opening:014d}"
    )
    data = [_data(entry, month, position) for position, entry in enumerate(entries, start=1)]
    trailer = (
        f"8{len(credits):06d}{sum(credits):013d}{len(debits):06d}{sum(debits):013d}1{closing:014d}{len(data):07d}"
    )
    end = f"9{len(data) + 3:010d}00001"
    records = [_text(record, 200) for record in (header, *data, trailer, end)]
    return "".join(f"{record}\r\n" for record in records).encode("cp932"), closing


def half_width(text: str) -> str:
    """Katakana as banks write it: half-width, voice marks on their own, large letters only, '-' for the long vowel."""
    folded = unicodedata.normalize("NFD", text).replace("ー", "-").translate(str.maketrans("ァィゥェォャュョッ", "アイウエオヤユヨツ"))
    return "".join(_MARKS.get(character) or _HALF.get(character, character) for character in folded)


def _data(entry: Entry, month: int, position: int) -> str:
    credit = entry.amount > 0
    texts = [half_width(text) for text in entry.texts]
    # A payer's number goes into the EDI field; a second one, or the bank's own words, into the summary.
    edi = texts[0] if texts and entry.kind != "fee" else ""
    summary = texts[0] if entry.kind == "fee" else "ﾃｲｾｲ" if entry.kind == "correction" else "".join(texts[1:2])
    return (
        f"2{month:02d}{position:06d}{_era(entry.on)}{_era(entry.on)}{'1' if credit else '2'}{_DEALINGS[entry.kind]}"
        f"{abs(entry.amount):012d}{0:012d}{0:06d}{0:06d}0{0:07d}000"
        f"{entry.payer_code or '0' * 10}{_text(half_width(entry.name), 48)}{_text('ﾐﾎﾝﾉｿﾄ' if entry.name else '', 15)}"
        f"{_text('ﾎﾝﾃﾝ' if entry.name else '', 15)}{_text(summary, 20)}{_text(edi, 20)} "
    )


def _era(day: date) -> str:
    return f"{day.year - _REIWA:02d}{day:%m%d}"


def _text(text: str, length: int) -> str:
    if len(text) > length:
        raise ValueError(f"{text!r} does not fit into {length} bytes")
    return text.ljust(length)
