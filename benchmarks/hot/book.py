"""A book of invoices written straight into billing's tables, so that there is something to pay."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from benchmarks.hot.stand import CURRENCY, UNIT
from chassis.database import new_id, partition_of
from proto.payments.v1.events_pb2 import LineDistributed, Slice, SliceKind

AMOUNT_MINOR = 11_900
_TABLES = "outbox, positions, inbox, watermarks, parked, trail, seals, transfers, posted_slices, items, invoices, accounts"
_ACCOUNTS = """
INSERT INTO accounts (id, business_unit, number, party_id, debtor_type, language, country, time_zone, sealed, iban_index, payer_code,
    fingerprint, version)
SELECT id, $2, id::text, id, 'business', 'de', 'DE', 'Europe/Berlin', '', '', '', '', 1 FROM unnest($1::uuid[]) AS id
"""
_INVOICES = """
INSERT INTO invoices SELECT id, $3, id::text, '380', account, id, '2026-06-01', '2026-07-01', $4, $5, ''
FROM unnest($1::uuid[], $2::uuid[]) AS t (id, account)
"""
_ITEMS = """
INSERT INTO items (id, business_unit, account_id, party_id, invoice_id, invoice_number, structured_reference, currency, amount_minor,
    open_minor, issued_on, due_on, overdue, version)
SELECT id, $3, account, account, id, id::text, '', $4, $5, $5, '2026-06-01', '2099-07-01', false, 1
FROM unnest($1::uuid[], $2::uuid[]) AS t (id, account)
"""
_TRANSFERS = """
INSERT INTO transfers SELECT id, $3, id, 'receivables', 'revenue', $5, $4, account, id, NULL, '2026-06-01', now()
FROM unnest($1::uuid[], $2::uuid[]) AS t (id, account)
"""


@dataclass(frozen=True)
class Payment:
    """A bank line that pays one item in full."""

    line_id: UUID
    item_id: UUID
    account_id: UUID

    def event(self) -> LineDistributed:
        """As payments announces it."""
        part = Slice(kind=SliceKind.SLICE_KIND_ITEM, item_id=str(self.item_id), account_id=str(self.account_id), amount_minor=AMOUNT_MINOR)
        event = LineDistributed(line_id=str(self.line_id), version=1, booked_on="2026-07-01", value_on="2026-07-01", slices=[part])
        event.amount.minor, event.amount.currency = AMOUNT_MINOR, CURRENCY
        return event

    def partition(self, partitions: int) -> int:
        """Payments' events are keyed by line."""
        return partition_of(str(self.line_id), partitions)


async def empty(connection: asyncpg.Connection) -> None:
    """No book and no plumbing."""
    await connection.execute(f"TRUNCATE {_TABLES} CASCADE")


async def write_invoices(connection: asyncpg.Connection, count: int, per_account: int = 5) -> list[Payment]:
    """Posted invoices of one item each, and for each the line that will pay it."""
    accounts = [new_id() for _ in range((count + per_account - 1) // per_account)]
    owners = [accounts[number // per_account] for number in range(count)]
    items = [new_id() for _ in range(count)]
    async with connection.transaction():
        await connection.execute(_ACCOUNTS, accounts, UNIT)
        for statement in (_INVOICES, _ITEMS, _TRANSFERS):
            await connection.execute(statement, items, owners, UNIT, CURRENCY, AMOUNT_MINOR)
    return [Payment(new_id(), item, account) for item, account in zip(items, owners, strict=True)]


def numbered(payments: Sequence[Payment], numbers: dict[int, int], partitions: int) -> list[tuple[Payment, int, int]]:
    """With partition and number, going on from `numbers`."""
    rows = []
    for payment in payments:
        place = payment.partition(partitions)
        numbers[place] = numbers.get(place, 0) + 1
        rows.append((payment, place, numbers[place]))
    return rows
