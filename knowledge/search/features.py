"""Turn a folded text into features: characters, sounds and concepts in runs of one to three.

Sounds that are confused count as one, words that mean the same add their concept, and a gap in
a run of three forgives a character that only looks like the right one (a table of look-alikes
was tried and bought nothing). Words are not segmented: typing errors and dialect break that.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations, pairwise

from knowledge.normalise import is_han
from knowledge.search import english, pinyin
from knowledge.search.language import language

# A run is a stretch without punctuation: characters (empty where pinyin was typed) and sounds.
Run = tuple[str, tuple[str, ...]]

_PARTS = re.compile(r"[\u3400-\u9fff]+|[a-z][a-z0-9&'-]*|[0-9]+(?:\.[0-9]+)?")
_LATIN = re.compile(r"[a-z][a-z0-9&'-]*")
_HAS_HAN = re.compile(r"[\u3400-\u9fff]")


@lru_cache(maxsize=1)
def _concepts() -> tuple[dict[str, tuple[int, ...]], dict[str, tuple[int, ...]]]:
    """Map words to their concepts, and first characters to the lengths of words, longest first."""
    members: dict[str, tuple[int, ...]] = {}
    for number, group in enumerate(language().groups):
        for word in group:
            members[word] = (*members.get(word, ()), number)
    lengths: dict[str, set[int]] = {}
    for word in members:
        lengths.setdefault(word[0], set()).add(len(word))
    return members, {first: tuple(sorted(some, reverse=True)) for first, some in lengths.items()}


def concepts(text: str) -> set[int]:
    """Find the concepts (groups of synonyms) that a folded text names, the longest word of each."""
    members, lengths = _concepts()
    found: set[int] = set()
    for at, first in enumerate(text):
        for length in lengths.get(first, ()):
            named = members.get(text[at : at + length])
            if named is not None:
                found.update(named)
                break
    return found


def _latin_runs(words: list[str]) -> Iterator[Run]:
    """Read a stretch of Latin words: abbreviations, English terms, or typed pinyin."""
    short = language().abbreviations
    if len(words) > 1 or words[0] not in short:
        names = [part for word in words for part in word.split("-") if part.isalpha()]
        if names and english.looks_english(names):
            for term in english.translate(names):
                for part in term.split(" "):
                    yield part, tuple(pinyin.readings(part))
            stems = english.topical(names)
            yield from ((stem, ()) for stem in stems)
            yield from ((f"{one} {other}", ()) for one, other in pairwise(stems))
            return
    sounds: list[str] = []
    for word in words:
        if word in short:
            yield short[word], tuple(pinyin.readings(short[word]))
            continue
        syllables = pinyin.segment(word.replace("'", "")) if word.isalpha() else None
        if syllables:
            sounds.extend(syllables)
        else:
            yield word, ()
    if sounds:
        yield "", tuple(sounds)


def runs(folded: str) -> list[Run]:
    """Split a folded text into runs; typed pinyin over several words is one run."""
    found: list[Run] = []
    latin: list[str] = []
    # Pinyin with every syllable apart, or English: Latin words with only spaces between them.
    for part in _PARTS.finditer(folded):
        word = part.group()
        if _LATIN.fullmatch(word):
            latin.append(word)
            continue
        if latin:
            found.extend(_latin_runs(latin))
            latin = []
        found.append((word, tuple(pinyin.readings(word)) if is_han(word[0]) else ()))
    if latin:
        found.extend(_latin_runs(latin))
    return found


def chinese(folded: str) -> str:
    """Give the text with its English replaced by Chinese terms, for rules that read words."""
    if _HAS_HAN.search(folded):
        return folded
    return " ".join(text for text, _ in runs(folded) if text and is_han(text[0]))


MOST_PAIRED = 10
"""A story names so many concepts that their pairs say nothing."""

# "不是X，是Y" and "不想X，就是Y" ask for Y. The second half must contrast, since "不想干了，
# 咋注销" denies nothing. "要的是Y，不是X" is the same the other way round.
_DENIED_FIRST = re.compile(
    r"(?:^|(?<=[,.;!? ]))(?:我|俺|我们|咱|这|也|可|又)?(?:不是|并不是|并非|不想|不要|不用|"
    r"不打算|没想|不办|不(?!到|足|满|够|会|知|懂|行|能|干|在))"
    r"[^,.;!?]{1,16}[,.;!? ]+(?=(?:我|俺|我们|咱)?(?:而是|就是|只是|是|就|只|光|单|单单|仅|"
    r"要的是|想要的是|要|把|想|改|找)[^,]{2,})"
)
_DENIED_LAST = re.compile(
    r"[,.;!? ]+(?:可)?(?:不是|而不是|并不是|并非|不要|不用|不办)(?!吗|"
    r"嘛)[^,.;!?]{2,12}(?=[,.;!?]|$)"
)
_SHORTEST_REST = 3


def without_denied(folded: str) -> str:
    """Leave out what the person says they do not want, where enough is left."""
    if "不" not in folded and "没" not in folded and "非" not in folded:
        return folded
    rest = _DENIED_LAST.sub("", _DENIED_FIRST.sub("", folded)).strip(" ,.;!?")
    return rest if len(rest) >= _SHORTEST_REST else folded


def _add_characters(names: set[str], characters: str) -> None:
    length = len(characters)
    names.update(characters)
    for at in range(length - 1):
        names.add(characters[at : at + 2])
        if at + 2 < length:
            names.add(characters[at : at + 3])
            names.add(f"{characters[at]}?{characters[at + 2]}")


def _add_sounds(names: set[str], sounds: tuple[str, ...]) -> None:
    length = len(sounds)
    for at in range(length):
        names.add(f"{sounds[at]}'")
        if at + 1 < length:
            names.add(f"{sounds[at]}'{sounds[at + 1]}")
        if at + 2 < length:
            names.add(f"{sounds[at]}'{sounds[at + 1]}'{sounds[at + 2]}")
            names.add(f"{sounds[at]}'?'{sounds[at + 2]}")


def features(folded: str) -> set[str]:
    """Name every feature of a folded text."""
    names: set[str] = set()
    named: set[str] = set()
    for characters, sounds in runs(without_denied(folded)):
        if characters and (is_han(characters[0])):
            _add_characters(names, characters)
            named.update(f"#{number}" for number in concepts(characters))
        elif characters:
            names.add(f"={characters}")
        _add_sounds(names, sounds)
    names.discard("")
    names |= named
    # Two concepts together say more than each: a company and a new name, a house and its gas.
    if len(named) <= MOST_PAIRED:
        names.update(map("".join, combinations(sorted(named), 2)))
    return names


def sounds_only(folded: str) -> set[str]:
    """Name the features left when the same text is typed in pinyin."""
    return {name for name in features(folded) if "'" in name or name.startswith("=")}
