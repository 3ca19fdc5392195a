"""What people decide about a line: confirm, reject, split, undo. Each names the version it saw, so that its repetition is silent."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from chassis.database import Transaction
from kernel.errors import Refused
from proto.payments.v1 import events_pb2 as events
from services.payments import store
from services.payments.commands.claims import claim_items, claim_line, request_of
from services.payments.commands.distribution import Change, save
from services.payments.commands.learning import teach
from services.payments.commands.policies import todays_policy
from services.payments.domain import matching
from services.payments.domain.claims import check_parts
from services.payments.domain.distribution import Slice, settled, slices_of, waiting
from services.payments.domain.matching import Suggestion

# A decision of the engine, which people call right or wrong.
ENGINE = frozenset({"applied", "suggested", "unidentified"})


class NoSuggestion(Refused):
    """There is no suggestion at this place, or nothing stands that could be confirmed."""

    code = "NO_SUGGESTION"


class NothingToUndo(Refused):
    """The line stands as it first came."""

    code = "NOTHING_TO_UNDO"


async def confirm_match(tx: Transaction, line_id: UUID, version: int, place: int) -> None:
    """What stands is right (place 0), or the suggestion at this place is.

    Refuses: NOT_FOUND, LINE_CHANGED, NOT_A_CREDIT, NO_SUGGESTION, ITEM_OVERPAID (an item does not take it any more).
    """
    request = request_of("confirm", line=line_id, place=place)
    row = await claim_line(tx, line_id, version, request)
    if row is None:
        return
    last = await store.last_decision(tx, line_id)
    if place == 0:
        await _confirm_what_stands(tx, row, last)
        return
    suggestion = _suggestion_at(tx, last, place)
    slices = await _fitting(tx, row, suggestion)
    await store.judge(tx, line_id, version, "right" if place == 1 else "wrong")
    await teach(tx, row, suggestion.account_id, slices)
    record = store.Record(
        "confirmed",
        suggestion.rule,
        suggestion.score,
        "",
        suggestion.account_id,
        suggestion.evidence,
        (),
        (),
        "right",
        request,
        learned=True,
    )
    await save(tx, [Change(row, slices, record, by_person=True)])
    tell_confirmed(tx, row, "suggestion", suggestion.rule)


async def _confirm_what_stands(tx: Transaction, row: Row[Any], last: Row[Any] | None) -> None:
    if last is None or last.status not in {"applied", "confirmed", "split", "combined", "on_account"}:
        raise NoSuggestion("nothing is decided that could be confirmed", line_id=str(row.id))
    if last.verdict == "right":
        return
    slices = (await store.slices_of(tx, [row.id]))[row.id]
    if not last.learned:
        await teach(tx, row, str(last.account_id) if last.account_id else None, slices)
    await store.judge(tx, row.id, last.version, "right", learned=True)
    await tx.execute("UPDATE lines SET by_person = true WHERE id = :id", {"id": row.id})
    tx.publish(events.MatchConfirmed(line_id=str(row.id), version=row.version, act="stands", rule=last.rule), key=str(row.id))


def _suggestion_at(tx: Transaction, last: Row[Any] | None, place: int) -> Suggestion:
    suggestions = store.grounds(tx, last).suggestions if last is not None else ()
    if not 1 <= place <= len(suggestions):
        raise NoSuggestion(f"there is no suggestion {place}", place=place)
    return suggestions[place - 1]


async def _fitting(tx: Transaction, row: Row[Any], suggestion: Suggestion) -> tuple[Slice, ...]:
    """The slices of a suggestion, when the items still take it."""
    found = await store.find_items(tx, [UUID(one.item_id) for one in suggestion.allocations])
    slices = slices_of(suggestion, row.amount_minor, {str(id_): store.item_of(item) for id_, item in found.items()})
    return await claim_items(tx, row.currency, slices, (await store.slices_of(tx, [row.id]))[row.id])


def tell_confirmed(tx: Transaction, row: Row[Any], act: str, rule: str) -> None:
    """Tell people that one of them decided the line's next version."""
    tx.publish(events.MatchConfirmed(line_id=str(row.id), version=row.version + 1, act=act, rule=rule), key=str(row.id))


async def reject_match(tx: Transaction, line_id: UUID, version: int, place: int, reason: str) -> None:
    """The suggestion at this place is wrong (0: all are). Items that no other suggestion names are not offered to this line again.

    Refuses: NOT_FOUND, LINE_CHANGED, NOT_A_CREDIT, NO_SUGGESTION.
    """
    request = request_of("reject", line=line_id, place=place, reason=reason)
    row = await claim_line(tx, line_id, version, request)
    if row is None:
        return
    last = await store.last_decision(tx, line_id)
    rejected = [_suggestion_at(tx, last, place)] if place else list(store.grounds(tx, last).suggestions if last is not None else ())
    if not rejected or last is None:
        raise NoSuggestion("there is no suggestion", place=place)
    kept = [one for one in store.grounds(tx, last).suggestions if one not in rejected]
    named = {part.item_id for one in kept for part in one.allocations}
    barred = {UUID(part.item_id) for one in rejected for part in one.allocations if part.item_id not in named}
    await _bar(tx, line_id, barred)
    if last.status in ENGINE and place <= 1:
        await store.judge(tx, line_id, version, "wrong")
    slices = (await store.slices_of(tx, [line_id]))[line_id]
    shown = [one for one in await _suggestions(tx, row) if _key(one) not in set(map(_key, rejected))]
    record = store.Record("rejected", "rejected", suggestions=tuple(shown), request=request)
    await save(tx, [Change(row, slices, record, by_person=True)])
    ids = sorted(map(str, barred))
    tx.publish(events.MatchRejected(line_id=str(line_id), version=version + 1, item_ids=ids, reason=reason), key=str(line_id))


