"""An unknown bank CSV is refused with a profile, and where its columns are plain, that profile reads it right."""

import pytest
import yaml

from kernel.errors import Unreadable
from services.payments.domain.formats import BankCsv, read

# Exports as banks of these countries write them: two bookings, 1500.00 or 500.00 in on the 1st, 250.00 out on the 15th.
FILES = {
    "british": "Date,Description,Money Out,Money In,Balance\n01/09/2026,ACME INV-1,,500.00,1500.00\n15/09/2026,RENT,250.00,,1250.00\n",
    "american": "Posting Date,Description,Amount,Type,Balance\n09/01/2026,ACME,500.00,CREDIT,1500.00\n"
    "09/15/2026,RENT,-250.00,DEBIT,1250.00\n",
    "german": "Buchungstag;Wertstellung;Auftraggeber;Verwendungszweck;IBAN;Betrag;Währung\n"
    "01.09.2026;02.09.2026;ACME;RE-1;DE02120300000000202051;500,00;EUR\n15.09.2026;15.09.2026;Miete;Miete;DE89370400440532013000;-250,00;EUR\n",
    "french": "Date opération;Date valeur;Libellé;Débit;Crédit\n01/09/2026;02/09/2026;VIR ACME;;500,00\n15/09/2026;15/09/2026;LOYER;-250,00;\n",
    "spanish": "Fecha;Concepto;Importe;Saldo\n01/09/2026;TRANSFERENCIA;500,00;1.500,00\n15/09/2026;ALQUILER;-250,00;1.250,00\n",
    "italian": "Data contabile;Data valuta;Descrizione;Addebiti;Accrediti\n01/09/2026;02/09/2026;ACME;;500,00\n"
    "15/09/2026;15/09/2026;AFFITTO;-250,00;\n",
    "dutch": '"Datum","Naam / Omschrijving","Rekening","Tegenrekening","Af Bij","Bedrag (EUR)","Mededelingen"\n'
    '"20260901","ACME","NL91ABNA0417164300","NL02RABO0123456789","Bij","500,00","Factuur 1"\n'
    '"20260915","Huur","NL91ABNA0417164300","NL02RABO0123456789","Af","250,00","Huur"\n',
    "swedish": "Bokföringsdag;Belopp;Namn;Rubrik;Saldo;Valuta\n2026-09-01;500,00;ACME;OCR 12345682;1500,00;SEK\n"
    "2026-09-15;-250,00;Hyra;Hyra;1250,00;SEK\n",
    "finnish": "Kirjauspäivä;Arvopäivä;Määrä EUROA;Selitys;Saaja/Maksaja;Viite\n01.09.2026;01.09.2026;500,00;VIITESIIRTO;ACME OY;1232\n"
    "15.09.2026;15.09.2026;-250,00;TILISIIRTO;VUOKRA OY;\n",
    "polish": "Data operacji;Opis operacji;Kwota;Saldo po operacji;Waluta\n2026-09-01;ACME;500,00;1500,00;PLN\n"
    "2026-09-15;CZYNSZ;-250,00;1250,00;PLN\n",
    "japanese": "日付,摘要,お支払金額,お預り金額,残高\n2026/09/01,振込 ヤマダ,,500,1500\n2026/09/15,家賃,250,,1250\n",
    "indian": "Transaction Date,Value Date,Narration,Amount,Dr/Cr,Currency\n2026-09-01,2026-09-01,ACME,500.00,CR,INR\n"
    "2026-09-15,2026-09-15,RENT,250.00,DR,INR\n",
    "with months by name": "Date;Text;Amount\n1-Sep-2026;ACME;500.00\n15 Sep 2026;RENT;-250.00\n",
    "with lines above": "Account Number:,12345678\nPeriod:,01/09/2026 to 30/09/2026\n\nDate,Details,Amount,Balance\n01/09/2026,ACME,500.00,1500.00\n"
    "15/09/2026,RENT,-250.00,1250.00\n",
}


def proposed(text):
    with pytest.raises(Unreadable) as refused:
        read(text.encode())
    assert refused.value.code == "UNKNOWN_FORMAT"
    return BankCsv.from_mapping("proposed", yaml.safe_load(refused.value.details["profile"]))


@pytest.mark.parametrize("kind", FILES)
def test_the_proposed_profile_reads_the_file(kind):
    (statement,) = read(FILES[kind].encode(), profiles=[proposed(FILES[kind])]).statements

    assert [float(entry.signed) for entry in statement.entries] == [500, -250]
    assert [str(entry.booked_on) for entry in statement.entries] == ["2026-09-01", "2026-09-15"]
    assert not statement.balance_check.startswith("diff")


def test_an_account_that_is_the_same_in_every_row_is_the_files_own():
    (statement,) = read(FILES["dutch"].encode(), profiles=[proposed(FILES["dutch"])]).statements

    assert statement.account == "NL91ABNA0417164300"
    assert statement.entries[0].transactions[0].counterparty.account == "NL02RABO0123456789"
    assert statement.currency == "EUR"


def test_a_table_without_header_is_refused_with_what_little_can_be_said():
    with pytest.raises(Unreadable) as refused:
        read(b"2026-09-01,ACME,500.00\n2026-09-15,RENT,-250.00\n")

    assert "ignored" in refused.value.details["profile"]
