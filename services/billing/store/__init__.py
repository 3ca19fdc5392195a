"""Billing's tables and questions."""

from services.billing.store.items import (
    add_items,
    find_items,
    find_items_of,
    find_open_items,
    list_items,
    mark_overdue,
    next_due_on,
    save_items,
)
from services.billing.store.ledger import add_transfers, books, figures, ledger_differences, load_books, open_by_due, save_books
from services.billing.store.tables import METADATA

__all__ = [
    "METADATA",
    "add_items",
    "add_transfers",
    "books",
    "figures",
    "find_items",
    "find_items_of",
    "find_open_items",
    "ledger_differences",
    "list_items",
    "load_books",
    "mark_overdue",
    "next_due_on",
    "open_by_due",
    "save_books",
    "save_items",
]
