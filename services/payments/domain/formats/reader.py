"""Detects a bank file's format from its content and reads it into the normal form."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from kernel import archive
from kernel.errors import Unreadable
from services.payments.domain.formats import bai2, bankcsv, camt, mt940, ofx, zengin
from services.payments.domain.formats.statement import File

# Bank files are a few megabytes; one of this size would hold a hundred thousand lines and twenty times its size in
# memory, which a shared machine does not have to give.
MAX_BYTES = 128 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Reader:
    """One format: how it is recognised from its content, and how it is read."""

    name: str
    recognises: Callable[[bytes], bool]
    read: Callable[[bytes, date | None], File]


# The first that recognises the content reads it. A further format is one line here.
READERS = (
    Reader("camt", camt.recognises, camt.read),
    Reader("ofx", ofx.recognises, ofx.read),
    Reader("bai2", bai2.recognises, bai2.read),
    Reader("zengin", zengin.recognises, zengin.read),
    Reader("mt942", mt940.recognises_942, mt940.read),
    Reader("mt940", mt940.recognises_940, mt940.read),
)


def read(
    content: bytes,
    name: str = "",
    *,
    only: str = "auto",
    received_on: date | None = None,
    profiles: Sequence[bankcsv.BankCsv] = (),
) -> File:
    """The file in normal form. The name is for messages; it never decides the format.

    `only` is the name of one reader, ``csv`` or ``auto``; `received_on` resolves dates without a century (Zengin);
    `profiles` are the layouts of bank CSV that are known.
    Raises Unreadable: UNKNOWN_FORMAT, TRUNCATED, ENCODING, NOT_A_NUMBER, UNSAFE_XML, TOO_LARGE, EMPTY; with `line`
    where there is one, and `file` where the file is a member of an archive.
    """
    if len(content) > MAX_BYTES:
        raise Unreadable("TOO_LARGE", f"the file has more than the {MAX_BYTES} bytes that are read")
    inside = archive.members(content, name, MAX_BYTES)
    if inside is None:
        return _read_one(content, only, received_on, profiles)
    return _together([_read_member(member, data, only, received_on, profiles) for member, data in inside])


def _read_one(content: bytes, only: str, received_on: date | None, profiles: Sequence[bankcsv.BankCsv]) -> File:
    _refuse_nothing_and_wide_text(content)
    for reader in READERS:
        if only in {"auto", reader.name} and reader.recognises(content):
            return reader.read(content, received_on)
    if only in {"auto", "csv"} and bankcsv.looks_like_csv(content):
        return bankcsv.read(content, received_on, profiles)
    known = ", ".join(reader.name for reader in READERS) if only == "auto" else only
    raise Unreadable("UNKNOWN_FORMAT", f"the content is not {known}", line=1)


def _refuse_nothing_and_wide_text(content: bytes) -> None:
    if not content.strip(b"\xef\xbb\xbf\x00\x1a \t\r\n"):
        raise Unreadable("EMPTY", "the file holds nothing")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) and not camt.recognises(content):
        raise Unreadable("ENCODING", "UTF-16 text is not read; banks send single-byte or UTF-8 files", line=1)


def _read_member(member: str, data: bytes, only: str, received_on: date | None, profiles: Sequence[bankcsv.BankCsv]) -> File:
    try:
        archive.refuse_nested(data)
        return _read_one(data, only, received_on, profiles)
    except Unreadable as error:
        raise Unreadable(error.code, f"{member}: {error.message}", **{**error.details, "file": member}) from None


def _together(files: list[File]) -> File:
    """The members of an archive as one file; its kind is a statement's if it holds one."""
    first = next((file for file in files if file.kind == "statement"), files[0])
    return replace(
        first,
        format="+".join(dict.fromkeys(file.format for file in files)),
        warnings=tuple(warning for file in files for warning in file.warnings),
        statements=tuple(statement for file in files for statement in file.statements),
        failed_checks=tuple(check for file in files for check in file.failed_checks),
    )
