"""camt: amounts, currencies, balances, batches and charges."""

from decimal import Decimal

import pytest

from kernel.errors import Unreadable
from services.payments.domain.formats import Entry, payments, read, to_json


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


def balance(code: str, amount: str, indicator: str = "CRDT", currency: str = "EUR") -> str:
    kind = f"<Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>"
    return f'<Bal>{kind}<Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>{indicator}</CdtDbtInd></Bal>'


def only(content: bytes) -> Entry:
    return read(content).statements[0].entries[0]


def test_the_previous_closing_balance_opens_and_interim_balances_open_and_close_pages():
    previous = read(camt(entry(), balances=balance("PRCD", "5") + balance("CLBD", "15")))
    middle = read(camt(entry(), balances=balance("ITBD", "5") + balance("ITBD", "15")))
    last = read(camt(entry(), balances=balance("ITBD", "5") + balance("CLBD", "15")))
    overdrawn = read(camt(entry(), balances=balance("OPBD", "5", "DBIT") + balance("CLBD", "5")))
    zero = read(camt(entry(), balances=balance("OPBD", "-0.00") + balance("CLBD", "10")))

    assert [file.statements[0].balance_check for file in (previous, middle, last, overdrawn, zero)] == ["ok"] * 5
    assert to_json(zero)["statements"][0]["opening_balance"] == "0.00"


def test_a_balance_that_does_not_add_up_is_shown_with_the_difference_and_quarantines():
    file = read(camt(entry(), balances=balance("OPBD", "5") + balance("CLBD", "14")))

    assert file.statements[0].balance_check == "diff 1.00"
    assert len(file.quarantine_reasons) == 1


def test_an_entry_in_another_currency_stays_out_of_the_balance():
    foreign = entry("7.00", currency=' Ccy="USD"')

    assert read(camt(entry() + foreign, balances=balance("OPBD", "5") + balance("CLBD", "15"))).statements[0].balance_check == "ok"


def test_more_decimals_than_the_currency_are_kept_with_a_warning_and_refused_as_money():
    file = read(camt(entry("10.125")))

    assert to_json(file)["statements"][0]["entries"][0]["amount"] == "10.125"
    assert any("more decimals" in warning for warning in file.warnings)
    with pytest.raises(Unreadable) as refusal:
        file.statements[0].entries[0].money()
    assert refusal.value.code == "TOO_MANY_DECIMALS"


def test_fewer_decimals_are_filled_up_and_thirteen_zeros_are_still_ten_euros():
    assert to_json(read(camt(entry("10"))))["statements"][0]["entries"][0]["amount"] == "10.00"
    assert only(camt(entry("10.0000000000000"))).money().minor == 1000


def test_a_detail_in_another_currency_leaves_the_entrys_amount():
    details = '<TxDtls><Amt Ccy="USD">11.00</Amt><AmtDtls><InstdAmt><Amt Ccy="USD">11.00</Amt></InstdAmt></AmtDtls></TxDtls>'

    assert [(p.amount, p.currency) for p in only(camt(entry(details=details))).transactions] == [(Decimal("10.00"), "EUR")]


def test_old_versions_give_the_details_amount_elsewhere():
    details = "".join(f'<TxDtls><AmtDtls><TxAmt><Amt Ccy="EUR">{amount}</Amt></TxAmt></AmtDtls></TxDtls>' for amount in ("4.00", "6.00"))

    assert [p.amount for p in only(camt(entry(details=details))).transactions] == [Decimal("4.00"), Decimal("6.00")]


def test_charges_explain_a_difference_and_an_import_still_books_the_entry():
    details = '<TxDtls><Amt Ccy="EUR">12.00</Amt><Chrgs><Rcrd><Amt Ccy="EUR">2.00</Amt></Rcrd></Chrgs></TxDtls>'
    file = read(camt(entry(details=details)))

    assert file.warnings == ()
    assert file.statements[0].entries[0].transactions[0].amount == Decimal("12.00")
    assert [part.amount for _, part in payments(file.statements[0])] == [Decimal("10.00")]


def test_details_that_do_not_add_up_are_named_and_booked_as_one():
    details = "".join(
        f'<TxDtls><Amt Ccy="EUR">{amount}</Amt><RmtInf><Ustrd>R{amount}</Ustrd></RmtInf></TxDtls>' for amount in ("4.00", "5.00")
    )
    file = read(camt(entry(details=details)))

    assert len(file.statements[0].entries[0].transactions) == 2
    assert any("do not add up" in warning for warning in file.warnings)
    assert [(part.amount, part.text) for _, part in payments(file.statements[0])] == [(Decimal("10.00"), "R4.00 R5.00")]


def test_one_detail_of_a_batch_of_three_does_not_speak_for_the_others():
    party = "<RltdPties><Dbtr><Nm>Only One</Nm></Dbtr></RltdPties>"
    details = f'<Btch><NbOfTxs>3</NbOfTxs></Btch><TxDtls><Amt Ccy="EUR">4.00</Amt>{party}</TxDtls>'
    file = read(camt(entry(details=details)))

    assert [(part.amount, part.counterparty.name) for _, part in payments(file.statements[0])] == [(Decimal("10.00"), None)]
    assert any("counts 3" in warning for warning in file.warnings)