def _key(suggestion: Suggestion) -> tuple[object, ...]:
    return suggestion.account_id, tuple((one.item_id, one.amount_minor) for one in suggestion.allocations)


async def _bar(tx: Transaction, line_id: UUID, item_ids: set[UUID]) -> None:
    for item_id, item in (await store.find_items(tx, item_ids)).items():
        await store.bar(tx, line_id, item_id, item.version, store.MAX_REJECTIONS)


async def _suggestions(tx: Transaction, row: Row[Any], freed: Sequence[Slice] = ()) -> tuple[Suggestion, ...]:
    """What the engine would now say to a person, also where it is sure; `freed`: slices that are about to be given back."""
    (line,) = await store.read_lines(tx, [row])
    book = await store.load_book(tx)
    for item_id, minor in settled(freed).items():
        book.open_minor[str(item_id)] += minor
    decision = matching.decide(line, book, todays_policy(tx), await store.load_knowledge(tx, [line]))
    if decision.status != "applied" or decision.account_id is None:
        return decision.suggestions
    sure = Suggestion(
        decision.score, decision.rule, decision.account_id, decision.allocations, decision.on_account_minor, decision.evidence
    )
    return (sure,)


async def split_line(tx: Transaction, line_id: UUID, version: int, parts: Sequence[Slice]) -> None:
    """A person says where the line's money belongs, whole.

    Refuses: NOT_FOUND, LINE_CHANGED, NOT_A_CREDIT, DOES_NOT_ADD_UP, ITEM_OVERPAID, INVALID (another currency, an unknown reason).
    """
    request = request_of("split", line=line_id, parts=parts)
    row = await claim_line(tx, line_id, version, request)
    if row is None:
        return
    check_parts(row.amount_minor, parts)
    before = (await store.slices_of(tx, [line_id])).get(line_id, ())
    slices = await claim_items(tx, row.currency, parts, before)
    last = await store.last_decision(tx, line_id)
    await _judge_against(tx, row, last, slices)
    accounts = {str(part.account_id) for part in slices if part.account_id}
    account = accounts.pop() if len(accounts) == 1 else None
    await teach(tx, row, account, slices)
    record = store.Record("split", "split", account_id=account, verdict="right", request=request, learned=account is not None)
    await save(tx, [Change(row, slices, record, by_person=True)])
    tell_confirmed(tx, row, "split", "")


async def _judge_against(tx: Transaction, row: Row[Any], last: Row[Any] | None, slices: Sequence[Slice]) -> None:
    """What a person decides instead says whether the engine's first answer was right."""
    if last is None or last.status not in {"applied", "suggested"}:
        return
    if last.status == "applied":
        answer = (await store.slices_of(tx, [row.id]))[row.id]
    else:
        first = store.grounds(tx, last).suggestions[0]
        answer = tuple(Slice("item", UUID(one.item_id), None, one.amount_minor) for one in first.allocations)
    same = _paid(answer) == _paid(slices)
    await store.judge(tx, row.id, last.version, "right" if same else "wrong")


def _paid(slices: Sequence[Slice]) -> dict[UUID, int]:
    return {part.item_id: part.amount_minor for part in slices if part.item_id}


async def undo_match(tx: Transaction, line_id: UUID, version: int, reason: str) -> None:
    """What was decided last is taken back: the money stands where it stood before, and the engine does not decide this line again.

    Refuses: NOT_FOUND, LINE_CHANGED, NOT_A_CREDIT, NOTHING_TO_UNDO, ITEM_OVERPAID (what stood before does not fit any more).
    """
    request = request_of("undo", line=line_id, reason=reason)
    row = await claim_line(tx, line_id, version, request)
    if row is None:
        return
    last = await store.last_decision(tx, line_id)
    now = (await store.slices_of(tx, [line_id]))[line_id]
    if last is None or last.status in {"undone", "unidentified", "rejected", "suggested"}:
        raise NothingToUndo("the line stands as it first came", line_id=str(line_id))
    before = store.grounds(tx, last).before or (waiting(row.amount_minor, None),)
    slices = await claim_items(tx, row.currency, before, now)
    if last.learned:
        await teach(tx, row, str(last.account_id) if last.account_id else None, now, times=-1)
    await store.judge(tx, line_id, version, "wrong", learned=False)
    if last.status == "confirmed":
        await store.judge(tx, line_id, version - 1, "")
    await _bar(tx, line_id, {part.item_id for part in now if part.item_id} - {part.item_id for part in slices if part.item_id})
    record = store.Record("undone", "undone", suggestions=await _suggestions(tx, row, now), request=request)
    await save(tx, [Change(row, slices, record, by_person=True)])
    tx.publish(events.LineUndone(line_id=str(line_id), version=version + 1, reason=reason), key=str(line_id))
