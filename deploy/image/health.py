"""Whether this container serves, asked of the plaintext health door; exit code 1: it does not."""

import os
import sys

import grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

PATIENCE_SECONDS = 3


def main() -> int:
    """SERVING is 0; a door that does not answer is as bad as one that says no."""
    port = os.environ["SAIKEN_HEALTH"].rpartition(":")[2]
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        try:
            answer = HealthStub(channel).Check(HealthCheckRequest(), timeout=PATIENCE_SECONDS)
        except grpc.RpcError:
            return 1
    return int(answer.status != HealthCheckResponse.SERVING)


if __name__ == "__main__":
    sys.exit(main())
