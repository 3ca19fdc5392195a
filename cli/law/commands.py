"""Calculators of the law: interest, seizable amounts, court fees, deadlines, references, contacts; no server, no database."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from cli.law.books import calendars, documents
from cli.output import Json, say, show


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
    insolvent_on: Annotated[
        date | None, typer.Option(parser=_on, metavar="DATE", help="When the debtor's proceedings were opened.")
    ] = None,
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
    asked = Claim(jurisdiction, debtor, claim, owed, due, paid, agreed, creditor, lender, state or "", day_count, insolvent_on)
    found = late_interest(read_book(documents("interest")), calendars(), asked)
    segments = [
        {"from": str(piece.first), "to": str(piece.last), "days": piece.days, "rate": percent_of(piece.rate)} for piece in found.segments
    ]
    amounts = {"interest": found.interest_minor, "fixed_sum": found.fixed_minor, "total": found.total_minor}
    if insolvent_on is not None:
        amounts["subordinated"] = found.subordinated_minor
    shown = {name: format_minor(minor, currency) for name, minor in amounts.items()}
    _print({"days": found.days, "segments": segments, **shown, "rule": found.rule, "citation": found.citation}, as_json)


def seizable(
    jurisdiction: Jurisdiction,
    kind: Annotated[Literal["wage", "bank"], typer.Option(help="Pay, or the balance of an account.")],
    net: Amount,
    currency: Currency,
    on: Day,
    gross: OptionalAmount = None,
    period: Literal["daily", "weekly", "ten_day", "biweekly", "semimonthly", "monthly", "bonus", "retirement"] = "monthly",
    dependants: Annotated[int, typer.Option(min=0, metavar="N")] = 0,
    claim: Literal["ordinary", "maintenance"] = "ordinary",
    state: State = None,
    minimum_wage: OptionalNumber = None,
    protected: OptionalAmount = None,
    normal_deduction: OptionalAmount = None,
    table: Literal["none", "council_tax"] = "none",
    as_json: Json = False,
) -> None:
    """What may be taken from pay or from an account, and what stays.

    Example: saiken seizable --jurisdiction DE --kind wage --net 2500.00 --currency EUR --dependants 1 --on 2026-09-01
    """
    from fractions import Fraction

    from kernel.money import Money, format_minor
    from kernel.series import read_book
    from services.legal.domain import seizable as rules

    told = [None if amount is None else Money.parse(amount, currency).minor for amount in (gross, protected, normal_deduction)]
    wage = None if minimum_wage is None else Fraction(minimum_wage)
    income = rules.Income(
        jurisdiction, kind, Money.parse(net, currency).minor, currency, on, told[0], period, dependants, claim, state or "",
        wage, told[1], told[2], table,
    )  # fmt: skip
    found = rules.seizable(read_book(documents("seizable")), income)
    amounts = {"exempt": found.exempt_minor, "seizable": found.seizable_minor}
    shown = {name: format_minor(minor, currency) for name, minor in amounts.items()}
    _print({**shown, "rule": found.rule, "citation": found.citation}, as_json)


def court_fee(
    jurisdiction: Jurisdiction,
    procedure: Annotated[Literal["suit", "payment_order"], typer.Option(help="How the claim is brought.")],
    amount: Amount,
    currency: Currency,
    filed_on: Day,
    channel: Literal["paper", "electronic"] = "paper",
    state: State = None,
    as_json: Json = False,
) -> None:
    """What the court asks for a claim filed on a day.

    Example: saiken court-fee --jurisdiction JP --procedure suit --amount 1000000 --currency JPY --filed-on 2026-06-01
    """
    from kernel.money import Money, format_minor
    from kernel.series import read_book
    from services.legal.domain import court_fees

    book = read_book(documents("court_fees"))
    found = court_fees.court_fee(book, jurisdiction, procedure, Money.parse(amount, currency), filed_on, channel, state or "")
    _print({"fee": format_minor(found.minor, currency), "rule": found.rule, "citation": found.citation}, as_json)


def deadline(
    jurisdiction: Jurisdiction,
    event: Annotated[str, typer.Option(metavar="EVENT", help="What happened: payment_order_served, claim_due, served, …")],
    on: Day,
    state: State = None,
    as_json: Json = False,
) -> None:
    """The deadlines that start with an event.

    Example: saiken deadline --jurisdiction DE --event payment_order_served --on 2026-03-02
    """
    from kernel.series import read_book
    from services.legal.domain.deadlines import EVENTS, deadlines

    if event not in EVENTS:
        raise typer.BadParameter(f"{event!r} is none of {', '.join(EVENTS)}", param_hint="--event")
    found = deadlines(read_book(documents("deadlines")), calendars(), jurisdiction, event, on, state or "")
    _print({"deadlines": [{"name": one.name, "due_on": str(one.due_on), "citation": one.citation} for one in found]}, as_json)


def tracking(
    action: Annotated[Literal["check"], typer.Argument(help="What to do with the number.")],
    number: Annotated[str, typer.Argument(help="As printed; blanks and hyphens do not count.")],
    carrier: Annotated[
        str | None, typer.Option(metavar="japan_post|upu|usps", help="Only this carrier's numbers; any other carrier's are opaque.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check the number of a registered letter: valid, not valid, or null where the carrier has no known check (opaque).

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


def may_contact(
    facts: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="Who collects, from whom, after which contacts (JSON).")],
    at: Annotated[datetime, typer.Option(parser=_at, metavar="INSTANT")],
    channel: Annotated[Literal["call", "sms", "email", "letter", "visit"], typer.Option(help="How.")],
    as_json: Json = False,
) -> None:
    """Whether a debtor may be contacted at an instant, why not, and from when on.

    Example: saiken may-contact --facts facts.json --at 2026-11-08T12:00:00+09:00 --channel call
    """
    from cli.law.contact import answer

    _print(answer(facts, at, channel), as_json)


def policy(
    action: Annotated[Literal["print"], typer.Argument(help="What to do with the policies.")],
    on: Day,
    as_json: Json = False,
) -> None:
    """The rules and rates in force on a day, each with its source.

    Example: saiken policy print --on 2026-09-01
    """
    from cli.law.policies import in_force

    assert action == "print", "the only action"
    _print({"on": str(on), "rules": in_force(on)}, as_json)
