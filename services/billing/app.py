"""Billing: parties, accounts, invoices, items, and the receivables ledger. Start here."""

from chassis.service import Service
from proto.billing.v1.api_pb2 import DESCRIPTOR
from proto.billing.v1.api_pb2_grpc import add_BillingServicer_to_server
from services.billing.activities import Activities
from services.billing.api import ROLES, Api
from services.billing.commands import DAILY, DUE_WATCH
from services.billing.subscribers import subscriptions
from services.billing.workflows import DueWatch

app = Service(
    "billing",
    api=Api,
    add_api=add_BillingServicer_to_server,
    roles=ROLES,
    descriptor=DESCRIPTOR,
    subscriptions=subscriptions,
    workflows=[DueWatch],
    activities=lambda runtime: [Activities(runtime).mark_due],
    standing={DUE_WATCH: DAILY},
)

if __name__ == "__main__":
    app.run()
