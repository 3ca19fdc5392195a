"""Collections: the one case of each account, and the strategy it walks. Start here."""

from chassis.service import Service
from proto.collections.v1.api_pb2 import DESCRIPTOR
from proto.collections.v1.api_pb2_grpc import add_CollectionsServicer_to_server
from services.collections.activities import Activities
from services.collections.api import ROLES, Api
from services.collections.subscribers import subscriptions
from services.collections.workflows import CollectionCase

app = Service(
    "collections",
    api=Api,
    add_api=add_CollectionsServicer_to_server,
    roles=ROLES,
    descriptor=DESCRIPTOR,
    subscriptions=subscriptions,
    workflows=[CollectionCase],
    activities=lambda runtime: [Activities(runtime).advance_case],
)

if __name__ == "__main__":
    app.run()
