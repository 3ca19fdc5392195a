"""camt: directions, parties, batches, returns, statuses, balances, versions."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from kernel.errors import Unreadable
from services.payments.domain.formats import Entry, File, is_return, payments, read, to_json

FIXTURE = (Path(__file__).parent / "fixtures" / "camt053.xml").read_bytes()


def camt(
    entries: str = "", *, message: str = "BkToCstmrStmt", holder: str = "Stmt", version: str = "camt.053.001.02", balances: str = ""
) -> bytes:
    return (
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{version}"><{message}><{holder}><Id>S</Id>'
        "<Acct><Id><Othr><Id>123</Id></Othr></Id><Ccy>EUR</Ccy><Ownr><Nm>Us Ltd</Nm></Ownr>"
        "<Svcr><FinInstnId><BIC>TESTDEFF</BIC></FinInstnId></Svcr></Acct>"
        f"{balances}{entries}</{holder}></{message}></Document>"
    ).encode()


def entry(amount: str = "10.00", indicator: str = "CRDT", more: str = "", details: str = "", currency: str = ' Ccy="EUR"') -> str:
    inside = f"<NtryDtls>{details}</NtryDtls>" if details else ""
    return f"<Ntry><Amt{currency}>{amount}</Amt><CdtDbtInd>{indicator}</CdtDbtInd><Sts>BOOK</Sts>{more}{inside}</Ntry>"


def only(content: bytes) -> Entry:
    return read(content).statements[0].entries[0]


@pytest.fixture
def file() -> File:
    return read(FIXTURE)


def test_a_statement_is_read_and_balances_on_its_booked_entries(file: File):
    statement = file.statements[0]

    assert (file.kind, file.format, file.quarantine_reasons) == ("statement", "camt.053.001.08", ())
    assert (statement.account, statement.currency, statement.id, statement.number) == (
        "DE02120300000000202051",
        "EUR",
        "S-2026-152",
        "152",
    )
    assert statement.balance_check == "ok"
    assert [e.status for e in statement.entries] == ["booked"] * 4 + ["pending", "information"]


def test_the_json_has_exactly_the_shape_of_the_contract(file: File):
    document = to_json(file)

    assert list(document) == ["kind", "format", "warnings", "statements"]
    assert document["statements"][0]["entries"][0] == {
        "amount": "119.00",
        "currency": "EUR",
        "direction": "credit",
        "reversal": False,
        "status": "booked",
        "booked_on": "2026-06-01",
        "value_on": "2026-06-01",
        "bank_reference": "BK-0001",
        "transactions": [
            {
                "amount": "119.00",
                "currency": "EUR",
                "counterparty": {"name": "Mona Berger", "account": "DE89370400440532013000", "code": "K-77"},
                "references": ["RF18539007547034", "RE-2026-0001"],
                "text": "Rechnung RE-2026-0001 Mai 2026",
                "end_to_end_id": None,
                "return_reason": None,
            }
        ],
    }
    assert {key: value for key, value in document["statements"][0].items() if key != "entries"} == {
        "account": "DE02120300000000202051",
        "currency": "EUR",
        "id": "S-2026-152",
        "number": "152",
        "opening_balance": "1000.00",
        "closing_balance": "1298.99",
        "balance_check": "ok",
    }


def test_a_batch_gives_one_transaction_for_each_detail(file: File):
    batch = file.statements[0].entries[1]

    assert [(p.amount, p.counterparty.name, p.end_to_end_id, p.mandate_id) for p in batch.transactions] == [
        (Decimal("100.00"), "Anna Vogt", "DD-1", "M-1"),
        (Decimal("200.00"), "Otto Lang", "DD-2", "M-2"),
    ]
    assert (batch.booked_on, batch.bank_reference) == (date(2026, 6, 1), "N-2")
    assert len(list(payments(file.statements[0]))) == 7


def test_a_returned_debit_names_the_customer_and_the_reason_and_keeps_its_direction(file: File):
    returned = file.statements[0].entries[2]

    assert (returned.direction, returned.reversal) == ("debit", True)
    assert returned.transactions[0].counterparty.name == "Nils Sommer"
    assert returned.transactions[0].return_reason == "AM04"


@pytest.mark.parametrize("place", [2, 3])
def test_a_return_is_known_by_mark_code_reason_or_text(file: File, place: int):
    returned = file.statements[0].entries[place]

    assert is_return(returned, returned.transactions[0])
    assert not is_return(file.statements[0].entries[0], file.statements[0].entries[0].transactions[0])


def test_a_reason_in_the_banks_text_is_found(file: File):
    assert file.statements[0].entries[3].transactions[0].return_reason == "MS03"


@pytest.mark.parametrize(
    ("message", "holder", "version", "name"),
    [
        ("BkToCstmrStmtV01", "Stmt", "camt.053.001.01", "camt.053.001.01"),
        ("BkToCstmrAcctRpt", "Rpt", "camt.052.001.06", "camt.052.001.06"),
        ("BkToCstmrDbtCdtNtfctn", "Ntfctn", "camt.054.001.14", "camt.054.001.14"),
        ("BkToCstmrStmt", "Stmt", "own-namespace", "camt.053"),
    ],
)
def test_versions_and_messages_are_read_by_local_names(message: str, holder: str, version: str, name: str):
    file = read(camt(entry(), message=message, holder=holder, version=version))

    assert file.format == name
    assert len(file.statements[0].entries) == 1
    assert file.statements[0].final == (holder != "Rpt")
    assert (file.statements[0].account, file.statements[0].bank) == ("123", "TESTDEFF")


def test_a_document_inside_an_envelope_and_in_utf_16_is_read():
    wrapped = b"<Envelope>" + camt(entry()) + b"</Envelope>"

    assert read(wrapped).format == "camt.053.001.02"
    assert read('<?xml version="1.0" encoding="UTF-16"?>'.encode("utf-16") + camt(entry()).decode().encode("utf-16")[2:]).statements


@pytest.mark.parametrize(
    ("indicator", "parties", "name"),
    [
        ("CRDT", "<Dbtr><Nm>They</Nm></Dbtr><Cdtr><Nm>We</Nm></Cdtr>", "They"),
        ("DBIT", "<Dbtr><Nm>We</Nm></Dbtr><Cdtr><Nm>They</Nm></Cdtr>", "They"),
        ("CRDT", "<Dbtr><Nm>US LTD</Nm></Dbtr><Cdtr><Nm>They</Nm></Cdtr>", "They"),
        ("CRDT", "<Cdtr><Nm>Us Ltd</Nm></Cdtr>", None),
        ("CRDT", "<Cdtr><Nm>Somebody</Nm></Cdtr>", None),
        ("DBIT", "<Dbtr><Nm>They</Nm></Dbtr><DbtrAcct><Id><IBAN>DE89370400440532013000</IBAN></Id></DbtrAcct>", "They"),
    ],
)
def test_the_counterparty_is_the_party_that_is_not_us(indicator: str, parties: str, name: str | None):
    details = f"<TxDtls><RltdPties>{parties}</RltdPties></TxDtls>"

    assert only(camt(entry("1.00", indicator, details=details))).transactions[0].counterparty.name == name


@pytest.mark.parametrize(
    "parties",
    ["<Dbtr><Nm>Customer</Nm></Dbtr><Cdtr><Nm>Our brand</Nm></Cdtr>", "<Cdtr><Nm>Customer</Nm></Cdtr>", "<Dbtr><Nm>Customer</Nm></Dbtr>"],
)
def test_a_return_names_the_customer_in_either_convention(parties: str):
    details = f"<TxDtls><RltdPties>{parties}</RltdPties><RtrInf><Rsn><Cd>MD06</Cd></Rsn></RtrInf></TxDtls>"

    assert only(camt(entry("1.00", "DBIT", details=details))).transactions[0].counterparty.name == "Customer"


def test_an_entry_without_details_is_one_transaction_with_the_banks_text():
    found = only(camt(entry(more="<AddtlNtryInf>Cash  deposit\n Main St</AddtlNtryInf>")))

    assert [(p.amount, p.text) for p in found.transactions] == [(Decimal("10.00"), "Cash deposit Main St")]


def test_a_negative_amount_turns_the_direction_and_an_unknown_status_is_never_money():
    assert only(camt(entry("-3.00"))).direction == "debit"
    assert only(camt(entry().replace("BOOK", "XXXX"))).status == "information"
    assert only(camt(entry().replace("BOOK", "FUTR"))).status == "pending"


def test_the_banks_own_counts_and_sums_are_checked():
    summary = "<TxsSummry><TtlNtries><NbOfNtries>2</NbOfNtries><Sum>11.00</Sum></TtlNtries></TxsSummry>"

    assert len(read(camt(summary + entry())).failed_checks) == 2


def test_a_message_without_a_statement_is_read_and_named():
    empty = b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt/></Document>'

    assert read(empty).statements == ()
    assert read(empty).warnings


@pytest.mark.parametrize(
    ("root", "kind"),
    [("CstmrCdtTrfInitn", "payment_order"), ("CstmrDrctDbtInitn", "payment_order"), ("CstmrPmtStsRpt", "status_report")],
)
def test_a_pain_message_is_another_kind_and_never_booked(root: str, kind: str):
    file = read(f"<Document><{root}><GrpHdr/></{root}></Document>".encode())

    assert (file.kind, file.statements) == (kind, ())
    assert file.quarantine_reasons


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (camt(entry("1,00")), "NOT_A_NUMBER"),
        (camt(entry("１")), "NOT_A_NUMBER"),
        (camt(entry("1" * 41)), "NOT_A_NUMBER"),
        (camt("<Ntry><CdtDbtInd>CRDT</CdtDbtInd></Ntry>"), "NOT_A_NUMBER"),
        (camt(entry(indicator="PLUS")), "UNKNOWN_FORMAT"),
        (b"<Invoice><ID>1</ID></Invoice>", "UNKNOWN_FORMAT"),
        (camt(entry()).replace(b"</Amt>", b"</Amount>"), "UNKNOWN_FORMAT"),
        (camt(entry())[:-40], "TRUNCATED"),
        (camt(entry())[:60], "TRUNCATED"),
        (
            b"<?xml version='1.0' encoding='UTF-8'?>" + camt(entry(more="<AddtlNtryInf>X</AddtlNtryInf>")).replace(b"X", b"M\xfcller"),
            "ENCODING",
        ),
        (b"<?xml version='1.0' encoding='klingon'?>" + camt(entry()), "ENCODING"),
        (b"<!DOCTYPE Document [<!ENTITY a 'b'>]>" + camt(entry()), "UNSAFE_XML"),
        (b"<?xml version='1.0'?>\n<!-- x -->\n<!DOCTYPE Document SYSTEM 'http://127.0.0.1/x.dtd'>" + camt(entry()), "UNSAFE_XML"),
        (camt("<a>" * 300 + "</a>" * 300), "TOO_LARGE"),
    ],
)
def test_what_cannot_be_read_with_certainty_is_refused(content: bytes, code: str):
    with pytest.raises(Unreadable) as refusal:
        read(content)

    assert refusal.value.code == code
    assert refusal.value.details["line"]
