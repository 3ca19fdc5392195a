"""Two roads: a refusal is told to the caller, an outage is waited for; everything else is a bug or passes."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import grpc
from aiokafka.errors import KafkaError
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from chassis.telemetry import logger
from kernel.errors import Conflict, Forbidden, NotFound, Refused

# What a refusal is called on the wire; the code itself travels in ErrorInfo.
_GRPC_CODES: tuple[tuple[type[Refused], int], ...] = (
    (NotFound, code_pb2.NOT_FOUND),
    (Conflict, code_pb2.ALREADY_EXISTS),
    (Forbidden, code_pb2.PERMISSION_DENIED),
    (Refused, code_pb2.FAILED_PRECONDITION),
)
_OUTAGES = (
    OSError,
    asyncio.TimeoutError,
    KafkaError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.InterfaceError,
)
# Files that are not there, and values that a driver refuses, will not come by waiting.
_NO_OUTAGES = (FileNotFoundError, FileExistsError, PermissionError, IsADirectoryError, NotADirectoryError, asyncpg.DataError, ValueError)


def to_status(refused: Refused) -> Any:
    """A refusal as `google.rpc.Status` with its code and place."""
    code = next(code for kind, code in _GRPC_CODES if isinstance(refused, kind))
    detail = AnyMessage()
    detail.Pack(
        error_details_pb2.ErrorInfo(
            reason=refused.code,
            domain="saiken",
            metadata={name: str(value) for name, value in refused.details.items()},
        )
    )
    return rpc_status.to_status(status_pb2.Status(code=code, message=refused.message, details=[detail]))


def from_rpc(error: grpc.aio.AioRpcError) -> Refused | None:
    """The refusal that a peer answered with, or None when the error is something else."""
    status = rpc_status.from_call(error)  # type: ignore[arg-type]
    for detail in status.details if status else ():
        info = error_details_pb2.ErrorInfo()
        if detail.Unpack(info):
            refused = Refused(status.message, **dict(info.metadata))
            refused.code = info.reason
            return refused
    return None


def to_application_error(refused: Refused) -> ApplicationError:
    """A refusal as Temporal knows it: not to be retried."""
    return ApplicationError(refused.message, dict(refused.details), type=refused.code, non_retryable=True)


async def again_and_again(name: str, session: Callable[[], Awaitable[None]], rest_seconds: float) -> None:
    """Run a session until cancelled, with a rest after each: an outage is only waited for, anything else is logged as the bug it is."""
    while True:
        try:
            await session()
        except Exception as error:
            if is_outage(error):
                logger().warning(f"{name}_waits", reason=type(error).__name__)
            else:
                logger().exception(f"{name}_failed")
        await asyncio.sleep(rest_seconds)


def is_outage(error: BaseException) -> bool:
    """True when something that this process needs cannot be reached now; never a reason to park a message."""
    if isinstance(error, grpc.aio.AioRpcError):
        return error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
    if isinstance(error, RPCError):
        return error.status in (RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED)
    if isinstance(error, _NO_OUTAGES):
        return False
    if isinstance(error, _OUTAGES):
        return True
    cause = error.__cause__
    return cause is not None and cause is not error and is_outage(cause)
