"""The embedded infrastructure: real PostgreSQL, Temporal, broker and mail sink, each a process of its own."""

import asyncio
import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import asyncpg
import psutil
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from temporalio.client import Client, WorkflowExecutionStatus

from cli.infrastructure import places, provision
from cli.infrastructure.broker import TOPICS
from cli.infrastructure.embedded import Infrastructure
from cli.infrastructure.keys import make_keys, read_unit_ids
from cli.infrastructure.ports import free_ports, is_free
from cli.infrastructure.process import Child
from cli.running import prepare
from cli.skipping import SkippingTime
from kernel.errors import Unreadable

SERVICES = ("billing", "payments")
PARTITIONS = 3
NAP_DAYS = 16
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to run PostgreSQL as another user")


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Infrastructure]:
    data = prepare(tmp_path_factory.mktemp("infrastructure") / "data")
    parts = Infrastructure(data, services=SERVICES, temporal="skipping", partitions=PARTITIONS, throwaway=True)
    parts.start()
    yield parts
    parts.stop()


@pytest.fixture
async def superuser(parts: Infrastructure) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(parts.postgres.url("postgres", "saiken_billing"))
    yield connection
    await connection.close()


# PostgreSQL


@pytest.mark.parametrize("role", ["postgres", "billing_owner", "billing_app"])
@pytest.mark.parametrize("password", ["", "guessed"])
async def test_nobody_connects_without_the_password(parts: Infrastructure, role: str, password: str):
    with pytest.raises((asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError)):
        await asyncpg.connect(host="127.0.0.1", port=parts.postgres.port, user=role, password=password, database="saiken_billing")


async def test_passwords_are_stored_as_scram_verifiers(superuser: asyncpg.Connection):
    stored = await superuser.fetch("SELECT rolpassword FROM pg_authid WHERE rolpassword IS NOT NULL")

    assert len(stored) == 1 + len(provision.logins(SERVICES))
    assert all(row["rolpassword"].startswith("SCRAM-SHA-256$") for row in stored)


async def test_no_role_of_a_service_passes_row_level_security(superuser: asyncpg.Connection):
    roles = await superuser.fetch(
        "SELECT rolname, rolcanlogin FROM pg_roles WHERE rolname ~ '^(billing|payments)_' "
        "AND NOT (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication)"
    )

    assert {row["rolname"] for row in roles if row["rolcanlogin"]} == set(provision.logins(SERVICES))
    assert {row["rolname"] for row in roles if not row["rolcanlogin"]} == {"billing_definer", "payments_definer"}


