"""Runs the peers of the matcher in their own environment on the data of a file; prints their best seconds as JSON."""

import gc
import json
import re
import sys
from decimal import Decimal
from pathlib import Path
from time import process_time

import pandas as pd
import recordlinkage
from bankstatementparser.reconciliation import reconcile_payments_and_statements

_NUMBER = re.compile(r"\d{4,}")


def digits(text: str) -> str:
    """The last number in a text, as both peers are given it."""
    found = _NUMBER.findall(text)
    return found[-1] if found else ""


def with_recordlinkage(data: dict) -> float:
    """Blocks on the number and on the amount, compares number, name and amount, takes what adds up to two of three."""
    began = process_time()
    lines, items = pd.DataFrame(data["lines"]), pd.DataFrame(data["items"])
    lines["number"], items["number"] = lines["text"].map(digits), items["number"].map(digits)
    index = recordlinkage.Index()
    index.block("number")
    index.block("amount")
    pairs = index.index(lines, items)
    compare = recordlinkage.Compare()
    compare.exact("amount", "amount")
    compare.string("number", "number", method="levenshtein", threshold=0.8)
    compare.string("name", "name", method="jarowinkler", threshold=0.9)
    features = compare.compute(pairs, lines, items)
    features[features.sum(axis=1) >= 2].groupby(level=0).size()  # noqa: PLR2004
    return process_time() - began


def with_bankstatementparser(data: dict) -> float:
    """Its two-way reconciliation: reference, amount and name, fuzzy name."""
    began = process_time()
    payments = [
        {"EndToEndId": digits(row["number"]), "amount": Decimal(row["amount"]) / 100, "currency": "EUR", "name": row["name"]}
        for row in data["items"]
    ]
    statements = [
        {"EndToEndId": digits(row["text"]), "amount": Decimal(row["amount"]) / 100, "currency": "EUR", "name": row["name"]}
        for row in data["lines"]
    ]
    reconcile_payments_and_statements(payments, statements)
    return process_time() - began


if __name__ == "__main__":
    gc.disable()  # as timeit does
    told = json.loads(Path(sys.argv[1]).read_text())
    both = {"recordlinkage": with_recordlinkage, "bankstatementparser": with_bankstatementparser}
    print(json.dumps({name: min(run(told) for _ in range(told["rounds"])) for name, run in both.items()}))
