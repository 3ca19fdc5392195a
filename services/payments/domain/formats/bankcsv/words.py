"""Words of bank CSV headers in the languages of the banks seen, and what marks a credit or a debit."""


def _words(text: str) -> tuple[str, ...]:
    """Parts of words; ``_`` is the edge of a word."""
    return tuple(word.replace("_", " ") for word in text.split())


WORDS: dict[str, tuple[str, ...]] = {
    "value_on": _words("valut wert_ wertst valeur value valor arvop 起算 ränted"),
    "booked_on": _words("buchung book post compta conta contab operaci księg kirjaus bokför zaúčt transaction_date 取引日"),
    "balance": _words("saldo sald_ solde balance kontostand running zůstatek zustatek 残高"),
    "debit": _words(
        "debit débit debet debe_ soll belast addebit withdraw _out_ uscit ausgang ausgab cargo sortie obciąż uttag dépense 出金 支払"
    ),
    "credit": _words(
        "credit crédit kredit haben_ gutschr accredit deposit _in_ entrat eingang einnahm abono haber entrée uznan insätt 入金 預り 預入"
    ),
    "amount": _words("betrag amount montant import bedrag belopp beløb kwota valor umsatz määrä částka tutar suma összeg value_ 金額"),
    "mark": _words("_dc _cd _dr _cr_ type art_ sens af_bij richting direction indicator s_h soll debit credit sign vorzeichen"),
    "currency": _words("währung curr devise monnaie moneta moneda valuta_ ccy whg waluta měna divisa munt valuutta 通貨"),
    "account": _words("iban account konto rekening compte conto cuenta tilinumero účt rachun 口座"),
    "name": _words(
        "name naam empf auftragg begünst benefic bénéf payee payer partner saaja maksaja nazwa název avsänd mottag nadawc odbiorc "
        "counterparty debtor creditor 氏名 振込人 依頼人"
    ),
    "reference": _words("referen référen riferim _ref_ viite_ ocr_ variabil viitenro 照会"),
    "text": _words(
        "text zweck descr beschr libell memo detail narrat mittei message testo concept omschr mededel opis hist causal selitys viesti "
        "zpráva rubrik communic motivo particular tytuł payment_ref 摘要"
    ),
}
# In a header of an account: whose account it is.
OTHER_PARTY = _words("gegen tegen counter partner proti saajan benef empf payee other to_ kontrah 相手")
CREDIT_MARKS = frozenset("c cr crdt credit h haben bij + in gutschrift credito crédito crédit avere k kredit".split())
DEBIT_MARKS = frozenset("d dr dbit debit s soll af - out belastung debito débito débit dare debet".split())
