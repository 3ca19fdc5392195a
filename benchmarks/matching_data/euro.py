"""Payments in euros, kind by kind, each with its truth."""

from collections.abc import Callable, Mapping
from datetime import timedelta

from benchmarks.matching_data.mangle import digits_only, misread, mistyped, plain_name, separated, spaced
from benchmarks.matching_data.model import FIRST_DAY, OpenItem, Payment, some_day
from benchmarks.matching_data.shop import Shop
from kernel.references import make_iban

Made = Payment | None


def _text(shop: Shop, number: str, amount: int) -> str:
    money = f"{amount // 100},{amount % 100:02d}"
    return shop.dice.choice(shop.words.phrases).format(number=number, noise=shop.dice.randrange(10**5, 10**6), amount=money)


def _pay(shop: Shop, kind: str, items: list[OpenItem], text: str, paid: Mapping[str, int] | None = None, **more: object) -> Payment:
    customer = items[0].customer
    paid = {item.id: item.open_minor for item in items} if paid is None else paid
    amount = more.pop("amount", None) or sum(paid.values())
    known = {"name": plain_name(customer.name, shop.dice), "iban": customer.iban, "on": some_day(shop.dice, 0, 29), **more}
    return Payment(kind, amount, text, paid=paid, number=items[0].number, **known)


def _numbered(shop: Shop, kind: str, change: Callable[..., str], **wanted: bool) -> Made:
    items = shop.take(**wanted)
    if not items:
        return None
    item = items[0]
    return _pay(shop, kind, [item], _text(shop, change(item.number, shop.dice), item.open_minor))


def structured(shop: Shop) -> Made:
    items = shop.take(reference=True)
    if not items:
        return None
    item = items[0]
    form = shop.dice.randrange(3)
    groups = " ".join(item.reference[place : place + 4] for place in range(0, len(item.reference), 4))
    printed = groups if item.reference.startswith("RF") else item.reference
    bare = "".join(character for character in item.reference if character.isalnum())
    text, reference = ((printed, ""), ("", bare), (f"Zahlung {printed} danke", ""))[form]
    return _pay(shop, "structured", [item], text, reference=reference)


def structured_wrong_check(shop: Shop) -> Made:
    """The reference's check digits fail, and payer and amount say what is meant."""
    items = shop.take(reference=True, unique=True)
    if not items or not items[0].reference.startswith("RF"):
        return None
    item = items[0]
    wrong = f"RF{(int(item.reference[2:4]) + 7) % 97:02d}{item.reference[4:]}"
    made = _pay(shop, "wrong_check_digits", [item], wrong)
    return made if item.customer.iban_known else _unknowable(made)


def _unknowable(made: Payment) -> Payment:
    made.decidable = False
    return made


def exact(shop: Shop) -> Made:
    return _numbered(shop, "number", lambda number, _: number)


def other_separators(shop: Shop) -> Made:
    return _numbered(shop, "number_separators", separated)


def bare_digits(shop: Shop) -> Made:
    return _numbered(shop, "number_digits", digits_only)


def broken(shop: Shop) -> Made:
    return _numbered(shop, "number_broken", spaced)


def o_for_zero(shop: Shop) -> Made:
    return _numbered(shop, "number_misread", misread)


def typo(shop: Shop) -> Made:
    return _numbered(shop, "number_mistyped", mistyped, unique=True)


def cut(shop: Shop) -> Made:
    return _numbered(shop, "number_cut", lambda number, _: number[:-2], unique=True)


def number_list(shop: Shop) -> Made:
    items = list(shop.take(shop.dice.randint(2, 7)))
    if not items:
        return None
    numbers = [item.number for item in items]
    if shop.dice.random() < 0.3 and len({len(number) for number in numbers}) == 1:  # noqa: PLR2004
        numbers = [numbers[0], *(number[-4:] for number in numbers[1:])] if len({number[:-4] for number in numbers}) == 1 else numbers
    text = shop.dice.choice(shop.words.list_phrases).format(
        number=shop.dice.choice([", ", " ", "/", " + ", ",", "; ", " und "]).join(numbers)
    )
    return _pay(shop, "list", items, text)


def list_cut_off(shop: Shop) -> Made:
    items = list(shop.take(shop.dice.randint(3, 5)))
    if not items:
        return None
    text = shop.dice.choice(shop.words.list_phrases).format(number=", ".join(item.number for item in items[:-1]))
    return _pay(shop, "list_cut", items, text)


def list_with_paid(shop: Shop) -> Made:
    """One of the numbers is of an invoice that was paid long ago."""
    items = list(shop.take(shop.dice.randint(2, 3)))
    if not items:
        return None
    numbers = [item.number for item in items]
    numbers.insert(shop.dice.randrange(len(numbers) + 1), shop.numbers[items[0].customer.unit].make())
    return _pay(shop, "list_with_paid", items, shop.dice.choice(shop.words.list_phrases).format(number=", ".join(numbers)))


def number_range(shop: Shop) -> Made:
    first = shop.take()
    if not first:
        return None
    items = [*first, *(shop.add(first[0].customer) for _ in range(shop.dice.randint(2, 4)))]
    items = items[1:]
    for item in items:
        item.used = True
    text = shop.dice.choice(shop.words.range_phrases).format(first=items[0].number, last=items[-1].number)
    first[0].used = False
    return _pay(shop, "range", items, text)


