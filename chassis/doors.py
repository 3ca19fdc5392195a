"""The gRPC door's frame: who calls, in which trace, what a refusal becomes on the wire."""

import contextvars
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import grpc
import grpc.aio

from chassis.auth import SERVICE, Caller, Unauthenticated, Verifier
from chassis.errors import is_outage, to_status
from chassis.metrics import REFUSED
from chassis.telemetry import continued, logger
from chassis.transport import is_shown_by
from kernel.errors import Refused

_caller: contextvars.ContextVar[Caller] = contextvars.ContextVar("caller")
_unit: contextvars.ContextVar[str] = contextvars.ContextVar("unit")
# Reflection and health tell nothing about anybody; everything else needs a token.
_OPEN = ("/grpc.health.", "/grpc.reflection.")

Roles = Mapping[str, frozenset[str]]


def caller() -> Caller:
    """Who makes the call that is being answered."""
    return _caller.get()


def unit() -> str:
    """The business unit that the call chose. Refuses: UNKNOWN_UNIT is the database's answer to an empty one."""
    return _unit.get()


class Door(grpc.aio.ServerInterceptor):  # type: ignore[type-arg]
    """Checks the token and the method's roles, continues the trace, turns refusals into status."""

    def __init__(self, verifier: Verifier, roles: Roles) -> None:
        self._verifier, self._roles = verifier, roles

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        details: grpc.HandlerCallDetails,
    ) -> Any:
        """Wrap one method's handler."""
        handler = await continuation(details)
        if handler is None or details.method.startswith(_OPEN):
            return handler
        metadata = {name: str(value) for name, value in details.invocation_metadata}
        inner = handler.unary_unary

        async def guarded(request: Any, context: Any) -> Any:
            with continued(details.method, metadata):
                try:
                    self._admit(details.method, metadata, context.auth_context())
                    return await inner(request, context)
                except Refused as refused:
                    REFUSED.labels(details.method, refused.code).inc()
                    logger().info("refused", method=details.method, code=refused.code)
                    if isinstance(refused, Unauthenticated):
                        await context.abort(grpc.StatusCode.UNAUTHENTICATED, refused.message)
                    await context.abort_with_status(to_status(refused))
                except Exception as error:
                    if isinstance(error, grpc.aio.AbortError):
                        raise
                    logger().exception("call_failed", method=details.method)
                    code = grpc.StatusCode.UNAVAILABLE if is_outage(error) else grpc.StatusCode.INTERNAL
                    await context.abort(code, "something that is needed is away" if is_outage(error) else "internal error; see the log")

        return grpc.unary_unary_rpc_method_handler(guarded, handler.request_deserializer, handler.response_serializer)

    def _admit(self, method: str, metadata: Mapping[str, str], shown: Mapping[str, Sequence[bytes]]) -> None:
        scheme, _, token = str(metadata.get("authorization", "")).partition(" ")
        if scheme != "Bearer" or not token:
            raise Unauthenticated("no token")
        who = self._verifier.verify(token)
        if not is_shown_by(who.issuer, shown):
            raise Unauthenticated("the certificate is not that of the token's issuer")
        who.need(self._roles[method.rpartition("/")[2]] | {SERVICE})
        # Before the question is looked at: its mistakes are nobody else's business.
        chosen = str(metadata.get("x-business-unit", ""))
        if chosen:
            who.for_unit(chosen)
        _caller.set(who)
        _unit.set(chosen)
