"""What the interest policies may say: the names that the linter knows."""

from collections.abc import Collection, Mapping

# Where no state is told, the law of the federation or of the whole country is asked for.
NO_STATE = "federal"
KNOWN: Mapping[str, Collection[str]] = {
    "kind": ("interest", "allocation", "insolvency", "dunning_fee"),
    "jurisdiction": ("EU", "DE", "FR", "GB", "JP", "US"),
    "state": ("NY", "CA", "TX", NO_STATE),
    "debtor": ("business", "consumer", "public"),
    "claim": ("goods", "loan", "judgment", "subcontract", "other"),
    "creditor": ("business", "individual"),
    "lender": ("commercial", "other"),
    "currency": ("EUR",),
}
# What a rule may say, however deep; where there are words, only these.
VALUES: Mapping[str, Collection[str]] = {
    **dict.fromkeys(
        "rate series plus times rise after_months percent floor caps by_principal below amount currency start after_days not_with_contract "
        "fixed_sum rounding unit order at_most within_cap".split(),
        (),
    ),
    "roll": ("DE",),
    "mode": ("floating", "frozen", "frozen_at_due", "half_up", "floor"),
    "contract": ("higher", "replace", "floor", "none"),
    "compounding": ("annual",),
    "after_opening": ("stops", "subordinated"),
    "chargeable": ("nothing", "cost_in_default", "cost_above_fixed_sum", "as_agreed"),
}
