"""The customers of the three units: invented names, and for each one behaviour (see behaviours.py)."""

from dataclasses import replace

from generator.book import Customer, Party, pick
from generator.checkdigits import corporate_number, german_iban, vat_id


def _person(name: str, **more: object) -> Party:
    return Party(name, "consumer", "DE", **{"language": "de", **more})


def _firm(name: str, number: int, **more: object) -> Party:
    return Party(name, "business", "DE", **{"language": "de", "registration": vat_id(number), **more})


def _kaisha(name: str, kana: str, number: int, **more: object) -> Party:
    return Party(name, "business", "JP", "ja", corporate_number(number), kana, **more)


def _company(name: str, number: int, time_zone: str = "America/New_York", **more: object) -> Party:
    # EIN prefixes 00 are not assigned.
    return Party(name, "business", "US", "en", f"00-{number:07d}", time_zone=time_zone, **more)


# Customers of two units: the same registration, so one party of the group.
NORDLICHT = _firm("Nordlicht Maschinenbau GmbH", 4100017)
SAKURA = _kaisha("株式会社さくら電装", "カ)サクラデンソウ", 10017, latin="Sakura Denso K.K.")
KOBE_HARBOR = _kaisha("神戸みなと貿易株式会社", "コウベミナトボウエキ(カ", 10025, latin="Kobe Minato Trading K.K.")
BLUE_HERON = _company("Blue Heron Instruments Inc.", 4100033)

RHEINTEL = [
    # party, behaviour, months, further fields of the customer
    (_person("Anneliese Brandhuber"), "on_time_with_reference", "6 7 8 9 10", {}),
    (_person("Thorben Wiesenfeld"), "on_time_with_reference", "6 8 10", {}),
    (_firm("Kachelofen Petersen KG", 4100041), "on_time_with_reference", "7 9 10", {}),
    (_person("Ottilie Quandtmeyer"), "on_time_with_reference", "6 7 8 9 10", {}),
    (_person("Fridolin Ackerknecht"), "on_time_with_number", "6 7 8", {}),
    (_firm("Blumen Sonnenthal e.K.", 4100058), "on_time_with_number", "7 9", {}),
    (_person("Marlies Oderbruch"), "on_time_by_amount", "6 8 9", {"iban": True}),
    (_firm("Druckhaus Lindenfurt GmbH", 4100066), "two_invoices_in_one", "6 6", {}),
    (_person("Korbinian Habersack"), "part_then_rest_after_second_reminder", "7", {}),
    (_person("Ludmilla Torfstecher", mail=False), "overpays", "6 8", {}),
    (_person("Veit Morgenrot"), "after_first_reminder", "6 8", {"terms_days": 45}),
    (_person("Gesine Halligmann"), "after_second_reminder", "6 9", {}),
    (NORDLICHT, "after_second_reminder", "7", {}),
    (_firm("Spedition Heidekrug GmbH", 4100074), "after_formal_notice", "6", {"terms_days": 45}),
    (_firm("Copyshop am Kanal GmbH", 4100082), "after_filing", "6", {}),
    (_person("Severin Kaltenbrunnen"), "never", "6 7 8", {}),
    (_person("Hilka Deichgraf"), "direct_debit", "6 7 8 9", {"terms_days": 28, "mandate": True}),
    (_person("Jasper Mondschein"), "direct_debit_returned_then_paid", "7 9", {"terms_days": 28, "mandate": True}),
    (_person("Wolfhard Zinnober"), "direct_debit_refunded_never_paid", "6", {"terms_days": 28, "mandate": True}),
    (_firm("Glaswerk Ebersruh GmbH", 4100090), "insolvent", "6 7", {}),
    (_firm("Tanzschule Valentin GmbH", 4100109), "credited", "6", {}),
    (_firm("Callcenter Drosselweg GmbH", 4100117), "two_equal_payments", "8 8", {"iban": True}),
    (SAKURA, "on_time_with_reference", "7 9", {}),
    (BLUE_HERON, "on_time_with_number", "6 8 10", {}),
]

