"""What billing can be told to do; one transaction each, none commits."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from chassis.database import Transaction, new_id
from chassis.plumbing import Process
from chassis.wire import iso
from kernel.calendar import local_date, local_instant
from kernel.errors import Conflict, NotFound, Unreadable
from proto.billing.v1 import events_pb2 as events
from services.billing import store
from services.billing.domain.formats import Buyer, Document, InvoiceFile, content_hash, inconsistencies
from services.billing.domain.items import Item, offset
from services.billing.domain.ledger import Books, Line, invoice_transfers

DUE_WATCH = Process("DueWatch", "due-watch")
DAILY = "daily"
# Due items are marked before the offices open, so that the day's steps know them.
MARKED_AT = time(6, 0)
# A party that pays at once when no date is printed: the invoice's own date counts as due.
SEALED_ACCOUNT = "event.account"


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
    account_id, party_id = await _open_account(tx, document.buyer)
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
    item = Item(
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
        due_on=due_on,
        overdue=False,
        version=1,
    )
    await store.add_items(tx, [item])
    # What is not tax is revenue: prepayments and roundings lower it, so that the journal equals the item.
    tax = sign * document.tax.minor
    await store.add_transfers(tx, invoice_transfers(item, payable - tax, tax), document.issued_on)
    tx.publish(
        events.InvoiceIssued(
            invoice_id=str(invoice_id),
            account_id=str(account_id),
            number=document.number,
            type_code=document.type_code,
            currency=document.currency,
            payable_minor=payable,
            issued_on=iso(document.issued_on),
            due_on=iso(due_on),
        ),
        key=str(account_id),
    )
    if document.is_credit:
        item = await _offset(tx, item, document.preceding)
    announce_item(tx, item)
    return invoice_id


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


async def _open_account(tx: Transaction, buyer: Buyer) -> tuple[UUID, UUID]:
    """The buyer's account at this unit, opened or brought up to date; its party is one for the whole group."""
    contact = {"name": buyer.name, "name_kana": buyer.name_kana or "", "email": buyer.email or "", "address": list(buyer.address)}
    defaults = tx.units.country_defaults.get(buyer.country, {})
    facts = {
        "debtor_type": buyer.debtor_type,
        "language": buyer.language or defaults.get("language", tx.unit.language),
        "country": buyer.country or tx.unit.country,
        "time_zone": buyer.time_zone or defaults.get("time_zone", tx.unit.time_zone),
        "iban_index": tx.vault.blind(tx.unit.id, buyer.iban) if buyer.iban else "",
        "payer_code": buyer.payer_code or "",
    }
    fingerprint = tx.vault.blind(tx.unit.id, json.dumps([contact, facts], sort_keys=True))
    row = await tx.first("SELECT id, party_id, fingerprint, version FROM accounts WHERE number = :number", number=buyer.account_number)
    if row is not None and row.fingerprint == fingerprint:
        return row.id, row.party_id
    party_id = row.party_id if row else await _know_party(tx, buyer)
    account_id, version = (row.id, row.version + 1) if row else (new_id(), 1)
    sealed = tx.vault.seal(tx.unit.id, json.dumps(contact).encode(), SEALED_ACCOUNT)
    await tx.execute(
        "INSERT INTO accounts (id, business_unit, number, party_id, debtor_type, language, country, time_zone, sealed, iban_index, payer_code, "
        "fingerprint, version) VALUES (:id, :unit, :number, :party, :debtor_type, :language, :country, :time_zone, :sealed, :iban_index, "
        ":payer_code, :fingerprint, :version) ON CONFLICT (id) DO UPDATE SET debtor_type = excluded.debtor_type, language = excluded.language, "
        "country = excluded.country, time_zone = excluded.time_zone, sealed = excluded.sealed, iban_index = excluded.iban_index, "
        "payer_code = excluded.payer_code, fingerprint = excluded.fingerprint, version = excluded.version",
        {"id": account_id, "unit": tx.unit.id, "number": buyer.account_number, "party": party_id, "sealed": sealed}
        | {"fingerprint": fingerprint, "version": version}
        | facts,
    )
    tx.publish(
        events.AccountChanged(
            account_id=str(account_id), version=version, party_id=str(party_id), number=buyer.account_number, sealed=sealed, **facts
        ),
        key=str(account_id),
    )
    return account_id, party_id


async def _know_party(tx: Transaction, buyer: Buyer) -> UUID:
    """One party per registration over all units; without one, a party of its own."""
    party_id = uuid5(NAMESPACE_URL, f"registration:{buyer.registration}") if buyer.registration else new_id()
    added = await tx.execute(
        "INSERT INTO parties (id, registration, debtor_type, stop_states, version) VALUES (:id, :registration, :type, '{}', 1) "
        "ON CONFLICT DO NOTHING",
        {"id": party_id, "registration": buyer.registration, "type": buyer.debtor_type},
    )
    await tx.execute("INSERT INTO party_units VALUES (:unit, :party) ON CONFLICT DO NOTHING", {"unit": tx.unit.id, "party": party_id})
    if added.rowcount:
        announce_party(tx, party_id, 1, buyer.debtor_type, [])
    return party_id


