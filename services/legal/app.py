"""Legal: what is claimed at court, from the registered letter to the filing. Start here."""

from chassis.service import Service
from proto.legal.v1.api_pb2 import DESCRIPTOR
from proto.legal.v1.api_pb2_grpc import add_LegalServicer_to_server
from services.legal.activities import Activities
from services.legal.api import ROLES, Api
from services.legal.gateways import FilePost
from services.legal.subscribers import subscriptions
from services.legal.workflows import Matter

app = Service(
    "legal",
    api=Api,
    add_api=add_LegalServicer_to_server,
    roles=ROLES,
    descriptor=DESCRIPTOR,
    subscriptions=subscriptions,
    workflows=[Matter],
    activities=lambda runtime: [Activities(runtime, FilePost(runtime.settings.files / "post")).advance_matter],
)

if __name__ == "__main__":
    app.run()
