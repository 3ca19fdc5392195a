"""The matcher's speed beside two free ones on the same data in one run, and how it grows: `python -m benchmarks.matching_peers`.

The peers stand in an environment of their own, which this makes on request (`--install`); they are no part of the project.
"""

import argparse
import gc
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import date
from math import log
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import process_time

from cli.matching import matching_policy
from kernel.references import make_iban
from services.payments.domain.matching import Account, Book, Item, Line, match_lines

ROOT = Path(__file__).resolve().parents[1]
PEERS = ROOT / ".saiken" / "peers"
PACKAGES = ("recordlinkage==0.16", "bankstatementparser==0.0.29")
SMALL, LARGE = (2_000, 5_000), (50_000, 200_000)
_DAY = date(2026, 9, 15)
# Best of so many: others use the machine too.
_ROUNDS = 5


def plain_set(lines: int, items: int, seed: int = 1) -> tuple[list[Line], list[Item], list[Account]]:
    """55 % whole number, 15 % with an error, 10 % none, 10 % several in one, 6 % short, 4 % noise."""
    dice = Random(seed)  # noqa: S311 - reproducible, not secret
    accounts = [
        Account(
            f"C{n:06d}",
            "north",
            (f"Kunde {dice.randrange(10**6):06d} Handel GmbH",),
            (f"iban:{make_iban('DE', f'{dice.randrange(10**18):018d}')}",),
        )
        for n in range(items // 8)
    ]
    made = [
        Item(
            f"I{n:07d}",
            "north",
            dice.choice(accounts).id,
            f"RE-2026-{100_000 + n:06d}",
            "EUR",
            dice.randrange(3_000, 900_000),
            issued_on=date(2026, 8, 1),
        )
        for n in range(items)
    ]
    free: dict[str, list[Item]] = {}
    for item in made:
        free.setdefault(item.account_id, []).append(item)
    owner = {account.id: account for account in accounts}
    told: list[Line] = []
    for item in dice.sample(made, len(made)):
        if len(told) < lines and item in free[item.account_id]:
            told.append(
                _line(dice, len(told), dice.choices(_KINDS, weights=_SHARES)[0], item, free[item.account_id], owner[item.account_id])
            )
    return told, made, accounts


_KINDS = ("exact", "garbled", "none", "bulk", "short", "noise")
_SHARES = (55, 15, 10, 10, 6, 4)


def _line(dice: Random, place: int, kind: str, item: Item, free: list[Item], account: Account) -> Line:
    """A payment; no item is paid by two."""
    free.remove(item)
    amount, text = item.open_minor, f"Rechnung {item.invoice_number}"
    if kind == "garbled":
        digits = item.invoice_number[-6:]
        at = dice.randrange(6)
        text = f"Rechnung {digits[:at]}{dice.randrange(10)}{digits[at + 1 :]}"
    elif kind == "none":
        text = "Zahlung"
    elif kind == "bulk":
        mine = [item, *free[:2]]
        del free[:2]
        amount, text = sum(one.open_minor for one in mine), "RE " + ", ".join(one.invoice_number for one in mine)
    elif kind == "short":
        amount = amount * 98 // 100
    elif kind == "noise":
        return Line(f"{place}", dice.randrange(100, 90_000), "EUR", ("Erstattung",), "Finanzamt", ("iban:DE00",), _DAY, _DAY)
    return Line(f"{place}", amount, "EUR", (text,), account.names[0].upper(), account.tokens, _DAY, _DAY)


def ours(lines: Sequence[Line], items: Sequence[Item], accounts: Sequence[Account]) -> float:
    """Processor seconds from items and lines to decisions, indexes included."""
    policy = matching_policy(_DAY)
    gc.collect()
    gc.disable()  # as timeit does, and as the peers are measured
    began = process_time()
    match_lines(lines, Book(items, accounts), policy)
    seconds = process_time() - began
    gc.enable()
    return seconds


def best(measure: Callable[[], float], rounds: int = _ROUNDS) -> float:
    """The quickest of some runs."""
    return min(measure() for _ in range(rounds))


def peers(lines: Sequence[Line], items: Sequence[Item], accounts: Sequence[Account]) -> dict[str, float]:
    """The peers' best seconds on the same data."""
    names = {account.id: account.names[0].upper() for account in accounts}
    told = {
        "lines": [{"amount": line.amount_minor, "text": line.texts[0], "name": line.payer_name} for line in lines],
        "items": [{"amount": item.open_minor, "number": item.invoice_number, "name": names[item.account_id]} for item in items],
        "rounds": _ROUNDS,
    }
    with TemporaryDirectory() as folder:
        file = Path(folder) / "data.json"
        file.write_text(json.dumps(told))
        script = Path(__file__).with_name("matching_peers_run.py")
        done = subprocess.run([PEERS / "bin" / "python", script, file], capture_output=True, text=True, check=True)  # noqa: S603 - our own script
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    """Prints lines a second, the ratios, and the exponent of growth."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--install", action="store_true")
    parser.add_argument("--growth", action="store_true")
    asked = parser.parse_args()
    if asked.install:
        subprocess.run([sys.executable, "-m", "venv", PEERS], check=True)  # noqa: S603 - our own interpreter
        subprocess.run([PEERS / "bin" / "pip", "install", "--quiet", *PACKAGES], check=True)  # noqa: S603 - pinned above
    small = plain_set(*SMALL)
    mine = best(lambda: ours(*small))
    print(f"saiken: {SMALL[0] / mine:,.0f} lines a processor second on {SMALL[0]:,} lines x {SMALL[1]:,} items")
    if (PEERS / "bin" / "python").exists():
        for name, seconds in peers(*small).items():
            print(f"{name}: {SMALL[0] / seconds:,.0f} lines a second; saiken is {seconds / mine:.1f} times as fast")
    if asked.growth:
        large = plain_set(*LARGE)
        slow = best(lambda: ours(*large), 2)
        exponent = log(slow / mine) / log(LARGE[0] / SMALL[0])
        print(f"saiken: {LARGE[0] / slow:,.0f} lines a second on {LARGE[0]:,} lines x {LARGE[1]:,} items; exponent {exponent:.2f} in lines")


if __name__ == "__main__":
    main()
