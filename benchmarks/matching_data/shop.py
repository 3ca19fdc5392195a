"""The made-up world of one seed: customers with open items, and the choice of an item that no payment has used yet."""

from collections.abc import Sequence
from datetime import timedelta
from random import Random

from benchmarks.matching_data.model import Customer, Numbers, OpenItem, some_day
from benchmarks.matching_data.words import KANA, KANA_TRADES, KANA_UNSEEN, KANJI, KANJI_TRADES, KANJI_UNSEEN, PLACES, TUNING, UNSEEN
from kernel.references import make_iban, make_ogm, make_rf, make_viitenumero

_CUSTOMERS_PER_ITEM = 8
_UNITS = ("north", "south")


class Shop:
    """Customers and items; `take` hands out each item once."""

    def __init__(self, seed: int, items: int, *, japanese: bool = False, unseen: bool = False) -> None:
        self.dice, self.japanese, self.unseen = Random(seed), japanese, unseen  # noqa: S311 - reproducible, not secret
        self.words = UNSEEN if unseen else TUNING
        self.numbers = {unit: Numbers(self.dice, unseen=unseen) for unit in _UNITS}
        self.customers = [self._customer(number) for number in range(max(2, items // _CUSTOMERS_PER_ITEM))]
        self.items: list[OpenItem] = []
        while len(self.items) < items:
            self.add(self.dice.choice(self.customers))
        self._waiting = self.dice.sample(self.items, len(self.items))

    def _customer(self, number: int) -> Customer:
        dice, unit = self.dice, _UNITS[number % 2]
        if self.japanese:
            stems = {**KANJI_UNSEEN} if self.unseen else {**KANJI}
            stem, trade = dice.choice(KANA_UNSEEN if self.unseen else KANA), dice.choice(KANA_TRADES)
            place = dice.choice(list(PLACES)) if dice.random() < 0.85 else ""  # noqa: PLR2004
            front = dice.random() < 0.5  # noqa: PLR2004
            kana = f"カ）{place}{stem}{trade}" if front else f"{place}{stem}{trade}（カ"
            whole = f"{PLACES.get(place, place)}{stems[stem]}{KANJI_TRADES[trade]}"
            name = f"株式会社{whole}" if front else f"{whole}株式会社"
            code = f"{dice.randrange(10**9):010d}" if dice.random() < 0.3 else ""  # noqa: PLR2004
            return Customer(f"C{number:05d}", unit, name, kana, "", code)
        words = self.words
        name = dice.choice(words.people) if dice.random() < 0.05 else ""  # noqa: PLR2004
        first, second = dice.choice(words.stems), dice.choice(words.stems)
        joined = dice.choice([first, f"{first} & {second}", f"{first} {second}"])
        name = f"{name} {number}" if name else f"{joined} {dice.choice(words.trades)} {dice.choice(words.forms)}"
        iban = make_iban("DE", f"{dice.randrange(10**18):018d}")
        return Customer(f"C{number:05d}", unit, name, "", iban, "", iban_known=dice.random() < 0.75)  # noqa: PLR2004

    def add(self, customer: Customer, open_minor: int = 0, *, credit: bool = False) -> OpenItem:
        """One more item of a customer."""
        dice = self.dice
        number = self.numbers[customer.unit].make()
        while not open_minor:
            open_minor = self._amount()
        discount = dice.choice([2, 3]) if not self.japanese and dice.random() < 0.25 and not credit else 0  # noqa: PLR2004
        issued = some_day(dice, -13, 8) if discount else some_day(dice, -50, -5)
        serial = f"{dice.randrange(10**9):09d}"
        reference = ""
        if not self.japanese and dice.random() < 0.4:  # noqa: PLR2004
            reference = dice.choice(
                [make_rf(serial), make_rf(f"INV{serial}"), make_ogm(serial), make_viitenumero(serial.lstrip("0") or "123")]
            )
        item = OpenItem(
            f"I{len(self.items):06d}", customer, number, reference, -open_minor if credit else open_minor, issued, issued + timedelta(30),
            discount, issued + timedelta(14) if discount else None, used=credit,
        )  # fmt: skip
        self.items.append(item)
        customer.items.append(item)
        return item

    def _amount(self) -> int:
        dice = self.dice
        if self.japanese:
            return dice.choice([dice.randrange(50, 3000) * 1100, dice.randrange(10_000, 2_000_000), dice.randrange(10, 500) * 1000])
        return dice.choice([dice.randrange(3_000, 900_000), dice.randrange(3_000, 90_000), 4_990, dice.randrange(10, 200) * 500])

    def take(self, count: int = 1, *, discount: bool | None = None, unique: bool = False, reference: bool = False) -> Sequence[OpenItem]:
        """So many unused items of one customer; `unique`: no other item of the customer has the same amount."""
        while self._waiting:
            item = self._waiting.pop()
            if item.used or (discount is not None and bool(item.discount_percent) is not discount) or (reference and not item.reference):
                continue
            mine = [other for other in item.customer.items if not other.used and other is not item and other.open_minor > 0]
            if len(mine) < count - 1:
                continue
            if unique and any(other.open_minor == item.open_minor for other in item.customer.items if other is not item):
                continue
            chosen = [item, *mine[: count - 1]]
            for one in chosen:
                one.used = True
            return chosen
        return ()