NANIWA = [
    (_kaisha("株式会社みなと電器", "カ)ミナトデンキ", 20014), "on_time_with_number", "6 7 8 9 10", {}),
    (_kaisha("有限会社青葉家電", "ユ)アオバカデン", 20022), "on_time_with_number", "6 8 10", {}),
    (_kaisha("北浜ラジオ株式会社", "キタハマラジオ(カ", 20030), "on_time_with_number", "6 7 9", {}),
    (_kaisha("株式会社ひばり商店", "カ)ヒバリシヨウテン", 20049), "on_time_by_amount", "6 7 8 9", {"payer_code": True}),
    (_kaisha("合同会社つばさ音響", "ド)ツバサオンキヨウ", 20057), "on_time_by_amount", "7 8 10", {"payer_code": True}),
    (_kaisha("株式会社まつば無線", "カ)マツバムセン", 20065), "on_time_by_amount", "6 8 9", {}),
    (_kaisha("月見堂電機株式会社", "ツキミドウデンキ(カ", 20073), "on_time_by_amount", "7 9 10", {}),
    (_kaisha("株式会社あさひ照明", "カ)アサヒシヨウメイ", 20081), "two_invoices_in_one", "6 6", {}),
    (_kaisha("株式会社すずらん電子", "カ)スズランデンシ", 20090), "part_then_rest_after_second_reminder", "8", {}),
    (_kaisha("若草家電販売株式会社", "ワカクサカデンハンバイ(カ", 20103), "overpays", "7", {}),
    (_kaisha("株式会社かもめ電業", "カ)カモメデンギヨウ", 20111), "after_first_reminder", "6 7", {"terms_days": 45}),
    (_kaisha("株式会社もみじ堂", "カ)モミジドウ", 20120, mail=False), "after_second_reminder", "6 8", {}),
    (_kaisha("つくし電材株式会社", "ツクシデンザイ(カ", 20138), "after_formal_notice", "7", {"terms_days": 45}),
    (_kaisha("株式会社うぐいす電器", "カ)ウグイスデンキ", 20146), "after_filing", "6", {}),
    (_kaisha("株式会社こだま音響", "カ)コダマオンキヨウ", 20154), "never", "6 7", {}),
    (_kaisha("ほたる電機有限会社", "ホタルデンキ(ユ", 20162), "corrected_then_paid", "7", {}),
    (_kaisha("株式会社しらさぎ家電", "カ)シラサギカデン", 20170), "deducts_transfer_fee", "6 8", {"payer_code": True}),
    (_kaisha("株式会社なぎさ工業", "カ)ナギサコウギヨウ", 20189), "credited", "7", {}),
    (KOBE_HARBOR, "on_time_with_number", "6 7 8", {}),
    (SAKURA, "on_time_by_amount", "7 9", {"payer_code": True}),
]

HUDSON = [
    (_company("Copper Kettle Supply Co.", 4200011), "on_time_with_number", "6 7 8 9 10", {"channel": "ach"}),
    (_company("Maple Ridge Fabrication LLC", 4200029), "on_time_with_number", "6 8 9", {"channel": "wire"}),
    (_company("Old Mill Hardware Inc.", 4200037, "America/Chicago"), "on_time_with_number", "6 7 9", {"channel": "lockbox"}),
    (_company("Riverbend Plumbing LLC", 4200045), "on_time_with_number", "6 7 8 10", {"channel": "lockbox"}),
    (_company("Gannet Point Marine Inc.", 4200053), "on_time_with_number", "7 8 9", {"channel": "ach"}),
    (_company("Tamarack Office Interiors LLC", 4200061), "on_time_by_amount", "6 8 9", {"channel": "ach"}),
    (_company("Silver Birch Catering Inc.", 4200070), "on_time_by_amount", "6 7 9 10", {"channel": "ach"}),
    (_company("Prairie Lantern Electric Co.", 4200088, "America/Chicago"), "two_invoices_in_one", "7 7", {"channel": "wire"}),
    (_company("Foxglove Printing LLC", 4200096), "part_then_rest_after_second_reminder", "7", {"channel": "ach"}),
    (_company("Granite Harbor Tools Inc.", 4200100), "overpays", "8", {"channel": "wire"}),
    (_company("Juniper Lane Bakery LLC", 4200118), "after_first_reminder", "6 8", {"terms_days": 45, "channel": "ach"}),
    (_company("Lone Cedar Outfitters Inc.", 4200126, "America/Denver"), "after_second_reminder", "6 9", {"channel": "ach"}),
    (NORDLICHT, "after_second_reminder", "7", {"channel": "wire"}),
    (_company("Stonegate Roofing LLC", 4200134), "after_formal_notice", "6", {"terms_days": 45, "channel": "ach"}),
    (_company("Thistle Hill Builders Inc.", 4200142), "after_filing", "7", {"channel": "wire"}),
    (_company("Wren Hollow Studios LLC", 4200150, mail=False), "never", "6 7", {"channel": "ach"}),
    (_company("Pine Barrens Paper Co.", 4200169), "direct_debit_returned_then_paid", "7", {"terms_days": 28, "channel": "ach"}),
    (_company("Otter Creek Seafood Inc.", 4200177), "direct_debit", "6 7 8 9", {"terms_days": 28, "channel": "ach"}),
    (_company("Quarry Road Motors LLC", 4200185), "direct_debit_refunded_never_paid", "8", {"terms_days": 28, "channel": "ach"}),
    (_company("Saltbox Antiques Inc.", 4200193), "credited", "8", {"channel": "ach"}),
    (KOBE_HARBOR, "on_time_with_number", "7 9", {"channel": "wire"}),
    (BLUE_HERON, "after_first_reminder", "6 8", {"terms_days": 45, "channel": "ach"}),
]

