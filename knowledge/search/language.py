"""Read what is known of the language itself (data/synonyms.yaml) into typed tables."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True, slots=True)
class Language:
    """Ways of saying things, none of them belonging to one entry."""

    groups: tuple[tuple[str, ...], ...]
    english: Mapping[str, str]
    english_plain: frozenset[str]
    abbreviations: Mapping[str, str]
    polyphones: Mapping[str, str]
    prefixes: tuple[str, ...]
    suffixes: tuple[str, ...]
    dialect: Mapping[str, str]
    dialect_starts: tuple[str, ...]
    dialect_ends: tuple[str, ...]
    chatter: tuple[str, ...]
    joiners: tuple[str, ...]
    follow_ups: tuple[str, ...]
    about: Mapping[str, tuple[str, ...]]
    papers: frozenset[str]

    def taught(self) -> str:
        """Write out what decides how training comes out: all but the cues of single answers."""
        plain = replace(
            self, english_plain=frozenset(), about={}, papers=frozenset(), abbreviations={}
        )
        return repr((plain, sorted(self.english_plain), sorted(self.abbreviations.items())))


def _words(raw: Any) -> tuple[str, ...]:
    return tuple(str(word) for word in raw)


def _pairs(raw: Any) -> dict[str, str]:
    return {str(key): str(value) for key, value in raw.items()}


@lru_cache(maxsize=1)
def language() -> Language:
    """Load the shipped language table once."""
    source = (Path(__file__).parents[1] / "data" / "synonyms.yaml").read_text("utf-8")
    raw = yaml.load(source, Loader=yaml.CSafeLoader)
    return Language(
        groups=tuple(_words(group) for group in raw["groups"]),
        english=_pairs(raw["english"]),
        english_plain=frozenset(_words(raw["english_plain"])),
        abbreviations=_pairs(raw["abbreviations"]),
        polyphones=_pairs(raw["polyphones"]),
        prefixes=_words(raw["prefixes"]),
        suffixes=_words(raw["suffixes"]),
        dialect=_pairs(raw["dialect"]),
        dialect_starts=_words(raw["dialect_starts"]),
        dialect_ends=_words(raw["dialect_ends"]),
        chatter=_words(raw["chatter"]),
        joiners=_words(raw["joiners"]),
        follow_ups=_words(raw["follow_ups"]),
        about={part: _words(cues) for part, cues in raw["about"].items()},
        papers=frozenset(_words(raw["papers"])),
    )
