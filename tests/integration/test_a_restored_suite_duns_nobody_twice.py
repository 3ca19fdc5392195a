"""The drill: a suite is backed up, lost and restored; books, trail and cases are whole, and nobody is written to twice."""

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from cli.backup import BackupDamaged, back_up, restore
from cli.client import Client
from cli.contacts import set_contacts
from cli.demo import CLERK
from cli.imports import import_invoices
from cli.quiet import Time, settle
from cli.suite import Suite
from proto.notifications.v1.api_pb2 import ListMessagesRequest
from tests.integration.conftest import RESTARTS, UNIT, clean
from tests.integration.papers import invoice

from cli.audit import audit  # isort: skip


async def told(client: Client) -> Counter[tuple[str, str]]:
    """How often each account was sent each text."""
    answer = await client.ask("notifications", "ListMessages", ListMessagesRequest(), UNIT)
    return Counter((message.account_id, message.template) for message in answer.messages if message.state == "delivered")


async def test_a_restored_suite_duns_nobody_twice(tmp_path: Path) -> None:
    before, after, kept = tmp_path / "before", tmp_path / "after", tmp_path / "backup"
    with Suite.start(before, throwaway=True, clock_start="2026-06-01T06:00:00Z", settings=RESTARTS) as suite:
        async with Client(suite.client_environment(), "drill", CLERK) as client:
            path = tmp_path / "invoice.xml"
            path.write_bytes(invoice("R-77", "K-77", "48.00", "2026-06-01", "2026-06-05", "Erna Muster"))
            await import_invoices(client, UNIT, [path])
            time = Time(client)
            while not await told(client):
                await time.step(await time.now() + timedelta(days=1))
            await settle(client)
            reminded, lost_at = await told(client), await time.now()
            await time.close()
        back_up(before, kept)

    assert restore(kept, after) == ["rheintel", "naniwa", "hudson"]
    with Suite.start(after, throwaway=True, clock_start=lost_at.isoformat(), settings=RESTARTS, units=after / "units.yaml") as suite:
        async with Client(suite.client_environment(), "drill", CLERK) as client:
            await settle(client)
            assert clean(await audit(client))
            time = Time(client)
            await time.advance(lost_at + timedelta(days=30))
            assert await told(client) == reminded, "contacts are stopped until somebody starts them"

            await set_contacts(client, "start", "", "")
            await time.advance(lost_at + timedelta(days=40))
            again = await told(client)
            assert again.keys() > reminded.keys(), "the strategy goes on where it was"
            assert set(again.values()) == {1}, "nobody is sent the same text twice"
            assert clean(await audit(client))
            await time.close()


def test_a_damaged_backup_is_not_restored(tmp_path: Path) -> None:
    with Suite.start(tmp_path / "suite", services=("notifications",), throwaway=True) as _:
        back_up(tmp_path / "suite", tmp_path / "backup")
    archive = tmp_path / "backup" / "postgres" / "base.tar.gz"
    archive.write_bytes(archive.read_bytes()[:-1])

    with pytest.raises(BackupDamaged, match=r"base\.tar\.gz"):
        restore(tmp_path / "backup", tmp_path / "restored")
    assert not (tmp_path / "restored").exists()