_TOWNS = {
    "DE": ("Neuenrath", "Lindenfurt", "Ebersruh", "Altwiesen", "Sonnenthal"),
    "JP": ("大阪府波見市中央町", "兵庫県月浜市港町", "京都府若草市本町", "奈良県青葉市東町", "大阪府浪風市西町"),
    "US": ("Millbrook Falls, NY", "Port Amity, NY", "Harlow Springs, NJ", "East Wrenfield, NY", "Cedar Notch, NY"),
}
_STREETS = {
    "DE": ("Musterstraße {}", "Am Beispielhang {}", "Erfundener Weg {}", "Probegasse {}"),
    "JP": ("{}丁目2番3号", "{}丁目5番8号", "{}丁目1番7号"),
    "US": ("{}00 Sample Avenue", "{}1 Invented Street", "{}5 Placeholder Road"),
}
_DOMAINS = {"DE": "example.org", "JP": "example.jp", "US": "example.com"}
_PREFIXES = {"rheintel": "RT", "naniwa": "NW", "hudson": "HS"}


def customers(unit: str) -> list[Customer]:
    """The customers of a unit, complete with addresses, accounts and codes."""
    rows = {"rheintel": RHEINTEL, "naniwa": NANIWA, "hudson": HUDSON}[unit]
    found = []
    for index, (party, behaviour, months, more) in enumerate(rows, start=1):
        account = f"{_PREFIXES[unit]}{10000 + index}"
        customer = Customer(unit, account, party, behaviour, tuple(int(month) for month in months.split()))
        found.append(_complete(customer, index, dict(more)))
    return found


def _complete(customer: Customer, index: int, more: dict[str, object]) -> Customer:
    party, seed = customer.party, customer.party.name
    towns, streets = _TOWNS[party.country], _STREETS[party.country]
    town = towns[pick(f"{seed}/town", 0, len(towns) - 1)]
    # Postal codes that no post office has: 00xxx (DE, US), 000-xxxx (JP).
    postal_code = f"000-{pick(seed, 1, 9999):04d}" if party.country == "JP" else f"00{pick(seed, 1, 499):03d}"
    german = german_iban(3_000_000 + 1000 * index) if customer.unit == "rheintel" else None
    if more.pop("iban", False):
        more["iban"] = german
    if more.pop("mandate", False):
        more |= {"iban": german, "mandate": f"RHEINTEL-M-{customer.account}"}
    if more.pop("payer_code", False):
        more["payer_code"] = f"{9_900_000_000 + index:010d}"
    return replace(
        customer,
        street=streets[pick(f"{seed}/street", 0, len(streets) - 1)].format(pick(f"{seed}/house", 1, 89)),
        postal_code=postal_code,
        city=town,
        email=f"{_box(customer)}@{_DOMAINS[party.country]}" if party.mail else None,
        **more,
    )


def _box(customer: Customer) -> str:
    """A party has one mailbox, whichever unit writes to it."""
    if not customer.party.name.isascii():
        return f"keiri-{customer.party.registration[-6:-1]}" if customer.party.country == "JP" else _slug(customer)
    return _slug(customer)


def _slug(customer: Customer) -> str:
    folded = customer.party.name.lower().translate(str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"}))
    words = "".join(character if character.isalnum() else " " for character in folded).split()
    return ".".join(words[:2])
