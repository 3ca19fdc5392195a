"""Commands against a running suite: imports, cases, the audit, the clock."""

import asyncio
import getpass
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cli.lifecycle import DEFAULT_DATA, Data, find_suite
from cli.output import REFUSED, Json, progress, say, show
from kernel.errors import Refused

if TYPE_CHECKING:
    from cli.client import Client

UnitOption = Annotated[str, typer.Option("--business-unit", help="The business unit the files belong to.")]
# What the local user of the embedded suite may do; a deployment signs its own tokens.
ROLES = frozenset({"clerk", "collector", "auditor", "operator"})
# One page of a listing on a terminal.
PAGE = 200


class BooksDiffer(Refused):
    """The audit found what must not be."""

    code = "BOOKS_DIFFER"


class TrailBroken(Refused):
    """An entry of the sealed audit trail was changed, removed or inserted."""

    code = "TRAIL_BROKEN"


def with_client(data: Path, work: "Callable[[Client], Awaitable[Any]]") -> Any:
    from cli.client import Client

    async def run() -> Any:
        async with Client(find_suite(data)["client"], getpass.getuser(), ROLES) as client:
            return await work(client)

    return asyncio.run(run())


def import_(
    kind: Annotated[Literal["invoices", "statement"], typer.Argument(help="What the files are.")],
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="Files, each taken whole or not at all.")],
    business_unit: UnitOption,
    as_json: Json = False,
    data: Data = DEFAULT_DATA,
) -> None:
    """Import invoices of an ERP or statements of a bank; what is known already changes nothing.

    Example: saiken import invoices samples/hudson/invoices/2026-06.csv --business-unit hudson
    """
    from cli.imports import import_invoices, import_statements

    work = import_invoices if kind == "invoices" else import_statements
    with progress(f"importing {len(files)} files"):
        results = with_client(data, lambda client: work(client, business_unit, files))
    if as_json:
        show({"files": results})
        return
    for result in results:
        if kind == "invoices":
            known = sum(document["status"] == "unchanged" for document in result["documents"])
            say(f"{result['file']}: {len(result['documents']) - known} accepted, {known} unchanged ({result['format']})")
        else:
            say(
                f"{result['file']}: {result['new_lines']} of {result['lines']} lines are new, {result['matched']} matched ({result['format']})"
            )


def cases(business_unit: UnitOption, as_json: Json = False, data: Data = DEFAULT_DATA) -> None:
    """List the unit's open cases with their next action.

    Example: saiken cases --business-unit rheintel
    """
    from google.protobuf.json_format import MessageToDict

    from proto.collections.v1.api_pb2 import ListCasesRequest

    request = ListCasesRequest(open_only=True, page_size=PAGE)
    answer = with_client(data, lambda client: client.ask("collections", "ListCases", request, business_unit))
    if as_json:
        show({"cases": [MessageToDict(case, preserving_proto_field_name=True) for case in answer.cases]})
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("case", "account", "step", "next action", "on", "owner")
    for case in answer.cases:
        table.add_row(case.case_id, case.account_number, case.step, case.next_action, case.next_action_on, case.owner)
    Console().print(table)


def audit(
    as_json: Json = False,
    textfile: Annotated[
        Path | None, typer.Option(help="Also write the result as Prometheus' text, for a node's textfile collector.")
    ] = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Compare every service's books with every other's, and every open case with its process.

    Example: saiken audit --json
    """
    from cli.audit import audit as compare

    with progress("comparing the books of all services"):
        proof = with_client(data, compare)
    if textfile is not None:
        from cli.audit import write_metrics

        write_metrics(proof, textfile)
    if as_json:
        show(proof)
        if not is_proven(proof):
            raise typer.Exit(REFUSED)
        return
    for row in proof["books"]:
        amounts = ", ".join(f"{service} {amount}" for service, amount in row["by_service"].items())
        say(f"{row['business_unit']} {row['book']} {row['currency']}: {amounts}")
    say(f"cases: {proof['cases']}; parked: {proof['parked']}; audit trail: {proof['chain']}")
    print(f"audit: {proof['differences']} differences")
    if proof["differences"]:
        raise BooksDiffer(f"{proof['differences']} books differ")
    if proof["chain"] != "ok":
        raise TrailBroken(proof["chain"])


def is_proven(proof: dict[str, Any]) -> bool:
    """Whether the books agree and the trail holds."""
    return not proof["differences"] and proof["chain"] == "ok"


def clock(
    action: Annotated[Literal["show", "advance"], typer.Argument(help="Show business time, or move it on.")],
    to: Annotated[str, typer.Option(help="Until this instant (ISO 8601, with offset); default: the next due step.")] = "",
    data: Data = DEFAULT_DATA,
) -> None:
    """Business time of a suite whose time is skipped: everything due happens at its own instant.

    Example: saiken clock advance --to 2026-07-01T09:00+02:00
    """
    print(with_client(data, lambda client: _clock(client, action, to)))


async def _clock(client: "Client", action: str, to: str) -> str:
    from cli.quiet import Time, settle

    time = Time(client)
    if action == "advance" and to:
        await time.advance(datetime.fromisoformat(to).astimezone())
    elif action == "advance":
        positions = await settle(client)
        due = [p.next_due_at.ToDatetime(tzinfo=(await time.now()).tzinfo) for p in positions.values() if p.HasField("next_due_at")]
        if due:
            await time.advance(min(due))
    now = await time.now()
    await time.close()
    return now.isoformat(timespec="seconds")
