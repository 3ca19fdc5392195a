"""The door: what callers say about contacts and preferences, and what they are answered."""

from types import SimpleNamespace

import pytest

from chassis import doors
from chassis.database import new_id
from kernel.errors import Refused
from proto.notifications.v1 import api_pb2 as pb
from services.notifications import commands
from services.notifications.api import ROLES, Api
from services.notifications.tests.helpers import OTHER, UNIT


def door(opened, unit: str) -> Api:
    """The API as a call by that unit finds it."""
    doors._caller.set(opened.caller)
    doors._unit.set(unit)
    return Api(SimpleNamespace(database=opened.database))


PREFERENCES = [
    pb.Preference(kind="opt_out", channel="sms"),
    pb.Preference(kind="inconvenient", begins="18:00", ends="09:00", weekdays=[0, 4]),
    pb.Preference(kind="inconvenient", begins="12:00", ends="13:00"),
    pb.Preference(kind="represented"),
]


async def test_preferences_are_listed_as_they_were_told_and_cleared_by_two_units(database_of, accounts):
    opened = database_of("notifications")
    mine, theirs = str(accounts[UNIT]), str(accounts[OTHER])
    api = door(opened, UNIT)
    told = [await api.RecordPreference(pb.RecordPreferenceRequest(account_id=mine, preference=one), None) for one in PREFERENCES]

    listed = (await door(opened, OTHER).ListPreferences(pb.ListPreferencesRequest(account_id=theirs), None)).preferences
    assert [one.preference for one in listed] == PREFERENCES

    first = told[0].preference_id
    answers = []
    for unit, account_id in ((UNIT, mine), (OTHER, theirs)):
        asked = pb.ClearPreferenceRequest(account_id=account_id, preference_id=first)
        answers.append((await door(opened, unit).ClearPreference(asked, None)).cleared)
    assert answers == [False, True]
    assert len((await api.ListPreferences(pb.ListPreferencesRequest(account_id=theirs), None)).preferences) == len(PREFERENCES) - 1


async def test_a_call_is_reserved_made_and_told_how_it_ended(database_of, accounts):
    opened = database_of("notifications")
    mine = str(accounts[UNIT])
    api = door(opened, UNIT)

    asked = pb.ReserveContactRequest(key=str(new_id()), account_id=mine, channel="call", place="home")
    reserved = await api.ReserveContact(asked, None)
    await api.ConfirmContact(pb.ConfirmContactRequest(reservation_id=reserved.reservation_id, outcome="NO_ANSWER"), None)
    heard = pb.RecordContactRequest(key=str(new_id()), account_id=mine, channel="call", outcome="CONVERSATION")
    await api.RecordContact(heard, None)

    assert (await api.MayContact(pb.MayContactRequest(account_id=mine, channel="call"), None)).allowed
    at_work = await api.MayContact(pb.MayContactRequest(account_id=mine, channel="call", place="work"), None)
    assert [reason.rule for reason in at_work.reasons] == ["group.workplace"]


@pytest.mark.parametrize(
    ("method", "request_", "code"),
    [
        ("ReserveContact", pb.ReserveContactRequest(channel="call"), "KEY_MISSING"),
        ("RecordContact", pb.RecordContactRequest(channel="call"), "KEY_MISSING"),
        ("MayContact", pb.MayContactRequest(account_id="x", channel="call"), "INVALID"),
        ("ConfirmContact", pb.ConfirmContactRequest(reservation_id=str(new_id()), outcome="TALKED"), "UNKNOWN_OUTCOME"),
        ("RecordPreference", pb.RecordPreferenceRequest(preference=pb.Preference(kind="mood")), "INVALID"),
        ("ListPreferences", pb.ListPreferencesRequest(account_id=str(new_id())), "NOT_FOUND"),
    ],
)
async def test_what_cannot_be_done_is_refused_with_a_code(database_of, method, request_, code):
    with pytest.raises(Refused) as refused:
        await getattr(door(database_of("notifications"), UNIT), method)(request_, None)
    assert refused.value.code == code


def test_every_method_of_the_contract_has_its_roles():
    assert ROLES.keys() == {method.name for method in pb.DESCRIPTOR.services_by_name["Notifications"].methods}
    assert commands.GROUP_ROLE in ROLES["ClearPreference"]
