"""Lists of open items as SAP saves them: by item or by customer, of table BSID, in German and English."""

from datetime import date

import pytest

from kernel.errors import Unreadable
from services.billing.domain.formats import read

BY_CUSTOMER = """Customer Line Item Display

Customer            100023
Company Code        1000
Name                Muster Ltd
------------------------------------------------------------------------------
|St|Assignment  |DocumentNo|Ty|Doc. Date |Net due dt|Amt in loc.cur.|LCurr|
------------------------------------------------------------------------------
|  |ORDER 1     |1800000017|RV|2026-03-01|2026-03-31|      1,190.00 |EUR  |
|  |ORDER 1     |1600000003|DG|2026-03-10|2026-03-10|        119.00-|EUR  |
------------------------------------------------------------------------------
|* |            |          |  |          |          |      1,071.00 |EUR  |

Customer            100044
Name                Beispiel Inc
|  |ORDER 2     |1800000021|RV|2026-03-11|2026-04-10|     10,000.00 |USD  |
|  |            |1400000009|DZ|2026-03-20|2026-03-20|      4,000.00-|USD  |
"""
BSID = (
    "BUKRS\tKUNNR\tBELNR\tBLART\tBUDAT\tBLDAT\tWAERS\tSHKZG\tWRBTR\tXBLNR\tZFBDT\tZBD1T\tZBD2T\tZBD3T\n"
    "1000\t0000100023\t1800000017\tRV\t20260301\t20260301\tEUR\tS\t1190.00\tINV-17\t20260301\t10\t30\t0\n"
    "1000\t0000100023\t1600000003\tDG\t20260310\t20260310\tEUR\tH\t119.00\tINV-17\t20260310\t0\t0\t0\n"
)


def test_a_list_by_customer_takes_the_customer_from_the_line_above():
    documents = read(BY_CUSTOMER.encode()).documents

    assert [(one.buyer.account_number, one.buyer.name, str(one.gross), one.currency) for one in documents] == [
        ("100023", "Muster Ltd", "1190.00", "EUR"),
        ("100023", "Muster Ltd", "119.00", "EUR"),
        ("100044", "Beispiel Inc", "10000.00", "USD"),
    ]
    assert [one.due_on for one in documents] == [date(2026, 3, 31), date(2026, 3, 10), date(2026, 4, 10)]
    assert [one.is_credit for one in documents] == [False, True, False]


def test_items_of_the_table_are_due_when_the_days_of_their_last_term_are_over():
    invoice, credit = read(BSID.encode()).documents

    # The baseline date is where the terms begin, not when they end.
    assert (invoice.number, invoice.due_on, str(invoice.payable)) == ("INV-17", date(2026, 3, 31), "1190.00")
    assert (credit.due_on, str(credit.payable), credit.preceding) == (date(2026, 3, 10), "119.00", ("INV-17",))


def test_payments_and_unknown_kinds_are_named():
    file = read(BY_CUSTOMER.replace("|1400000009|DZ", "|1400000009|X9").encode())

    assert file.warnings == ("line 17: document type 'X9' is not known and is left out",)


def test_an_item_without_a_customer_cannot_be_booked():
    (document,) = read("\n".join(BY_CUSTOMER.splitlines()[5:9]).encode()).documents

    assert "the buyer has no account number" in document.warnings


def test_an_amount_that_is_none_is_refused_with_its_line():
    with pytest.raises(Unreadable) as refused:
        read(BY_CUSTOMER.replace("1,190.00 ", "1,19O.00 ").encode())

    assert (refused.value.code, refused.value.details["line"]) == ("NOT_A_NUMBER", 9)
