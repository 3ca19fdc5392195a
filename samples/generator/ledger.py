"""Writes the units' books: which invoices there are, and what their customers do with them."""

from datetime import date, timedelta

from generator import behaviours, people
from generator.book import Customer, Invoice, Unit, pick
from generator.checkdigits import creditor_reference
from generator.days import YEAR

UNITS = ("rheintel", "naniwa", "hudson")


def unit(name: str) -> Unit:
    """A unit's invoices, credit notes and bank entries, each in the order of its day."""
    found = Unit(name, people.customers(name))
    issued = sorted(
        ((month, customer) for customer in found.customers for month in customer.months),
        key=lambda pair: (pair[0], pair[1].account),
    )
    for position, (month, customer) in enumerate(issued, start=1):
        found.invoices.append(_invoice(customer, month, position))
    for customer in found.customers:
        own = [invoice for invoice in found.invoices if invoice.customer is customer]
        found.entries += behaviours.BEHAVIOURS[customer.behaviour](customer, own)
        if customer.behaviour == "credited":
            found.credit_notes += [behaviours.credit_note(invoice) for invoice in own]
    found.entries += behaviours.bystanders(name)
    found.entries.sort(key=lambda entry: (entry.on, entry.name, entry.amount))
    return found


def _invoice(customer: Customer, month: int, position: int) -> Invoice:
    issued_on = date(YEAR, month, 1)
    number, reference = {
        "rheintel": (f"RT-{YEAR}-{position:05d}", creditor_reference(f"RT{YEAR}{position:05d}")),
        "naniwa": (f"NW{YEAR}{month:02d}-{position:03d}", None),
        "hudson": (f"HS-{YEAR % 100}{month:02d}-{position:03d}", None),
    }[customer.unit]
    # Two invoices of one amount are what `two_equal_payments` is about.
    seed = f"{customer.account}/{month}" if customer.behaviour == "two_equal_payments" else number
    net, tax = _amounts(customer, seed)
    due_on = issued_on + timedelta(days=customer.terms_days)
    return Invoice(customer, number, issued_on, due_on, net, tax, reference)


def _amounts(customer: Customer, seed: str) -> tuple[int, int]:
    """Net and tax in minor units: 19 % VAT in Germany, reverse charge abroad; 10 % in Japan; resale goods untaxed."""
    business = customer.party.kind == "business"
    if customer.unit == "rheintel":
        net = pick(seed, 180_00, 2_400_00) if business else pick(seed, 24_00, 96_00)
        return net, (net * 19 + 50) // 100 if customer.party.country == "DE" else 0
    if customer.unit == "naniwa":
        net = pick(seed, 60_000, 980_000) // 10 * 10
        return net, net // 10
    return pick(seed, 350_00, 9_800_00), 0
