"""Warn an editor of wordings the search gives to another entry, and of entries too alike."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from knowledge.normalise import fold
from knowledge.search.engine import Search

CLOSE_SHARE = 0.15
HELPING_WORDS = 5
LOOKED_AT = 40
NEAR_WORDINGS = 50
CLOSE_LIKENESS = 0.7


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
    """List the names and aliases that lead to another entry, or would without having been told.

    The ranker has learned each alias by heart, so its word is not enough: an alias whose
    nearest other wordings all stand in another entry is a warning too.
    """
    places = {entry.id: at for at, entry in enumerate(search.material.entries)}
    own_places = _wording_places(search)
    warnings: list[AliasWarning] = []
    for entry in search.material.entries:
        for wording in dict.fromkeys((entry.name, *entry.aliases)):
            folded = fold(wording)
            place = own_places.get((folded, places[entry.id]))
            given = place is not None and _given_to(search, folded, places[entry.id], place)
            if given:
                other, share = given
                other_id = search.material.entries[other].id
                warnings.append(AliasWarning(entry.id, wording, other_id, round(share, 3)))
    return tuple(warnings)


def _wording_places(search: Search) -> dict[tuple[str, int], int]:
    return {(one.folded, one.of_class): at for at, one in enumerate(search.corpus.wordings)}


def _given_to(search: Search, folded: str, own: int, place: int) -> tuple[int, float] | None:
    """Give the other entry a wording goes to, with how strongly."""
    reading = search.read(folded)
    if reading.order[0] != own:
        return reading.order[0], float(reading.shares[reading.order[0]])
    likenesses = search.likenesses_of(reading)
    likenesses[place] = 0.0
    entries = len(search.material.entries)
    near = np.zeros(entries, np.float32)
    for at in np.argsort(-likenesses)[:NEAR_WORDINGS]:
        of_class = search.corpus.wordings[int(at)].of_class
        if of_class < entries:
            near[of_class] = max(near[of_class], likenesses[at])
    other = int(near.argmax())
    strongly = near[other] >= CLOSE_LIKENESS and near[other] > near[own] + 0.2
    return (other, float(near[other])) if other != own and strongly else None


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
        # The first of each entry are enough to tell: its name, its aliases, some sayings.
        if wording.of_class >= entries or totals[wording.of_class] == LOOKED_AT:
            continue
        totals[wording.of_class] += 1
        likenesses = search.likenesses(wording.folded)
        likenesses[at] = 0.0
        other = int(search.corpus.wordings[int(np.argmax(likenesses))].of_class)
        if other != wording.of_class and other < entries:
            kin[wording.of_class, other] += 1
    return kin, totals
