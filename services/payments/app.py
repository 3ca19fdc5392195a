"""Payments: bank statements, their lines, and which line pays what. Start here."""

from chassis.service import Service
from proto.payments.v1.api_pb2 import DESCRIPTOR
from proto.payments.v1.api_pb2_grpc import add_PaymentsServicer_to_server
from services.payments.activities import Activities
from services.payments.api import ROLES, Api
from services.payments.subscribers import subscriptions
from services.payments.workflows import ImportStatement

app = Service(
    "payments",
    api=Api,
    add_api=add_PaymentsServicer_to_server,
    roles=ROLES,
    descriptor=DESCRIPTOR,
    subscriptions=subscriptions,
    workflows=[ImportStatement],
    activities=lambda runtime: [
        (steps := Activities(runtime)).is_up_to_date,
        steps.note_behind,
        steps.match_lines,
    ],
)

if __name__ == "__main__":
    app.run()
