"""The running service and `saiken match` give the same decisions on the same items and statements."""

from uuid import UUID

import pytest

from benchmarks.matching_data.files import items_csv, statement
from benchmarks.matching_data.make import make
from benchmarks.matching_data.model import DataSet
from chassis.testing import rolled_back
from cli.matching import read_items, read_lines
from services.payments import commands, store
from services.payments.commands.policies import todays_policy
from services.payments.domain.formats import read
from services.payments.domain.matching import Book, accounts_of, match_lines

UNITS = {"EUR": "rheintel", "JPY": "naniwa"}
_MADE_UP = {"EUR": b"DE89370400440532013000"}


def of_one_unit(data: DataSet) -> DataSet:
    """The same customers and items with ids that the service has, all of one business unit."""
    for place, customer in enumerate(data.customers):
        customer.id, customer.unit = str(UUID(int=place + 1)), UNITS[data.currency]
    for place, item in enumerate(data.items):
        item.id = str(UUID(int=10**6 + place))
    return data


async def told(tx, data: DataSet) -> None:
    """What billing would have announced."""
    customers = {item.customer.id: item.customer for item in data.items}
    for one in customers.values():
        index = tx.vault.blind(tx.unit.id, one.iban) if one.iban and one.iban_known else ""
        names = tuple(filter(None, (one.name, one.kana)))
        await commands.take_payer(tx, commands.PayerState(UUID(one.id), names, index, one.code, 1))
    await commands.take_items(tx, [
        store.ItemState(
            UUID(one.id), UUID(one.customer.id), one.number, one.reference, data.currency, one.open_minor, one.due_on, 1, one.issued_on,
            str(one.discount_percent or ""), one.discount_until,
        )
        for one in data.items
    ])  # fmt: skip


def shape(decision, evidence, suggestions) -> tuple:
    """What must be equal; details of evidence name account numbers, which the service knows blind."""
    return (
        decision.status, decision.rule, decision.score, decision.model, str(decision.account_id) if decision.account_id else None,
        [(one.kind, one.weight) for one in evidence],
        [(one.score, one.rule, one.account_id, one.allocations, one.on_account_minor) for one in suggestions],
    )  # fmt: skip


@pytest.mark.parametrize("japanese", [False, True])
async def test_the_service_and_the_command_line_decide_alike(database_of, tmp_path, japanese):
    data = of_one_unit(make(7, 250, 600, japanese=japanese))
    payments = database_of("payments")
    async with rolled_back(payments.database, payments.caller, UNITS[data.currency]) as tx:
        (account,) = [one["account"] for one in tx.unit.sections["payments"]["bank_accounts"]]
        content = statement(data).replace(_MADE_UP.get(data.currency, b"-"), account.encode())
        (tmp_path / "statement").write_bytes(content)
        rows, lines = read_items(items_csv(data)), list(read_lines([tmp_path / "statement"]))
        expected = match_lines(lines, Book((item for item, _ in rows), accounts_of(rows)), todays_policy(tx))

        await told(tx, data)
        file_id = await commands.keep_file(tx, "statement", content)
        stored = await commands.import_statement(tx, read(content), file_id)
        await commands.match_lines(tx, stored.import_id)

        found = await tx.all("SELECT d.* FROM decisions d JOIN lines l ON l.id = d.line_id ORDER BY l.place")
        grounds = [store.grounds(tx, row) for row in found]
        assert [shape(row, one.evidence, one.suggestions) for row, one in zip(found, grounds, strict=True)] == [
            shape(one, one.evidence, one.suggestions) for one in expected
        ]
        slices = await store.slices_of(tx, [row.line_id for row in found])
        for row, one in zip(found, expected, strict=True):
            taken = [(str(part.item_id), part.amount_minor, part.difference_minor) for part in slices[row.line_id] if part.item_id]
            assert taken == [
                (part.item_id, part.amount_minor, part.difference.amount_minor if part.difference else 0) for part in one.allocations
            ]
        assert sum(one.status == "applied" for one in expected) > len(expected) // 2
