"""Reads an invoice CSV, one document a row or one line a row: the header decides the profile, the bytes its encoding."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

from kernel.errors import Unreadable
from services.billing.domain.formats.csvrow import document
from services.billing.domain.formats.document import Document, InvoiceFile
from services.billing.domain.formats.profile import Profile

# One import is one transaction per document and one answer; a year of a mid-sized unit fits.
MAX_ROWS = 100_000
# A header beyond this is no header; it bounds the work of trying profiles.
MAX_HEADER_BYTES = 16_384

# Not read, but recognised, so that the refusal can say "encoding" instead of "unknown format".
_ELSEWHERE = ("utf-8-sig", "cp932", "euc_jp", "iso2022_jp", "utf-16", "cp1252")


def read(content: bytes, profiles: Sequence[Profile]) -> InvoiceFile:
    """All documents of the file; one bad row refuses the whole file. Raises Unreadable as `formats.read` says."""
    profile, encoding = _fitting(content, profiles)
    text = _decode(content, encoding)
    rows = _rows(text, profile.delimiter)
    _, header = next(rows)
    documents = tuple(_documents(rows, header, profile))
    if not documents:
        raise Unreadable("EMPTY", "the file has a header and no rows", line=1)
    unread = [column for column in header if column and column not in profile.columns]
    warnings = (f"columns not read: {', '.join(unread)}"[:300],) if unread else ()
    return InvoiceFile(f"csv/{profile.name}", documents, warnings)


def _documents(rows: Iterator[tuple[int, list[str]]], header: list[str], profile: Profile) -> Iterator[Document]:
    """In the order of their first rows. A number that comes again is a further line, or a refusal."""
    lines: dict[str, list[tuple[int, Mapping[str, str]]]] = {}
    fields = [profile.columns.get(column, "") for column in header]
    for count, (line, cells) in enumerate(rows, start=1):
        if count > MAX_ROWS:
            raise Unreadable("TOO_LARGE", f"more than {MAX_ROWS} rows", line=line)
        row = dict(zip(fields, cells, strict=True))
        number = row["number"]
        earlier = lines.setdefault(number, [])
        if earlier and number and not profile.is_by_line:
            message = f"number {number[:40]} stands in line {earlier[0][0]} already"
            raise Unreadable("INVALID", message, line=line)
        earlier.append((line, row))
    for found in lines.values():
        yield document(found, profile)


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of the header and of each row, each row as long as the header; blank lines are passed over."""
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    width, line = 0, 1
    last = text.rstrip().count("\n") + 1
    try:
        for cells in lines:
            if any(cell.strip() for cell in cells):
                width = width or len(cells)
                if len(cells) != width:
                    code = "TRUNCATED" if len(cells) < width and lines.line_num >= last else "INVALID"
                    raise Unreadable(code, f"the row has {len(cells)} cells, the header {width}", line=line)
                yield line, [cell.strip() for cell in cells]
            line = lines.line_num + 1
    except csv.Error as error:
        code = "TRUNCATED" if "end of data" in str(error) else "INVALID"
        raise Unreadable(code, f"not a CSV: {error}", line=line) from None


def _fitting(content: bytes, profiles: Sequence[Profile]) -> tuple[Profile, str]:
    """The profile with the most columns in the header, and the first of its encodings that reads the whole file."""
    fitting = sorted(
        ((profile, encoding) for profile in profiles for encoding in profile.encodings
         if _fits(content, profile, encoding)),
        key=lambda found: -len(found[0].columns),
    )  # fmt: skip
    for profile, encoding in fitting:
        if _decodes(content, encoding):
            return profile, encoding
    if fitting:
        _decode(content, fitting[0][1])
    raise _unknown(content, profiles)


def _fits(content: bytes, profile: Profile, encoding: str) -> bool:
    return not profile.missing(_header(content, profile, encoding))


def _header(content: bytes, profile: Profile, encoding: str) -> list[str]:
    try:
        text = content[:MAX_HEADER_BYTES].decode(encoding)
    except UnicodeDecodeError as error:
        # The cut, or a bad byte further down: what stands before it may still be a whole header.
        text = content[: error.start].decode(encoding, errors="ignore")
    first = text.lstrip().partition("\n")[0]
    try:
        return [cell.strip() for cell in next(csv.reader([first], delimiter=profile.delimiter), [])]
    except csv.Error:
        return []


def _decodes(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _decode(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding).rstrip("\x1a")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        message = f"byte {content[error.start]:#04x} is not {encoding}"
        raise Unreadable("ENCODING", message, line=line, place=f"byte {error.start + 1}") from None


def _unknown(content: bytes, profiles: Sequence[Profile]) -> Unreadable:
    for encoding in _ELSEWHERE:
        for profile in profiles:
            if encoding not in profile.encodings and _fits(content, profile, encoding):
                wanted = " or ".join(profile.encodings)
                message = f"the header is of profile {profile.name}, but in {encoding}; it is read in {wanted}"
                return Unreadable("ENCODING", message, line=1)
    tried = [(profile, encoding) for profile in profiles for encoding in profile.encodings]
    missing = [profile.missing(_header(content, profile, encoding)) for profile, encoding in tried]
    nearest = min(missing, key=len, default=())
    hint = f"; the nearest profile misses {', '.join(nearest)}"[:300] if nearest else ""
    return Unreadable("UNKNOWN_FORMAT", f"neither UBL nor a CSV with a known header{hint}", line=1)
