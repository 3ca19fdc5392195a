"""Statements in, figures and books out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from chassis.books import to_books
from chassis.database import Database
from chassis.doors import caller, unit
from chassis.wire import parse_id
from kernel.calendar import local_date
from kernel.errors import NotFound, Refused
from proto.payments.v1 import api_pb2 as pb
from proto.payments.v1.api_pb2_grpc import PaymentsServicer
from services.payments import commands, store
from services.payments.domain.formats import BankCsv, read

BANK_PROFILES = Path(__file__).parents[1] / "policies" / "bank_csv"


def load_profiles() -> Sequence[BankCsv]:
    """The layouts of bank CSV that are known."""
    found = [(path.stem, yaml.safe_load(path.read_text(encoding="utf-8"))) for path in sorted(BANK_PROFILES.glob("*.yaml"))]
    return [BankCsv.from_mapping(name, data) for name, data in found]


class FilesDoor(PaymentsServicer):
    """Door 1: translate in, begin, command, translate out."""

    _database: Database
    _profiles: Sequence[BankCsv]

    async def ImportStatement(self, request: pb.ImportStatementRequest, context: Any) -> pb.ImportStatementResponse:
        """A file that is refused is kept in quarantine, whole, with the reason."""
        try:
            async with self._database.begin(caller(), unit()) as tx:
                today = local_date(tx.now, tx.unit.time_zone)
                file = read(request.content, request.file_name, received_on=today, profiles=self._profiles)
                file_id = await commands.keep_file(tx, request.file_name, request.content)
                stored = await commands.import_statement(tx, file, file_id)
        except Refused as refused:
            async with self._database.begin(caller(), unit()) as tx:
                await commands.keep_file(tx, request.file_name, request.content, f"{refused.code}: {refused.message}")
            refused.details = {**refused.details, "file": request.file_name, "quarantined": "yes"}
            raise
        return pb.ImportStatementResponse(
            import_id=str(stored.import_id),
            format=file.format,
            statements=stored.statements,
            lines=stored.lines,
            new_lines=stored.new_lines,
            warnings=file.warnings,
        )

    async def GetImport(self, request: pb.GetImportRequest, context: Any) -> pb.GetImportResponse:
        """How the lines of an import stand."""
        async with self._database.begin(caller(), unit()) as tx:
            row = await store.import_counts(tx, parse_id(request.import_id, "import_id"))
        if row is None:
            raise NotFound("no such import", import_id=request.import_id)
        return pb.GetImportResponse(
            import_id=request.import_id,
            state=row.state,
            lines=row.lines,
            matched=row.matched,
            unapplied=row.unapplied,
            not_receivable=row.not_receivable,
            note=row.note,
        )

    async def GetCashInFlight(self, request: pb.GetCashInFlightRequest, context: Any) -> pb.GetCashInFlightResponse:
        """Money of an account's payer that is here but not on its items."""
        async with self._database.begin(caller(), unit()) as tx:
            row = await store.cash_in_flight(tx, parse_id(request.account_id, "account_id"))
        return pb.GetCashInFlightResponse(
            currency=tx.unit.currency,
            on_account_minor=row.on_account,
            pending_minor=row.pending,
            unidentified_minor=row.unidentified,
            as_of=tx.now.isoformat(),
            version=row.version,
        )

    async def GetFigures(self, request: pb.GetFiguresRequest, context: Any) -> pb.GetFiguresResponse:
        """The unit's figures in its currency, as of now; received = applied + unapplied."""
        async with self._database.begin(caller(), unit()) as tx:
            row = await store.figures(tx)
        return pb.GetFiguresResponse(
            currency=tx.unit.currency,
            lines=row.lines,
            matched_automatically=row.matched,
            matched_minor=row.matched_minor,
            received_minor=row.applied + row.unapplied,
            applied_minor=row.applied,
            unapplied_minor=row.unapplied,
        )

    async def GetBooks(self, request: pb.GetBooksRequest, context: Any) -> pb.GetBooksResponse:
        """Totals for the audit."""
        async with self._database.begin(caller(), unit()) as tx:
            rows = await store.books(tx)
        return pb.GetBooksResponse(books=to_books(tx.unit.id, rows))
