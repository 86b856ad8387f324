"""Multiply wordings into training examples: the same wish as other people would type it.

Everything here is random but seeded: the same material gives the same examples.
"""

import random
import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from knowledge.normalise import fold, is_han
from knowledge.search import pinyin
from knowledge.search.features import chinese, concepts, features, sounds_only
from knowledge.search.language import language


@lru_cache(maxsize=1)
def _alike_sounds() -> dict[str, str]:
    """Group the 3,755 everyday characters (level 1 of GB 2312) by their sound."""
    groups: dict[str, str] = {}
    for high in range(0xB0, 0xD8):
        for low in range(0xA1, 0xFF):
            character = bytes((high, low)).decode("gb2312", "ignore")
            if character:
                sound = pinyin.reading(character)
                groups[sound] = groups.get(sound, "") + character
    return groups


@lru_cache(maxsize=1)
def _everyday() -> str:
    return "".join(_alike_sounds().values())


def _han_places(text: str) -> list[int]:
    return [at for at, one in enumerate(text) if is_han(one)]


def mishear(text: str, chance: random.Random) -> str:
    """Replace one character in six by another that sounds alike."""
    places = _han_places(text)
    for at in chance.sample(places, min(len(places), max(1, len(places) // 6))):
        alike = _alike_sounds().get(pinyin.reading(text[at]), "")
        if alike:
            text = text[:at] + chance.choice(alike) + text[at + 1 :]
    return text


def misread(text: str, chance: random.Random) -> str:
    """Replace a character by a random one, as a look-alike outside every table would be."""
    places = _han_places(text)
    if places:
        at = chance.choice(places)
        text = text[:at] + chance.choice(_everyday()) + text[at + 1 :]
    return text


def slip(text: str, chance: random.Random) -> str:
    """Drop one character, or swap two neighbours."""
    if len(text) < 4:
        return text
    at = chance.randrange(len(text) - 1)
    if chance.random() < 0.5:
        return text[:at] + text[at + 1 :]
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def dialect(text: str, chance: random.Random) -> str:
    """Say it as in Kaifeng."""
    words = language()
    for standard, local in words.dialect.items():
        if standard in text and chance.random() < 0.7:
            text = text.replace(standard, local)
    return chance.choice(words.dialect_starts) + text + chance.choice(words.dialect_ends)


@lru_cache(maxsize=1)
def _ends() -> tuple[re.Pattern[str], re.Pattern[str]]:
    def either(words: tuple[str, ...]) -> str:
        return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))

    words = language()
    return (
        re.compile(rf"^(?:(?:{either(words.prefixes)})[ ,]*)+(?=..)"),
        re.compile(rf"(?<=..)(?:[ ,]*(?:{either(words.suffixes)})[?!.]*)+$"),
    )


def core(text: str) -> str:
    """Strip greetings and question words from both ends, as long as something is left."""
    start, end = _ends()
    return end.sub("", start.sub("", text))


def reword(text: str, chance: random.Random) -> str:
    """Ask for the same with other question words."""
    words = language()
    start = chance.choice(words.prefixes) if chance.random() < 0.5 else ""
    end = chance.choice(words.suffixes) if chance.random() < 0.85 else ""
    return start + core(text) + end


def synonym(text: str, chance: random.Random) -> str:
    """Replace one word by another of its group."""
    numbers = sorted(concepts(text))
    if not numbers:
        return text
    group = language().groups[chance.choice(numbers)]
    word = max((word for word in group if word in text), key=len)
    return text.replace(word, chance.choice(group), 1)


def story(text: str, chance: random.Random) -> str:
    """Put talk round it that has nothing to do with it."""
    parts = chance.sample(language().chatter, chance.randint(1, 4))
    parts.insert(chance.choice((0, len(parts), len(parts))), text)
    return chance.choice((",", ",", "")).join(parts)


Change = Callable[[str, random.Random], str]
CHANGES: tuple[Change, ...] = (
    reword, reword, mishear, mishear, misread, slip, dialect, dialect, synonym, story, story,
)  # fmt: skip
CHANGED = 5
VARIANTS = CHANGED + 2
AGAIN = 0.3
"""Share of the changed wordings that are changed twice."""


def variants(text: str, chance: random.Random) -> Iterator[set[str]]:
    """Yield the features of a folded wording, of some changed forms, and of its sound alone."""
    yield features(text)
    for change in chance.sample(CHANGES, CHANGED):
        changed = change(text, chance)
        if chance.random() < AGAIN:
            changed = chance.choice(CHANGES)(changed, chance)
        yield features(fold(changed))
    yield sounds_only(core(chinese(text)))


def join(first: str, second: str, chance: random.Random) -> str:
    """Join two wishes, as people do who want two things."""
    joiner = chance.choice((*language().joiners, ",", ","))
    return f"{core(first)}{joiner}{core(second)}{chance.choice(language().suffixes)}"