@pytest.mark.parametrize("database", ["saiken_payments", "postgres", "template1"])
async def test_a_service_reaches_no_database_but_its_own(parts: Infrastructure, database: str):
    for role in ("billing_owner", "billing_app", "billing_auditor"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(parts.postgres.url(role, database))


async def test_the_application_makes_temporary_tables_and_no_others(parts: Infrastructure):
    connection = await asyncpg.connect(parts.postgres.url("billing_app", "saiken_billing"))
    await connection.execute("CREATE TEMPORARY TABLE arrived (line text)")

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("CREATE TABLE public.kept (line text)")
    await connection.close()


async def test_the_owner_hands_a_function_to_the_definer_and_replaces_it_later(parts: Infrastructure):
    owner = await asyncpg.connect(parts.postgres.url("billing_owner", "saiken_billing"))
    await owner.execute("CREATE SCHEMA counting; GRANT USAGE, CREATE ON SCHEMA counting TO billing_definer")
    create = "CREATE OR REPLACE FUNCTION counting.one() RETURNS int SECURITY DEFINER LANGUAGE sql AS 'SELECT {}'"
    await owner.execute(create.format(1))
    await owner.execute("ALTER FUNCTION counting.one() OWNER TO billing_definer")
    await owner.execute(create.format(2))

    assert await owner.fetchval("SELECT counting.one()") == 2
    assert await owner.fetchval("SELECT proowner::regrole::text FROM pg_proc WHERE proname = 'one'") == "billing_definer"
    await owner.close()


async def test_provisioning_again_changes_nothing(parts: Infrastructure, superuser: asyncpg.Connection):
    catalogue = """
        SELECT 'role', rolname, rolsuper::text || rolcanlogin::text FROM pg_roles
        UNION ALL SELECT 'database', datname, pg_get_userbyid(datdba) || datacl::text FROM pg_database
        UNION ALL SELECT 'member', member::regrole::text, roleid::regrole::text || set_option FROM pg_auth_members
        ORDER BY 1, 2, 3"""
    before = await superuser.fetch(catalogue)

    parts.postgres.run_script(provision.script(SERVICES, parts.postgres.passwords))

    assert await superuser.fetch(catalogue) == before


def test_servers_listen_on_this_machine_only(parts: Infrastructure):
    # Temporal's test server has no option for its address; it is never used outside demo and tests.
    children = [child for child in parts.children if child.name != "temporal"]
    listening = [
        connection
        for child in children
        for connection in psutil.Process(child.pid).net_connections()
        if connection.status == psutil.CONN_LISTEN
    ]

    assert len(listening) == len(children)
    assert {connection.laddr.ip for connection in listening} == {"127.0.0.1"}


@as_root
def test_a_folder_postgresql_cannot_reach_is_left_as_it_is(tmp_path: Path):
    tmp_path.chmod(0o700)
    data = prepare(tmp_path / "data")
    account = places.server_account()
    assert account is not None

    home = places.server_home(data, account, throwaway=True)

    assert not home.is_relative_to(data)
    assert places.server_home(data, account, throwaway=True) == home
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700
    assert (home.stat().st_uid, stat.S_IMODE(home.stat().st_mode)) == (account.uid, 0o700)
    places.forget_home(data, home)
    assert not home.exists()


@as_root
def test_a_wheel_postgresql_cannot_reach_is_copied(parts: Infrastructure):
    account = places.server_account()
    assert account is not None
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        copied = places.copy_wheel(places.wheel(), Path(folder) / "shelf", "copy")
        command = [copied / "pginstall" / "bin" / "initdb", "--version"]
        done = subprocess.run(command, capture_output=True, text=True, user=account.uid, group=account.gid, check=True)

    assert "(PostgreSQL) 18" in done.stdout


# The broker


async def test_topics_have_their_partitions_also_after_the_broker_was_emptied(parts: Infrastructure):
    async def partitions() -> dict[str, int]:
        admin = AIOKafkaAdminClient(bootstrap_servers=parts.broker.address)
        await admin.start()
        topics = await admin.describe_topics(list(TOPICS))
        await admin.close()
        return {topic["topic"]: len(topic["partitions"]) for topic in topics}

    expected = dict.fromkeys(TOPICS, PARTITIONS)
    assert await partitions() == expected
    parts.restart_broker()
    assert await partitions() == expected


# The mail sink


async def test_the_sink_keeps_each_mail_with_its_envelope(parts: Infrastructure):
    host, _, port = parts.smtp_address.partition(":")
    for number in (1, 2):
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "mahnung@example.com", "kunde@example.org", "請求書のご案内"
        mail["Message-ID"] = f"<{number}@example.com>"
        mail.set_content("お支払いをお願いいたします。")
        await aiosmtplib.send(mail, hostname=host, port=int(port), recipients=["anders@example.org"])

    kept = sorted(parts.mail.glob("*.eml"))
    assert [path.name.partition("-")[0] for path in kept] == ["1", "2"]
    text = kept[0].read_text("utf-8")
    assert text.startswith("Return-Path: <mahnung@example.com>\nDelivered-To: anders@example.org\n")
    assert "Message-ID: <1@example.com>" in text


# Time


async def test_a_nap_of_16_days_ends_when_the_driver_advances_and_not_before(parts: Infrastructure, tmp_path: Path):
    napper = Path(__file__).with_name("napper.py")
    worker = Child("napper", [sys.executable, str(napper), parts.temporal.address], dict(os.environ), tmp_path)
    worker.start()
    client = await Client.connect(parts.temporal.address)
    async with SkippingTime(parts.temporal.address) as time:
        began = await time.now()
        nap = await client.start_workflow("Nap", NAP_DAYS, id="nap", task_queue="naps")
        await _timer_started(client)

        # The workflow waits on nothing but its timer: a server that skips by itself would be there by now.
        assert await time.now() - began < timedelta(minutes=1)
        assert (await nap.describe()).status is WorkflowExecutionStatus.RUNNING

        reached = await time.advance(NAP_DAYS * 86_400)
        woke = datetime.fromisoformat(await nap.result())
    worker.kill()

    assert reached - began >= timedelta(days=NAP_DAYS)
    assert timedelta(days=NAP_DAYS) <= woke - began < timedelta(days=NAP_DAYS, minutes=1)


async def _timer_started(client: Client) -> None:
    """By asking again: the test server answers a long poll for new events only after 20 s."""
    async with asyncio.timeout(30):
        while True:
            history = await client.get_workflow_handle("nap").fetch_history()
            if any(event.HasField("timer_started_event_attributes") for event in history.events):
                return


@pytest.mark.parametrize("seconds", [-1, 10**11])
async def test_time_does_not_go_back_nor_beyond_what_can_be_counted(parts: Infrastructure, seconds: int):
    async with SkippingTime(parts.temporal.address) as time:
        with pytest.raises(ValueError, match="cannot be skipped"):
            await time.advance(seconds)


# Ports, keys


def test_free_ports_are_free_different_and_not_for_outgoing_connections():
    ports = free_ports(20)

    assert len(set(ports)) == 20
    assert all(is_free(port) for port in ports)
    outgoing = Path("/proc/sys/net/ipv4/ip_local_port_range")
    assert not outgoing.exists() or max(ports) < int(outgoing.read_text().split()[0])


def test_keys_are_made_once_and_belong_to_their_owner(tmp_path: Path):
    make_keys(tmp_path / "keys", ["denwa"])
    first = {path: path.read_bytes() for path in (tmp_path / "keys").rglob("*") if path.is_file()}
    make_keys(tmp_path / "keys", ["denwa", "handel"])

    assert {path: path.read_bytes() for path in first} == first
    assert len((tmp_path / "keys" / "units" / "handel.blind").read_bytes()) == 32
    private = [path for path in (tmp_path / "keys").rglob("*") if path.is_file() and ".pub." not in path.name]
    assert len(private) == 7 + 4
    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"units: [denwa]", "INVALID"),
        (b"units: {}", "INVALID"),
        (b"units: {../denwa: {}}", "INVALID"),
        (b"units: {", "INVALID"),
        (b"units: {denwa: \xff}", "ENCODING"),
        (None, "INVALID"),
    ],
)
def test_a_file_of_units_that_cannot_be_read_is_refused_by_name(tmp_path: Path, content: bytes | None, code: str):
    path = tmp_path / "units.yaml"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(Unreadable) as refusal:
        read_unit_ids(path)

    assert (refusal.value.code, refusal.value.details["file"]) == (code, str(path))
