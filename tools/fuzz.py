"""The long campaign against the readers: damaged files for as long as asked, with a corpus that is kept.

Run: python -m tools.fuzz --seconds 600 [--corpus FOLDER] [--seed N]. Starts from the fixtures of the tests and from the
corpus; whatever reaches an answer that was not seen before enters the corpus; whatever raises anything but Unreadable, or
takes longer than a second a megabyte, is written to FOLDER/failures and ends the campaign with exit code 1.
"""

import argparse
import hashlib
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

from cli.files import BankProfiles, invoice_profiles
from kernel.errors import Unreadable
from services.billing.domain import formats as invoices
from services.payments.domain import formats as statements

ROOT = Path(__file__).resolve().parents[1]
FIXTURES = ("services/payments/tests/fixtures", "services/billing/tests/fixtures")
DEFAULT_CORPUS = ROOT / ".fuzz"
# A short file costs more than a second a megabyte to start reading.
FIXED_SECONDS = 2.0
PIECES = (
    b"\n",
    b"\x00",
    b",",
    b";",
    b"/",
    b'"',
    b"<",
    b">",
    b"9" * 40,
    b"-",
    b":86:",
    b"88,",
    b"<Ntry>",
    b"\xff\xfe",
    b"\x1a",
    b"|",
    b"stream\n",
)


def damaged(content: bytes, dice: random.Random, others: list[bytes]) -> bytes:
    """One to four changes: cut, repeat, replace, insert, a part of another file."""
    for _ in range(dice.randint(1, 4)):
        place, length = dice.randint(0, len(content)), dice.choice((0, 1, 2, 8, 60))
        other = dice.choice(others)
        start = dice.randint(0, len(other))
        instead = dice.choice((b"", dice.choice(PIECES), dice.randbytes(3), content[place : place + 200] * 2, other[start : start + 300]))
        content = content[:place] + instead + content[place + length :]
    return content[:1_000_000]


def answer(read: Callable[[bytes], object], content: bytes) -> str:
    """What kind of answer: the refusal without its figures, or the shape of what was read."""
    try:
        found = read(content)
    except Unreadable as refusal:
        return refusal.code + "".join(char for char in refusal.message if not char.isdigit())[:60]
    return repr(found)[:40]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--corpus", type=Path, default=DEFAULT_CORPUS)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    dice = random.Random(asked.seed)  # noqa: S311 - repeatable on purpose
    asked.corpus.mkdir(parents=True, exist_ok=True)
    seeds = [path.read_bytes() for folder in FIXTURES for path in sorted((ROOT / folder).iterdir()) if path.is_file()]
    seeds += [path.read_bytes() for path in sorted(asked.corpus.iterdir()) if path.is_file()]
    bank, erp = BankProfiles(), invoice_profiles()
    readers: tuple[Callable[[bytes], object], ...] = (
        lambda content: statements.read(content, profiles=bank),
        lambda content: invoices.read(content, profiles=erp),
    )
    return campaign(readers, seeds, dice, asked.seconds, asked.corpus)


def campaign(readers: tuple[Callable[[bytes], object], ...], seeds: list[bytes], dice: random.Random, seconds: float, corpus: Path) -> int:
    """Exit code 1 with the first failure kept."""
    seen: set[str] = set()
    count, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        content = damaged(dice.choice(seeds), dice, seeds)
        name = hashlib.sha256(content).hexdigest()[:16]
        for read in readers:
            start = time.process_time()
            try:
                found = answer(read, content)
            except Exception as error:
                return failed(corpus, name, content, f"{type(error).__name__}: {error}")
            if time.process_time() - start > FIXED_SECONDS + len(content) / 1e6:
                return failed(corpus, name, content, "too slow")
            if found not in seen:
                seen.add(found)
                seeds.append(content)
                (corpus / name).write_bytes(content)
        count += 1
    print(f"{count} files, {len(seen)} kinds of answers, nothing but Unreadable")
    return 0


def failed(corpus: Path, name: str, content: bytes, why: str) -> int:
    """Keeps the file and says why."""
    folder = corpus / "failures"
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    print(f"{folder / name}: {why}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
