"""Warn an editor of wordings the search gives to another entry, and of entries too alike."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from knowledge.normalise import fold
from knowledge.search.engine import Search

CLOSE_SHARE = 0.25
HELPING_WORDS = 5


@dataclass(frozen=True, slots=True)
class AliasWarning:
    """A wording of one entry that the search answers with another."""

    entry_id: str
    wording: str
    given_to: str
    share: float


@dataclass(frozen=True, slots=True)
class CloseEntries:
    """Two entries whose wordings lie among each other's, and the words that tell them apart."""

    first: str
    second: str
    share: float
    first_words: tuple[str, ...]
    second_words: tuple[str, ...]


def alias_warnings(search: Search) -> tuple[AliasWarning, ...]:
    """List the names and aliases that do not lead to their own entry."""
    warnings: list[AliasWarning] = []
    entries = search.material.entries
    for entry in entries:
        for wording in dict.fromkeys((entry.name, *entry.aliases)):
            reading = search.read(fold(wording))
            if not reading.order:
                continue
            first = entries[reading.order[0]].id
            if first != entry.id:
                share = round(float(reading.shares[reading.order[0]]), 3)
                warnings.append(AliasWarning(entry.id, wording, first, share))
    return tuple(warnings)


def close_entries(search: Search) -> tuple[CloseEntries, ...]:
    """List pairs of entries of which many a wording has its nearest kin in the other."""
    entries = search.material.entries
    kin, totals = _nearest_kin(search)
    found = []
    for (first, second), count in kin.items():
        if first > second and (second, first) in kin:
            continue
        both = count + kin.get((second, first), 0)
        share = both / max(min(totals[first], totals[second]), 1)
        if share >= CLOSE_SHARE:
            found.append(
                CloseEntries(
                    entries[first].id,
                    entries[second].id,
                    round(min(share, 1.0), 2),
                    search.telling_words(first, second, HELPING_WORDS),
                    search.telling_words(second, first, HELPING_WORDS),
                )
            )
    return tuple(sorted(found, key=lambda pair: -pair.share))


def _nearest_kin(search: Search) -> tuple[Counter[tuple[int, int]], Counter[int]]:
    """Count, for each entry, in which other entry the nearest other wording stands."""
    kin: Counter[tuple[int, int]] = Counter()
    totals: Counter[int] = Counter()
    entries = len(search.material.entries)
    for at, wording in enumerate(search.corpus.wordings):
        if wording.of_class >= entries:
            continue
        totals[wording.of_class] += 1
        likenesses = search.likenesses(wording.folded)
        likenesses[at] = 0.0
        other = int(search.corpus.wordings[int(np.argmax(likenesses))].of_class)
        if other != wording.of_class and other < entries:
            kin[wording.of_class, other] += 1
    return kin, totals
