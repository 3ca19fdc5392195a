"""What two spellings share: letters without accents and widths, numbers without separators, names without legal forms."""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

_MARKS = re.compile("[\u0300-\u036f]")
_PLAIN = str.maketrans({"Ø": "O", "Æ": "AE", "Œ": "OE", "Ł": "L", "Đ": "D", "Þ": "TH", "İ": "I", "Ð": "D", "–": "-", "—": "-", "−": "-"})
# Banks have no small kana; hiragana and katakana differ by 0x60.
_SMALL, _LARGE = "ァィゥェォャュョッヮヵヶ", "アイウエオヤユヨツワカケ"
_KANA = {**{code: code + 0x60 for code in range(0x3041, 0x3097)}}
_KANA = {code: ord(_LARGE[_SMALL.index(chr(to))]) if chr(to) in _SMALL else to for code, to in _KANA.items()}
_KANA.update(str.maketrans(_SMALL, _LARGE))
_JAPANESE = re.compile("[\u3040-\u30ff\u3400-\u9fff]")
# The abbreviations of the Zengin rules, (カ = 株式会社 and so on, before, behind or between name and branch, and what they stand for.
_SHORT_FORMS = "カブ|カ|ユウ|ユ|ド|メ|シヤ|シユウ|シ|ザイ|イ|ガク|フク|ドク|トクヒ|エイ"
_JAPANESE_FORMS = re.compile(
    rf"\((?:{_SHORT_FORMS}|株|有|同|資|名|社|財|医|学|福|一社|一財)\)|(?:^|\s)(?:{_SHORT_FORMS})\)|\((?:{_SHORT_FORMS})(?=\s|$)|\((?:カ|ユ|ド)|"
    r"株式会社|有限会社|合同会社|合資会社|合名会社|一般社団法人|一般財団法人|公益社団法人|公益財団法人|医療法人|学校法人|社会福祉法人|"
    r"カブシキ[カガ]イシヤ|ユウゲン[カガ]イシヤ|ゴウドウ[カガ]イシヤ|ゴウシ[カガ]イシヤ|ゴウメイ[カガ]イシヤ|イリヨウホウジン|ガツコウホウジン"
)
_LONG_MARK = re.compile("[ー\\-~〜]")
_LEGAL_FORMS = frozenset(
    "GMBH MBH AG KG OHG GBR UG EK EKFR EV SE KGAA HAFTUNGSBESCHRANKT CO COKG COMPANY CIE SARL SARLU SAS SASU SA EURL SCI SNC SRL SRLS SPA "
    "SAPA SAS SL SLU SLL SAU BV NV VOF CV BVBA SPRL SCRL LTD LIMITED PLC LLP LLC LP INC INCORPORATED CORP CORPORATION OY OYJ AB AS ASA APS "
    "IS HB KB SPZOO SPOO ZOO SP SPJ SPK SRO DOO KFT ZRT KK GK YK PTY LDA SC "
    "UND AND ET E Y EN ED THE DER DIE DAS LE LA LES DE DU DI DES VAN VON HERR FRAU HERRN MR MRS MS DR DIPL ING MME M SIG SIGRA".split()
)
_WORD = re.compile(r"[^\W_]+")
_NOT_ALPHANUMERIC = re.compile(r"[^A-Z0-9]+")
# German and Nordic letters that are written as two; collapsing them in every name makes the two spellings one.
_TWO_LETTERS = re.compile("([AOU])E")
_ASCII = [chr(code) for code in range(128)]
_SEPARATORS = str.maketrans({one: None for one in _ASCII if not one.isalnum() and one != "\n"})
_WORDS = str.maketrans({one: None if one in "-/._" else " " for one in _ASCII if not one.isalnum() and one != "\n"})
_LETTERS = str.maketrans({one: None for one in _ASCII if one.isalpha()})
# A letter that is read as a digit.
SKELETON = str.maketrans("OQIL", "0011")


