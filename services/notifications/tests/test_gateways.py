"""The ways out: a mail as a real server takes or refuses it, a letter as the print shop finds it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default

import pytest
from aiosmtpd.controller import Controller

from cli.infrastructure.ports import free_ports
from services.notifications.gateways import FolderLetterShop, Mail, NullLetterShop, NullMailer, Rejected, SmtpMailer, mime

MAIL = Mail(
    "<1@example.org>", "なにわ 債権管理課", "m@example.org", "r@example.org", "Erna Muster", "e@example.org",
    "お支払いのお願い", "本文", "<p>本文</p>", datetime(2026, 6, 1, tzinfo=UTC),
)  # fmt: skip


class Server:
    """Takes mail, but none for `gone@` (550) and none just now for `later@` (451)."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []

    async def handle_RCPT(self, _server, _session, envelope, address, _options) -> str:
        if address.startswith("gone@"):
            return "550 no such mailbox"
        if address.startswith("later@"):
            return "451 try again later"
        envelope.rcpt_tos.append(address)
        return "250 fine"

    async def handle_DATA(self, _server, _session, envelope) -> str:
        self.taken.append(envelope.content)
        return "250 taken"


@pytest.fixture
def smtp() -> Iterator[tuple[SmtpMailer, Server]]:
    handler, (port,) = Server(), free_ports(1)
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield SmtpMailer(f"127.0.0.1:{port}"), handler
    controller.stop()


async def test_a_mail_sent_again_carries_the_same_message_id(smtp):
    mailer, server = smtp
    await mailer.send(MAIL)
    await mailer.send(MAIL)
    first, second = (message_from_bytes(content, policy=default) for content in server.taken)
    assert first["Message-ID"] == second["Message-ID"] == "<1@example.org>"
    assert first["Subject"] == "お支払いのお願い"
    assert [part.get_content_type() for part in first.iter_parts()] == ["text/plain", "text/html"]
    assert first.get_body(("plain",)).get_content().strip() == "本文"


@pytest.mark.parametrize(("address", "for_good"), [("gone@example.org", True), ("later@example.org", False)])
async def test_a_refusal_for_good_is_told_from_one_for_now(smtp, address, for_good):
    mailer, _ = smtp
    with pytest.raises(Rejected) as rejected:
        await mailer.send(replace(MAIL, to_email=address))
    assert rejected.value.for_good is for_good


async def test_a_server_that_is_away_is_an_outage_and_no_rejection():
    (port,) = free_ports(1)
    with pytest.raises(OSError, match="onnect"):
        await SmtpMailer(f"127.0.0.1:{port}").send(MAIL)


def test_no_name_can_add_a_header():
    message = mime(replace(MAIL, to_name="Erna\r\nBcc: x@example.org", subject="Hello\nX-Evil: 1"))
    assert message["Bcc"] is None
    assert message["X-Evil"] is None


async def test_the_same_letter_twice_is_one_letter(tmp_path):
    shop, null = FolderLetterShop(tmp_path), NullLetterShop()
    for port in (shop, null):
        await port.hand_over("rheintel", "7", b"%PDF first")
        await port.hand_over("rheintel", "7", b"%PDF second")
    assert [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()] == [b"%PDF first"]
    assert null.printed == {("rheintel", "7"): b"%PDF first"}


async def test_the_null_mailer_remembers_what_it_was_given():
    mailer = NullMailer()
    await mailer.send(MAIL)
    assert mailer.sent == [MAIL]
