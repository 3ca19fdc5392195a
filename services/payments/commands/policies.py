"""The rules of matching and of allocation, as data beside the service."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from chassis.database import Transaction
from kernel.calendar import local_date
from services.payments.domain.matching import Policy, read_policy
from services.payments.domain.matching.order import Order, read_orders

MATCHING = Path(__file__).parents[1] / "policies" / "matching"


@cache
def _document(name: str) -> Mapping[str, Any]:
    return yaml.safe_load((MATCHING / f"{name}.yaml").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


@cache
def matching_policy(on: date) -> Policy:
    """The rules of matching in force on a day."""
    return read_policy(_document("default"), on)


def todays_policy(tx: Transaction) -> Policy:
    """The rules of matching in force today, where the unit is."""
    return matching_policy(local_date(tx.now, tx.unit.time_zone))


@cache
def orders() -> Mapping[str, Order]:
    """The presets of the order in which money pays what an account owes."""
    return read_orders(_document("orders"))
