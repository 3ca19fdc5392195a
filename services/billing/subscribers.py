"""What billing hears."""

from collections.abc import Sequence

from chassis.database import Transaction
from chassis.session import uuid_of
from chassis.subscriptions import Subscriptions
from kernel.errors import Unreadable
from proto.payments.v1.events_pb2 import LineDistributed, SliceKind
from services.billing import commands
from services.billing.domain.ledger import GRANTED, ITEM, NOT_RECEIVABLE, ON_ACCOUNT, REFUND, UNIDENTIFIED, Line, Target

subscriptions = Subscriptions()

KINDS = {
    SliceKind.SLICE_KIND_ITEM: ITEM,
    SliceKind.SLICE_KIND_ON_ACCOUNT: ON_ACCOUNT,
    SliceKind.SLICE_KIND_UNIDENTIFIED: UNIDENTIFIED,
    SliceKind.SLICE_KIND_NOT_RECEIVABLE: NOT_RECEIVABLE,
    SliceKind.SLICE_KIND_REFUND: REFUND,
}


@subscriptions.on_many(LineDistributed)
async def post(events: Sequence[LineDistributed], tx: Transaction) -> None:
    """Post what payments decided about bank lines."""
    await commands.post_lines(tx, [_line(event) for event in events])


def _line(event: LineDistributed) -> Line:
    slices: dict[Target, int] = {}
    for part in event.slices:
        kind = KINDS[part.kind]
        target = Target(
            kind, uuid_of(part.item_id) if kind == ITEM else None, uuid_of(part.account_id) if part.account_id and kind != ITEM else None
        )
        slices[target] = slices.get(target, 0) + part.amount_minor
        if part.difference_minor:
            if part.reason not in GRANTED or kind != ITEM:
                raise Unreadable("INVALID", f"a difference for {part.reason[:20]!r} beside a slice of kind {kind}", line_id=event.line_id)
            granted = Target(part.reason, uuid_of(part.item_id), None)
            slices[granted] = slices.get(granted, 0) + part.difference_minor
    return Line(uuid_of(event.line_id), event.version, event.amount.currency, slices)
