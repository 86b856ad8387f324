"""Turn English questions into the Chinese words for the same things, by a term list."""

import re
from functools import lru_cache

from knowledge.search.language import language

_WORD = re.compile(r"[a-z][a-z&'-]*")
LONGEST_TERM = 5


def _stem(word: str) -> str:
    """Cut the endings that English puts on words; both sides of the comparison are cut."""
    for ending, rest in (
        ("ies", "y"),
        ("sses", "ss"),
        ("'s", ""),
        ("ing", ""),
        ("ed", ""),
        ("s", ""),
    ):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)] + rest
            if ending in ("ing", "ed") and word[-1] == word[-2] and word[-1] not in "ls":
                word = word[:-1]
            break
    return word.removesuffix("e") if len(word) > 3 else word


@lru_cache(maxsize=1)
def _terms() -> dict[tuple[str, ...], str]:
    table = language().english
    return {tuple(map(_stem, re.split(r"[ -]", term))): words for term, words in table.items()}


@lru_cache(maxsize=1)
def _plain() -> frozenset[str]:
    return frozenset(map(_stem, language().english_plain))


def english_words(text: str) -> list[str]:
    """Split a folded text into its English-looking words."""
    return [part for word in _WORD.findall(text) for part in word.split("-") if part]


def looks_english(words: list[str]) -> bool:
    """Tell English from typed pinyin: at least one word that only English has."""
    plain, terms = _plain(), _terms()
    stems = [_stem(word) for word in words]
    known = sum(stem in plain or (stem,) in terms for stem in stems)
    return known >= max(1, (len(words) + 1) // 2)


def topical(words: list[str]) -> tuple[str, ...]:
    """Give the stems of the words that may carry a topic, known to the term list or not."""
    plain = _plain()
    return tuple(stem for stem in map(_stem, words) if stem not in plain)


def translate(words: list[str]) -> tuple[str, ...]:
    """Give the Chinese terms for the longest known English ones, in order."""
    terms, stems = _terms(), [_stem(word) for word in words]
    found: list[str] = []
    at = 0
    while at < len(stems):
        for length in range(min(LONGEST_TERM, len(stems) - at), 0, -1):
            words_there = terms.get(tuple(stems[at : at + length]))
            if words_there is not None:
                found.append(words_there)
                at += length
                break
        else:
            at += 1
    return tuple(found)
