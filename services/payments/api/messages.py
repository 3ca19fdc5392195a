"""Lines, slices and decisions as the contract carries them."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from chassis.database import Transaction
from chassis.wire import iso, parse_id
from proto.common.v1.common_pb2 import Money
from proto.payments.v1 import api_pb2 as pb
from services.payments import store
from services.payments.domain.distribution import ITEM, ON_ACCOUNT, Slice
from services.payments.domain.matching import Evidence, Suggestion


def line_message(row: Row[Any]) -> pb.Line:
    """A line without its texts."""
    return pb.Line(
        line_id=str(row.id),
        amount=Money(minor=row.amount_minor, currency=row.currency),
        booked_on=iso(row.booked_on),
        state=row.state,
        reason=row.reason,
        version=row.version,
    )


def part_message(part: Slice) -> pb.LinePart:
    """A slice."""
    return pb.LinePart(
        kind=part.kind,
        item_id=str(part.item_id) if part.item_id else "",
        account_id=str(part.account_id) if part.account_id else "",
        amount_minor=part.amount_minor,
        difference_minor=part.difference_minor,
        reason=part.reason,
    )


def slice_of(part: pb.LinePart) -> Slice:
    """A slice as a person wrote it. Refuses: INVALID."""
    item = parse_id(part.item_id, "item_id") if part.item_id else None
    account = parse_id(part.account_id, "account_id") if part.account_id else None
    return Slice(part.kind, item, account, part.amount_minor, part.difference_minor, part.reason)


def evidence_messages(evidence: Iterable[Evidence]) -> list[pb.Evidence]:
    """The reasons of an answer."""
    return [pb.Evidence(kind=one.kind, weight=one.weight, detail=one.detail) for one in evidence]


def suggestion_messages(suggestions: Sequence[Suggestion]) -> list[pb.Suggestion]:
    """Whole answers, best first, with their places from 1."""
    return [
        pb.Suggestion(
            place=place,
            score=one.score,
            rule=one.rule,
            account_id=one.account_id,
            parts=_parts(one),
            evidence=evidence_messages(one.evidence),
        )
        for place, one in enumerate(suggestions, 1)
    ]


def _parts(suggestion: Suggestion) -> list[pb.LinePart]:
    parts = [
        pb.LinePart(
            kind=ITEM,
            item_id=one.item_id,
            amount_minor=one.amount_minor,
            difference_minor=one.difference.amount_minor if one.difference else 0,
            reason=one.difference.reason if one.difference else "",
        )
        for one in suggestion.allocations
    ]
    if suggestion.on_account_minor:
        parts.append(pb.LinePart(kind=ON_ACCOUNT, account_id=suggestion.account_id, amount_minor=suggestion.on_account_minor))
    return parts


def decision_message(tx: Transaction, row: Row[Any]) -> pb.Decision:
    """A decision with its grounds."""
    grounds = store.grounds(tx, row)
    return pb.Decision(
        version=row.version,
        status=row.status,
        rule=row.rule,
        score=row.score,
        model=row.model,
        verdict=row.verdict,
        by=row.by,
        at=row.at.isoformat(),
        evidence=evidence_messages(grounds.evidence),
        suggestions=suggestion_messages(grounds.suggestions),
    )


async def line_state(tx: Transaction, line_id: UUID) -> pb.LineState:
    """How a line stands after a command."""
    row = await tx.first("SELECT state, version FROM lines WHERE id = :id", id=line_id)
    assert row is not None
    slices = await store.slices_of(tx, [line_id])
    return pb.LineState(
        line_id=str(line_id), version=row.version, state=row.state, parts=[part_message(part) for part in slices.get(line_id, ())]
    )
