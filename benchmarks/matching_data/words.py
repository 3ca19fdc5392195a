"""Names, places and phrases of the made-up customers and payers; each in a part for tuning and one that tuning never saw."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """One part. `phrases` hold {number}; `charges` hold {amount}; `noise` is (payer, text)."""

    stems: Sequence[str]
    trades: Sequence[str]
    forms: Sequence[str]
    people: Sequence[str]
    phrases: Sequence[str]
    list_phrases: Sequence[str]
    range_phrases: Sequence[str]
    charges: Sequence[str]
    behalf: Sequence[str]
    prepayments: Sequence[str]
    noise: Sequence[tuple[str, str]]


TUNING = Words(
    stems="Brückner Ahlers Moosbach Théodore Lefèvre Castellani Fontana Ibáñez Verhoeven Kärcher-Nolte Sölden Groß Jäger Öttinger Rüdiger "
    "Delacroix Montfort Bianchi Zambelli Peñalver Quintero Vandenberg Hoekstra Weißenfels Tannhof Birkenau Seewald Kronberg Lindau "
    "Waldstein Eisenfurt Hammerl Steinacker Pfeiffer Dornbusch Achterberg Brünnhild Nordhoff Westphal Südmann".split(),
    trades="Maschinenbau Logistik Elektrotechnik Bau Druckerei Feinkost Metallwaren Textil Optik Möbel Apotheke Hausverwaltung Transports "
    "Imprimerie Costruzioni Arredamenti Transportes Bouwbedrijf Techniek Software Handel Dachdeckerei Gartenbau Consulting".split(),
    forms=["GmbH", "GmbH & Co. KG", "AG", "KG", "e.K.", "S.A.R.L.", "SAS", "S.p.A.", "S.r.l.", "S.L.", "B.V.", "N.V.", "Ltd.", "OHG", "UG"],
    people=[
        "Jürgen Weiß",
        "Anneliese Köhler",
        "Marie-Claire Dubois",
        "Giovanni Esposito",
        "Sofía Núñez",
        "Pieter de Groot",
        "Björn Åkesson",
    ],
    phrases=[
        "Rechnung {number}",
        "Re.-Nr. {number}",
        "RG {number} vom 03.09.2026",
        "Zahlung {number} danke",
        "Invoice {number}",
        "inv no. {number}",
        "Facture n° {number}",
        "Règlement facture {number}",
        "Fattura {number}",
        "Saldo fatt. {number}",
        "Factura {number}",
        "Pago factura nº {number}",
        "Factuur {number}",
        "Betaling factuurnr {number}",
        "{number}",
        "KD-NR 88{noise} RE {number}",
        "SVWZ+{number} EREF+{noise}",
        "Ihr Schreiben v. 12.08.2026 {number}",
        "Kundennummer {noise} Rechnung {number} ueber {amount} EUR",
    ],
    list_phrases=["Rechnungen {number}", "Invoices {number}", "RE {number}", "Factures {number}", "div. Rechnungen {number} lt. Avis"],
    range_phrases=["Rechnungen {first} - {last}", "{first} bis {last}", "invoices {first} to {last}", "factures {first} à {last}"],
    charges=[
        "abzgl. Bankspesen {amount}",
        "less bank charges EUR {amount}",
        "frais bancaires {amount}",
        "/CHGS/EUR{amount}/",
        "spese {amount} EUR",
    ],
    behalf=["im Auftrag von {name}", "für {name}", "on behalf of {name}", "pour le compte de {name}"],
    prepayments=["Vorauszahlung", "Akonto", "acompte", "prepayment"],
    noise=[
        ("Finanzamt Musterstadt", "Erstattung Umsatzsteuer 08/2026 StNr 143/815/{noise}"),
        ("Sparbank eG", "Zinsen Q3 2026"),
        ("Versicherungskasse", "Schaden {noise} Erstattung"),
        ("Krankenkasse Nord", "Erstattung AAG {noise}"),
        ("Anna Schmidt", "Rückgabe Kaution"),
        ("Stadtwerke", "Guthaben Vertrag {noise}"),
    ],
)
UNSEEN = Words(
    stems="Altenburger Freysing Schöneberg Kühnel Hölzl Mäurer Çelik Duvernois Bérénger Sabatini Mondelli Etxeberria Carrasco Dijkstra "
    "Zuiderveen Løvenskiold Nygård Preußner Straußberg Überlinger Wittenborg Falkenhain Rotbusch Grünwalder Ostermann Kolberg Thalheim "
    "Marchetti Ferrer Bosscher".split(),
    trades="Anlagenbau Spedition Sanitär Verlag Weinhandel Stahlbau Pflegedienst Reisen Traiteur Menuiserie Meccanica Ceramiche Bodegas "
    "Installaties Bakkerij Systems Trading Solutions Werkzeuge Kältetechnik".split(),
    forms=["GmbH", "GmbH & Co KG", "SE", "eG", "S.A.", "EURL", "SNC", "S.r.l.", "S.L.U.", "BV", "VOF", "Limited", "ApS", "AB", "KGaA"],
    people=["Käthe Grünbaum", "François Lévêque", "Chiara D'Angelo", "José Martínez Gil", "Willem van Dijk", "Sean O'Brien"],
    phrases=[
        "Begleichung {number}",
        "Rechnungsnr: {number} Danke!",
        "Payment for {number}",
        "vs. fatt. nr {number} del 02/09/2026",
        "v/fra {number}",
        "paiement fact {number} client {noise}",
        "transferencia fra. {number}",
        "onze betaling inzake {number}",
        "Beleg {number}/Kd {noise}",
        "EREF+{noise}SVWZ+RNr {number}",
        "re: {number}, 2026-08-30, EUR {amount}",
        "Ueberweisung {number}",
        "{number} {noise}",
    ],
    list_phrases=["Sammelzahlung {number}", "payment of {number}", "fatture {number}", "fras {number}", "diverse facturen {number}"],
    range_phrases=["RE {first}-{last}", "fatture da {first} a {last}", "van {first} t/m {last}", "von {first} bis {last}"],
    charges=[
        "abzueglich Gebuehren {amount}",
        "net of transfer charges {amount}",
        "comisión bancaria {amount}",
        "kosten {amount} afgetrokken",
        "OUR CHARGES {amount} EUR DEDUCTED",
    ],
    behalf=["i.A. {name}", "i. A. der Firma {name}", "for account of {name}", "per conto di {name}", "voor rekening van {name}"],
    prepayments=["Anzahlung", "anticipo", "voorschot", "advance payment"],
    noise=[
        ("Bundeskasse", "Steuererstattung 2025 {noise}"),
        ("Hausbank AG", "Habenzinsen per 30.09.2026"),
        ("Leasing Zentrale", "Gutschrift {noise}"),
        ("Marktplatz Services", "payout {noise}"),
        ("Klara Vogel", "Gehalt zurueck 09/2026"),
        ("Energie Nord", "Abschlag Rückzahlung {noise}"),
    ],
)

KANA = (
    "サクラ ヒノデ ミドリ アサヒガワ キタヤマ フジミ トキワ ヤマブキ シラカバ "
    "ツバメ ミナト カモメ ハマナス イズミ オオトリ クスノキ スズラン タカチホ"
).split()
KANA_TRADES = (
    "デンキ コウギョウ ショウジ ケンセツ ブッサン セイサクショ ウンユ ショクヒン インサツ システム フーズ サービス デザイン シャリョウ"
).split()
_KANJI = "桜 日の出 緑 旭川 北山 富士見 常盤 山吹 白樺 燕 港 鴎 浜茄子 泉 鳳 楠 鈴蘭 高千穂"
KANJI = dict(zip(KANA, _KANJI.split(), strict=True))
PLACES = {
    "トウキョウ": "東京",
    "オオサカ": "大阪",
    "ナゴヤ": "名古屋",
    "キョウト": "京都",
    "コウベ": "神戸",
    "フクオカ": "福岡",
    "センダイ": "仙台",
    "ヒロシマ": "広島",
    "サッポロ": "札幌",
    "ヨコハマ": "横浜",
}
KANJI_TRADES = dict(
    zip(KANA_TRADES, "電機 工業 商事 建設 物産 製作所 運輸 食品 印刷 システム フーズ サービス デザイン 車輌".split(), strict=True)
)
KANA_UNSEEN = (
    "ヤツガタケ リンドウ キサラギ フタバ ナデシコ ワカクサ チトセ ムサシノ カスミ ジュンヨウ ピース エンゼル ニュートン ギンガ ジョウナン"
).split()
KANJI_UNSEEN = dict(
    zip(KANA_UNSEEN, "八ヶ岳 竜胆 如月 双葉 撫子 若草 千歳 武蔵野 霞 順陽 ピース エンゼル ニュートン 銀河 城南".split(), strict=True)
)
