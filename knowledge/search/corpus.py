"""Lay the material out for learning: classes, folded wordings and one vocabulary."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from knowledge.normalise import fold
from knowledge.search.language import language
from knowledge.search.material import SearchMaterial

Floats = npt.NDArray[np.float32]

_NOT_WORDS = re.compile(r"[^\w]+")


@dataclass(frozen=True, slots=True)
class Wording:
    """One known wording: as written, folded, and its class."""

    text: str
    folded: str
    of_class: int


MANY_ENTRIES = 200
"""From here on, entries with few wordings share one class of the ranker, to keep it small."""

CURATED_WORDINGS = 15
PLAIN_SHARPNESS = np.float32(14.0)


@dataclass(frozen=True, slots=True)
class Corpus:
    """The wordings with their classes: entries, doors, talk without a topic, outside.

    The ranker learns a coarser set: each curated entry, all plain entries as one, doors by
    kind, talk, outside (`ranked` maps a class to the ranker's). Which door of a kind, and
    which of the plain entries, is left to the nearest wording.
    """

    wordings: tuple[Wording, ...]
    entries: int
    classes: int
    ranked: tuple[int, ...]
    curated: npt.NDArray[np.intp]
    plain: npt.NDArray[np.intp]

    @property
    def ranked_classes(self) -> int:
        """Count the ranker's classes; the last two are talk and outside, as here."""
        return self.ranked[-1] + 1

    @property
    def talk(self) -> int:
        """Give the class of follow-up questions, which name no topic of their own."""
        return self.classes - 2

    @property
    def outside(self) -> int:
        """Give the class of questions that lie outside."""
        return self.classes - 1

    def spread(self, logits: Floats, near: Floats) -> Floats:
        """Give every entry a logit of its own, the plain ones by their nearest wording."""
        if not len(self.plain):
            return logits
        curated = len(self.curated)
        rest = logits[curated + 1 :]
        full = np.empty(self.entries + len(rest), np.float32)
        full[self.curated] = logits[:curated]
        full[self.entries :] = rest
        sharp = near[self.plain] * PLAIN_SHARPNESS
        full[self.plain] = logits[curated] + sharp - np.log(np.exp(sharp).sum())
        return full

    def best_of_kind(self, near: Floats) -> Floats:
        """Give the likeness of each entry and, for doors, the best one of each kind."""
        behind = self.ranked[self.entries]
        best = np.zeros(self.entries + self.ranked_classes - behind, np.float32)
        best[: self.entries] = near[: self.entries]
        places = np.array(self.ranked[self.entries :]) - behind + self.entries
        np.maximum.at(best, places, near[self.entries :])
        return best


def lay_out(material: SearchMaterial) -> Corpus:
    """Number the classes and fold every wording once."""
    entries, doors = len(material.entries), len(material.doors)
    texts: list[tuple[str, int]] = []
    for at, entry in enumerate(material.entries):
        texts.extend((text, at) for text in entry.wordings())
    for at, door in enumerate(material.doors):
        texts.extend((text, entries + at) for text in door.phrases)
    texts.extend((text, entries + doors) for text in language().follow_ups)
    texts.extend((text, entries + doors + 1) for text in material.out_of_scope)
    seen: dict[tuple[str, int], Wording] = {}
    for text, of_class in texts:
        folded = fold(text)
        if folded:
            seen.setdefault((folded, of_class), Wording(text, folded, of_class))
    curated, plain = _divide(tuple(seen.values()), entries)
    return Corpus(
        tuple(seen.values()),
        entries,
        entries + doors + 2,
        _ranked(material, curated, plain),
        np.array(curated, np.intp),
        np.array(plain, np.intp),
    )


def _divide(wordings: tuple[Wording, ...], entries: int) -> tuple[list[int], list[int]]:
    """Tell the entries the ranker learns one by one from those it lumps together."""
    if entries < MANY_ENTRIES:
        return list(range(entries)), []
    counts = Counter(wording.of_class for wording in wordings)
    curated = [at for at in range(entries) if counts[at] >= CURATED_WORDINGS]
    return curated, [at for at in range(entries) if counts[at] < CURATED_WORDINGS]


def _ranked(material: SearchMaterial, curated: list[int], plain: list[int]) -> tuple[int, ...]:
    places = {at: number for number, at in enumerate(curated)}
    behind = len(curated) + bool(plain)
    kinds = list(dict.fromkeys(door.kind for door in material.doors))
    ranked = [places.get(at, len(curated)) for at in range(len(material.entries))]
    ranked += [behind + kinds.index(door.kind) for door in material.doors]
    return (*ranked, behind + len(kinds), behind + len(kinds) + 1)


def bare(folded: str) -> str:
    """Drop everything but letters and digits, for the exact comparison."""
    return _NOT_WORDS.sub("", folded)


@dataclass(frozen=True, slots=True)
class Encoded:
    """Texts as numbered features, one after another; `totals` counts unknown ones too."""

    starts: npt.NDArray[np.int64]
    indices: npt.NDArray[np.int32]
    totals: npt.NDArray[np.int32]

    def row(self, at: int) -> npt.NDArray[np.int32]:
        """Give the features of one text."""
        return self.indices[self.starts[at] : self.starts[at + 1]]


def learn_vocabulary(
    rows: Callable[[], Iterable[Iterable[str]]],
) -> tuple[dict[str, int], Encoded]:
    """Number the features of texts and encode them; long ones seen once are not kept."""
    seen = Counter(name for row in rows() for name in row)
    kept = sorted(name for name, count in seen.items() if count > 1 or is_short(name))
    vocabulary = {name: at for at, name in enumerate(kept)}
    return vocabulary, encode(rows(), vocabulary)


def is_short(name: str) -> bool:
    """Tell whether a feature is one or two characters, sounds, or a concept."""
    return len(name) <= 2 or name[0] in "#=" or (name.count("'") <= 1 and "'" in name)


def encode(rows: Iterable[Iterable[str]], vocabulary: dict[str, int]) -> Encoded:
    """Number the features of texts; the names themselves are not kept, they would fill memory."""
    starts, totals = [0], []
    indices: list[npt.NDArray[np.int32]] = []
    at = 0
    for row in rows:
        names = list(row)
        known = [vocabulary[name] for name in names if name in vocabulary]
        indices.append(np.array(known, np.int32))
        at += len(known)
        starts.append(at)
        totals.append(len(names))
    joined = np.concatenate(indices) if indices else np.zeros(0, np.int32)
    return Encoded(np.array(starts, np.int64), joined, np.array(totals, np.int32))
