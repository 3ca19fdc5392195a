"""Where alembic starts for this service."""

from chassis.migrate import run

run()
