"""Bad input: each broken file is refused with a code and its place, kept in quarantine, and nothing of it is booked."""

from pathlib import Path

import asyncpg
import pytest

from cli.demo import SAMPLES
from cli.imports import import_invoices, import_statements
from kernel.errors import Refused
from proto.billing.v1.api_pb2 import GetFiguresRequest
from proto.payments.v1.api_pb2 import GetFiguresRequest as GetCashRequest
from tests.integration.conftest import UNIT, Story, clean

BAD = SAMPLES / "bad"
CODES = {
    "balance-does-not-add-up.xml": "BALANCE_CHECK",
    "doctype-invoice.xml": "UNSAFE_XML",
    "doctype-statement.xml": "UNSAFE_XML",
    "empty.csv": "EMPTY",
    "not-a-number.csv": "NOT_A_NUMBER",
    "too-many-decimals.xml": "TOO_MANY_DECIMALS",
    "truncated-invoice.xml": "TRUNCATED",
    "truncated-statement.xml": "TRUNCATED",
    "unknown-currency.csv": "UNKNOWN_CURRENCY",
    "unknown-currency.xml": "UNKNOWN_CURRENCY",
    "unknown-format.txt": "UNKNOWN_FORMAT",
    "wrong-encoding.csv": "ENCODING",
}


async def figures(story: Story) -> tuple[int, int, int]:
    books = await story.client.ask("billing", "GetFigures", GetFiguresRequest(), UNIT)
    cash = await story.client.ask("payments", "GetFigures", GetCashRequest(), UNIT)
    return books.invoices, books.accounts, cash.lines


async def quarantined(story: Story, service: str, name: str) -> str:
    connection = await asyncpg.connect(story.suite.superuser_url(f"saiken_{service}"))
    try:
        return await connection.fetchval("SELECT reason FROM files WHERE name = $1 AND state = 'quarantined'", name)
    finally:
        await connection.close()


@pytest.mark.parametrize("name", CODES)
async def test_a_broken_file_is_refused_whole(story: Story, name: str) -> None:
    is_statement = "statement" in name or "balance" in name
    work, service = (import_statements, "payments") if is_statement else (import_invoices, "billing")
    before = await figures(story)

    with pytest.raises(Refused) as refused:
        await work(story.client, UNIT, [BAD / name])

    assert refused.value.code == CODES[name]
    assert refused.value.details["file"] == name
    assert await figures(story) == before
    assert (await quarantined(story, service, name)).startswith(CODES[name])


async def test_a_known_number_with_other_content_is_refused(story: Story) -> None:
    other = BAD / "same-number-other-content.xml"
    number = next(part.split("<")[0] for part in other.read_text("utf-8").split("<cbc:ID>")[1:2])
    original = next(SAMPLES.glob(f"rheintel/invoices/*/{number}.xml"))
    await import_invoices(story.client, UNIT, [original])
    before = await figures(story)

    with pytest.raises(Refused) as refused:
        await import_invoices(story.client, UNIT, [other])

    assert refused.value.code == "DOCUMENT_CHANGED"
    assert await figures(story) == before
    assert clean(await story.audit())


async def test_an_unknown_unit_is_refused_before_anything_is_sent(story: Story, tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        await import_invoices(story.client, "nobody", [BAD / "empty.csv"])

    assert refused.value.code == "UNKNOWN_UNIT"


async def test_another_unit_finds_nothing(story: Story) -> None:
    """Every listing of every service, asked for a unit that has nothing, answers with nothing."""
    from proto.billing.v1.api_pb2 import ListItemsRequest
    from proto.collections.v1.api_pb2 import ListCasesRequest
    from proto.legal.v1.api_pb2 import ListMattersRequest
    from proto.notifications.v1.api_pb2 import ListMessagesRequest
    from proto.payments.v1.api_pb2 import ListLinesRequest

    assert (await story.client.ask("billing", "ListItems", ListItemsRequest(), UNIT)).items
    asked = {
        "billing": ("ListItems", ListItemsRequest(), "items"),
        "payments": ("ListLines", ListLinesRequest(), "lines"),
        "collections": ("ListCases", ListCasesRequest(), "cases"),
    }
    for service, (method, request, field) in asked.items():
        assert list(getattr(await story.client.ask(service, method, request, "hudson"), field)) == []
    for service, method, request in (
        ("legal", "ListMatters", ListMattersRequest()),
        ("notifications", "ListMessages", ListMessagesRequest()),
    ):
        with pytest.raises(Refused):
            await story.client.ask(service, method, request, "nobody")