def fold(text: str) -> str:
    """Capitals without accents, one width: ``Müller ﾃﾞﾝｷ`` = ``MULLER デンキ``. ß is SS."""
    if text.isascii():
        return text.upper()
    text = unicodedata.normalize("NFKC", text).upper().translate(_PLAIN)
    return unicodedata.normalize("NFC", _MARKS.sub("", unicodedata.normalize("NFD", text)))


def number_key(number: str) -> str:
    """``RE-2026/0042`` = ``RE20260042``: what is left without separators."""
    return _NOT_ALPHANUMERIC.sub("", number.upper() if number.isascii() else fold(number))


def number_keys(numbers: Sequence[str]) -> list[str]:
    """The keys of many numbers, in one pass where all are ASCII."""
    together = "\n".join(numbers)
    keys = together.upper().translate(_SEPARATORS).split("\n") if together.isascii() else []
    return keys if len(keys) == len(numbers) else [number_key(number) for number in numbers]


def skeletons(keys: Sequence[str]) -> list[str]:
    """`skeleton` of many keys in one pass."""
    return "\n".join(keys).translate(SKELETON).split("\n") if keys else []


def digits_of(keys: Sequence[str]) -> list[str]:
    """The digits of each key."""
    return "\n".join(keys).translate(_LETTERS).split("\n") if keys else []


def folded_words(texts: Sequence[str]) -> list[list[str]]:
    """The words of many texts, folded, without separators inside: ``RE-2026/42 u. 43`` = RE202642, U, 43."""
    together = fold("\n".join(texts)).translate(_WORDS).split("\n")
    if len(together) != len(texts):
        together = [fold(text).translate(_WORDS) for text in texts]
    return [text.split() for text in together]


def skeleton(key: str) -> str:
    """A number's key with the letters that people take for digits as digits; only for comparing."""
    return key.translate(SKELETON)


@lru_cache(maxsize=200_000)
def name_words(name: str) -> tuple[str, ...]:
    """The words that tell a name from others, in their order; a Japanese name is one word.

    Legal forms go (GmbH & Co. KG, S.p.A., 株式会社, カ)), and so do articles; ä, ae and a are one letter; kana are large, without
    long marks, as Zengin files have them. Never empty for a name with letters: a name of legal forms only keeps them.
    """
    folded = fold(name)
    if _JAPANESE.search(folded):
        return _japanese_words(folded)
    folded = folded.replace(".", "" if _is_dotted(folded) else " ").replace("'", "").replace("A/S", "AS").replace("I/S", "IS")
    words = [_TWO_LETTERS.sub(r"\1", word) for word in _WORD.findall(folded)]
    return tuple(word for word in words if word not in _LEGAL_FORMS) or tuple(words)


def _is_dotted(folded: str) -> bool:
    """S.p.A., B.V.: points inside an abbreviation join, points behind one separate."""
    return re.search(r"\b[A-Z]\.\s?[A-Z]\b", folded) is not None


def _japanese_words(folded: str) -> tuple[str, ...]:
    bare = _JAPANESE_FORMS.sub(" ", folded.translate(_KANA)).strip().lstrip("0123456789")
    word = "".join(character for character in _LONG_MARK.sub("", bare) if character.isalnum())
    return (word,) if word else tuple(_WORD.findall(folded))


def name_keys(name: str) -> tuple[str, ...]:
    """The forms by which a whole name is found: as it stands, and with its words in alphabetical order."""
    words = name_words(name)
    if not words:
        return ()
    straight, ordered = "".join(words), "".join(sorted(words))
    return (straight,) if straight == ordered else (straight, ordered)


def one_off(one: str, other: str) -> bool:
    """One character differs, is missing, is too many, or two neighbours are exchanged (Damerau-Levenshtein distance 1)."""
    if len(one) > len(other):
        one, other = other, one
    if len(other) - len(one) > 1 or one == other:
        return False
    place = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    if len(one) < len(other):
        return one[place:] == other[place + 1 :]
    if one[place + 1 :] == other[place + 1 :]:
        return True
    return one[place : place + 2] == other[place : place + 2][::-1] and one[place + 2 :] == other[place + 2 :]
