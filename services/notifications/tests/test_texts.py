"""What messages say: every template in every language and form, amounts and dates by locale."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.documents import render_pdf
from kernel.errors import Unreadable
from services.notifications import commands
from services.notifications.commands import policies
from services.notifications.domain import (
    LOCALES,
    Cash,
    NoBankAccount,
    Open,
    Recipient,
    Sender,
    Texts,
    UnknownLanguage,
    UnknownTemplate,
    format_date,
    format_money,
    is_covered,
    letter_data,
    owed,
)

# A real instant has microseconds; a PDF knows none.
AT = datetime(2026, 8, 1, 7, 0, 4, 993000, tzinfo=UTC)
INVOICE = Open("R-2026-1", "EUR", 123456, date(2026, 6, 1), date(2026, 7, 1), True, 3)
CREDIT = Open("G-2026-1", "EUR", -1000, date(2026, 6, 20), date(2026, 6, 20), False, 1)
NOT_DUE = Open("R-2026-9", "EUR", 5000, date(2026, 7, 30), date(2026, 8, 30), False, 1)
BANKS = {"EUR": "IBAN DE00 0000", "JPY": "みほん銀行 普通 1"}
SENDER = Sender("Forderungen", "Muster GmbH", ("Muster GmbH", "Weg 1", "00010 Ort"), "m@example.org", "s@example.org")


def composed(name: str, language: str, to: str = "Nord <b>& Söhne</b>"):
    recipient = Recipient(to, ("Gasse 2", "00020 Dorf"), "business", "K-77")
    return commands.texts().compose(name, language, recipient, SENDER, owed([INVOICE, CREDIT], BANKS), date(2026, 8, 1), date(2026, 8, 15))


@pytest.mark.parametrize("language", sorted(LOCALES))
@pytest.mark.parametrize("name", ["reminder", "second_reminder", "formal_notice"])
def test_every_template_renders_in_every_language_and_form(name, language):
    letter = composed(name, language)
    total, pay_by = format_money(122456, "EUR", language), format_date(date(2026, 8, 15), language)
    for form in (commands.texts().mail_text(letter), commands.texts().mail_html(letter)):
        for part in ("R-2026-1", "G-2026-1", "K-77", total, pay_by, "IBAN DE00 0000", format_money(123456, "EUR", language)):
            assert part in form
    pdf = render_pdf(commands.LETTER, letter_data(letter), AT)
    assert pdf.startswith(b"%PDF")
    assert pdf == render_pdf(commands.LETTER, letter_data(letter), AT)


def test_the_forms_of_a_formal_notice_name_the_consequence():
    assert "gerichtlichen Mahnbescheid" in commands.texts().mail_text(composed("formal_notice", "de"))
    assert "支払督促" in commands.texts().mail_text(composed("formal_notice", "ja"))
    assert "legal department" in commands.texts().mail_text(composed("formal_notice", "en"))


def test_a_name_cannot_write_html():
    html = commands.texts().mail_html(composed("reminder", "de"))
    assert "<b>" not in html
    assert "&lt;b&gt;" in html


def test_a_name_is_not_read_as_a_template():
    assert "{{ 7 * 7 }}" in commands.texts().mail_text(composed("reminder", "en", to="{{ 7 * 7 }}"))
    assert "#panic" in letter_data(composed("reminder", "en", to="#panic()"))["recipient"][0]
    assert render_pdf(commands.LETTER, letter_data(composed("reminder", "en", to="#panic()")), AT).startswith(b"%PDF")


def test_japanese_businesses_are_addressed_as_such():
    assert composed("reminder", "ja", "山田商店").recipient[0] == "山田商店 御中"


def test_an_unknown_template_and_language_are_refused():
    with pytest.raises(UnknownTemplate):
        composed("threat", "de")
    with pytest.raises(UnknownLanguage):
        format_money(1, "EUR", "tlh")


def found(**changes):
    texts = {(name, language): policies.texts()._texts[name, language] for name, language in policies.texts()._texts}
    return texts | changes


def test_a_missing_translation_is_an_error_when_the_texts_are_read():
    texts = found()
    del texts["reminder", "ja"]
    with pytest.raises(Unreadable, match=r"reminder\.ja"):
        Texts(texts, {})


@pytest.mark.parametrize("source", ["{{ iban }}", "{{ name", "{% for x in secrets %}{% endfor %}"])
def test_a_text_that_speaks_of_what_it_cannot_know_is_an_error_when_it_is_read(source):
    texts = found()
    texts["reminder", "de"] = {**texts["reminder", "de"], "after": [source]}
    with pytest.raises(Unreadable, match=r"reminder\.de"):
        Texts(texts, {})


@pytest.mark.parametrize(
    ("minor", "currency", "language", "said"),
    [
        (123456, "EUR", "de", "1.234,56 EUR"),
        (98000, "JPY", "ja", "¥98,000"),
        (123456, "USD", "en", "$1,234.56"),
        (-5, "USD", "en", "-$0.05"),
        (123456, "CHF", "en", "CHF 1,234.56"),
        (98000, "JPY", "de", "98.000 JPY"),
        (1234567, "KWD", "de", "1.234,567 KWD"),
        (0, "EUR", "ja", "€0.00"),
    ],
)
def test_amounts_are_written_as_their_reader_expects(minor, currency, language, said):
    assert format_money(minor, currency, language) == said


@given(st.integers(-(10**12), 10**12), st.sampled_from(["EUR", "JPY", "KWD"]), st.sampled_from(sorted(LOCALES)))
def test_no_digit_of_an_amount_is_lost(minor, currency, language):
    said = format_money(minor, currency, language)
    assert int("".join(sign for sign in said if sign.isdigit())) == abs(minor)
    assert ("-" in said) == (minor < 0)


@pytest.mark.parametrize(("language", "said"), [("de", "05.07.2026"), ("ja", "2026年7月5日"), ("en", "July 5, 2026")])
def test_days_are_written_as_their_reader_expects(language, said):
    assert format_date(date(2026, 7, 5), language) == said


def test_only_what_is_overdue_is_asked_for_less_what_is_credited():
    (section,) = owed([NOT_DUE, CREDIT, INVOICE], BANKS)
    assert ([item.number for item in section.items], section.total_minor, section.bank) == (["R-2026-1"], 122456, "IBAN DE00 0000")


def test_nothing_is_owed_when_nothing_is_overdue_or_credits_cover_it():
    assert owed([NOT_DUE, CREDIT], BANKS) == ()
    assert owed([INVOICE, Open("G", "EUR", -123456, date(2026, 6, 1), date(2026, 6, 1), False, 1)], BANKS) == ()


def test_another_currencys_bank_account_is_never_printed():
    with pytest.raises(NoBankAccount):
        owed([Open("R", "USD", 1, date(2026, 6, 1), date(2026, 6, 1), True, 1)], BANKS)


def test_cash_in_flight_covers_only_its_own_currency_and_only_all_of_it():
    sections = owed([INVOICE], BANKS)
    assert is_covered(sections, Cash("EUR", 123456, 1, AT))
    assert not is_covered(sections, Cash("EUR", 123455, 1, AT))
    assert not is_covered(sections, Cash("JPY", 10**9, 1, AT))
