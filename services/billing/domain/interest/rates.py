"""From a rule's rate to percent by period: floating or frozen, more by time, capped, agreed or by law."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from kernel.errors import Unreadable
from kernel.interest import Accumulator, Piece, merge
from kernel.series import Book, Rule, add_months

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """The days that bear interest, what the delay is counted from, and the principal in whole units of its currency."""

    first: date
    last: date
    due_on: date
    principal: Fraction


@dataclass(frozen=True, slots=True)
class Rates:
    """Percent by period, and why some of it is not certain."""

    pieces: Sequence[Piece]
    unsure: tuple[str, ...]


def rates_of(book: Book, rule: Rule, span: Span, agreed: Fraction | None) -> Rates:
    """What the rule says for these days. Refuses: RATE_MISSING."""
    doubts: list[str] = []
    mode = rule.values["contract"]
    if agreed is None or mode == "none":
        pieces = _pieces(book, rule.values["rate"], span, doubts)
    else:
        pieces = [Piece(span.first, span.last, agreed)]
        if mode == "higher":
            pieces = merge(pieces, _pieces(book, rule.values["rate"], span, doubts), max)
        elif mode == "floor":
            pieces = merge(pieces, _pieces(book, rule.values["floor"], span, doubts), max)
    for cap in rule.values.get("caps", ()):
        pieces = merge(pieces, _pieces(book, cap, span, doubts), min)
    return Rates(pieces, tuple(doubts))


def accumulator(book: Book, rule: Rule, first: date, last: date, day_count: str) -> Accumulator:
    """For many amounts under one floating rule. Refuses: RATE_MISSING. Raises Unreadable INVALID for rates that depend on the claim."""
    rate = rule.values["rate"]
    if rule.values.get("compounding") or rule.values.get("caps") or rate.get("mode", "floating") != "floating" or "rise" in rate:
        raise Unreadable("INVALID", f"{rule.id} depends on the claim, not on the days alone", rule=rule.id)
    return Accumulator(rates_of(book, rule, Span(first, last, first, Fraction(0)), None).pieces, day_count)


def choose_band(bands: Sequence[Mapping[str, Any]], principal: Fraction) -> Mapping[str, Any]:
    """The band a principal falls into; `below` is the first amount outside."""
    return next(band for band in bands if "below" not in band or principal < Fraction(band["below"]))


def _pieces(book: Book, spec: Mapping[str, Any], span: Span, doubts: list[str]) -> list[Piece]:
    if "by_principal" in spec:
        spec = choose_band(spec["by_principal"], span.principal)
    if "percent" in spec:
        return [Piece(span.first, span.last, Fraction(spec["percent"]))]
    series, times, plus = book.one(spec["series"]), Fraction(spec.get("times", 1)), Fraction(spec.get("plus", 0))
    if spec["mode"] == "floating":
        periods = list(series.between(span.first, span.last))
        doubts += [f"{series.name} from {period.row.effective_from}: {period.row.unsure}" for period in periods if period.row.unsure]
        pieces = [Piece(period.first, period.last, period.row.number * times + plus) for period in periods]
    else:
        row = series.at(span.first if spec["mode"] == "frozen" else span.due_on)
        doubts += [f"{series.name} from {row.effective_from}: {row.unsure}"] if row.unsure else []
        pieces = [Piece(span.first, span.last, row.number * times + plus)]
    return _risen(pieces, spec["rise"], span) if "rise" in spec else pieces


def _risen(pieces: Sequence[Piece], rise: Mapping[str, Any], span: Span) -> list[Piece]:
    since = add_months(span.due_on, rise["after_months"]) + _DAY
    found: list[Piece] = []
    for piece in pieces:
        if piece.first < since:
            found.append(Piece(piece.first, min(piece.last, since - _DAY), piece.rate))
        if piece.last >= since:
            found.append(Piece(max(piece.first, since), piece.last, piece.rate + Fraction(rise["plus"])))
    return found
