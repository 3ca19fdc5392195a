"""Payments in euros, kind by kind, each with its truth: these test what a clerk knows beside numbers."""

from collections.abc import Callable, Mapping
from datetime import timedelta

from benchmarks.matching_data.euro_numbers import (
    Made,
    bare_digits,
    broken,
    charges,
    cut,
    discount,
    exact,
    late_discount,
    list_cut_off,
    list_with_paid,
    number_list,
    number_range,
    o_for_zero,
    other_separators,
    pay,
    rounding,
    structured,
    structured_wrong_check,
    text_of,
    typo,
    unknowable,
)
from benchmarks.matching_data.mangle import plain_name
from benchmarks.matching_data.model import Payment, some_day
from benchmarks.matching_data.shop import Shop
from kernel.references import make_iban


def part(shop: Shop) -> Made:
    items = shop.take()
    if not items:
        return None
    item = items[0]
    amount = item.open_minor * shop.dice.choice([30, 40, 50, 60]) // 100
    return pay(shop, "part", [item], text_of(shop, item.number, item.open_minor), {item.id: amount})


def over(shop: Shop) -> Made:
    items = shop.take()
    if not items:
        return None
    item = items[0]
    return pay(shop, "over", [item], text_of(shop, item.number, 0), amount=item.open_minor + shop.dice.randrange(500, 20_000))


def third_party(shop: Shop) -> Made:
    made = exact(shop)
    if made:
        made.kind, made.name = "third_party", shop.dice.choice(["Henrike Unbekannt", "Fremdzahler Holding SE", "Oma Erna", "P. Tiers"])
        made.iban = make_iban("DE", f"{shop.dice.randrange(10**18):018d}")
    return made


def customer_pays_for_other(shop: Shop) -> Made:
    made = exact(shop)
    if made:
        other = shop.dice.choice(shop.customers)
        made.kind, made.name, made.iban = "customer_for_other", other.name, other.iban
    return made


def on_behalf(shop: Shop) -> Made:
    items = shop.take(unique=True)
    if not items:
        return None
    said = shop.dice.choice(shop.words.behalf).format(name=items[0].customer.name)
    return unknowable(
        pay(shop, "on_behalf", [items[0]], said, name="Treuhand Büro West", iban=make_iban("DE", f"{shop.dice.randrange(10**18):018d}"))
    )


def paid_twice(shop: Shop) -> list[Payment]:
    made = exact(shop)
    if not made:
        return []
    again = Payment(
        "paid_twice", made.amount_minor, made.text, made.name, made.iban, paid={}, on=made.on + timedelta(shop.dice.choice([0, 2, 9]))
    )
    made.kind = "paid_first"
    return [made, again]


def paid_long_ago(shop: Shop) -> Made:
    customer = shop.dice.choice(shop.customers)
    number = shop.numbers[customer.unit].make()
    amount = shop.dice.randrange(3_000, 800_000)
    made = Payment(
        "paid_long_ago",
        amount,
        text_of(shop, number, amount),
        plain_name(customer.name, shop.dice),
        customer.iban,
        paid={},
        on=some_day(shop.dice, 0, 29),
    )
    made.decidable = customer.iban_known
    return made


def wrong_customer(shop: Shop) -> Made:
    """A mistyped number that is somebody else's; payer and amount are right."""
    items = shop.take(unique=True)
    if not items:
        return None
    other = shop.dice.choice([item for item in shop.items if item.customer is not items[0].customer])
    made = pay(shop, "number_of_another", [items[0]], text_of(shop, other.number, items[0].open_minor))
    made.decidable = items[0].customer.iban_known and other.open_minor != items[0].open_minor
    return made


def wrong_own(shop: Shop) -> Made:
    """The number of another open item of the same customer; the amount is right."""
    items = shop.take(unique=True)
    others = [item for item in items[0].customer.items if item is not items[0] and item.open_minor > 0] if items else []
    if not others:
        return None
    made = pay(shop, "number_of_own_other", [items[0]], text_of(shop, shop.dice.choice(others).number, 0))
    made.decidable = items[0].customer.iban_known
    return made


def no_reference(shop: Shop) -> Made:
    items = shop.take(unique=True)
    if not items:
        return None
    made = pay(
        shop, "no_reference", [items[0]], shop.dice.choice(["", "Miete", "Zahlung", "siehe Avis", "payment", "Danke", "Lieferung KW 34"])
    )
    made.decidable = items[0].customer.iban_known
    return made


def equal_items(shop: Shop) -> Made:
    items = shop.take()
    if not items:
        return None
    shop.add(items[0].customer, items[0].open_minor).used = True
    return unknowable(pay(shop, "equal_items", [items[0]], shop.dice.choice(["", "Zahlung", "Wartung"])))


def equal_but_named(shop: Shop) -> Made:
    items = shop.take()
    if not items:
        return None
    shop.add(items[0].customer, items[0].open_minor).used = True
    return pay(shop, "equal_but_named", [items[0]], text_of(shop, items[0].number, items[0].open_minor))


def sum_without_numbers(shop: Shop) -> Made:
    items = list(shop.take(2))
    return unknowable(pay(shop, "sum_without_numbers", items, "lt. Aufstellung")) if items else None


def netted(shop: Shop) -> Made:
    items = shop.take()
    if not items or items[0].open_minor < 10_000:  # noqa: PLR2004
        return None
    credit = shop.add(items[0].customer, items[0].open_minor * 15 // 100, credit=True)
    if shop.dice.random() < 0.5:  # noqa: PLR2004
        return pay(shop, "credit_named", [items[0], credit], f"RE {items[0].number} abzgl. GS {credit.number}")
    return pay(shop, "credit_unnamed", [items[0], credit], f"RE {items[0].number} abzgl. Gutschrift")


def prepayment(shop: Shop) -> Made:
    customer = shop.dice.choice(shop.customers)
    amount = shop.dice.randrange(1, 90) * 10_000
    made = Payment(
        "prepayment", amount, shop.dice.choice(shop.words.prepayments), customer.name, customer.iban, paid={}, on=some_day(shop.dice, 0, 29)
    )
    made.decidable = customer.iban_known
    return made


def noise(shop: Shop) -> Made:
    name, text = shop.dice.choice(shop.words.noise)
    amount = shop.dice.choice(shop.items).open_minor if shop.dice.random() < 0.2 else shop.dice.randrange(100, 500_000)  # noqa: PLR2004
    return Payment("noise", abs(amount), text.format(noise=shop.dice.randrange(10**5, 10**6)), name, "", on=some_day(shop.dice, 0, 29))


def debit(shop: Shop) -> Made:
    return Payment("debit", -shop.dice.randrange(100, 90_000), "Gehalt 09/2026", "Mitarbeiter", "", on=some_day(shop.dice, 0, 29))


# How many of a thousand payments are of a kind.
SHARES: Mapping[Callable[[Shop], Made | list[Payment]], int] = {
    structured: 110, structured_wrong_check: 10, exact: 190, other_separators: 40, bare_digits: 50, broken: 40, o_for_zero: 15, typo: 50,
    cut: 15, number_list: 60, list_cut_off: 10, list_with_paid: 10, number_range: 25, discount: 45, late_discount: 20, charges: 35,
    rounding: 10, part: 30, over: 30, third_party: 35, customer_pays_for_other: 10, on_behalf: 8, paid_twice: 10, paid_long_ago: 8,
    wrong_customer: 20, wrong_own: 8, no_reference: 60, equal_items: 10, equal_but_named: 10, sum_without_numbers: 8, netted: 12,
    prepayment: 6, noise: 30, debit: 10,
}  # fmt: skip
