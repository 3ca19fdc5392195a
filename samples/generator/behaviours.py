"""What customers do: each behaviour turns a customer's invoices into movements on the unit's bank account.

Statements are monthly and known on the first business day of the next month. With due dates near a month's end and
steps 7, 21, 35 and 49 days after them, the day of a payment decides which step it stops:

| paid                     | terms   | known before          |
|--------------------------|---------|-----------------------|
| in the month of issue    | 30 days | the first reminder    |
| on the 27th of the next  | 30 days | the formal notice     |
| on the 28th of the next  | 45 days | the second reminder   |
| on the 26th, two after   | 45 days | the hand-over         |
| in October or November   | 30 days | nothing: it is filed  |
"""

from collections.abc import Callable, Iterator
from datetime import date, timedelta

from generator import days
from generator.book import Customer, Entry, Invoice, pick
from generator.checkdigits import german_iban

Behaviour = Callable[[Customer, list[Invoice]], Iterator[Entry]]

TRANSFER_FEE_YEN = 440


def on_time_with_reference(customer: Customer, invoices: list[Invoice]) -> Iterator[Entry]:
    """Pays each invoice by transfer with its structured reference."""
    for invoice in invoices:
        yield _credit(customer, _on_time(invoice), invoice.gross, reference=invoice.reference)


def on_time_with_number(customer: Customer, invoices: list[Invoice]) -> Iterator[Entry]:
    """Pays each invoice with its number in the text, as people write it."""
    for invoice in invoices:
        yield _credit(customer, _on_time(invoice), invoice.gross, (_said(invoice),))


def on_time_by_amount(customer: Customer, invoices: list[Invoice]) -> Iterator[Entry]:
    """Pays the exact amount without a number; the payer's account, code or name tells who it is."""
    texts = {"rheintel": ("Telefon",), "naniwa": (), "hudson": ()}[customer.unit]
    for invoice in invoices:
        yield _credit(customer, _on_time(invoice), invoice.gross, texts)


def two_invoices_in_one(customer: Customer, invoices: list[Invoice]) -> Iterator[Entry]:
    """Pays both invoices of a month in one transfer and names both."""
    first, second = invoices
    yield _credit(customer, _on_time(first), first.gross + second.gross, (first.number, second.number))


def part_then_rest_after_second_reminder(customer: Customer, invoices: list[Invoice]) -> Iterator[Entry]:
    """Pays half in time and the rest when it has been reminded of it twice."""
    for invoice in invoices:
        half = invoice.gross // 200 * 100
        yield _credit(customer, _on_time(invoice), half, (_said(invoice),))
        yield _credit(customer, _next_month(invoice, 27), invoice.gross - half, (_said(invoice),))