def discount(shop: Shop) -> Made:
    items = shop.take(discount=True)
    if not items:
        return None
    item = items[0]
    on = max(FIRST_DAY, item.discount_until - timedelta(shop.dice.randint(0, 6)))
    if on > item.discount_until:
        return late_discount(shop, item)
    paid = {item.id: item.open_minor - item.discount_minor}
    text = _text(shop, item.number, item.open_minor) + shop.dice.choice(["", f" abzgl. {item.discount_percent}% Skonto", " less discount"])
    return _pay(shop, "discount", [item], text, paid, on=on, granted={item.id: "discount"})


def late_discount(shop: Shop, item: OpenItem | None = None) -> Made:
    items = [item] if item else shop.take(discount=True)
    if not items:
        return None
    item = items[0]
    on = max(FIRST_DAY, item.discount_until + timedelta(shop.dice.randint(1, 12)))
    paid = {item.id: item.open_minor - item.discount_minor}
    return _pay(shop, "discount_late", [item], _text(shop, item.number, item.open_minor) + " Skonto", paid, on=on)


def charges(shop: Shop) -> Made:
    items = shop.take(discount=False)
    if not items or items[0].open_minor < 20_000:  # noqa: PLR2004
        return None
    item, fee = items[0], shop.dice.randrange(350, 1999)
    said = shop.dice.choice(shop.words.charges).format(amount=f"{fee // 100},{fee % 100:02d}")
    paid = {item.id: item.open_minor - fee}
    return _pay(
        shop, "charges_stated", [item], f"{_text(shop, item.number, item.open_minor)} {said}", paid, granted={item.id: "bank_charges"}
    )


def rounding(shop: Shop) -> Made:
    items = shop.take(discount=False)
    if not items:
        return None
    short = shop.dice.randint(1, 3)
    paid = {items[0].id: items[0].open_minor - short}
    return _pay(shop, "rounding", [items[0]], _text(shop, items[0].number, 0), paid, granted={items[0].id: "rounding"})


def part(shop: Shop) -> Made:
    items = shop.take()
    if not items:
        return None
    item = items[0]
    amount = item.open_minor * shop.dice.choice([30, 40, 50, 60]) // 100
    return _pay(shop, "part", [item], _text(shop, item.number, item.open_minor), {item.id: amount})


def over(shop: Shop) -> Made:
    items = shop.take()
    if not items:
        return None
    item = items[0]
    return _pay(shop, "over", [item], _text(shop, item.number, 0), amount=item.open_minor + shop.dice.randrange(500, 20_000))


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
    return _unknowable(
        _pay(shop, "on_behalf", [items[0]], said, name="Treuhand Büro West", iban=make_iban("DE", f"{shop.dice.randrange(10**18):018d}"))
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
        _text(shop, number, amount),
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
    made = _pay(shop, "number_of_another", [items[0]], _text(shop, other.number, items[0].open_minor))
    made.decidable = items[0].customer.iban_known and other.open_minor != items[0].open_minor
    return made


def wrong_own(shop: Shop) -> Made:
    """The number of another open item of the same customer; the amount is right."""
    items = shop.take(unique=True)
    others = [item for item in items[0].customer.items if item is not items[0] and item.open_minor > 0] if items else []
    if not others:
        return None
    made = _pay(shop, "number_of_own_other", [items[0]], _text(shop, shop.dice.choice(others).number, 0))
    made.decidable = items[0].customer.iban_known
    return made


def no_reference(shop: Shop) -> Made:
    items = shop.take(unique=True)
    if not items:
        return None
    made = _pay(
        shop, "no_reference", [items[0]], shop.dice.choice(["", "Miete", "Zahlung", "siehe Avis", "payment", "Danke", "Lieferung KW 34"])
    )
    made.decidable = items[0].customer.iban_known
    return made


def equal_items(shop: Shop) -> Made:
    items = shop.take()
    if not items:
        return None
    shop.add(items[0].customer, items[0].open_minor).used = True
    return _unknowable(_pay(shop, "equal_items", [items[0]], shop.dice.choice(["", "Zahlung", "Wartung"])))


def equal_but_named(shop: Shop) -> Made:
    items = shop.take()
    if not items:
        return None
    shop.add(items[0].customer, items[0].open_minor).used = True
    return _pay(shop, "equal_but_named", [items[0]], _text(shop, items[0].number, items[0].open_minor))


def sum_without_numbers(shop: Shop) -> Made:
    items = list(shop.take(2))
    return _unknowable(_pay(shop, "sum_without_numbers", items, "lt. Aufstellung")) if items else None


def netted(shop: Shop) -> Made:
    items = shop.take()
    if not items or items[0].open_minor < 10_000:  # noqa: PLR2004
        return None
    credit = shop.add(items[0].customer, items[0].open_minor * 15 // 100, credit=True)
    if shop.dice.random() < 0.5:  # noqa: PLR2004
        return _pay(shop, "credit_named", [items[0], credit], f"RE {items[0].number} abzgl. GS {credit.number}")
    return _pay(shop, "credit_unnamed", [items[0], credit], f"RE {items[0].number} abzgl. Gutschrift")


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
