"""The embedded mail sink: an SMTP server that delivers nothing and keeps each mail as a file.

`python -m cli.sink --listen HOST:PORT --folder FOLDER` writes `<folder>/<n>-<hash of the Message-ID>.eml`; `n` counts
from 1 and goes on after a restart. Return-Path and Delivered-To carry the envelope.
"""

import argparse
import asyncio
import hashlib
import os
import signal
from email import message_from_bytes
from email.policy import SMTP as SMTP_POLICY
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

# A letter as PDF with its fonts is below 1 MB; the common limit of mail providers leaves room for enclosures.
MAX_MAIL_BYTES = 25 * 1024 * 1024
HASH_LENGTH = 12


class Keeper:
    """Writes mails to a folder, each whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        kept = (path.name.partition("-")[0] for path in folder.glob("*-*.eml"))
        self._count = max((int(number) for number in kept if number.isdigit()), default=0)

    def keep(self, sender: str, recipients: list[str], content: bytes) -> Path:
        message_id = str(message_from_bytes(content, policy=SMTP_POLICY).get("Message-ID", "")).strip()
        digest = hashlib.sha256(message_id.encode() or content).hexdigest()[:HASH_LENGTH]
        envelope = [f"Return-Path: <{sender}>", *(f"Delivered-To: {recipient}" for recipient in recipients)]
        self._count += 1
        path = self._folder / f"{self._count}-{digest}.eml"
        waiting = path.with_suffix(".part")
        with waiting.open("wb") as file:
            file.write("\r\n".join([*envelope, ""]).encode() + content)
            file.flush()
            os.fsync(file.fileno())  # "250" promises that the mail is kept
        waiting.replace(path)
        return path

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        content = envelope.content
        if not isinstance(content, bytes):
            return "500 the content is not bytes"
        path = self.keep(envelope.mail_from or "", list(envelope.rcpt_tos), content)
        return f"250 kept as {path.name}"


async def serve(host: str, port: int, folder: Path) -> None:
    """Until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    keeper = Keeper(folder)

    def connect() -> SMTP:
        return SMTP(keeper, hostname="saiken.invalid", enable_SMTPUTF8=True, data_size_limit=MAX_MAIL_BYTES, loop=loop)

    server = await loop.create_server(connect, host, port)
    async with server:
        await ended.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description="Keeps each mail as a file.")
    parser.add_argument("--listen", required=True, metavar="HOST:PORT")
    parser.add_argument("--folder", required=True, type=Path)
    options = parser.parse_args()
    host, _, port = options.listen.rpartition(":")
    options.folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(serve(host, int(port), options.folder))


if __name__ == "__main__":
    main()
