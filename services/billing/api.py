"""What billing can be asked."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from chassis.books import to_books
from chassis.doors import caller, unit
from chassis.runtime import Runtime
from chassis.wire import MAX_PAGE, parse_id
from kernel.calendar import local_date
from kernel.errors import NotFound, Refused
from proto.billing.v1 import api_pb2 as pb
from proto.billing.v1.api_pb2_grpc import BillingServicer
from proto.common.v1.common_pb2 import Book, Money
from services.billing import commands, store
from services.billing.domain.formats import Profile, read
from services.billing.domain.items import BUCKETS, bucket

ROLES = {
    "ImportInvoices": frozenset({"clerk", "integrator"}),
    "ListItems": frozenset({"clerk", "collector", "auditor"}),
    "GetBalance": frozenset({"clerk", "collector", "auditor"}),
    "SetStopState": frozenset({"clerk", "collector", "legal_clerk"}),
    "GetFigures": frozenset({"clerk", "collector", "auditor"}),
    "GetBooks": frozenset({"auditor"}),
}
PROFILES = Path(__file__).parent / "policies" / "csv"


def load_profiles() -> Sequence[Profile]:
    """The layouts of invoice CSV that are known."""
    return [Profile.from_mapping(path.stem, yaml.safe_load(path.read_text(encoding="utf-8"))) for path in sorted(PROFILES.glob("*.yaml"))]


class Api(BillingServicer):
    """Door 1: translate in, begin, command, translate out."""

    def __init__(self, runtime: Runtime) -> None:
        self._database = runtime.database
        self._profiles = load_profiles()

    async def ImportInvoices(self, request: pb.ImportInvoicesRequest, context: Any) -> pb.ImportInvoicesResponse:
        """A file that is refused is kept in quarantine, whole, with the reason."""
        try:
            file = read(request.content, request.file_name, self._profiles)
            async with self._database.begin(caller(), unit()) as tx:
                file_id = await commands.keep_file(tx, request.file_name, request.content)
                results = await commands.import_invoices(tx, file, file_id)
        except Refused as refused:
            async with self._database.begin(caller(), unit()) as tx:
                await commands.keep_file(tx, request.file_name, request.content, f"{refused.code}: {refused.message}")
            refused.details = {**refused.details, "file": request.file_name, "quarantined": "yes"}
            raise
        return pb.ImportInvoicesResponse(
            file_id=str(file_id),
            format=file.format,
            documents=[
                pb.DocumentResult(number=r.number, status=r.status, invoice_id=str(r.invoice_id), warning=r.warning) for r in results
            ],
        )

    async def ListItems(self, request: pb.ListItemsRequest, context: Any) -> pb.ListItemsResponse:
        """A page of items in the order of their ids."""
        size = min(request.page_size or MAX_PAGE, MAX_PAGE)
        async with self._database.begin(caller(), unit()) as tx:
            items = await store.list_items(tx, parse_id(request.page_token, "page_token") if request.page_token else None, size)
        token = str(items[-1].id) if len(items) == size else ""
        return pb.ListItemsResponse(items=map(commands.item_message, items), next_page_token=token)

    async def GetBalance(self, request: pb.GetBalanceRequest, context: Any) -> pb.GetBalanceResponse:
        """An account's open items, now."""
        async with self._database.begin(caller(), unit()) as tx:
            account_id = parse_id(request.account_id, "account_id")
            if await tx.first("SELECT 1 FROM accounts WHERE id = :id", id=account_id) is None:
                raise NotFound("no such account", account_id=request.account_id)
            items = await store.find_open_items(tx, account_id)
        return pb.GetBalanceResponse(
            account_id=request.account_id,
            items=map(commands.item_message, items),
            as_of=tx.now.isoformat(),
            currency=items[0].currency if items else tx.unit.currency,
            open_minor=sum(item.open_minor for item in items),
            overdue_minor=sum(item.open_minor for item in items if item.overdue),
        )

    async def SetStopState(self, request: pb.SetStopStateRequest, context: Any) -> pb.SetStopStateResponse:
        """Any unit may set one."""
        async with self._database.begin(caller(), unit()) as tx:
            party_id, states = await commands.set_stop_state(tx, request.account_number, request.state)
        return pb.SetStopStateResponse(party_id=str(party_id), stop_states=states)

    async def GetFigures(self, request: pb.GetFiguresRequest, context: Any) -> pb.GetFiguresResponse:
        """The unit's figures in its currency, as of now."""
        async with self._database.begin(caller(), unit()) as tx:
            row, open_by_due = await store.figures(tx), await store.open_by_due(tx)
        today, overdue = local_date(tx.now, tx.unit.time_zone), {name: 0 for name, _ in BUCKETS}
        for due in open_by_due:
            if name := bucket(due.due_on, today):
                overdue[name] += due.minor
        return pb.GetFiguresResponse(
            currency=tx.unit.currency,
            invoices=row.invoices,
            accounts=row.accounts,
            invoiced_minor=row.invoiced,
            credited_minor=row.credited,
            applied_minor=row.applied,
            granted_minor=row.granted,
            open_minor=row.open,
            overdue_minor=overdue,
        )

    async def GetBooks(self, request: pb.GetBooksRequest, context: Any) -> pb.GetBooksResponse:
        """Totals for the audit; a ledger that disagrees with its items shows as a book of its own."""
        async with self._database.begin(caller(), unit()) as tx:
            rows = await store.books(tx)
            wrong = await store.ledger_differences(tx)
        made = to_books(tx.unit.id, rows)
        for row in wrong:
            total = Money(minor=row.ledger - row.state, currency=row.currency)
            made.append(Book(business_unit=tx.unit.id, book=f"ledger:{row.name}", total=total))
        return pb.GetBooksResponse(books=made)
