"""The post office: where registered letters are handed in and proofs of delivery come from."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID, uuid4

from kernel.errors import Unreadable

DELIVERED, RETURNED = "delivered", "returned"
# A proof carries a scanned signature at most.
MAX_PROOF_BYTES = 10 * 2**20


@dataclass(frozen=True, slots=True)
class Letter:
    """A registered letter, ready to be posted. `answers` are the last answers about what is owed; ids and versions only."""

    unit: str
    tracking_number: str
    matter_id: UUID
    posted_on: date
    document: bytes
    answers: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the post keeps of a letter that was handed in: the document is the one that travels."""

    posted_on: date
    sha256: str
    document: bytes
    answers: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Proof:
    """What became of a letter; `content` is the evidence as it came."""

    delivered_on: date
    outcome: str
    content: bytes


class PostOffice(Protocol):
    """Letters by their tracking number; one number is one letter, however often it is handed in."""

    def hand_in(self, letter: Letter) -> Receipt:
        """Post a letter; one that was handed in before is not posted again, and its first receipt is given."""

    def receipt(self, unit: str, tracking_number: str) -> Receipt | None:
        """The receipt of a letter, None when it was never handed in."""

    def proof(self, unit: str, tracking_number: str) -> Proof | None:
        """What became of a letter, None when nothing is known. Raises Unreadable TOO_LARGE, INVALID with the field."""


class FilePost:
    """A post office that is two folders: `out` is what leaves the house, `in` is what comes back.

    `out/<unit>/<number>.pdf` and `.json` {matter_id, posted_on, sha256, answers}: the letter is posted when its .json is there;
    `in/<unit>/<number>.json` {delivered_on, outcome: delivered|returned}.
    """

    def __init__(self, folder: Path) -> None:
        self._out, self._in = folder / "out", folder / "in"

    def hand_in(self, letter: Letter) -> Receipt:
        """Both files appear whole or not at all, and the first ones stay."""
        pdf, note = self._files(letter.unit, letter.tracking_number)
        pdf.parent.mkdir(parents=True, exist_ok=True)
        _write_once(pdf, letter.document)
        about = {
            "matter_id": str(letter.matter_id),
            "posted_on": letter.posted_on.isoformat(),
            "sha256": hashlib.sha256(pdf.read_bytes()).hexdigest(),
            "answers": letter.answers,
        }
        _write_once(note, json.dumps(about, indent=1, sort_keys=True).encode())
        receipt = self.receipt(letter.unit, letter.tracking_number)
        assert receipt is not None
        return receipt

    def receipt(self, unit: str, tracking_number: str) -> Receipt | None:
        """From the two files."""
        pdf, note = self._files(unit, tracking_number)
        if not note.exists():
            return None
        about = json.loads(note.read_bytes())
        return Receipt(date.fromisoformat(about["posted_on"]), about["sha256"], pdf.read_bytes(), about["answers"])

    def proof(self, unit: str, tracking_number: str) -> Proof | None:
        """From the file that the postman left."""
        path = self._in / unit / f"{tracking_number}.json"
        if not path.exists():
            return None
        with path.open("rb") as file:
            content = file.read(MAX_PROOF_BYTES + 1)
        return read_proof(content, path.name)

    def _files(self, unit: str, tracking_number: str) -> tuple[Path, Path]:
        return self._out / unit / f"{tracking_number}.pdf", self._out / unit / f"{tracking_number}.json"


class NullPost:
    """A post office that keeps letters in memory; proofs are put into `proofs` by unit and number."""

    def __init__(self) -> None:
        self.letters: dict[tuple[str, str], Receipt] = {}
        self.proofs: dict[tuple[str, str], bytes] = {}

    def hand_in(self, letter: Letter) -> Receipt:
        """The first letter of a number stays."""
        receipt = Receipt(letter.posted_on, hashlib.sha256(letter.document).hexdigest(), letter.document, letter.answers)
        return self.letters.setdefault((letter.unit, letter.tracking_number), receipt)

    def receipt(self, unit: str, tracking_number: str) -> Receipt | None:
        """As handed in."""
        return self.letters.get((unit, tracking_number))

    def proof(self, unit: str, tracking_number: str) -> Proof | None:
        """As put into `proofs`."""
        content = self.proofs.get((unit, tracking_number))
        return None if content is None else read_proof(content, tracking_number)


def read_proof(content: bytes, file: str) -> Proof:
    """A proof of delivery. Raises Unreadable TOO_LARGE, INVALID with the field."""
    if len(content) > MAX_PROOF_BYTES:
        raise Unreadable("TOO_LARGE", f"a proof has at most {MAX_PROOF_BYTES} bytes", file=file)
    try:
        data = json.loads(content)
        outcome, delivered_on = data["outcome"], date.fromisoformat(data["delivered_on"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Unreadable("INVALID", f"the proof cannot be read: {type(error).__name__}", file=file, place=str(error)[:80]) from None
    if outcome not in (DELIVERED, RETURNED):
        raise Unreadable("INVALID", "the outcome is neither delivered nor returned", file=file, place="outcome")
    return Proof(delivered_on, outcome, content)


def _write_once(path: Path, content: bytes) -> None:
    """Whole or not at all, durable, and never over what is there."""
    draft = path.with_name(f".{uuid4().hex}")
    with draft.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
