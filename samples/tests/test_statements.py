"""Every sample statement reads without a doubt, and each begins where the one before it ended."""

from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from kernel.errors import Unreadable
from services.payments.domain.formats import is_return, payments, read

SAMPLES = Path(__file__).parent.parent
UNITS = yaml.safe_load((SAMPLES / "units.yaml").read_text())["units"]


def statements(unit):
    for path in sorted((SAMPLES / unit / "statements").iterdir()):
        file = read(path.read_bytes(), path.name)
        assert (file.kind, file.warnings, file.quarantine_reasons) == ("statement", (), ())
        yield from file.statements


@pytest.mark.parametrize("unit", UNITS)
def test_every_statement_balances_and_belongs_to_the_units_account(unit):
    (account,) = UNITS[unit]["payments"]["bank_accounts"]

    for statement in statements(unit):
        assert statement.balance_check == "ok"
        assert (statement.account, statement.currency) == (account["account"], account["currency"])


@pytest.mark.parametrize("unit", UNITS)
def test_balances_form_a_chain(unit):
    found = list(statements(unit))

    assert len(found) >= 6
    assert all(earlier.closing_balance == later.opening_balance for earlier, later in pairwise(found))


def returns(unit):
    return [
        transaction
        for statement in statements(unit)
        for entry, transaction in payments(statement)
        if is_return(entry, transaction)
    ]


@pytest.mark.parametrize("unit", ["rheintel", "hudson"])
def test_a_returned_and_a_refunded_collection_are_recognised_as_returns(unit):
    assert len(returns(unit)) == 2


def test_a_sepa_return_carries_its_reason_and_the_collections_id():
    found = [(back.return_reason, back.end_to_end_id) for back in returns("rheintel")]

    assert found == [("MD06", "E2E-RT-2026-00015"), ("AM04", "E2E-RT-2026-00028")]


@pytest.mark.parametrize(
    ("name", "code"), [("truncated-statement.xml", "TRUNCATED"), ("doctype-statement.xml", "UNSAFE_XML")]
)
def test_a_bad_statement_is_refused_for_its_reason(name, code):
    with pytest.raises(Unreadable) as refused:
        read((SAMPLES / "bad" / name).read_bytes(), name)

    assert refused.value.code == code


def test_a_statement_that_does_not_add_up_is_for_the_quarantine():
    (reason,) = read((SAMPLES / "bad" / "balance-does-not-add-up.xml").read_bytes()).quarantine_reasons

    assert "diff" in reason
