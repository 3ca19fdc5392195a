"""Story 2: nobody pays; reminders, a formal notice, legal, a registered letter, a filing; then the payment withdraws it."""

from datetime import date

from chassis.tenancy import load_units
from cli.client import Client
from cli.demo import SAMPLES
from cli.outside import Office
from cli.scenario import read_scenario
from kernel.references import tracking_check
from proto.legal.v1 import api_pb2 as legal
from tests.integration.conftest import UNIT, Story, clean
from tests.integration.papers import Payment


async def test_an_unpaid_invoice_goes_to_court_until_it_is_paid(story: Story) -> None:
    environment = story.suite.client_environment()
    await story.until("2026-06-01T09:00")
    await story.invoice("R-2", "K-2", "480.00", issued="2026-06-01", due="2026-06-15")
    await story.until("2026-08-31T12:00")

    heard = await story.heard()
    assert heard == [
        "InvoiceIssued",
        "InvoiceOverdue",
        "CaseOpened",
        *["NoticeRequested", "MessageDelivered"] * 3,
        "CaseHandedOver",
        "MatterOpened",
        "LetterPosted",
    ]

    units = load_units(SAMPLES / "units.yaml")
    scenario = read_scenario(SAMPLES / "scenario.yaml", {unit.id: unit.time_zone for unit in units.by_id.values()})
    async with (
        Client(environment, "legal-clerk", frozenset({"legal_clerk"})) as clerk,
        Client(environment, "legal-lead", frozenset({"legal_lead"})) as lead,
    ):
        office = Office(units.get(UNIT), scenario.legal, scenario.post, clerk, lead)
        matter = (await clerk.ask("legal", "ListMatters", legal.ListMattersRequest(), UNIT)).matters[0]
        assert tracking_check(matter.tracking_number)[0]
        now = await story.time.now()
        while matter.stage != "filed" and now.date() < date(2026, 11, 1):
            await story.time.advance(office.next_round(now))
            now = await story.time.now()
            await office.work(now)
            matter = (await clerk.ask("legal", "GetMatter", legal.GetMatterRequest(matter_id=matter.matter_id), UNIT)).matter
        assert matter.stage == "filed"
        assert matter.cost_minor == 3800

        day = now.date().isoformat()
        await story.statement("S-2", Payment("480.00", day, "R-2"))
        assert (await story.heard())[len(heard) :] == [
            "LetterDelivered",
            "FilingApproved",
            "FilingRecorded",
            "LineDistributed",
            "InvoicePaid",
            *sorted(["CaseClosed", "MatterClosed"], key=(await story.heard()).index),
        ]
        matter = (await clerk.ask("legal", "GetMatter", legal.GetMatterRequest(matter_id=matter.matter_id), UNIT)).matter
        assert (matter.stage, matter.reason, matter.claim_minor) == ("closed", "paid", 0)
    assert clean(await story.audit())
