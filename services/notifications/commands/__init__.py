"""What notifications can be told to do; one transaction each, none commits."""

from services.notifications.commands.facts import Asked
from services.notifications.commands.gate import (
    Reservation,
    UnknownChannel,
    UnknownOutcome,
    UnknownPlace,
    confirm_contact,
    may_contact,
    note_received,
    release_contact,
    reserve_contact,
)
from services.notifications.commands.messages import (
    Notice,
    begin_look,
    end_look,
    prepare,
    take_notice,
)
from services.notifications.commands.outcomes import DELIVERY, DISPATCHED, EMAIL
from services.notifications.commands.policies import LETTER, RuleBook, UnknownCollector, rule_book, texts
from services.notifications.commands.preferences import GROUP_ROLE, ClearedAlone, clear_preference, list_preferences, record_preference
from services.notifications.commands.projections import Account, take_account, take_party
from services.notifications.commands.sending import Draft, Prepared, note_refused, note_rejected, note_sent, settle, start_sending
from services.notifications.commands.stops import start_contacts, stop_contacts

__all__ = [
    "DELIVERY",
    "DISPATCHED",
    "EMAIL",
    "GROUP_ROLE",
    "LETTER",
    "Account",
    "Asked",
    "ClearedAlone",
    "Draft",
    "Notice",
    "Prepared",
    "Reservation",
    "RuleBook",
    "UnknownChannel",
    "UnknownCollector",
    "UnknownOutcome",
    "UnknownPlace",
    "begin_look",
    "clear_preference",
    "confirm_contact",
    "end_look",
    "list_preferences",
    "may_contact",
    "note_received",
    "note_refused",
    "note_rejected",
    "note_sent",
    "prepare",
    "record_preference",
    "release_contact",
    "reserve_contact",
    "rule_book",
    "settle",
    "start_contacts",
    "start_sending",
    "stop_contacts",
    "take_account",
    "take_notice",
    "take_party",
    "texts",
]
