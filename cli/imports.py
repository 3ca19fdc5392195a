"""`saiken import`: files of ERPs and banks into the running suite."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cli.client import Client
from proto.billing.v1 import api_pb2 as billing
from proto.payments.v1 import api_pb2 as payments

# Between two looks at an import that is being matched.
LOOK_SECONDS = 0.05


async def import_invoices(client: Client, unit: str, files: Sequence[Path]) -> list[dict[str, Any]]:
    """Each file whole or not at all; what became of each document."""
    results = []
    for file in files:
        request = billing.ImportInvoicesRequest(file_name=file.name, content=file.read_bytes())
        answer = await client.ask("billing", "ImportInvoices", request, unit)
        documents = [{"number": d.number, "status": d.status, "warning": d.warning} for d in answer.documents]
        results.append({"file": file.name, "format": answer.format, "documents": documents})
    return results


async def import_statements(client: Client, unit: str, files: Sequence[Path]) -> list[dict[str, Any]]:
    """Each file whole or not at all; what became of its lines, when they are matched."""
    results = []
    for file in files:
        request = payments.ImportStatementRequest(file_name=file.name, content=file.read_bytes())
        stored = await client.ask("payments", "ImportStatement", request, unit)
        state = await _matched(client, unit, stored.import_id)
        results.append(
            {
                "file": file.name,
                "format": stored.format,
                "statements": stored.statements,
                "lines": stored.lines,
                "new_lines": stored.new_lines,
                "matched": state.matched,
                "unapplied": state.unapplied,
                "not_receivable": state.not_receivable,
                "warnings": [*stored.warnings, *([state.note] if state.note else [])],
            }
        )
    return results


async def _matched(client: Client, unit: str, import_id: str) -> Any:
    """The import's counts, when its lines are matched."""
    while True:
        state = await client.ask("payments", "GetImport", payments.GetImportRequest(import_id=import_id), unit)
        if state.state == "done":
            return state
        await asyncio.sleep(LOOK_SECONDS)
