"""Calculators of the law: interest, seizable amounts, court fees, deadlines, references, contacts; no server, no database."""

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cli.output import Json, say, show

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kernel.series import ClosedDays

_ROOT = Path(__file__).parents[1]
CLOSED_DAYS = _ROOT / "kernel" / "series" / "closed_days.yaml"
# Where the policies of each subject lie: service and folder.
SUBJECTS: "Mapping[str, str]" = {
    "interest": "billing",
    "allowance": "billing",
    "seizable": "legal",
    "court_fees": "legal",
    "deadlines": "legal",
    "contact": "notifications",
}


def _on(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a date like 2026-09-30") from None


def _at(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not an instant like 2026-09-30T12:00:00+09:00") from None
    if at.tzinfo is None:
        raise typer.BadParameter(f"{text!r} has no offset from UTC")
    return at


def _number(text: str) -> str:
    from kernel.errors import Unreadable
    from kernel.money import Money

    try:
        # A number with a point, read as exactly as an amount; a currency of three decimals is the widest.
        Money.parse(text, "BHD")
    except Unreadable:
        raise typer.BadParameter(f"{text!r} is not a number") from None
    return text


Day = Annotated[date, typer.Option(parser=_on, metavar="DATE")]
Number = Annotated[str, typer.Option(parser=_number, metavar="NUMBER")]
OptionalNumber = Annotated[str | None, typer.Option(parser=_number, metavar="NUMBER")]
Amount = Annotated[str, typer.Option(metavar="AMOUNT")]
OptionalAmount = Annotated[str | None, typer.Option(metavar="AMOUNT")]
Currency = Annotated[str, typer.Option(metavar="ISO4217")]
Jurisdiction = Annotated[Literal["EU", "DE", "FR", "GB", "JP", "US"], typer.Option(help="Whose law.")]
State = Annotated[Literal["NY", "CA", "TX"] | None, typer.Option(help="A state of the United States; none for federal law.")]


def documents(subject: str) -> list[tuple[str, Any]]:
    """The policy files of a subject, parsed, with their names."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    folder = _ROOT / "services" / SUBJECTS[subject] / "policies" / subject
    return [(path.name, yaml.load(path.read_text("utf-8"), Loader=loader)) for path in sorted(folder.glob("*.yaml"))]  # noqa: S506


def calendars() -> "Mapping[str, ClosedDays]":
    """The closed days of all places."""
    import yaml

    from kernel.series import read_closed_days

    return read_closed_days(yaml.load(CLOSED_DAYS.read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))  # noqa: S506


def _print(document: Any, as_json: bool) -> None:
    if as_json:
        show(document)
        return
    for name, value in document.items():
        if isinstance(value, list):
            for row in value:
                say(f"{name}: " + ", ".join(f"{key} {inner}" for key, inner in row.items()))
        else:
            say(f"{name}: {value}")


def interest(
    jurisdiction: Jurisdiction,
    debtor: Annotated[Literal["business", "consumer", "public"], typer.Option(help="Who owes.")],
    claim: Annotated[Literal["goods", "loan", "judgment", "subcontract", "other"], typer.Option(help="What for.")],
    principal: Amount,
    currency: Currency,
    due: Day,
    paid: Day,
    contract_rate: OptionalNumber = None,
    creditor: Literal["business", "individual"] = "business",
    lender: Literal["commercial", "other"] = "other",
    state: State = None,
    day_count: Literal["actual/365", "actual/actual"] = "actual/365",
    as_json: Json = False,
) -> None:
    """Late interest by law, segment by segment, with the fixed sum and the rule.

    Example: saiken interest --jurisdiction DE --debtor business --claim goods --principal 10000.00 --currency EUR --due 2026-01-30 --paid 2026-04-30
    """
    from fractions import Fraction

    from kernel.money import Money, format_minor
    from kernel.series import read_book
    from services.billing.domain.interest import Claim, late_interest, percent_of

    agreed = None if contract_rate is None else Fraction(contract_rate)
    owed = Money.parse(principal, currency)
    asked = Claim(jurisdiction, debtor, claim, owed, due, paid, agreed, creditor, lender, state or "", day_count)
    found = late_interest(read_book(documents("interest")), calendars(), asked)
    segments = [
        {"from": piece.first.isoformat(), "to": piece.last.isoformat(), "days": piece.days, "rate": percent_of(piece.rate)}
        for piece in found.segments
    ]
    document = {
        "days": found.days,
        "segments": segments,
        "interest": format_minor(found.interest_minor, currency),
        "fixed_sum": format_minor(found.fixed_minor, currency),
        "total": format_minor(found.total_minor, currency),
        "rule": found.rule,
        "citation": found.citation,
    }
    _print(document, as_json)


def tracking(
    action: Annotated[Literal["check"], typer.Argument(help="What to do with the number.")],
    number: Annotated[str, typer.Argument(help="As printed; blanks and hyphens do not count.")],
    carrier: Annotated[Literal["japan_post", "upu", "usps"] | None, typer.Option(help="Only this carrier's numbers.")] = None,
    as_json: Json = False,
) -> None:
    """Check the number of a registered letter.

    Example: saiken tracking check 131-12-38385-2
    """
    from kernel.references import tracking_check

    assert action == "check", "the only action"
    valid, scheme = tracking_check(number, carrier)
    _print({"valid": valid, "scheme": scheme}, as_json)


def reference(
    action: Annotated[Literal["check"], typer.Argument(help="What to do with the reference.")],
    value: Annotated[str, typer.Argument(metavar="REFERENCE", help="A payment reference with check digits.")],
    as_json: Json = False,
) -> None:
    """Check a payment reference: RF (ISO 11649), Swiss QR reference, Finnish viitenumero.

    Example: saiken reference check RF18539007547034
    """
    from kernel.references import check_reference

    assert action == "check", "the only action"
    valid, scheme = check_reference(value)
    _print({"valid": valid, "scheme": scheme}, as_json)
