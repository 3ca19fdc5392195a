"""Where messages leave: the mail server and the print shop, each behind a port with its real and its null form."""

import os
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Protocol

import aiosmtplib

# A mail server answers within this time or counts as away.
SMTP_TIMEOUT_SECONDS = 10.0
# RFC 5321, 4.2.1: 5yz is a permanent negative answer, 4yz a transient one.
_PERMANENT = 500


class Rejected(Exception):
    """The transport answered, and said no; `for_good` when asking again will not help."""

    def __init__(self, code: int, *, for_good: bool) -> None:
        super().__init__(f"the transport answered {code}")
        self.for_good = for_good


@dataclass(frozen=True)
class Mail:
    """One mail in both forms. `message_id` is the same whenever it is sent again."""

    message_id: str
    sender_name: str
    sender_email: str
    reply_to: str
    to_name: str
    to_email: str
    subject: str
    text: str
    html: str
    at: datetime


class Mailer(Protocol):
    """Hands mail to a mail server."""

    async def send(self, mail: Mail) -> None:
        """Returns when the server has accepted it. Raises Rejected; OSError or a time-out when it is away."""


class LetterShop(Protocol):
    """Hands letters to whoever prints and posts them."""

    async def hand_over(self, unit: str, letter_id: str, pdf: bytes) -> None:
        """Returns when the letter is there; the same id again changes nothing."""


@dataclass(frozen=True)
class SmtpMailer:
    """Mail by SMTP to `host:port`."""

    address: str

    async def send(self, mail: Mail) -> None:
        host, _, port = self.address.rpartition(":")
        try:
            await aiosmtplib.send(mime(mail), hostname=host, port=int(port), start_tls=False, timeout=SMTP_TIMEOUT_SECONDS)
        except aiosmtplib.SMTPRecipientsRefused as refused:
            code = max(answer.code for answer in refused.recipients)
            raise Rejected(code, for_good=code >= _PERMANENT) from None
        except aiosmtplib.SMTPResponseException as answer:
            raise Rejected(answer.code, for_good=answer.code >= _PERMANENT) from None


@dataclass(frozen=True)
class FolderLetterShop:
    """Letters as files `<folder>/<unit>/<id>.pdf`, whole or not at all; the print shop collects them."""

    folder: Path

    async def hand_over(self, unit: str, letter_id: str, pdf: bytes) -> None:
        path = self.folder / unit / f"{letter_id}.pdf"
        if path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        waiting = path.with_suffix(".part")
        with waiting.open("wb") as file:
            file.write(pdf)
            file.flush()
            os.fsync(file.fileno())
        waiting.replace(path)


class NullMailer:
    """Sends nothing; remembers what it was given."""

    def __init__(self) -> None:
        self.sent: list[Mail] = []

    async def send(self, mail: Mail) -> None:
        mime(mail)
        self.sent.append(mail)


class NullLetterShop:
    """Prints nothing; remembers what it was given."""

    def __init__(self) -> None:
        self.printed: dict[tuple[str, str], bytes] = {}

    async def hand_over(self, unit: str, letter_id: str, pdf: bytes) -> None:
        self.printed.setdefault((unit, letter_id), pdf)


def mime(mail: Mail) -> EmailMessage:
    """The mail as it goes over the wire. Values are made one line first: no name can add a header."""
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(_one_line(mail.sender_name), addr_spec=mail.sender_email)
    message["To"] = Address(_one_line(mail.to_name), addr_spec=mail.to_email)
    message["Reply-To"] = Address(addr_spec=mail.reply_to)
    message["Subject"] = _one_line(mail.subject)
    message["Message-ID"] = mail.message_id
    message["Date"] = format_datetime(mail.at)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers to it
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    return message


def _one_line(value: str) -> str:
    return " ".join(value.split())
