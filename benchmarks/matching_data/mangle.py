"""What payers and banks do to a number: leave out, misread, mistype, break, cut."""

from random import Random

_CONFUSED = {"0": "O", "1": "I"}


def digits_only(number: str, dice: Random) -> str:
    """Without letters and separators, or only the last group."""
    groups = "".join(character if character.isdigit() else " " for character in number).split()
    return dice.choice(["".join(groups), groups[-1] if len(groups[-1]) >= 5 else "".join(groups)])  # noqa: PLR2004


def spaced(number: str, dice: Random) -> str:
    """With blanks where separators were, or inside, as line breaks do."""
    place = dice.randrange(2, len(number) - 1)
    return dice.choice([number.replace("-", " ").replace("/", " "), f"{number[:place]} {number[place:]}", " ".join(number.split("-"))])


def misread(number: str, dice: Random) -> str:
    """O for 0, I for 1."""
    places = [place for place, character in enumerate(number) if character in _CONFUSED]
    if not places:
        return number
    place = dice.choice(places)
    return number[:place] + _CONFUSED[number[place]] + number[place + 1 :]


def mistyped(number: str, dice: Random) -> str:
    """One digit of the last group is another, missing, or exchanged with its neighbour."""
    places = [place for place in range(len(number) - 4, len(number)) if number[place].isdigit()]
    place = dice.choice(places)
    kind = dice.randrange(3)
    if kind == 0:
        return number[:place] + str((int(number[place]) + dice.randrange(1, 10)) % 10) + number[place + 1 :]
    if kind == 1:
        return number[:place] + number[place + 1 :]
    other = place - 1
    if not number[other].isdigit() or number[other] == number[place]:
        return mistyped(number, dice)
    return number[:other] + number[place] + number[other] + number[place + 1 :]


def separated(number: str, dice: Random) -> str:
    """Other separators, small letters."""
    return dice.choice(
        [number.replace("-", "/"), number.replace("-", ""), number.lower(), number.replace("/", "-"), number.replace("-", ".")]
    )


def plain_name(name: str, dice: Random) -> str:
    """As banks print a name: capitals, transliterated, cut at 27, 35 or 70 characters."""
    pairs = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "AE", "Ö": "OE", "Ü": "UE"}
    if dice.random() < 0.6:  # noqa: PLR2004
        for letter, two in pairs.items():
            name = name.replace(letter, two)
        name = name.upper()
    return name[: dice.choice([27, 35, 70, 70])].strip()
