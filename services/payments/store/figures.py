"""Counts, sums and books over lines and slices."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from chassis.books import bucket
from chassis.database import Transaction


async def import_counts(tx: Transaction, import_id: UUID) -> Row[Any] | None:
    """How the lines of an import stand."""
    return await tx.first(
        "SELECT i.id, i.state, i.note, count(l.id) AS lines, count(*) FILTER (WHERE l.state = 'matched') AS matched, "
        "count(*) FILTER (WHERE l.state IN ('on_account', 'unidentified')) AS unapplied, "
        "count(*) FILTER (WHERE l.state = 'not_receivable') AS not_receivable "
        "FROM imports i LEFT JOIN lines l ON l.import_id = i.id WHERE i.id = :id GROUP BY i.id",
        id=import_id,
    )


async def cash_in_flight(tx: Transaction, account_id: UUID) -> Row[Any]:
    """Money of an account's payer that is here but not on its items, in minor units."""
    row = await tx.first(
        "WITH marks AS (SELECT string_to_array(marks, ' ') AS known FROM payers WHERE account_id = :id), "
        "his AS (SELECT l.* FROM lines l, marks WHERE string_to_array(l.marks, ' ') && marks.known AND l.marks <> '') "
        "SELECT (SELECT coalesce(sum(amount_minor), 0)::bigint FROM slices WHERE account_id = :id AND kind = 'on_account') AS on_account, "
        "(SELECT coalesce(sum(amount_minor), 0)::bigint FROM his WHERE state = 'pending' AND amount_minor > 0) AS pending, "
        "(SELECT coalesce(sum(amount_minor), 0)::bigint FROM his WHERE state = 'unidentified' AND amount_minor > 0) AS unidentified, "
        "(SELECT coalesce(sum(version), 0)::bigint FROM lines) AS version",
        id=account_id,
    )
    assert row is not None
    return row


async def figures(tx: Transaction) -> Row[Any]:
    """Counts and sums of the unit's lines, in minor units."""
    row = await tx.first(
        "SELECT (SELECT count(*) FROM lines) AS lines, (SELECT count(*) FROM lines WHERE state = 'matched') AS matched, "
        "(SELECT coalesce(sum(s.amount_minor), 0)::bigint FROM slices s JOIN lines l ON l.id = s.line_id "
        "WHERE l.state = 'matched' AND s.kind = 'item') AS matched_minor, "
        "coalesce(sum(amount_minor) FILTER (WHERE kind = 'item'), 0)::bigint AS applied, "
        "coalesce(sum(amount_minor) FILTER (WHERE kind IN ('on_account', 'unidentified')), 0)::bigint AS unapplied FROM slices"
    )
    assert row is not None
    return row


async def books(tx: Transaction) -> Sequence[Row[Any]]:
    """Totals by currency, book and the last ten bits of the item's or line's id."""
    return await tx.all(
        f"SELECT currency, 'receivables' AS book, {bucket('id')} AS bucket, sum(open_minor)::bigint AS minor FROM items GROUP BY 1, 3 "
        "UNION ALL SELECT l.currency, CASE s.kind WHEN 'item' THEN 'applied' WHEN 'not_receivable' THEN s.kind ELSE 'unapplied' END, "
        f"{bucket('l.id')}, sum(s.amount_minor)::bigint FROM slices s JOIN lines l ON l.id = s.line_id GROUP BY 1, 2, 3 "
        f"UNION ALL SELECT l.currency, 'granted', {bucket('l.id')}, sum(s.difference_minor)::bigint "
        "FROM slices s JOIN lines l ON l.id = s.line_id WHERE s.difference_minor <> 0 GROUP BY 1, 3"
    )
