"""A stand-in for a service, as a real process: migrates, serves the health check, fails where it is told to."""

import os
import subprocess
import sys
from concurrent import futures

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc


def migrate() -> int:
    """Proves that the owner can make a table; the table outlives the suite."""
    import asyncio

    import asyncpg

    async def run() -> None:
        for service in sys.argv[2:]:
            connection = await asyncpg.connect(os.environ[f"SAIKEN_OWNER_DATABASE_URL_{service.upper()}"])
            await connection.execute("CREATE TABLE IF NOT EXISTS lives (at timestamptz DEFAULT now())")
            await connection.execute("INSERT INTO lives DEFAULT VALUES")
            await connection.close()

    asyncio.run(run())
    return 0


def serve() -> int:
    print("told:", *sorted(name for name in os.environ if name.startswith("SAIKEN_")))
    if os.environ.get("SAIKEN_FAIL_AT") == "start":
        print("told to fail at the start", file=sys.stderr)
        return 3
    helper = subprocess.Popen([sys.executable, "-c", "import threading; threading.Event().wait()"])
    print(f"helper: {helper.pid}", flush=True)
    server = grpc.server(futures.ThreadPoolExecutor(2))
    servicer = health.HealthServicer()
    servicer.set("", health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    server.add_insecure_port(os.environ["SAIKEN_LISTEN"])
    server.start()
    server.wait_for_termination()
    return 0


if __name__ == "__main__":
    sys.exit(migrate() if sys.argv[1] == "migrate" else serve())
