"""Story 1: an invoice falls due, is reminded of, is paid by a bank line, and its case is closed."""

from tests.integration.conftest import Story, clean
from tests.integration.papers import Payment


async def test_a_statement_pays_an_invoice_and_closes_its_case(story: Story) -> None:
    await story.until("2026-06-01T09:00")
    await story.invoice("R-1", "K-1", "119.00", issued="2026-06-01", due="2026-06-15")
    await story.until("2026-06-23T12:00")
    (paid,) = await story.statement("S-1", Payment("119.00", "2026-06-23", "Rechnung R-1"))

    assert (paid["matched"], paid["unapplied"]) == (1, 0)
    assert await story.heard() == [
        "InvoiceIssued",
        "InvoiceOverdue",
        "CaseOpened",
        "NoticeRequested",
        "MessageDelivered",
        "LineDistributed",
        "InvoicePaid",
        "CaseClosed",
    ]
    (mail,) = story.suite.mail.glob("*.eml")
    assert "R-1" in mail.read_text(encoding="utf-8")
    proof = await story.audit()
    assert clean(proof)
    books = {row["book"]: row["by_service"] for row in proof["books"] if row["business_unit"] == "rheintel"}
    assert books["receivables"] == {"billing": "0.00", "payments": "0.00", "collections": "0.00"}
    assert books["applied"] == {"billing": "119.00", "payments": "119.00"}


async def test_the_same_files_again_change_nothing_and_say_so(story: Story) -> None:
    (again,) = await story.invoice("R-1", "K-1", "119.00", issued="2026-06-01", due="2026-06-15")
    (paid,) = await story.statement("S-1", Payment("119.00", "2026-06-23", "Rechnung R-1"))

    assert [document["status"] for document in again["documents"]] == ["unchanged"]
    assert (paid["lines"], paid["new_lines"]) == (1, 0)
    assert clean(await story.audit())
