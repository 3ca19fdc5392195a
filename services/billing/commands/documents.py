"""Documents of an ERP: kept, checked, posted, announced."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from chassis.database import Transaction, new_id
from chassis.wire import iso
from kernel.errors import Conflict, Unreadable
from proto.billing.v1 import events_pb2 as events
from services.billing import store
from services.billing.commands.announcements import announce_item, announce_paid
from services.billing.commands.due import DAILY, DUE_WATCH
from services.billing.commands.parties import open_account
from services.billing.domain.discounts import cash_discount
from services.billing.domain.formats import Document, InvoiceFile, content_hash, inconsistencies
from services.billing.domain.items import Item, offset
from services.billing.domain.ledger import invoice_transfers


@dataclass(frozen=True)
class Accepted:
    """What became of one document: `accepted`, or `unchanged` when it was known."""

    number: str
    status: str
    invoice_id: UUID
    warning: str = ""


def sha256(content: bytes) -> str:
    """A file's fingerprint."""
    return hashlib.sha256(content).hexdigest()


async def keep_file(tx: Transaction, name: str, content: bytes, reason: str = "") -> UUID:
    """Keep a file as it came, sealed; with a reason it is in quarantine. The same content is kept once."""
    row = await tx.first(
        "INSERT INTO files AS f (id, business_unit, name, sha256, sealed, state, reason, received_at) "
        "VALUES (:id, :unit, :name, :sha256, :sealed, :state, :reason, :at) ON CONFLICT (business_unit, sha256) "
        "DO UPDATE SET state = excluded.state, reason = excluded.reason RETURNING id",
        id=new_id(),
        unit=tx.unit.id,
        name=name,
        sha256=sha256(content),
        sealed=tx.vault.seal(tx.unit.id, content, "files.content"),
        state="quarantined" if reason else "imported",
        reason=reason,
        at=tx.now,
    )
    assert row is not None
    return row.id  # type: ignore[no-any-return]


async def import_invoices(tx: Transaction, file: InvoiceFile, file_id: UUID) -> list[Accepted]:
    """Store the documents of a file, post them, announce them.

    Refuses: INVALID (amounts that do not add up), DOCUMENT_CHANGED (a known number with other content).
    """
    known = {
        row.number: (row.content_hash, row.id)
        for row in await tx.all(
            "SELECT number, id, content_hash FROM invoices WHERE number = ANY(:numbers)", numbers=[d.number for d in file.documents]
        )
    }
    results = []
    for document in file.documents:
        hashed = content_hash(document)
        if before := known.get(document.number):
            if before[0] != hashed:
                raise DocumentChanged(f"document {document.number} came before with other content", place=document.number)
            results.append(Accepted(document.number, "unchanged", before[1]))
            continue
        if problems := inconsistencies(document):
            raise Unreadable("INVALID", f"document {document.number}: {'; '.join(problems)}", place=document.number)
        invoice_id = await _issue_invoice(tx, document, file_id, hashed)
        known[document.number] = hashed, invoice_id
        results.append(Accepted(document.number, "accepted", invoice_id, "; ".join(document.warnings)))
    await tx.nudge(DUE_WATCH, DAILY)
    return results


class DocumentChanged(Conflict):
    """A known document number with other content: a corrected invoice has a number of its own."""

    code = "DOCUMENT_CHANGED"


async def _issue_invoice(tx: Transaction, document: Document, file_id: UUID, hashed: str) -> UUID:
    account_id, party_id = await open_account(tx, document.buyer)
    invoice_id, sign = new_id(), -1 if document.is_credit else 1
    due_on = document.due_on or document.issued_on
    payable = sign * document.payable.minor
    await tx.execute(
        "INSERT INTO invoices VALUES (:id, :unit, :number, :type, :account, :file, :issued_on, :due_on, :currency, :payable, :hash)",
        {
            "id": invoice_id,
            "unit": tx.unit.id,
            "number": document.number,
            "type": document.type_code,
            "account": account_id,
            "file": file_id,
            "issued_on": document.issued_on,
            "due_on": due_on,
            "currency": document.currency,
            "payable": payable,
            "hash": hashed,
        },
    )
    item = _item_of(document, account_id, party_id, invoice_id, payable)
    await store.add_items(tx, [item])
    # What is not tax is revenue: prepayments and roundings lower it, so that the journal equals the item.
    tax = sign * document.tax.minor
    await store.add_transfers(tx, invoice_transfers(item, payable - tax, tax), document.issued_on)
    _announce_issued(tx, document, item)
    if document.is_credit:
        item = await _offset(tx, item, document.preceding)
    announce_item(tx, item)
    return invoice_id


def _item_of(document: Document, account_id: UUID, party_id: UUID, invoice_id: UUID, payable: int) -> Item:
    discount = cash_discount(document)
    return Item(
        id=new_id(),
        account_id=account_id,
        party_id=party_id,
        invoice_id=invoice_id,
        invoice_number=document.number,
        structured_reference=next(iter(document.payment_references), ""),
        currency=document.currency,
        amount_minor=payable,
        open_minor=payable,
        issued_on=document.issued_on,
        due_on=document.due_on or document.issued_on,
        overdue=False,
        version=1,
        discount_percent=discount.percent if discount else "",
        discount_until=discount.until if discount else None,
    )


def _announce_issued(tx: Transaction, document: Document, item: Item) -> None:
    tx.publish(
        events.InvoiceIssued(
            invoice_id=str(item.invoice_id),
            account_id=str(item.account_id),
            number=document.number,
            type_code=document.type_code,
            currency=document.currency,
            payable_minor=item.amount_minor,
            issued_on=iso(document.issued_on),
            due_on=iso(item.due_on),
        ),
        key=str(item.account_id),
    )


async def _offset(tx: Transaction, credit: Item, preceding: Sequence[str]) -> Item:
    """Set a credit note off against the invoices it names; what is left stays an open credit item."""
    before = credit
    for debit in await store.find_items_of(tx, preceding):
        credit, lowered = offset(credit, debit)
        if lowered is not debit:
            await store.save_items(tx, [lowered])
            announce_item(tx, lowered)
            announce_paid(tx, lowered)
    if credit is not before:
        await store.save_items(tx, [credit])
    return credit