async def set_stop_state(tx: Transaction, account_number: str, state: str) -> tuple[UUID, list[str]]:
    """Note a group fact (insolvency, …) about an account's party. Refuses: NOT_FOUND."""
    row = await tx.first(
        "UPDATE parties SET stop_states = array_append(array_remove(stop_states, :state), :state), version = version + 1 "
        "WHERE id = (SELECT party_id FROM accounts WHERE number = :number) RETURNING id, version, debtor_type, stop_states",
        state=state,
        number=account_number,
    )
    if row is None:
        raise NotFound(f"no account {account_number!r}", account_number=account_number)
    announce_party(tx, row.id, row.version, row.debtor_type, row.stop_states)
    return row.id, row.stop_states


async def post_lines(tx: Transaction, lines: Sequence[Line]) -> Books:
    """Post bank lines as payments distributed them; what cannot stand is moved on account and told.

    Refuses: NOT_FOUND (an item that billing does not know).
    """
    books = await store.load_books(tx, lines)
    opened = {id_: item.open_minor for id_, item in books.items.items()}
    for line in lines:
        books.post(line)
    await store.save_books(tx, books, local_date(tx.now, tx.unit.time_zone))
    for id_ in sorted(books.changed):
        announce_item(tx, books.items[id_])
        announce_paid(tx, books.items[id_])
    for moved in books.moved:
        tx.publish(
            events.SliceMoved(
                line_id=str(moved.line.id),
                line_version=moved.line.version,
                item_id=str(moved.item.id),
                account_id=str(moved.item.account_id),
                currency=moved.line.currency,
                amount_minor=moved.amount_minor,
                reason=moved.reason,
                item_version=books.items[moved.item.id].version,
                open_minor=books.items[moved.item.id].open_minor,
            ),
            key=str(moved.line.id),
        )
    if any(books.items[id_].open_minor > opened[id_] and not books.items[id_].overdue for id_ in books.changed):
        await tx.nudge(DUE_WATCH, DAILY)
    return books


async def mark_due(tx: Transaction) -> float | None:
    """Mark and announce what fell due before today; the instant of the next local morning with something due."""
    seen = await tx.look(DUE_WATCH, DAILY)
    for item in await store.mark_overdue(tx, local_date(tx.now, tx.unit.time_zone)):
        announce_item(tx, item)
        tx.publish(
            events.InvoiceOverdue(
                invoice_id=str(item.invoice_id),
                item_id=str(item.id),
                account_id=str(item.account_id),
                number=item.invoice_number,
                due_on=iso(item.due_on),
                currency=item.currency,
                open_minor=item.open_minor,
            ),
            key=str(item.account_id),
        )
    return await tx.wait(DUE_WATCH, DAILY, seen, await _next_morning(tx))


async def _next_morning(tx: Transaction) -> datetime | None:
    due_on = await store.next_due_on(tx)
    return local_instant(due_on + timedelta(days=1), MARKED_AT, tx.unit.time_zone) if due_on else None


def item_message(item: Item) -> events.ItemChanged:
    """An item's state as the contract carries it."""
    return events.ItemChanged(
        item_id=str(item.id),
        version=item.version,
        account_id=str(item.account_id),
        party_id=str(item.party_id),
        invoice_id=str(item.invoice_id),
        invoice_number=item.invoice_number,
        structured_reference=item.structured_reference,
        currency=item.currency,
        amount_minor=item.amount_minor,
        open_minor=item.open_minor,
        issued_on=iso(item.issued_on),
        due_on=iso(item.due_on),
        overdue=item.overdue,
    )


def announce_item(tx: Transaction, item: Item) -> None:
    """Announce an item's state."""
    tx.publish(item_message(item), key=str(item.account_id))


def announce_paid(tx: Transaction, item: Item) -> None:
    """Announce that an invoice is paid, when nothing of it is open."""
    if item.open_minor == 0:
        paid_on = iso(local_date(tx.now, tx.unit.time_zone))
        tx.publish(
            events.InvoicePaid(
                invoice_id=str(item.invoice_id), account_id=str(item.account_id), number=item.invoice_number, paid_on=paid_on
            ),
            key=str(item.account_id),
        )


def announce_party(tx: Transaction, party_id: UUID, version: int, debtor_type: str, stop_states: Sequence[str]) -> None:
    """Announce a party's group-wide state; it carries no unit's facts."""
    event = events.PartyChanged(party_id=str(party_id), version=version, debtor_type=debtor_type, stop_states=stop_states)
    tx.publish(event, key=str(party_id), group=True)
