"""Find the known wordings nearest to a question, through an inverted index.

It decides near-exact matches, explains itself ("因为您的话和……几乎一样"), stands in while the
ranker is not trained yet, and is one of the witnesses of the refusal.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

NEAR = 40


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A known wording with its class and its likeness (cosine, 0 to 1)."""

    wording: int
    of_class: int
    likeness: float


@dataclass(frozen=True, slots=True)
class Nearest:
    """Postings of every feature over all known wordings, weighted by rarity."""

    vocabulary: dict[str, int]
    rarity: npt.NDArray[np.float32]
    starts: npt.NDArray[np.int64]
    wordings: npt.NDArray[np.int32]
    values: npt.NDArray[np.float32]
    class_of: npt.NDArray[np.int32]

    def likenesses(self, names: Iterable[str]) -> npt.NDArray[np.float32]:
        """Give the cosine with every wording; features never seen count as rare ones."""
        vocabulary = self.vocabulary
        known, unseen = [], 0
        for name in names:
            at = vocabulary.get(name)
            if at is None:
                unseen += 1
            else:
                known.append(at)
        total = np.zeros(len(self.class_of), np.float32)
        if not known:
            return total
        weights = self.rarity[known]
        norm = float(np.sqrt((weights**2).sum() + unseen * UNSEEN_WEIGHT))
        starts, wordings, values = self.starts, self.wordings, self.values
        slices = [slice(starts[at], starts[at + 1]) for at in known]
        counts = [one.stop - one.start for one in slices]
        where = np.concatenate([wordings[one] for one in slices])
        what = np.concatenate([values[one] for one in slices]) * np.repeat(weights, counts)
        total += np.bincount(where, what, len(total)).astype(np.float32)
        return total / np.float32(norm)

    def best(self, likenesses: npt.NDArray[np.float32], count: int = NEAR) -> list[Neighbour]:
        """List the nearest wordings, nearest first."""
        count = min(count, len(likenesses))
        if not count:
            return []
        top = np.argpartition(-likenesses, count - 1)[:count]
        top = top[np.argsort(-likenesses[top], kind="stable")]
        return [
            Neighbour(int(at), int(self.class_of[at]), float(likenesses[at]))
            for at in top
            if likenesses[at] > 0
        ]

    def by_class(
        self, likenesses: npt.NDArray[np.float32], classes: int
    ) -> npt.NDArray[np.float32]:
        """Give each class the likeness of its nearest wording."""
        best = np.zeros(classes, np.float32)
        np.maximum.at(best, self.class_of, likenesses)
        return best


UNSEEN_WEIGHT = 4.0


def build_nearest(names: Sequence[frozenset[str]], classes: Sequence[int]) -> Nearest:
    """Index wordings, given by their features."""
    seen = Counter(name for row in names for name in row)
    vocabulary = {name: at for at, name in enumerate(sorted(seen))}
    total = len(names)
    rarity = np.array(
        [np.log1p(total / (1.0 + seen[name])) for name in vocabulary], np.float32
    )
    lengths = np.fromiter((len(row) for row in names), np.int64, total)
    columns = np.fromiter(
        (vocabulary[name] for row in names for name in row), np.int32, int(lengths.sum())
    )
    owners = np.repeat(np.arange(total, dtype=np.int32), lengths)
    weights = rarity[columns]
    norms = np.sqrt(np.bincount(owners, weights**2, total)).astype(np.float32)
    order = np.argsort(columns, kind="stable")
    starts = np.zeros(len(vocabulary) + 1, np.int64)
    np.cumsum(np.bincount(columns, minlength=len(vocabulary)), out=starts[1:])
    return Nearest(
        vocabulary,
        rarity,
        starts,
        owners[order],
        (weights / norms[owners])[order].astype(np.float32),
        np.array(classes, np.int32),
    )