def overpays(customer: Customer, invoices: list[Invoice]) -> Iterator[Entry]:
    """Rounds up to the next hundred and a hundred more; what is too much stays on account."""
    hundred = 100 if customer.unit == "naniwa" else 100_00
    for invoice in invoices:
        amount = (invoice.gross // hundred + 2) * hundred
        yield _credit(customer, _on_time(invoice), amount, (_said(invoice),))


def after_first_reminder(customer: Customer, invoices: list[Invoice]) -> Iterator[Entry]:
    """Needs one reminder."""
    for invoice in invoices:
        yield _credit(customer, _next_month(invoice, 28), invoice.gross, (_said(invoice),))


def after_second_reminder(customer: Customer, invoices: list[Invoice]) -> Iterator[Entry]:
    """Needs two reminders."""
    for invoice in invoices:
        yield _credit(customer, _next_month(invoice, 27), invoice.gross, (_said(invoice),))


def after_formal_notice(customer: Customer, invoices: list[Invoice]) -> Iterator[Entry]:
    """Pays on the formal notice, just before the hand-over."""
    for invoice in invoices:
        month = invoice.issued_on.month + 2
        yield _credit(customer, days.in_month(customer.unit, month, 26), invoice.gross, (_said(invoice),))


def after_filing(customer: Customer, invoices: list[Invoice]) -> Iterator[Entry]:
    """Pays only after the registered letter and the filing: about three months after the due date."""
    for invoice in invoices:
        month = invoice.issued_on.month + 4
        yield _credit(customer, days.in_month(customer.unit, month, 20), invoice.gross, (_said(invoice),))


def never(customer: Customer, invoices: list[Invoice]) -> Iterator[Entry]:
    """Pays nothing; the ladder is walked to its end."""
    yield from ()


insolvent = never  # The scenario sets the stop state; nothing is paid.


def direct_debit(customer: Customer, invoices: list[Invoice]) -> Iterator[Entry]:
    """Is collected on the due date (SEPA Core; in America an ACH debit)."""
    for invoice in invoices:
        yield _collected(invoice)


def direct_debit_returned_then_paid(customer: Customer, invoices: list[Invoice]) -> Iterator[Entry]:
    """The first collection comes back for lack of funds within days; it is paid by transfer a month later."""
    for position, invoice in enumerate(invoices):
        yield _collected(invoice)
        if position == 0:
            yield _returned(invoice, days.on_or_after(customer.unit, _collected(invoice).on + timedelta(days=5)), "AM04")
            month = invoice.issued_on.month + 2
            yield _credit(customer, days.in_month(customer.unit, month, 10), invoice.gross, (_said(invoice),))


def direct_debit_refunded_never_paid(customer: Customer, invoices: list[Invoice]) -> Iterator[Entry]:
    """The payer has the collection refunded some weeks later (MD06; in America R10) and does not pay."""
    for invoice in invoices:
        yield _collected(invoice)
        yield _returned(invoice, _next_month(invoice, 20), "MD06")


def credited(customer: Customer, invoices: list[Invoice]) -> Iterator[Entry]:
    """Gets a credit note over a fifth in the month of issue and pays the rest in time."""
    for invoice in invoices:
        credit = credit_note(invoice)
        paid = invoice.gross - credit.gross
        yield _credit(customer, days.in_month(customer.unit, invoice.issued_on.month, 24), paid, (_said(invoice),))


def two_equal_payments(customer: Customer, invoices: list[Invoice]) -> Iterator[Entry]:
    """Pays two invoices of one amount by two transfers that nothing tells apart."""
    day = _on_time(invoices[0])
    for invoice in invoices:
        yield _credit(customer, day, invoice.gross, ("Telefonrechnung",), bank_reference=False)


def corrected_then_paid(customer: Customer, invoices: list[Invoice]) -> Iterator[Entry]:
    """A credit that the bank takes back with a correction (訂正) next month; it is paid two months later."""
    for invoice in invoices:
        paid = _credit(customer, _on_time(invoice), invoice.gross, (_said(invoice),))
        yield paid
        day = _next_month(invoice, 6)
        yield Entry(day, -invoice.gross, "correction", paid.name, texts=paid.texts)
        month = invoice.issued_on.month + 2
        yield _credit(customer, days.in_month(customer.unit, month, 14), invoice.gross, (_said(invoice),))


def deducts_transfer_fee(customer: Customer, invoices: list[Invoice]) -> Iterator[Entry]:
    """Deducts the bank's transfer fee from what it owes; the fee stays open."""
    for invoice in invoices:
        yield _credit(customer, _on_time(invoice), invoice.gross - TRANSFER_FEE_YEN, (_said(invoice),))


BEHAVIOURS: dict[str, Behaviour] = {
    behaviour.__name__: behaviour
    for behaviour in (
        on_time_with_reference, on_time_with_number, on_time_by_amount, two_invoices_in_one,
        part_then_rest_after_second_reminder, overpays, after_first_reminder, after_second_reminder,
        after_formal_notice, after_filing, never, direct_debit, direct_debit_returned_then_paid,
        direct_debit_refunded_never_paid, credited, two_equal_payments, corrected_then_paid, deducts_transfer_fee,
    )
} | {"insolvent": insolvent}  # fmt: skip


def credit_note(invoice: Invoice) -> Invoice:
    """A fifth of the invoice, credited on the 12th of its month."""
    issued_on = invoice.issued_on.replace(day=12)
    net, tax = invoice.net // 5, invoice.tax // 5
    return Invoice(invoice.customer, f"{invoice.number}-C", issued_on, issued_on, net, tax, None, invoice.number)


def bystanders(unit: str) -> Iterator[Entry]:
    """What no invoice explains: the bank's monthly fee, and once a payer whom nobody knows."""
    fee, text = {
        "rheintel": (12_50, "Kontofuehrung"),
        "naniwa": (2_200, "ﾃｽｳﾘﾖｳ"),
        "hudson": (35_00, "MONTHLY ACCOUNT ANALYSIS FEE"),
    }[unit]
    for month in range(6, 12):
        yield Entry(days.on_or_before(unit, days.month_end(month)), -fee, "fee", texts=(text,))
    day, name, amount, kind = {
        "rheintel": (date(2026, 7, 14), "Rosalinde Unbekannt", 73_11, "transfer"),
        "naniwa": (date(2026, 8, 6), "ハルカゼカブシキ", 51_873, "transfer"),
        "hudson": (date(2026, 9, 15), "NO SUCH CUSTOMER LLC", 418_27, "wire"),
    }[unit]
    iban = german_iban(7_777_777) if unit == "rheintel" else None
    yield Entry(day, amount, kind, name, iban=iban, texts=("Danke",) if unit == "rheintel" else ())


def _said(invoice: Invoice) -> str:
    """The number as a payer writes it; Germans add words, Americans put it alone."""
    if invoice.customer.unit != "rheintel":
        return invoice.number
    wording = ("Rechnung {}", "Rg.Nr. {} vielen Dank", "{}", "RE {}, Kd. " + invoice.customer.account)
    return wording[pick(f"{invoice.number}/wording", 0, len(wording) - 1)].format(invoice.number)


def _on_time(invoice: Invoice) -> date:
    return days.in_month(invoice.customer.unit, invoice.issued_on.month, pick(f"{invoice.number}/day", 10, 28))


def _next_month(invoice: Invoice, day: int) -> date:
    return days.in_month(invoice.customer.unit, invoice.issued_on.month + 1, day)


def _credit(customer: Customer, day: date, amount: int, texts: tuple[str, ...] = (), **more: object) -> Entry:
    # A payer without a known account still has one: the bank names it, the books do not know it yet.
    iban = customer.iban or (german_iban(8_000_000 + int(customer.account[2:])) if customer.unit == "rheintel" else None)
    name = customer.party.kana if customer.unit == "naniwa" and customer.party.kana else customer.name
    return Entry(day, amount, customer.channel, name, iban, customer.payer_code, texts=texts, **more)


def _collected(invoice: Invoice) -> Entry:
    customer = invoice.customer
    day = days.on_or_before(customer.unit, min(invoice.due_on, days.month_end(invoice.issued_on.month)))
    kind = "direct_debit" if customer.unit == "rheintel" else "ach_debit"
    return Entry(
        day, invoice.gross, kind, customer.name, customer.iban, texts=(invoice.number,),
        end_to_end=f"E2E-{invoice.number}", mandate=customer.mandate,
    )  # fmt: skip


def _returned(invoice: Invoice, day: date, reason: str) -> Entry:
    paid = _collected(invoice)
    american = {"AM04": "R01", "MD06": "R10"}
    if invoice.customer.unit == "hudson":
        reason = american[reason]
    return Entry(
        day, -paid.amount, "return", paid.name, paid.iban, texts=paid.texts,
        end_to_end=paid.end_to_end, mandate=paid.mandate, reason=reason,
    )  # fmt: skip
