"""Makes a data set from a seed: `python -m benchmarks.matching_data.make FOLDER --seed 1 [--japanese] [--unseen]`."""

import argparse
import json
from pathlib import Path

from benchmarks.matching_data import euro, japan
from benchmarks.matching_data.files import items_csv, statement
from benchmarks.matching_data.model import DataSet, Payment
from benchmarks.matching_data.shop import Shop


def make(seed: int, lines: int = 2000, items: int = 5000, *, japanese: bool = False, unseen: bool = False) -> DataSet:
    """About so many lines and items, in yen or euros; `unseen`: names, texts and numbers that tuning never saw."""
    shop = Shop(seed, items - lines // 10, japanese=japanese, unseen=unseen)
    shares = japan.SHARES if japanese else euro.SHARES
    payments: list[Payment] = []
    kinds = [kind for kind, share in shares.items() for _ in range(max(1, round(share * lines / sum(shares.values()))))]
    shop.dice.shuffle(kinds)
    for kind in kinds:
        made = kind(shop)
        payments += made if isinstance(made, list) else [made] if made else []
    # A statement has its days in order; what one day brings has no order of its own.
    payments.sort(key=lambda payment: payment.on)
    return DataSet("JPY" if japanese else "EUR", shop.customers, shop.items, payments)


def main() -> None:
    """Writes ITEMS.csv, the statement and truth.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lines", type=int, default=2000)
    parser.add_argument("--items", type=int, default=5000)
    parser.add_argument("--japanese", action="store_true")
    parser.add_argument("--unseen", action="store_true")
    asked = parser.parse_args()
    data = make(asked.seed, asked.lines, asked.items, japanese=asked.japanese, unseen=asked.unseen)
    asked.folder.mkdir(parents=True, exist_ok=True)
    (asked.folder / "ITEMS.csv").write_bytes(items_csv(data))
    (asked.folder / ("statement.txt" if asked.japanese else "statement.xml")).write_bytes(statement(data))
    truth = [{"kind": one.kind, "paid": one.paid, "granted": one.granted, "on_account": one.on_account_minor} for one in data.payments]
    (asked.folder / "truth.json").write_text(json.dumps(truth, indent=1))


if __name__ == "__main__":
    main()
