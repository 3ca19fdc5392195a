"""The figures of a running suite, per business unit: what `saiken demo` prints."""

from collections.abc import Mapping
from typing import Any

from cli.client import Client
from kernel.money import format_minor
from proto.billing.v1 import api_pb2 as billing
from proto.collections.v1 import api_pb2 as collections
from proto.legal.v1 import api_pb2 as legal
from proto.notifications.v1 import api_pb2 as notifications
from proto.payments.v1 import api_pb2 as payments

BUCKETS = ("1-30", "31-60", "61-90", "91+")


async def figures_of(client: Client, unit: str) -> dict[str, Any]:
    """One unit's figures in the shape of the command line's contract."""
    books = await client.ask("billing", "GetFigures", billing.GetFiguresRequest(), unit)
    cash = await client.ask("payments", "GetFigures", payments.GetFiguresRequest(), unit)
    cases = await client.ask("collections", "GetFigures", collections.GetFiguresRequest(), unit)
    messages = await client.ask("notifications", "GetFigures", notifications.GetFiguresRequest(), unit)
    matters = await client.ask("legal", "GetFigures", legal.GetFiguresRequest(), unit)

    def amount(minor: int) -> str:
        return format_minor(minor, books.currency)

    return {
        "business_unit": unit,
        "currency": books.currency,
        "invoices": books.invoices,
        "invoiced": amount(books.invoiced_minor),
        "credited": amount(books.credited_minor),
        "received": amount(cash.received_minor),
        "applied": amount(cash.applied_minor),
        "granted": amount(books.granted_minor),
        "unapplied": amount(cash.unapplied_minor),
        "open": amount(books.open_minor),
        "overdue": {name: amount(books.overdue_minor[name]) for name in BUCKETS},
        "lines": cash.lines,
        "matched_automatically": cash.matched_automatically,
        "cases": _tallies(cases.cases),
        "messages": _tallies(messages.messages),
        "skipped": _tallies(messages.skipped),
        "matters": _tallies(matters.matters),
    }


def _tallies(tallies: Any) -> dict[str, int]:
    return {tally.name: tally.count for tally in tallies}


def show_figures(document: Mapping[str, Any], matched: Mapping[str, str], seconds: float) -> None:
    """Print the figures side by side, then the audit's line."""
    from rich.console import Console
    from rich.table import Table

    table = Table(
        "", *(f"{unit['business_unit']} ({unit['currency']})" for unit in document["units"]), title="Six months, three business units"
    )
    for name in ("invoices", "invoiced", "credited", "received", "applied", "granted", "unapplied", "open"):
        table.add_row(name, *(str(unit[name]) for unit in document["units"]))
    table.add_row("lines", *(str(unit["lines"]) for unit in document["units"]))
    table.add_row("matched automatically", *(f"{u['matched_automatically']} = {matched[u['business_unit']]}" for u in document["units"]))
    for bucket in BUCKETS:
        table.add_row(f"overdue {bucket} days", *(unit["overdue"][bucket] for unit in document["units"]))
    for title, key in (("cases by step", "cases"), ("messages", "messages"), ("not sent", "skipped"), ("matters", "matters")):
        table.add_row(title, *("\n".join(f"{name} {count}" for name, count in unit[key].items()) or "-" for unit in document["units"]))
    console = Console(width=max(Console().width, 110))
    console.print(table)
    cases = document["audit"]["cases"]
    console.print(
        f"open cases {cases['open']}, without next action {cases['without_next_action']}, without workflow {cases['without_workflow']}; "
        f"parked {document['audit']['parked']}"
    )
    console.print(f"{seconds:.0f} s", style="dim")
    print(f"audit: {document['audit']['differences']} differences")
