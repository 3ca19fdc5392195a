"""A filing is prepared by one person, approved by another, recorded when it was filed."""

import hashlib
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from chassis.database import Transaction
from chassis.wire import iso
from kernel.calendar import local_date
from kernel.errors import NotFound
from kernel.money import CurrencyMismatch
from proto.legal.v1 import events_pb2 as events
from services.legal import store
from services.legal.commands.office import settle
from services.legal.domain import APPROVED, AWAITING_APPROVAL, FILED, Filing, Prepared, approve, check_document, check_filing, move


async def prepare_filing(tx: Transaction, matter_id: UUID, court: str, document: bytes) -> str:
    """The document is ready for the second person; gives its SHA-256. Until it is approved it may be replaced.

    Refuses: NOT_FOUND, WRONG_STAGE, FILING_INVALID.
    """
    row = await _matter(tx, matter_id)
    stage = move(row.stage, AWAITING_APPROVAL)
    check_document(court, document)
    sha256 = hashlib.sha256(document).hexdigest()
    await tx.execute(
        "INSERT INTO documents (business_unit, matter_id, sha256, sealed, prepared_by, prepared_at) "
        "VALUES (:unit, :matter, :sha256, :sealed, :who, :now) ON CONFLICT DO NOTHING",
        {
            "unit": tx.unit.id,
            "matter": matter_id,
            "sha256": sha256,
            "sealed": tx.vault.seal(tx.unit.id, document, "documents.sealed"),
            "who": tx.caller.subject,
            "now": tx.now,
        },
    )
    who, today = tx.caller.subject, local_date(tx.now, tx.unit.time_zone)
    await store.update_matter(tx, matter_id, stage=stage, stage_on=today, court=court, document_sha256=sha256, prepared_by=who)
    await settle(tx, row)
    return sha256


async def approve_filing(tx: Transaction, matter_id: UUID, document_sha256: str) -> None:
    """A second person has read this document and approves it.

    Refuses: NOT_FOUND, WRONG_STAGE, SAME_PERSON, DOCUMENT_CHANGED.
    """
    row = await _matter(tx, matter_id)
    stage, who, today = move(row.stage, APPROVED), tx.caller.subject, local_date(tx.now, tx.unit.time_zone)
    approve(Prepared(row.prepared_by, row.document_sha256), who, document_sha256)
    await store.update_matter(tx, matter_id, stage=stage, stage_on=today, approved_by=who, approved_on=today)
    tx.publish(events.FilingApproved(matter_id=str(matter_id), account_id=str(row.account_id)), key=str(row.account_id))
    await settle(tx, row)


async def record_filing(tx: Transaction, matter_id: UUID, filing: Filing) -> None:
    """The approved document was filed; its cost stays on the matter.

    Refuses: NOT_FOUND, WRONG_STAGE, FILING_INVALID, CURRENCY_MISMATCH; Unreadable UNKNOWN_CURRENCY.
    """
    row = await _matter(tx, matter_id)
    stage = move(row.stage, FILED)
    check_filing(filing, row.approved_on, local_date(tx.now, tx.unit.time_zone))
    if filing.cost.currency != row.currency:
        raise CurrencyMismatch(f"the claim is in {row.currency}", currency=filing.cost.currency)
    await store.update_matter(
        tx,
        matter_id,
        stage=stage,
        stage_on=filing.filed_on,
        court_file_number=filing.court_file_number,
        filed_on=filing.filed_on,
        cost_minor=filing.cost.minor,
    )
    recorded = events.FilingRecorded(
        matter_id=str(matter_id),
        account_id=str(row.account_id),
        court=row.court,
        filed_on=iso(filing.filed_on),
        currency=filing.cost.currency,
        cost_minor=filing.cost.minor,
    )
    tx.publish(recorded, key=str(row.account_id))
    await settle(tx, row)


async def _matter(tx: Transaction, matter_id: UUID) -> Row[Any]:
    row = await store.lock_matter(tx, matter_id)
    if row is None:
        raise NotFound("no such matter", matter_id=str(matter_id))
    return row
