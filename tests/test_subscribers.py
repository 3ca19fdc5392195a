"""What every service declares at its doors, read off: nothing it hears is lost, nothing it offers is unguarded."""

import importlib
import inspect
import pkgutil
import re

import pytest
from google.protobuf.descriptor_pool import Default
from google.protobuf.message import Message

from chassis import admin
from chassis.consumer import Consumer
from chassis.plumbing import Process
from chassis.service import Service
from chassis.subscriptions import topic_of
from cli.infrastructure.broker import TOPICS
from proto.chassis.v1 import admin_pb2
from tests.tree import begun

every_service = pytest.mark.parametrize("name", begun())


def app(name: str) -> Service:
    return importlib.import_module(f"services.{name}.app").app


def processes(name: str) -> list[Process]:
    """The processes that a service's commands nudge."""
    commands = importlib.import_module(f"services.{name}.commands")
    parts = [part.name for part in pkgutil.iter_modules(getattr(commands, "__path__", ()))]
    modules = [commands, *(importlib.import_module(f"services.{name}.commands.{part}") for part in parts)]
    found = {value for module in modules for value in vars(module).values() if isinstance(value, Process)}
    return sorted(found | set(app(name).standing), key=lambda process: process.noun)


@every_service
def test_nothing_is_acknowledged_before_its_effect_and_the_first_event_counts(name):
    consumer = Consumer(name, {"bootstrap_servers": "127.0.0.1:1"}, app(name).subscriptions, None, None)

    assert consumer.options["enable_auto_commit"] is False
    assert consumer.options["auto_offset_reset"] == "earliest"
    assert consumer.options["group_id"] == name


@every_service
def test_what_is_heard_exists_in_the_contracts_and_comes_on_a_topic_of_the_suite(name):
    for type_, handler in app(name).subscriptions.handlers.items():
        publisher = type_.split(".")[0]
        events = importlib.import_module(f"proto.{publisher}.v1.events_pb2")

        assert Default().FindMessageTypeByName(type_) is handler.type.DESCRIPTOR
        assert issubclass(handler.type, Message)
        assert type_ in {message.full_name for message in events.DESCRIPTOR.message_types_by_name.values()}
        assert topic_of(type_) in TOPICS
        assert (handler.one is None) != (handler.many is None)


@every_service
def test_a_service_does_not_hear_itself(name):
    assert f"{name}.events" not in app(name).subscriptions.topics()


@every_service
def test_every_call_of_the_contract_has_its_roles_and_its_answer(name):
    (contract,) = app(name).descriptor.services_by_name.values()
    calls = {method.name for method in contract.methods}
    answers = {call for call in calls if inspect.iscoroutinefunction(getattr(app(name).api, call))}
    # A door that outgrew its file is made of several classes; the generated one answers nothing.
    inherited = {call for call in calls if getattr(app(name).api, call).__module__.startswith("proto.")}

    assert set(app(name).roles) == calls
    assert all(app(name).roles[call] and isinstance(app(name).roles[call], frozenset) for call in calls)
    assert answers == calls, "not answered by a coroutine"
    assert not inherited, f"answered by nobody: {inherited}"


@every_service
def test_no_role_is_the_service_itself(name):
    """The door adds it; a person's token never carries it."""
    assert all("service" not in roles for roles in app(name).roles.values())


def test_the_admin_door_has_roles_for_every_call():
    (contract,) = admin_pb2.DESCRIPTOR.services_by_name.values()

    assert set(admin.ROLES) == {method.name for method in contract.methods}


@every_service
def test_no_call_streams(name):
    """The door guards one request and one answer; a stream would pass unguarded."""
    (contract,) = app(name).descriptor.services_by_name.values()

    assert not [method.name for method in contract.methods if method.client_streaming or method.server_streaming]


@every_service
def test_every_workflow_takes_a_unit_and_an_id_and_can_be_nudged(name):
    for workflow in app(name).workflows:
        definition = workflow.__temporal_workflow_definition
        parameters = list(inspect.signature(definition.run_fn).parameters.values())[1:]

        assert len(parameters) == 2
        assert [parameter.annotation for parameter in parameters] == [str, str]
        assert parameters[0].name == "unit"
        assert "nudge" in definition.signals


@every_service
def test_every_process_that_is_nudged_has_its_workflow(name):
    known = {workflow.__name__ for workflow in app(name).workflows}

    assert processes(name), "a service has a process over time"
    assert {process.workflow for process in processes(name)} <= known
    assert len({process.noun for process in processes(name)}) == len(processes(name))


@every_service
def test_a_process_is_named_so_that_its_id_is_an_address(name):
    """`<unit>/<noun>/<id>` is taken apart again by the sweep."""
    assert all(re.fullmatch(r"[a-z][a-z-]*", process.noun) for process in processes(name))
