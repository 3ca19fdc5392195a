"""`saiken statement` and `saiken invoice`: what a bank's or an ERP's file says, without server or database."""

import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, overload

import typer

from cli.output import Json, say, show
from kernel.errors import Unreadable

if TYPE_CHECKING:
    from services.billing.domain.formats import InvoiceFile, Profile
    from services.payments.domain.formats import BankCsv, File

SERVICES = Path(__file__).resolve().parents[1] / "services"
BANK_PROFILES = SERVICES / "payments" / "policies" / "bank_csv"
INVOICE_PROFILES = SERVICES / "billing" / "policies" / "csv"
FileArgument = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="The file; its name does not matter.")]
Format = Literal["auto", "camt", "mt940", "mt942", "bai2", "ofx", "zengin", "csv"]
# A larger camt file is answered entry by entry instead of being held in memory.
STREAMED_BYTES = 4 * 1024 * 1024
_HEAD_BYTES = 65_536
_PIECE_BYTES = 1024 * 1024
# What a terminal shows of a long statement; --json gives everything.
SHOWN_ENTRIES = 50
SHOWN_TEXT = 60


def statement(
    file: FileArgument,
    kind: Annotated[Format, typer.Option("--format", help="Read as this format only.")] = "auto",
    profile: Annotated[str | None, typer.Option(help="The layout of a bank CSV, by name (services/payments/policies/bank_csv).")] = None,
    as_json: Json = False,
) -> None:
    """Read a bank statement of any known format and check its balances.

    Example: saiken statement samples/rheintel/statements/2026-06.xml --json
    """
    from services.payments.domain.formats import MAX_BYTES, read
    from services.payments.domain.formats.tojson import json_pieces

    if as_json and file.stat().st_size > STREAMED_BYTES and kind in {"auto", "camt"} and _is_xml(file):
        _write_streamed(file)
        return
    found = read(_content(file, MAX_BYTES), only="csv" if profile else kind, profiles=BankProfiles(profile))
    if as_json:
        _write(json_pieces(found))
    else:
        _print_statements(found)


def invoice(file: FileArgument, as_json: Json = False) -> None:
    """Read an invoice (UBL, CII, Factur-X, EDIFACT, SAP list, CSV) and check its totals.

    Example: saiken invoice samples/rheintel/invoices/2026-06/RT-2026-00001.xml --json
    """
    from services.billing.domain.formats import MAX_BYTES, read, to_json

    found = read(_content(file, MAX_BYTES), profiles=invoice_profiles())
    if not as_json:
        _print_invoices(found)
        return
    documents = [to_json(document) for document in found.documents]
    # A list of open items or a CSV holds many documents; a file of one document is that document.
    if len(documents) == 1:
        show({**documents[0], "warnings": [*found.warnings, *documents[0]["warnings"]]})
    else:
        show({"format": found.format, "documents": documents, "warnings": list(found.warnings)})


def _is_xml(file: Path) -> bool:
    from services.payments.domain.formats.camt import recognises

    with file.open("rb") as source:
        return recognises(source.read(_HEAD_BYTES))


def _write_streamed(file: Path) -> None:
    """Entries wait on disk until the whole file is known to be right: memory stays that of one entry."""
    from services.payments.domain.formats.streamed import pieces

    with tempfile.TemporaryFile() as waiting, file.open("rb") as source:

        def kept(start: int, end: int) -> Iterator[bytes]:
            waiting.seek(start)
            while start < end:
                piece = waiting.read(min(_PIECE_BYTES, end - start))
                start += len(piece)
                yield piece

        for piece in pieces(source, waiting.write, kept):
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()


def _content(file: Path, limit: int) -> bytes:
    """The whole file; of a larger one than is read, as much as tells the reader so."""
    try:
        with file.open("rb") as source:
            return source.read(limit + 1)
    except OSError as error:
        raise Unreadable("UNREADABLE", f"the file cannot be opened: {error.strerror}") from None


class BankProfiles(Sequence["BankCsv"]):
    """The layouts of bank CSV, read when a CSV asks for them: other files start without them."""

    def __init__(self, only: str | None = None) -> None:
        names = {path.stem for path in BANK_PROFILES.glob("*.yaml")} if only else set()
        if only and only not in names:
            raise typer.BadParameter(f"no profile {only!r}; there are {', '.join(sorted(names))}", param_hint="--profile")
        self._only = only

    @cached_property
    def _read(self) -> "tuple[BankCsv, ...]":
        from services.payments.domain.formats import BankCsv

        found = _policies(BANK_PROFILES)
        return tuple(BankCsv.from_mapping(name, data) for name, data in found if self._only in {None, name})

    @overload
    def __getitem__(self, place: int) -> "BankCsv": ...

    @overload
    def __getitem__(self, place: slice) -> "Sequence[BankCsv]": ...

    def __getitem__(self, place: int | slice) -> "BankCsv | Sequence[BankCsv]":
        return self._read[place]

    def __len__(self) -> int:
        return len(self._read)


@cache
def invoice_profiles() -> "tuple[Profile, ...]":
    from services.billing.domain.formats import Profile

    return tuple(Profile.from_mapping(name, data) for name, data in _policies(INVOICE_PROFILES))


def _policies(folder: Path) -> Iterator[tuple[str, Any]]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for path in sorted(folder.glob("*.yaml")):
        yield path.stem, yaml.load(path.read_text(encoding="utf-8"), loader)  # noqa: S506 - a safe loader, in C where there is one


def _write(pieces: Iterable[str]) -> None:
    """JSON is UTF-8 whatever the terminal is set to."""
    sys.stdout.flush()
    for piece in pieces:
        sys.stdout.buffer.write(piece.encode("utf-8", "backslashreplace"))
    sys.stdout.buffer.flush()


def _print_statements(file: "File") -> None:
    print(f"{file.kind.replace('_', ' ')}, {file.format}")
    for found in file.statements:
        opening, closing = found.opening_balance, found.closing_balance
        print(f"\n{found.account or 'no account'} {found.currency or ''}  {found.id or ''} {found.number or ''}".rstrip())
        print(f"  opening {opening}, closing {closing}, balance check {found.balance_check}, {len(found.entries)} entries")
        for entry in found.entries[:SHOWN_ENTRIES]:
            sign = "+" if entry.direction == "credit" else "-"
            part = entry.transactions[0]
            about = " ".join(filter(None, [part.counterparty.name, part.text]))[:SHOWN_TEXT]
            print(f"  {entry.booked_on}  {sign}{entry.amount:>14} {entry.currency or '   '}  {entry.status:<11}  {about}")
        if len(found.entries) > SHOWN_ENTRIES:
            print(f"  … {len(found.entries) - SHOWN_ENTRIES} more; --json prints all")
    for warning in file.warnings:
        say(f"warning: {warning}")


def _print_invoices(file: "InvoiceFile") -> None:
    print(file.format)
    for document in file.documents:
        print(
            f"  {document.number:<20} {document.type_code:<4} {document.issued_on} due {document.due_on or '-'!s:<10} "
            f"{document.gross!s:>14} payable {document.payable!s:>14} {document.currency}  {document.buyer.name[:SHOWN_TEXT]}"
        )
    for warning in (*file.warnings, *(text for document in file.documents for text in document.warnings)):
        say(f"warning: {warning}")
