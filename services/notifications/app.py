"""Notifications: the gate, the messages, and their delivery. Start here."""

from chassis.runtime import Runtime
from chassis.service import Service
from proto.notifications.v1.api_pb2 import DESCRIPTOR
from proto.notifications.v1.api_pb2_grpc import add_NotificationsServicer_to_server
from services.notifications.activities import Activities
from services.notifications.api import ROLES, Api
from services.notifications.gateways import FolderLetterShop, SmtpMailer
from services.notifications.subscribers import subscriptions
from services.notifications.workflows import Delivery


def _activities(runtime: Runtime) -> Activities:
    return Activities(runtime, SmtpMailer(runtime.settings.smtp), FolderLetterShop(runtime.settings.files / "letters"))


app = Service(
    "notifications",
    api=Api,
    add_api=add_NotificationsServicer_to_server,
    roles=ROLES,
    descriptor=DESCRIPTOR,
    subscriptions=subscriptions,
    workflows=[Delivery],
    activities=lambda runtime: [_activities(runtime).dispatch],
)

if __name__ == "__main__":
    app.run()
