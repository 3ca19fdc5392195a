"""Bank CSV by profile: headers in any language, details and texts in rows of their own, balances, and unknown layouts."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.errors import Unreadable
from services.payments.domain.formats import BankCsv, File, identities, read, to_json

POLICIES = Path(__file__).parent.parent / "policies" / "bank_csv"
PROFILES = [BankCsv.from_mapping(path.stem, yaml.safe_load(path.read_text("utf-8"))) for path in sorted(POLICIES.glob("*.yaml"))]
CODES = {"UNKNOWN_FORMAT", "TRUNCATED", "ENCODING", "NOT_A_NUMBER", "UNSAFE_XML", "TOO_LARGE", "EMPTY"}


def look(text: str, encoding: str = "utf-8") -> File:
    return read(text.encode(encoding), profiles=PROFILES)


def refusal(text: str) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        look(text)
    return caught.value


UBS = (
    "Kontonummer:;0240 00100040.01;\nIBAN:;CH93 0076 2011 6238 5295 7;\nAnfangssaldo:;1000.00;\nSchlusssaldo:;1086.05;\nBewertet in:;CHF;\n\n"
    "Abschlussdatum;Abschlusszeit;Buchungsdatum;Valutadatum;Währung;Belastung;Gutschrift;Einzelbetrag;Saldo;Transaktions-Nr.;"
    "Beschreibung1;Beschreibung2;Beschreibung3;Fussnoten;\n"
    "2026-09-14;;2026-09-14;2026-09-15;CHF;-13.95;;;1086.05;T1;Muster AG;Zahlung;RE-7;;\n"
    "2026-09-14;;2026-09-14;2026-09-14;CHF;;100.00;;1100.00;T2;Sammelgutschrift;;;;\n"
    ";;;;CHF;;;60.00;;T2;Kundin A;;RE-8;;\n;;;;CHF;;;40.00;;T2;Kunde B;;RE-9;;\n"
)


def test_there_are_at_least_twenty_profiles_and_each_says_since_when_and_from_where():
    assert len(PROFILES) >= 20
    assert all({"effective_from", "source", "columns"} <= set(yaml.safe_load(path.read_text("utf-8"))) for path in POLICIES.glob("*.yaml"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_labels_above_the_table_and_the_details_of_a_batch_are_read(encoding: str):
    file = look(UBS, encoding)

    (statement,) = file.statements
    assert (file.format, statement.account, statement.currency) == ("csv/ubs_ch_transactions", "CH9300762011623852957", "CHF")
    assert (statement.opening_balance, statement.closing_balance, statement.balance_check) == (Decimal(1000), Decimal("1086.05"), "ok")
    debit, batch = statement.entries
    assert (debit.direction, debit.amount, debit.booked_on, debit.value_on) == (
        "debit",
        Decimal("13.95"),
        date(2026, 9, 14),
        date(2026, 9, 15),
    )
    assert (debit.bank_reference, debit.transactions[0].counterparty.name, debit.transactions[0].text) == (
        "T1",
        "Muster AG",
        "Zahlung RE-7",
    )
    assert [(part.amount, part.text) for part in batch.transactions] == [(Decimal(60), "RE-8"), (Decimal(40), "RE-9")]


def test_a_header_whose_letters_were_lost_is_still_known():
    assert look(UBS.replace("Währung", "W\ufffdhrung")).format == "csv/ubs_ch_transactions"


def test_texts_that_go_on_below_belong_to_the_booking_above():
    file = look(
        '"Datum","Buchungstext","Betrag Detail","Belastung CHF","Gutschrift CHF","Valuta","Saldo CHF"\n'
        '"08.09.2026","Einkauf",,"6.60","","06.09.2026","93.40"\n,"Laden Bern 8.52","",,,,\n"07.09.2026","Lohn",,"","100.00","07.09.2026","100.00"\n'
    )

    (statement,) = file.statements
    assert [entry.transactions[0].text for entry in statement.entries] == ["Einkauf Laden Bern 8.52", "Lohn"]
    assert (statement.opening_balance, statement.closing_balance, statement.balance_check) == (Decimal("0.00"), Decimal("93.40"), "ok")


def test_dates_with_slashes_follow_the_profile_and_points_mean_day_first():
    american = look(
        "Datum;Valuta;Buchungstext;Belastung;Gutschrift;Saldo\n07/01/2026;7/2/2026;A;5;;95\n06.30.2026;;B;;100;100\n".replace(
            "06.30", "30.06"
        )
    )

    assert [entry.booked_on for entry in american.statements[0].entries] == [date(2026, 7, 1), date(2026, 6, 30)]


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("-1'234.50", "-1234.50"),
        ("1,533.50", "1533.50"),
        ("-15,50", "-15.50"),
        ("1.234,56", "1234.56"),
        ("5,00-", "-5.00"),
        ("(7.00)", "-7.00"),
    ],
)
def test_amounts_are_read_with_any_grouping_and_any_place_of_the_sign(text: str, amount: str):
    (entry,) = look(f'Datum;Buchungstext;Betrag;Valuta\n01.09.26;X;"{text}";01.09.26\n').statements[0].entries

    assert entry.signed == Decimal(amount)


def test_a_mark_of_direction_decides_over_the_sign_and_an_unknown_one_is_refused():
    head = '"Date","Label","Amount","D/C","Balance","Partner Name","Bank Account"\n'

    entries = look(head + '"12/15/2026","a","33.50","D","","",""\n"12/15/2026","b","-10","C","","",""\n').statements[0].entries

    assert [entry.signed for entry in entries] == [Decimal("-33.50"), Decimal(10)]
    assert refusal(head + '"12/15/2026","a","33.50","X","","",""\n').details["line"] == 2


def test_a_fee_leaves_the_account_with_its_payment():
    head = "Type,Product,Started Date,Completed Date,Description,Amount,Fee,Currency,State,Balance\n"

    (entry,) = look(head + "T,Current,2026-01-31 00:00:00,2026-02-01 00:00:00,D,-14.69,1.01,CHF,COMPLETED,100\n").statements[0].entries

    assert (entry.signed, entry.booked_on) == (Decimal("-15.70"), date(2026, 2, 1))


def test_a_closing_row_below_the_table_is_its_balance_and_a_booking_below_it_is_refused():
    table = "Buchungstag;Wert;Verwendungszweck;Soll;Haben;Währung\n01.09.2026;01.09.2026;A;-5,00;;EUR\nKontostand;02.09.2026;;;95,00;EUR\n"

    assert look(table).statements[0].closing_balance == Decimal("95.00")
    assert refusal(table + "03.09.2026;03.09.2026;B;-5,00;;EUR\n").details["line"] == 4


def test_rows_of_several_accounts_are_several_statements():
    head = '"Booking Date","Value Date","Partner Name","Partner Iban",Type,"Payment Reference","Account Name",'
    head += '"Amount (EUR)","Original Amount","Original Currency","Exchange Rate"\n'

    file = look(head + "2026-03-07,,A,,,R1,Main,5.00,,,\n2026-03-07,,B,,,R2,Tax,-2.00,,,\n")

    assert [(statement.account, statement.currency, len(statement.entries)) for statement in file.statements] == [
        ("Main", "EUR", 1),
        ("Tax", "EUR", 1),
    ]


def test_an_unknown_csv_is_answered_with_a_profile_that_reads_it():
    text = "Bank of Nowhere\n\nBooking date;Beneficiary;Narrative;Amount;Balance EUR;Colour\n31/12/2026;Anna;RE-1;1.234,56;2.000,00;red\n"

    error = refusal(text)

    assert error.code == "UNKNOWN_FORMAT"
    proposed = BankCsv.from_mapping("nowhere", yaml.safe_load(str(error.details["profile"])))
    (entry,) = read(text.encode(), profiles=[proposed]).statements[0].entries
    assert (entry.amount, entry.booked_on, entry.transactions[0].counterparty.name) == (Decimal("1234.56"), date(2026, 12, 31), "Anna")


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("01.09.26;X;five;01.09.26", "NOT_A_NUMBER"),
        ("1st of May;X;5.00;01.09.26", "UNKNOWN_FORMAT"),
        ("45.09.26;X;5.00;", "UNKNOWN_FORMAT"),
    ],
)
def test_a_row_that_cannot_be_read_is_refused_with_its_line(row: str, code: str):
    error = refusal(f"Datum;Buchungstext;Betrag;Valuta\n01.09.26;X;5.00;01.09.26\n{row}\n")

    assert (error.code, error.details["line"]) == (code, 3)


@pytest.mark.parametrize("wrong", [{"columns": {"colour": ["A"]}}, {"columns": {"booked_on": ["A"]}}, {"columns": []}, {"sign": "up"}])
def test_a_profile_that_says_too_little_or_too_much_is_refused(wrong: dict[str, object]):
    right = {"columns": {"booked_on": ["A"], "amount": ["B"], "text": ["C"]}}

    with pytest.raises(Unreadable):
        BankCsv.from_mapping("x", {**right, **wrong})


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_csv_is_read_or_refused(data: st.DataObject):
    content = UBS.encode()
    place, gone = data.draw(st.integers(0, len(content))), data.draw(st.integers(0, 40))
    instead = data.draw(st.one_of(st.binary(max_size=6), st.sampled_from([b";", b'"', b"\n", b";;;", b"1e9", b"\x00"])))
    try:
        file = read(content[:place] + instead + content[place + gone :], profiles=PROFILES)
    except Unreadable as refused:
        code = refused.code
    else:
        code = "EMPTY"
        to_json(file)
        assert all(len(identities(statement)) >= len(statement.entries) for statement in file.statements)
    assert code in CODES
