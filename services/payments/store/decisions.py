"""Decisions on lines: what was decided, on which grounds, by which rules, and whether it was right."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from chassis.database import Transaction, new_id
from services.payments.domain.distribution import Slice
from services.payments.domain.matching import Allocation, Difference, Evidence, Suggestion
from services.payments.store.lines import arrays, unnest

SEALED_DECISION = "decisions.sealed"


@dataclass(frozen=True, slots=True)
class Record:
    """A decision as it is kept. `before` is where the money was; `request` tells a person's command from its repetition."""

    status: str
    rule: str
    score: int = 0
    model: str = ""
    account_id: str | None = None
    evidence: tuple[Evidence, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    before: tuple[Slice, ...] = ()
    verdict: str = ""
    request: str = ""
    learned: bool = False


@dataclass(frozen=True, slots=True)
class Grounds:
    """What is sealed of a decision."""

    evidence: tuple[Evidence, ...]
    suggestions: tuple[Suggestion, ...]
    before: tuple[Slice, ...]


async def add_decisions(tx: Transaction, records: Sequence[tuple[UUID, int, Record]]) -> None:
    """Write the decisions that made these versions of lines."""
    columns = {
        "line_id": "uuid", "version": "bigint", "status": "text", "rule": "text", "score": "int", "model": "text", "account_id": "uuid",
        "verdict": "text", "request": "text", "learned": "bool", "sealed": "bytea",
    }  # fmt: skip
    rows = [
        (line_id, version, one.status, one.rule, one.score, one.model, UUID(one.account_id) if one.account_id else None,
         one.verdict, one.request, one.learned, _seal(tx, one))
        for line_id, version, one in records
    ]  # fmt: skip
    await tx.execute(
        f"INSERT INTO decisions (business_unit, by, at, {', '.join(columns)}) SELECT :unit, :by, :at, * FROM {unnest(columns)}",
        {"unit": tx.unit.id, "by": tx.caller.subject, "at": tx.now, **arrays(columns, rows)},
    )


def _seal(tx: Transaction, record: Record) -> bytes:
    before = [
        (
            one.kind,
            one.item_id and str(one.item_id),
            one.account_id and str(one.account_id),
            one.amount_minor,
            one.difference_minor,
            one.reason,
        )
        for one in record.before
    ]
    grounds = json.dumps([record.evidence, record.suggestions, before], ensure_ascii=False)
    return tx.vault.seal(tx.unit.id, grounds.encode(), SEALED_DECISION)


def grounds(tx: Transaction, row: Row[Any]) -> Grounds:
    """The sealed part of a decision."""
    return open_grounds(tx, row.sealed)


def open_grounds(tx: Transaction, sealed: bytes) -> Grounds:
    """What a decision's sealed column says."""
    evidence, suggestions, before = json.loads(tx.vault.open(tx.unit.id, sealed, SEALED_DECISION))
    return Grounds(
        tuple(Evidence(*one) for one in evidence),
        tuple(map(_suggestion, suggestions)),
        tuple(Slice(kind, item and UUID(item), account and UUID(account), *rest) for kind, item, account, *rest in before),
    )


def _suggestion(row: Sequence[Any]) -> Suggestion:
    score, rule, account_id, allocations, on_account, evidence = row
    parts = tuple(Allocation(item, minor, Difference(*difference) if difference else None) for item, minor, difference in allocations)
    return Suggestion(score, rule, account_id, parts, on_account, tuple(Evidence(*one) for one in evidence))


async def last_decision(tx: Transaction, line_id: UUID) -> Row[Any] | None:
    """The decision on which a line stands."""
    return await tx.first("SELECT * FROM decisions WHERE line_id = :id ORDER BY version DESC LIMIT 1", id=line_id)


async def decisions_of(tx: Transaction, line_id: UUID) -> Sequence[Row[Any]]:
    """All decisions on a line, the newest first."""
    return await tx.all("SELECT * FROM decisions WHERE line_id = :id ORDER BY version DESC", id=line_id)


async def judge(tx: Transaction, line_id: UUID, version: int, verdict: str, *, learned: bool | None = None) -> None:
    """Note what a person says of a decision."""
    await tx.execute(
        "UPDATE decisions SET verdict = :verdict, learned = coalesce(:learned, learned) WHERE line_id = :id AND version = :version",
        {"id": line_id, "version": version, "verdict": verdict, "learned": learned},
    )


async def waiting_for_people(tx: Transaction, after: UUID | None, limit: int) -> Sequence[Row[Any]]:
    """Lines whose money waits, each with its last decision, in the order of their ids."""
    return await tx.all(
        "SELECT l.*, d.sealed AS grounds FROM lines l JOIN decisions d ON d.business_unit = l.business_unit AND d.line_id = l.id "
        "AND d.version = l.version WHERE l.state IN ('on_account', 'unidentified') AND l.returned_by IS NULL AND d.status <> 'applied' "
        "AND (CAST(:after AS uuid) IS NULL OR l.id > :after) ORDER BY l.id LIMIT :limit",
        after=after,
        limit=limit,
    )


async def unreversed(tx: Transaction, before: Any, limit: int) -> Sequence[Row[Any]]:
    """Lines that the engine applied before an instant, that still stand so and have taught nothing yet; with their decision's rule."""
    return await tx.all(
        "SELECT l.*, d.account_id FROM decisions d JOIN lines l ON l.business_unit = d.business_unit AND l.id = d.line_id AND l.version = d.version "
        "WHERE d.status = 'applied' AND NOT d.learned AND d.verdict = '' AND d.at < :before AND l.returned_by IS NULL "
        "ORDER BY d.at, d.line_id LIMIT :limit",
        before=before,
        limit=limit,
    )


async def mark_learned(tx: Transaction, line_ids: Collection[UUID]) -> None:
    """These decisions have taught what they had to."""
    await tx.execute("UPDATE decisions SET learned = true WHERE status = 'applied' AND line_id = ANY(:ids)", {"ids": list(line_ids)})


async def precision(tx: Transaction) -> Sequence[Row[Any]]:
    """How many decisions of each rule were made, and how many of them people called right or wrong."""
    return await tx.all(
        "SELECT rule, status, count(*) AS decisions, count(*) FILTER (WHERE verdict = 'right') AS right, "
        "count(*) FILTER (WHERE verdict = 'wrong') AS wrong FROM decisions WHERE status IN ('applied', 'suggested') "
        "GROUP BY rule, status ORDER BY status, rule"
    )


async def ask_refund(tx: Transaction, line_id: UUID, account_id: UUID, amount_minor: int, currency: str) -> None:
    """A payment of something already paid: somebody must say whether it goes back. Asked once."""
    await tx.execute(
        "INSERT INTO refund_questions VALUES (:id, :unit, :line, :account, :minor, :currency, 'open', :at) "
        "ON CONFLICT (business_unit, line_id) DO NOTHING",
        {
            "id": new_id(), "unit": tx.unit.id, "line": line_id, "account": account_id, "minor": amount_minor, "currency": currency,
            "at": tx.now,
        },
    )  # fmt: skip


async def settle_refund_questions(tx: Transaction, line_ids: Collection[UUID]) -> None:
    """A question is closed when its money is not on account any more, and open again when it is."""
    await tx.execute(
        "UPDATE refund_questions q SET state = CASE WHEN l.returned_by IS NULL AND EXISTS (SELECT FROM slices s "
        "WHERE s.business_unit = q.business_unit AND s.line_id = q.line_id AND s.kind = 'on_account') THEN 'open' ELSE 'closed' END "
        "FROM lines l WHERE l.id = q.line_id AND q.line_id = ANY(:ids)",
        {"ids": list(line_ids)},
    )


async def open_refund_questions(tx: Transaction, after: UUID | None, limit: int) -> Sequence[Row[Any]]:
    """A page of open questions in the order of their ids."""
    return await tx.all(
        "SELECT * FROM refund_questions WHERE state = 'open' AND (CAST(:after AS uuid) IS NULL OR id > :after) ORDER BY id LIMIT :limit",
        after=after,
        limit=limit,
    )
