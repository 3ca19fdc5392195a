"""How a payment in euros is made from items, and the kinds that name what they pay: whole, mangled, in lists, less something."""

from collections.abc import Callable, Mapping
from datetime import timedelta

from benchmarks.matching_data.mangle import digits_only, misread, mistyped, plain_name, separated, spaced
from benchmarks.matching_data.model import FIRST_DAY, OpenItem, Payment, some_day
from benchmarks.matching_data.shop import Shop

Made = Payment | None


def text_of(shop: Shop, number: str, amount: int) -> str:
    money = f"{amount // 100},{amount % 100:02d}"
    return shop.dice.choice(shop.words.phrases).format(number=number, noise=shop.dice.randrange(10**5, 10**6), amount=money)


def pay(shop: Shop, kind: str, items: list[OpenItem], text: str, paid: Mapping[str, int] | None = None, **more: object) -> Payment:
    customer = items[0].customer
    paid = {item.id: item.open_minor for item in items} if paid is None else paid
    amount = more.pop("amount", None) or sum(paid.values())
    known = {"name": plain_name(customer.name, shop.dice), "iban": customer.iban, "on": some_day(shop.dice, 0, 29), **more}
    return Payment(kind, amount, text, paid=paid, number=items[0].number, **known)


def numbered(shop: Shop, kind: str, change: Callable[..., str], **wanted: bool) -> Made:
    items = shop.take(**wanted)
    if not items:
        return None
    item = items[0]
    return pay(shop, kind, [item], text_of(shop, change(item.number, shop.dice), item.open_minor))


def unknowable(made: Payment) -> Payment:
    made.decidable = False
    return made


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
    return pay(shop, "structured", [item], text, reference=reference)


def structured_wrong_check(shop: Shop) -> Made:
    """The reference's check digits fail, and payer and amount say what is meant."""
    items = shop.take(reference=True, unique=True)
    if not items or not items[0].reference.startswith("RF"):
        return None
    item = items[0]
    wrong = f"RF{(int(item.reference[2:4]) + 7) % 97:02d}{item.reference[4:]}"
    made = pay(shop, "wrong_check_digits", [item], wrong)
    return made if item.customer.iban_known else unknowable(made)


def exact(shop: Shop) -> Made:
    return numbered(shop, "number", lambda number, _: number)


def other_separators(shop: Shop) -> Made:
    return numbered(shop, "number_separators", separated)


def bare_digits(shop: Shop) -> Made:
    return numbered(shop, "number_digits", digits_only)


def broken(shop: Shop) -> Made:
    return numbered(shop, "number_broken", spaced)


def o_for_zero(shop: Shop) -> Made:
    return numbered(shop, "number_misread", misread)


def typo(shop: Shop) -> Made:
    return numbered(shop, "number_mistyped", mistyped, unique=True)


def cut(shop: Shop) -> Made:
    return numbered(shop, "number_cut", lambda number, _: number[:-2], unique=True)


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
    return pay(shop, "list", items, text)


def list_cut_off(shop: Shop) -> Made:
    items = list(shop.take(shop.dice.randint(3, 5)))
    if not items:
        return None
    text = shop.dice.choice(shop.words.list_phrases).format(number=", ".join(item.number for item in items[:-1]))
    return pay(shop, "list_cut", items, text)


def list_with_paid(shop: Shop) -> Made:
    """One of the numbers is of an invoice that was paid long ago."""
    items = list(shop.take(shop.dice.randint(2, 3)))
    if not items:
        return None
    numbers = [item.number for item in items]
    numbers.insert(shop.dice.randrange(len(numbers) + 1), shop.numbers[items[0].customer.unit].make())
    return pay(shop, "list_with_paid", items, shop.dice.choice(shop.words.list_phrases).format(number=", ".join(numbers)))


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
    return pay(shop, "range", items, text)


def discount(shop: Shop) -> Made:
    items = shop.take(discount=True)
    if not items:
        return None
    item = items[0]
    on = max(FIRST_DAY, item.discount_until - timedelta(shop.dice.randint(0, 6)))
    if on > item.discount_until:
        return late_discount(shop, item)
    paid = {item.id: item.open_minor - item.discount_minor}
    text = text_of(shop, item.number, item.open_minor) + shop.dice.choice(
        ["", f" abzgl. {item.discount_percent}% Skonto", " less discount"]
    )
    return pay(shop, "discount", [item], text, paid, on=on, granted={item.id: "discount"})


def late_discount(shop: Shop, item: OpenItem | None = None) -> Made:
    items = [item] if item else shop.take(discount=True)
    if not items:
        return None
    item = items[0]
    on = max(FIRST_DAY, item.discount_until + timedelta(shop.dice.randint(1, 12)))
    paid = {item.id: item.open_minor - item.discount_minor}
    return pay(shop, "discount_late", [item], text_of(shop, item.number, item.open_minor) + " Skonto", paid, on=on)


def charges(shop: Shop) -> Made:
    items = shop.take(discount=False)
    if not items or items[0].open_minor < 20_000:  # noqa: PLR2004
        return None
    item, fee = items[0], shop.dice.randrange(350, 1999)
    said = shop.dice.choice(shop.words.charges).format(amount=f"{fee // 100},{fee % 100:02d}")
    paid = {item.id: item.open_minor - fee}
    return pay(
        shop, "charges_stated", [item], f"{text_of(shop, item.number, item.open_minor)} {said}", paid, granted={item.id: "bank_charges"}
    )


def rounding(shop: Shop) -> Made:
    items = shop.take(discount=False)
    if not items:
        return None
    short = shop.dice.randint(1, 3)
    paid = {items[0].id: items[0].open_minor - short}
    return pay(shop, "rounding", [items[0]], text_of(shop, items[0].number, 0), paid, granted={items[0].id: "rounding"})
