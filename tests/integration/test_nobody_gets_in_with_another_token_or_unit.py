"""Every method of every service over its real door: forged tokens, missing roles and other units are refused."""

import importlib
from collections.abc import Iterator
from pathlib import Path

import grpc.aio
import pytest
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from chassis.errors import from_rpc
from chassis.tests.test_auth import CLAIMS, HEADERS, Forger
from proto.chassis.v1.admin_pb2 import DESCRIPTOR as ADMIN
from tests.integration.conftest import UNIT, Story
from tests.tree import SERVICES

OTHER = "naniwa"
# Every role that a person can have: what is refused is refused for the unit's sake.
ROLES = ["clerk", "collector", "legal_clerk", "legal_lead", "auditor", "operator", "group_collector"]


def methods(service: str) -> Iterator[tuple[str, type[Message]]]:
    """The full name and the question of each method, the admin door's too."""
    for file in (importlib.import_module(f"proto.{service}.v1.api_pb2").DESCRIPTOR, ADMIN):
        for of_service in file.services_by_name.values():
            for method in of_service.methods:
                yield f"/{of_service.full_name}/{method.name}", GetMessageClass(method.input_type)


class Caller:
    """Calls a service with any token."""

    def __init__(self, story: Story, service: str) -> None:
        self.forger, self.service = Forger(Path(story.client.environment["SAIKEN_KEYS"])), service
        self.channel = grpc.aio.insecure_channel(story.suite.address(service))

    def token(self, **claims: object) -> str:
        return self.forger.token(**{"aud": self.service, **claims})

    async def answer(self, method: str, question: type[Message], token: str, unit: str = UNIT) -> str:
        """The status; of a refusal its code."""
        metadata = (("authorization", f"Bearer {token}"), ("x-business-unit", unit))
        call = self.channel.unary_unary(method, request_serializer=question.SerializeToString)
        try:
            await call(question(), metadata=metadata, timeout=10)
        except grpc.aio.AioRpcError as error:
            refused = from_rpc(error)
            return refused.code if refused else error.code().name
        return "OK"


def of_other_audience(service: str, claims: dict) -> dict:
    """The forgeries are written for billing."""
    return {name: ("legal" if service == "payments" else "payments") if name == "aud" and value == "payments" else value
            for name, value in claims.items()}  # fmt: skip


@pytest.mark.parametrize("service", SERVICES)
async def test_no_forged_token_opens_any_door(story: Story, service: str) -> None:
    caller = Caller(story, service)
    forged = {what: caller.token(**of_other_audience(service, claims)) for what, claims in CLAIMS.items()}
    forged |= {what: caller.token(header=header) for what, header in HEADERS.items()}
    forged |= {"unsigned": caller.token().rpartition(".")[0] + ".", "empty": "", "with the public key as a secret": caller.forger.hs256()}
    assert len(forged) > 20
    first = next(methods(service))
    answers = {what: await caller.answer(*first, token) for what, token in forged.items()}
    answers |= {method: await caller.answer(method, question, forged["expired"]) for method, question in methods(service)}
    await caller.channel.close(None)

    assert {what: answer for what, answer in answers.items() if answer != "UNAUTHENTICATED"} == {}


@pytest.mark.parametrize("service", SERVICES)
async def test_no_method_answers_a_caller_without_a_role(story: Story, service: str) -> None:
    caller = Caller(story, service)
    answers = {method: await caller.answer(method, question, caller.token(roles=["guest"])) for method, question in methods(service)}
    await caller.channel.close(None)

    assert {method: answer for method, answer in answers.items() if answer != "FORBIDDEN"} == {}


@pytest.mark.parametrize("service", SERVICES)
async def test_no_method_answers_about_a_unit_that_the_token_does_not_list(story: Story, service: str) -> None:
    """Before anything else is looked at: the mistakes of the question are refused to those who may ask it."""
    caller, asked = Caller(story, service), [one for one in methods(service) if "/chassis." not in one[0]]
    token = caller.token(units=[OTHER], roles=ROLES)
    others = {method: await caller.answer(method, question, token) for method, question in asked}
    nobodys = {method: await caller.answer(method, question, token, unit="") for method, question in asked}
    await caller.channel.close(None)

    assert {method: answer for method, answer in others.items() if answer != "FORBIDDEN"} == {}
    assert {method: answer for method, answer in nobodys.items() if answer == "OK"} == {}
