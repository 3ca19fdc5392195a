"""What the interest policies may say: the names that the linter knows."""

from collections.abc import Collection, Mapping

# Where no state is told, the law of the federation or of the whole country is asked for.
NO_STATE = "federal"
KNOWN: Mapping[str, Collection[str]] = {
    "kind": ("interest", "allocation"),
    "jurisdiction": ("EU", "DE", "FR", "GB", "JP", "US"),
    "state": ("NY", "CA", "TX", NO_STATE),
    "debtor": ("business", "consumer", "public"),
    "claim": ("goods", "loan", "judgment", "subcontract", "other"),
    "creditor": ("business", "individual"),
    "lender": ("commercial", "other"),
}
VALUES = frozenset({"rate", "contract", "floor", "caps", "roll", "start", "fixed_sum", "compounding", "rounding", "order"})
