"""R3d: from a statement's file to durable allocations, through the service's own code: `python -m benchmarks.distribution [--profile]`.

Lines a second of reading, storing and distributing a statement on real PostgreSQL (2,000 lines against 5,000 items, two transactions as
the service has them), beside COPY of the same rows of lines and slices into tables of the same shape, in the same run. Prints one JSON line.
"""

import argparse
import asyncio
import cProfile
import json
import pstats
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import median
from uuid import UUID

import asyncpg
from alembic import command

from benchmarks.matching_data.files import statement
from benchmarks.matching_data.model import DataSet, Payment
from benchmarks.matching_peers import plain_set
from chassis.auth import Caller, service_caller
from chassis.database import Database
from chassis.migrate import config
from chassis.tenancy import Vault, load_units
from chassis.testing import StandingClock
from cli.infrastructure import ROOT, Postgres, make_keys
from cli.infrastructure.ports import free_ports
from cli.infrastructure.provision import database as database_name
from services.payments import commands, store
from services.payments.domain.formats import read

UNIT, UNITS = "rheintel", ROOT / "samples" / "units.yaml"
LINES, ITEMS, RUNS = 2_000, 5_000, 5
# Tryton's apply_rules on the machine of `speed-and-safety.md`, lines a second.
TRYTON = 111
_DAY, _DUE = date(2026, 9, 15), date(2026, 9, 30)
_TABLES = ("lines", "slices")
_MADE = (
    "imports", "statements", "files", "lines", "slices", "decisions", "refund_questions", "rejections", "payer_lessons", "habit_lessons",
    "items", "payers", "processes",
)  # fmt: skip


def data_set(seed: int, account: str) -> tuple[list[store.ItemState], list[commands.PayerState], bytes]:
    """The mix of the matcher's own benchmark as the service hears of it, and the statement of its bank account."""
    lines, items, accounts = plain_set(LINES, ITEMS, seed)
    ids = {one.id: UUID(int=place + 1) for place, one in enumerate([*accounts, *items])}
    states = [
        store.ItemState(ids[one.id], ids[one.account_id], one.invoice_number, "", "EUR", one.open_minor, _DUE, 1, one.issued_on)
        for one in items
    ]
    payers = [commands.PayerState(ids[one.id], one.names, one.tokens[0].removeprefix("iban:"), "", 1) for one in accounts]
    payments = [
        Payment("", one.amount_minor, one.texts[0], one.payer_name, one.tokens[0].removeprefix("iban:") if one.tokens else "", on=_DAY)
        for one in lines
    ]
    content = statement(DataSet("EUR", [], [], payments))
    return states, payers, content.replace(b"DE89370400440532013000", account.encode())


async def tell(database: Database, caller: Caller, items: list[store.ItemState], payers: list[commands.PayerState]) -> None:
    """What billing would have announced, on tables that are empty."""
    async with database.begin(caller, UNIT) as tx:
        for table in _MADE:
            await tx.execute(f"DELETE FROM {table}")  # noqa: S608 - a constant
        for one in payers:
            await commands.take_payer(tx, replace(one, iban_index=tx.vault.blind(UNIT, one.iban_index)))
        await commands.take_items(tx, items)


async def distribute(database: Database, caller: Caller, content: bytes) -> float:
    """Seconds from the file to the commit of its last allocation."""
    began = time.perf_counter()
    file = read(content, "statement.xml")
    async with database.begin(caller, UNIT) as tx:
        file_id = await commands.keep_file(tx, "statement.xml", content)
        stored = await commands.import_statement(tx, file, file_id)
    left = 1
    while left:
        async with database.begin(caller, UNIT) as tx:
            left = await commands.match_lines(tx, stored.import_id)
    return time.perf_counter() - began


async def copy(url: str) -> tuple[float, int]:
    """Seconds and rows of COPY of what was just stored, into tables with the same columns and indexes."""
    connection = await asyncpg.connect(url)
    try:
        found = {}
        for table in _TABLES:
            await connection.execute(f"DROP TABLE IF EXISTS copied_{table}; CREATE TABLE copied_{table} (LIKE {table} INCLUDING ALL)")
            found[table] = [tuple(row) for row in await connection.fetch(f"SELECT * FROM {table}")]  # noqa: S608 - a constant
        began = time.perf_counter()
        async with connection.transaction():
            for table, rows in found.items():
                await connection.copy_records_to_table(f"copied_{table}", records=rows)
        seconds = time.perf_counter() - began
        for table in _TABLES:
            await connection.execute(f"DROP TABLE copied_{table}")
        return seconds, sum(map(len, found.values()))
    finally:
        await connection.close()


async def measure(postgres: Postgres, keys: Path, profile: cProfile.Profile | None) -> dict[str, object]:
    """The median of several statements, each with the COPY of its own rows right after it."""
    url, caller = postgres.url("payments_app", database_name("payments")), service_caller("payments")
    units = load_units(UNITS)
    database = Database(url, StandingClock(datetime(2026, 10, 1, 10, 0, tzinfo=UTC)), units, Vault(keys), partitions=4)
    account = units.get(UNIT).sections["payments"]["bank_accounts"][0]["account"]
    speeds: list[float] = []
    limits: list[float] = []
    applied = 0
    for seed in range(1, RUNS + 1):
        items, payers, content = data_set(seed, account)
        await tell(database, caller, items, payers)
        if profile:
            profile.enable()
        seconds = await distribute(database, caller, content)
        if profile:
            profile.disable()
        copied, _ = await copy(postgres.url("postgres", database_name("payments")))
        speeds.append(LINES / seconds)
        limits.append(LINES / copied)
        async with database.begin(caller, UNIT) as tx:
            row = await tx.first("SELECT count(*) FILTER (WHERE state = 'matched') AS n FROM lines")
            applied += row.n if row else 0
    await database.close()
    return report(speeds, limits, applied)


def report(speeds: Sequence[float], limits: Sequence[float], applied: int) -> dict[str, object]:
    """The figures; the ratio is of the same run each time."""
    return {
        "benchmark": "distribution",
        "lines": LINES,
        "items": ITEMS,
        "runs": len(speeds),
        "applied": round(applied / len(speeds)),
        "lines_per_second": round(median(speeds)),
        "copy_lines_per_second": round(median(limits)),
        "of_copy": round(median(speed / limit for speed, limit in zip(speeds, limits, strict=True)), 4),
        "times_tryton": round(median(speeds) / TRYTON, 1),
    }


def main() -> None:
    """Print the figures; `--profile` also where the time goes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", action="store_true")
    profile = cProfile.Profile() if parser.parse_args().profile else None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (port,) = free_ports(1)
        postgres = Postgres(folder, folder, port, ["payments"], throwaway=True)
        make_keys(folder / "keys", list(load_units(UNITS).by_id))
        postgres.start()
        try:
            command.upgrade(config("payments", postgres.url("payments_owner", database_name("payments"))), "head")
            print(json.dumps(asyncio.run(measure(postgres, folder / "keys", profile))))
        finally:
            postgres.child.kill()
            postgres.forget()
    if profile:
        pstats.Stats(profile).sort_stats("tottime").print_stats(45)


if __name__ == "__main__":
    main()
