"""The wall clock, with Temporal's own server: what an operator does by command, and Temporal losing all it knew."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from cli.audit import audit
from cli.client import Client
from cli.demo import CLERK
from cli.imports import import_invoices, import_statements
from cli.quiet import settle
from cli.suite import Suite
from proto.collections.v1.api_pb2 import GetFiguresRequest
from tests.integration.conftest import PAUSE, UNIT, clean, until_it_works
from tests.integration.papers import Payment, invoice, statement
from tests.tree import ROOT

SAIKEN = Path(sys.executable).with_name("saiken")
# Two looks of the sweep, and a start of Temporal.
FOUND_SECONDS = 120.0


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    with Suite.start(tmp_path_factory.mktemp("suite"), temporal="wall", throwaway=True) as running:
        yield running


@pytest_asyncio.fixture
async def client(suite: Suite) -> AsyncIterator[Client]:
    async with Client(suite.client_environment(), "operator", CLERK) as made:
        yield made


def saiken(suite: Suite, *words: str, code: int = 0) -> dict:
    """One command as a person types it; its JSON."""
    data = Path(suite.state()["data"])
    done = subprocess.run([SAIKEN, *words, "--data", data], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout) if done.stdout else {}


async def overdue_invoice(client: Client, folder: Path, number: str) -> None:
    path = folder / f"{number}.xml"
    path.write_bytes(invoice(number, "K-6", "20.00", "2026-01-02", "2026-01-16", "Erna Muster"))
    await import_invoices(client, UNIT, [path])


async def test_an_operator_finds_everything_by_command(suite: Suite, client: Client, tmp_path: Path) -> None:
    await overdue_invoice(client, tmp_path, "W-1")
    await settle(client)

    def commands() -> None:
        assert [case["state"] for case in saiken(suite, "cases", "--business-unit", UNIT, "--json")["cases"]] == ["open"]
        textfile = tmp_path / "audit.prom"
        proof = saiken(suite, "audit", "--json", "--textfile", str(textfile))
        assert clean(proof)
        assert "saiken_audit_differences 0.0" in textfile.read_text("utf-8")
        assert saiken(suite, "parked", "list", "--json") == {"parked": []}
        saiken(suite, "parked", "show", "01900000-0000-7000-8000-000000000000", code=1)
        assert saiken(suite, "replay", "--json") == {"rows": {}}
        assert saiken(suite, "prune", "--json")["removed"]["billing"] == {"outbox": 0, "inbox": 0}
        saiken(suite, "contacts", "stop", "--reason", "INC-1")
        saiken(suite, "contacts", "start", "--business-unit", UNIT)
        saiken(suite, "contacts", "start")

    await asyncio.to_thread(commands)


@pytest.mark.parametrize("service", ["payments", "collections"])
async def test_a_projection_that_was_lost_is_read_anew_and_equals_the_old_one(suite: Suite, client: Client, service: str) -> None:
    connection = await asyncpg.connect(suite.superuser_url(f"saiken_{service}"))
    await settle(client)
    before = await connection.fetch("SELECT * FROM items ORDER BY id")
    assert before
    await connection.execute("DELETE FROM items")
    assert (await audit(client))["differences"] == 1

    assert (await asyncio.to_thread(lambda: saiken(suite, "rebuild", service, "--json")))["states"] == {
        "billing.v1.ItemChanged": len(before)
    }
    await settle(client)
    assert await connection.fetch("SELECT * FROM items ORDER BY id") == before
    assert clean(await audit(client))
    await connection.close()


async def test_a_changed_entry_of_the_trail_is_told_by_the_audit(suite: Suite, client: Client) -> None:
    connection = await asyncpg.connect(suite.superuser_url("saiken_billing"))
    row = await connection.fetchrow("SELECT t.id, t.entry FROM trail t JOIN seals s USING (id) WHERE s.number = 1 AND s.chain = $1", UNIT)
    await connection.execute("UPDATE trail SET entry = 'someone else did it' WHERE id = $1", row["id"])
    assert (await audit(client))["chain"] == f"billing/{UNIT}: 1 was changed"

    proof = await asyncio.to_thread(lambda: saiken(suite, "audit", "--json", code=1))
    assert proof["chain"] == f"billing/{UNIT}: 1 was changed"
    await connection.execute("UPDATE trail SET entry = $2 WHERE id = $1", row["id"], row["entry"])
    await connection.close()
    assert (await audit(client))["chain"] == "ok"


async def test_temporal_loses_all_it_knew_and_the_sweep_starts_it_again(suite: Suite, client: Client, tmp_path: Path) -> None:
    await overdue_invoice(client, tmp_path, "W-2")
    await settle(client)
    database = Path(suite.state()["data"]) / "temporal.sqlite"
    suite.infrastructure.temporal.child.kill()
    for file in database.parent.glob("temporal.sqlite*"):
        file.unlink()

    async def all_run() -> None:
        while True:
            proof = await until_it_works(lambda: audit(client))
            if clean(proof) and proof["cases"]["open"]:
                return
            await asyncio.to_thread(PAUSE.wait, 1.0)

    await asyncio.wait_for(all_run(), FOUND_SECONDS)
    path = tmp_path / "statement.xml"
    path.write_bytes(statement("S-W", [Payment("20.00", "2026-06-09", "W-1"), Payment("20.00", "2026-06-09", "W-2")]))
    await import_statements(client, UNIT, [path])
    await settle(client)

    figures = await client.ask("collections", "GetFigures", GetFiguresRequest(), UNIT)
    assert figures.open == 0
    assert clean(await audit(client))
