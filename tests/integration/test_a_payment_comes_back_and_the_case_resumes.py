"""Story 3: a payment closes the case, comes back as a return, and the case goes on where it stood."""

from proto.collections.v1 import api_pb2 as collections
from tests.integration.conftest import UNIT, Story, clean
from tests.integration.papers import Payment


async def test_a_payment_comes_back_and_the_case_resumes(story: Story) -> None:
    await story.until("2026-06-01T09:00")
    await story.invoice("R-3", "K-3", "75.50", issued="2026-06-01", due="2026-06-15")
    await story.until("2026-06-23T12:00")
    await story.statement("S-3", Payment("75.50", "2026-06-23", "R-3", end_to_end="E2E-R-3"))
    await story.until("2026-06-30T12:00")
    await story.statement("S-4", Payment("75.50", "2026-06-30", "R-3", end_to_end="E2E-R-3", returned="AM04"))

    assert await story.heard() == [
        "InvoiceIssued",
        "InvoiceOverdue",
        "CaseOpened",
        "NoticeRequested",
        "MessageDelivered",
        "LineDistributed",
        "InvoicePaid",
        "CaseClosed",
        "PaymentReturned",
        "LineDistributed",
        "CaseOpened",
    ]
    cases = (await story.client.ask("collections", "ListCases", collections.ListCasesRequest(), UNIT)).cases
    assert [(case.state, case.step, case.next_action, case.overdue_minor) for case in cases] == [
        ("open", "reminder", "second_reminder", 7550)
    ]
    proof = await story.audit()
    assert clean(proof)
    books = {row["book"]: row["by_service"] for row in proof["books"] if row["business_unit"] == UNIT}
    assert books["receivables"] == {"billing": "75.50", "payments": "75.50", "collections": "75.50"}
    assert books["applied"] == {"billing": "0.00", "payments": "0.00"}


async def test_the_second_reminder_follows_the_return(story: Story) -> None:
    await story.until("2026-07-15T12:00")

    assert (await story.heard())[-2:] == ["NoticeRequested", "MessageDelivered"]
    assert clean(await story.audit())
