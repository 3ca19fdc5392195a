"""Payments in yen, as Japanese banks print them: a name in half-width kana, seldom a number, often less a transfer fee."""

import unicodedata
from collections.abc import Callable, Mapping

from benchmarks.matching_data.mangle import digits_only
from benchmarks.matching_data.model import OpenItem, Payment, some_day
from benchmarks.matching_data.shop import Shop

Made = Payment | None
_FEES = (110, 145, 165, 220, 275, 330, 440, 495, 550, 605, 660, 770, 880)
_HALF = {unicodedata.normalize("NFKC", chr(code)): chr(code) for code in range(0xFF66, 0xFF9E)}
_MARKS = {"\u3099": "ﾞ", "\u309a": "ﾟ"}
# As Zengin files are printed: 40 and 48 places, of which a voice mark takes one.
_LENGTHS = (48, 48, 40, 30)


def half_width(text: str) -> str:
    """Half-width, large kana only, the long mark as a hyphen."""
    large = (
        unicodedata.normalize("NFD", text)
        .replace("ー", "-")
        .replace("　", " ")
        .translate(str.maketrans("ァィゥェォャュョッ", "アイウエオヤユヨツ"))
    )
    return "".join(_MARKS.get(one) or _HALF.get(one, one) for one in large.replace("）", ")").replace("（", "("))


def _payer(shop: Shop, kana: str) -> str:
    """Sometimes spelt out, with a branch behind, with blanks, or cut."""
    dice = shop.dice
    plain = kana.replace("カ）", "").replace("（カ", "")
    form = dice.random()
    if form < 0.1:  # noqa: PLR2004
        kana = f"カブシキガイシャ{plain}"
    elif form < 0.15:  # noqa: PLR2004
        kana = plain
    elif form < 0.2:  # noqa: PLR2004
        kana = f"カ）{plain}　ケイリブ" if shop.unseen else f"カ）{plain}　オオサカシテン"
    elif form < 0.3:  # noqa: PLR2004
        kana = kana.replace("カ）", "カ） ").replace("（カ", " （カ")
    return half_width(kana)[: dice.choice(_LENGTHS)].strip()


def _pay(shop: Shop, kind: str, items: list[OpenItem], text: str = "", fee: int = 0, **more: object) -> Payment:
    customer = items[0].customer
    paid = {item.id: item.open_minor for item in items}
    granted = {}
    if fee:
        bearer = max(items, key=lambda item: (item.open_minor, item.id))
        paid[bearer.id] -= fee
        granted[bearer.id] = "bank_charges"
    amount = more.pop("amount", None) or sum(paid.values())
    code = customer.code if shop.dice.random() < 0.5 else ""  # noqa: PLR2004
    known = {"name": _payer(shop, customer.kana), "code": code, "on": some_day(shop.dice, 0, 29), "paid": paid, **more}
    return Payment(kind, amount, text, iban="", granted=granted, number=items[0].number, **known)


def plain(shop: Shop) -> Made:
    items = shop.take(unique=True)
    return _alone(_pay(shop, "name_and_amount", list(items))) if items else None


def _alone(made: Payment) -> Payment:
    return made


def with_fee(shop: Shop) -> Made:
    items = shop.take(unique=True)
    if not items or items[0].open_minor < 5000:  # noqa: PLR2004
        return None
    fee = shop.dice.choice(_FEES)
    made = _pay(shop, "name_less_fee", list(items), fee=fee)
    low, high = made.amount_minor + 110, made.amount_minor + 880
    others = [item for item in items[0].customer.items if item is not items[0]]
    made.decidable = not any(low <= item.open_minor <= high or item.open_minor == made.amount_minor for item in others)
    return made


def numbered(shop: Shop) -> Made:
    items = shop.take()
    return _pay(shop, "number", list(items), digits_only(items[0].number, shop.dice)) if items else None


def numbered_less_fee(shop: Shop) -> Made:
    items = shop.take()
    if not items or items[0].open_minor < 5000:  # noqa: PLR2004
        return None
    return _pay(shop, "number_less_fee", list(items), items[0].number.replace("/", "-"), shop.dice.choice(_FEES))


def everything(shop: Shop) -> Made:
    """All that is open, in one sum."""
    first = shop.take()
    if not first or any(item.used for item in first[0].customer.items if item is not first[0]):
        return None
    items = first[0].customer.items
    for item in items:
        item.used = True
    return _pay(shop, "everything", list(items), fee=shop.dice.choice([0, 440]))


def two(shop: Shop) -> Made:
    items = shop.take(2)
    made = _pay(shop, "two_without_numbers", list(items)) if items else None
    if made:
        made.decidable = False
    return made


def over(shop: Shop) -> Made:
    items = shop.take()
    return (
        _pay(shop, "over", list(items), items[0].number, amount=items[0].open_minor + shop.dice.randrange(1, 30) * 1000) if items else None
    )


def part(shop: Shop) -> Made:
    items = shop.take()
    if not items:
        return None
    half = items[0].open_minor // 2
    return _pay(shop, "part", list(items), items[0].number, amount=half, paid={items[0].id: half}) if half else None


def third_party(shop: Shop) -> Made:
    made = numbered(shop)
    if made:
        made.kind, made.name, made.code = "third_party", half_width("ニシムラ　タロウ"), ""
        made.text = made.number
    return made


def paid_twice(shop: Shop) -> list[Payment]:
    made = numbered(shop)
    if not made:
        return []
    again = Payment("paid_twice", made.amount_minor, made.text, made.name, "", made.code, paid={}, on=made.on)
    made.kind = "paid_first"
    return [made, again]


def equal_items(shop: Shop) -> Made:
    items = shop.take()
    if not items:
        return None
    shop.add(items[0].customer, items[0].open_minor).used = True
    made = _pay(shop, "equal_items", list(items))
    made.decidable = False
    return made


def two_within_the_fee(shop: Shop) -> Made:
    """Two items so near each other that both fit less a fee."""
    items = shop.take(unique=True)
    if not items or items[0].open_minor < 5000:  # noqa: PLR2004
        return None
    shop.add(items[0].customer, items[0].open_minor - 110).used = True
    made = _pay(shop, "two_within_the_fee", list(items), fee=550)
    made.decidable = False
    return made


def noise(shop: Shop) -> Made:
    name, text = shop.dice.choice(
        [("ゼイムシヨ", "コクゼイカンプキン"), ("ギンコウ", "リソク"), ("ホケン", "ホケンキン"), ("スズキ　ハナコ", "")]
    )
    return Payment("noise", shop.dice.randrange(100, 500_000), half_width(text), half_width(name), "", on=some_day(shop.dice, 0, 29))


def debit(shop: Shop) -> Made:
    return Payment("debit", -shop.dice.randrange(100, 90_000), half_width("キユウヨ"), "", "", on=some_day(shop.dice, 0, 29))


SHARES: Mapping[Callable[[Shop], Made | list[Payment]], int] = {
    plain: 330, with_fee: 270, numbered: 90, numbered_less_fee: 60, everything: 25, two: 15, over: 25, part: 20, third_party: 25,
    paid_twice: 15, equal_items: 15, two_within_the_fee: 10, noise: 35, debit: 15,
}  # fmt: skip
