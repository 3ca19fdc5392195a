"""What the interest policies may say: the names that the linter knows."""

from collections.abc import Collection, Mapping

KNOWN: Mapping[str, Collection[str]] = {
    "kind": ("interest", "allocation"),
    "jurisdiction": ("EU", "DE", "FR", "GB", "JP", "US"),
    "state": ("NY", "CA", "TX", "federal"),
    "debtor": ("business", "consumer", "public"),
    "claim": ("goods", "loan", "judgment", "subcontract", "other"),
    "creditor": ("business", "individual"),
    "lender": ("commercial", "other"),
}
VALUES = frozenset({"rate", "contract", "floor", "caps", "roll", "start", "fixed_sum", "compounding", "rounding", "order"})
