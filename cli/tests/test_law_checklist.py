"""What the law's policies must prove whoever edits them: one test per promise, over the rules of all services."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from fractions import Fraction
from typing import Any

import pytest

from cli.law import calendars, documents
from cli.law.books import ROOT, parsed
from kernel.errors import Refused
from kernel.money import Money
from kernel.references import tracking_check
from kernel.series import RateMissing, add_months, read_book
from services.billing.domain.interest import Claim, Reminder, dunning_fee, late_interest, percent_of
from services.legal.domain.court_fees import court_fee
from services.legal.domain.deadlines import Happening, deadlines, limitation
from services.legal.domain.seizable import Income, seizable
from services.notifications.domain import decide, read_facts, read_rules, statutory

CALENDARS = calendars()
BOOKS = {subject: read_book(documents(subject)) for subject in ("interest", "seizable", "court_fees", "deadlines")}


def late(jurisdiction: str, currency: str, due: str, paid: str, debtor: str = "business", **more: Any):
    asked = Claim(jurisdiction, debtor, "goods", Money(1_000_000, currency), date.fromisoformat(due), date.fromisoformat(paid), **more)
    return late_interest(BOOKS["interest"], CALENDARS, asked)


def due(jurisdiction: str, event: str, on: str, state: str = "") -> Mapping[str, str]:
    return {
        one.name: one.due_on.isoformat()
        for one in deadlines(BOOKS["deadlines"], CALENDARS, jurisdiction, event, date.fromisoformat(on), state)
    }


def rates_of(**claim: Any) -> list[str]:
    return [percent_of(piece.rate) for piece in late(**claim).segments]


def may(at: str, channel: str = "call", **more: Any):
    rules = read_rules(documents("contact"))
    party = {"type": "consumer", "zones": ["America/New_York"], "place": "home", **more.pop("party", {})}
    told = {"jurisdiction": "US", "collector": "agency", "rules": "statutory", "debt": "D1", "contacts": [], "party": party, **more}
    facts, _ = read_facts(told, channel, datetime.fromisoformat(at), rules, CALENDARS)
    return decide(facts, statutory(rules), datetime.fromisoformat(at))


def test_1_a_hole_in_a_series_is_an_error_and_german_rates_follow_the_european_ones():
    for series in BOOKS["interest"].series.values():
        end = series.valid_until
        if end is not None:
            with pytest.raises(RateMissing):
                series.at(add_months(end, 1))
    base, mro = (BOOKS["interest"].one(name).rows for name in ("DE_BASISZINS", "ECB_MRO"))
    assert [row.number for row in base] == [row.number - Fraction("0.88") for row in mro]
    legal = {row.effective_from: row.number * 3 for row in BOOKS["interest"].one("FR_LEGAL_OTHER").rows}
    published = {"2025-01-01": "11.13", "2025-07-01": "8.28", "2026-01-01": "7.86", "2026-07-01": "8.25"}
    assert {on: legal[date.fromisoformat(on)] for on in published} == {on: Fraction(rate) for on, rate in published.items()}


def test_2_one_invoice_bears_what_each_country_says():
    span = {"due": "2026-01-30", "paid": "2026-04-30"}
    found = {place: late(place, currency, **span).interest_minor for place, currency in
             (("EU", "EUR"), ("DE", "EUR"), ("FR", "EUR"), ("GB", "GBP"), ("JP", "JPY"))}  # fmt: skip
    assert found == {"EU": 25_027, "DE": 25_323, "FR": 29_959, "GB": 28_973, "JP": 7_397}


def test_3_a_british_rate_stands_still_over_july_and_a_german_one_does_not():
    span = {"due": "2025-05-30", "paid": "2025-08-29"}
    assert rates_of(jurisdiction="GB", currency="GBP", **span) == ["12.75"]
    assert rates_of(jurisdiction="DE", currency="EUR", **span) == ["11.27", "10.27"]


def test_4_the_french_order_is_served_by_the_day_on_which_it_was_made():
    assert due("FR", "payment_order_issued", "2026-08-31") == {"service": "2027-03-01"}
    assert due("FR", "payment_order_issued", "2026-09-01") == {"service": "2026-12-01"}


@pytest.mark.parametrize(("on", "channel", "fee"), [("2026-05-20", "paper", 10_000), ("2026-05-20", "electronic", 10_000),
                                                    ("2026-05-21", "paper", 12_500), ("2026-05-21", "electronic", 11_400)])  # fmt: skip
def test_5_a_japanese_fee_goes_by_the_day_of_filing_and_the_channel(on, channel, fee):
    assert court_fee(BOOKS["court_fees"], "JP", "suit", Money(1_000_000, "JPY"), date.fromisoformat(on), channel).minor == fee


def test_6_calls_are_counted_in_seven_days_and_in_new_york_city_all_attempts_since_september():
    def calls(*days: int, month: int = 11) -> list[dict[str, str]]:
        return [{"at": f"2026-{month:02d}-{day:02d}T12:00:00-05:00", "channel": "call", "direction": "out", "debt": "D1",
                 "business_unit": "bu2", "outcome": "NO_ANSWER"} for day in days]  # fmt: skip

    assert not may("2026-11-08T15:00:00-05:00", contacts=calls(2, 3, 4, 5, 6, 7, 8)).allowed
    assert may("2026-11-09T15:00:00-05:00", contacts=calls(2, 3, 4, 5, 6, 7, 8)).allowed
    city = {"party": {"residence": "NYC"}, "collector": "creditor"}
    assert may("2026-08-31T15:00:00-04:00", "email", contacts=calls(28, 29, 30, month=8), **city).allowed
    assert not may("2026-09-01T15:00:00-04:00", "email", contacts=calls(28, 29, 30, month=8), **city).allowed


def test_7_a_second_japanese_demand_changes_nothing_nor_does_one_on_top_of_an_agreement():
    book, on = BOOKS["deadlines"], date(2021, 6, 30)
    start = book.find(on, {"jurisdiction": "JP", "event": "claim_due"})

    def ends(*happened: tuple[str, str]) -> str:
        course = [Happening(event, date.fromisoformat(day)) for event, day in happened]
        return limitation(book, CALENDARS, start, on, course).ends_on.isoformat()

    assert ends(("demand", "2026-06-20")) == ends(("demand", "2026-06-20"), ("demand", "2026-12-19")) == "2026-12-20"
    assert ends(("demand", "2026-06-20"), ("negotiation_agreement", "2026-12-01")) == "2026-12-20"
    assert ends(("negotiation_agreement", "2026-06-20"), ("demand", "2027-06-01")) == "2027-06-20"


@pytest.mark.parametrize(
    ("income", "before", "on"),
    [
        (Income("DE", "wage", 200_000, "EUR", date(2026, 6, 30)), 311_50, 288_82),
        (Income("FR", "bank", 80_000, "EUR", date(2026, 3, 31)), 153_48, 148_31),
    ],
)
def test_8_a_table_changes_on_its_day(income, before, on):
    following = Income(income.jurisdiction, income.kind, income.net_minor, income.currency, add_months(income.on.replace(day=1), 1))
    assert [seizable(BOOKS["seizable"], asked).seizable_minor for asked in (income, following)] == [before, on]


@pytest.mark.parametrize(
    ("jurisdiction", "state", "on", "missing"),
    [
        ("FR", "", date(2025, 12, 31), ("NO_RULE", None)),
        ("FR", "", date(2027, 1, 1), ("RATE_MISSING", "FR_WAGE_BANDS")),
        ("US", "CA", date(2027, 1, 1), ("RATE_MISSING", "CA_MINIMUM_WAGE")),
        ("DE", "", date(2027, 7, 1), ("RATE_MISSING", "DE_850C")),
    ],
)
def test_8_what_is_before_or_after_the_tables_is_refused(jurisdiction, state, on, missing):
    currency = "USD" if state else "EUR"
    with pytest.raises(Refused) as refused:
        seizable(BOOKS["seizable"], Income(jurisdiction, "wage", 200_000, currency, on, state=state))
    assert (refused.value.code, refused.value.details.get("series")) == missing


def test_9_stop_states_hold_when_a_message_is_sent_and_insolvency_stops_or_subordinates_interest():
    assert may("2026-11-10T12:00:00-05:00").allowed
    assert not may("2026-11-10T12:00:00-05:00", party={"states": ["insolvency"]}).allowed
    opened = {"due": "2026-01-30", "paid": "2026-04-30", "insolvent_on": date(2026, 3, 2)}
    french, german = late("FR", "EUR", **opened), late("DE", "EUR", **opened)
    assert (french.interest_minor, french.subordinated_minor) == (9_986, 0)
    assert german.interest_minor + german.subordinated_minor == 25_323
    assert german.subordinated_minor > 0


def test_10_fee_and_interest_of_a_consumer_stay_within_the_japanese_cap_and_a_french_one_pays_no_fee():
    span = {"due": "2026-04-30", "paid": "2026-05-30"}
    interest = late("JP", "JPY", debtor="consumer", contract_rate=Fraction(20), **span).interest_minor
    assert interest == 12_000
    asked = Reminder("JP", "consumer", Money(1_000_000, "JPY"), date(2026, 4, 30), date(2026, 5, 30), 500, agreed_minor=500)
    assert dunning_fee(BOOKS["interest"], asked).minor == 500
    assert dunning_fee(BOOKS["interest"], replace(asked, interest_minor=interest)).minor == 0
    french = Reminder("FR", "consumer", Money(100_000, "EUR"), date(2026, 4, 30), date(2026, 5, 30), 500, agreed_minor=500)
    assert dunning_fee(BOOKS["interest"], french).minor == 0


def test_11_numbers_of_registered_letters_are_checked():
    assert [tracking_check(number)[0] for number in ("RR473124829GB", "131-12-38385-2", "70210950000012345678")] == [True] * 3
    assert [tracking_check(number)[0] for number in ("RR473124828GB", "131-12-38385-7", "70210950000012345679")] == [False] * 3


def test_12_the_japanese_procedure_asks_nobody_for_an_employer_because_only_maintenance_may():
    (japan,) = [parsed(path) for path in (ROOT / "services/legal/policies/procedures").glob("JP.yaml")]
    assert "employer" not in json.dumps(japan, default=str)
    assert "勤務先" not in json.dumps(japan, ensure_ascii=False, default=str)
