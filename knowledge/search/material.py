"""Hold what the search learns from: entries with their wordings, questions outside, and doors.

The knowledge base is turned into these by its owner; nothing here knows YAML or files.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SearchOption:
    """One option of a situation question, with the words by which people state it."""

    id: str
    label: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SearchQuestion:
    """One situation question of an entry."""

    id: str
    options: tuple[SearchOption, ...] = ()


@dataclass(frozen=True, slots=True)
class SearchEntry:
    """One entry as people speak of it: official name, aliases, whole sayings."""

    id: str
    name: str
    aliases: tuple[str, ...] = ()
    sayings: tuple[str, ...] = ()
    questions: tuple[SearchQuestion, ...] = ()

    def wordings(self) -> Iterator[str]:
        """Yield every wording of the entry, the name first."""
        yield self.name
        yield from self.aliases
        yield from self.sayings


@dataclass(frozen=True, slots=True)
class SearchDoor:
    """A signpost to somewhere else: a greeting, a helpline, another office."""

    id: str
    kind: str
    name: str
    phrases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SearchMaterial:
    """Everything the search is built from."""

    entries: tuple[SearchEntry, ...]
    out_of_scope: tuple[str, ...] = ()
    doors: tuple[SearchDoor, ...] = ()

    def content_hash(self, salt: str = "") -> str:
        """Digest what is learned from, so that trained weights are found again for the same.

        Situation questions and names of doors are left out: nothing is learned from them.
        """
        entries = tuple((entry.id, *entry.wordings()) for entry in self.entries)
        doors = tuple((door.id, door.kind, *door.phrases) for door in self.doors)
        content = repr((salt, entries, doors, self.out_of_scope))
        return hashlib.sha256(content.encode()).hexdigest()[:16]
