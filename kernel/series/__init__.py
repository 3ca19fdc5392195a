"""Law as dated data: series of rates, rules in force on a day, closed days of courts, and the linter over all of them."""

from kernel.series.days import ClosedDays, add_months, read_closed_days
from kernel.series.lint import lint
from kernel.series.rows import Book, NoRule, Period, RateMissing, Row, Rule, Series, read_book

__all__ = [
    "Book",
    "ClosedDays",
    "NoRule",
    "Period",
    "RateMissing",
    "Row",
    "Rule",
    "Series",
    "add_months",
    "lint",
    "read_book",
    "read_closed_days",
]
