"""Late interest: which rule holds for a claim, and what it comes to, explained segment by segment."""

from services.billing.domain.interest.claim import CLAIMS, DEBTORS, Claim, Interest, late_interest
from services.billing.domain.interest.rates import accumulator
from services.billing.domain.interest.schema import KNOWN, VALUES
from services.billing.domain.interest.totals import DunningFee, Reminder, dunning_fee, payment_order, percent_of, within_cap

__all__ = [
    "CLAIMS",
    "DEBTORS",
    "KNOWN",
    "VALUES",
    "Claim",
    "DunningFee",
    "Interest",
    "Reminder",
    "accumulator",
    "dunning_fee",
    "late_interest",
    "payment_order",
    "percent_of",
    "within_cap",
]
