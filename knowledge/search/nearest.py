"""Find the known wordings nearest to a question, through an inverted index.

It decides near-exact matches, explains itself ("因为您的话和……几乎一样"), stands in while the
ranker is not trained yet, and is one of the witnesses of the refusal.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from knowledge.search.corpus import Corpus, Encoded, learn_vocabulary
from knowledge.search.features import features
from knowledge.search.files import read_arrays, write_arrays

Floats = npt.NDArray[np.float32]

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

    rarity: Floats
    starts: npt.NDArray[np.int64]
    wordings: npt.NDArray[np.int32]
    values: Floats
    class_of: npt.NDArray[np.int32]

    def likenesses(self, row: npt.NDArray[np.int32], total: int) -> Floats:
        """Give the cosine with every wording; features never seen count as rare ones."""
        if not len(row):
            return np.zeros(len(self.class_of), np.float32)
        weights = self.rarity[row]
        norm = float(np.sqrt((weights**2).sum() + (total - len(row)) * UNSEEN_WEIGHT))
        firsts, ends = self.starts[row], self.starts[row + 1]
        counts = ends - firsts
        steps = np.arange(counts.sum()) + np.repeat(firsts - np.cumsum(counts) + counts, counts)
        shares = self.values[steps] * np.repeat(weights / norm, counts)
        summed = np.bincount(self.wordings[steps], shares, len(self.class_of))
        likenesses: Floats = summed.astype(np.float32)
        return likenesses

    def best(self, likenesses: Floats, count: int = NEAR) -> list[Neighbour]:
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

    def by_class(self, likenesses: Floats, classes: int) -> Floats:
        """Give each class the likeness of its nearest wording."""
        best = np.zeros(classes, np.float32)
        np.maximum.at(best, self.class_of, likenesses)
        return best


UNSEEN_WEIGHT = 4.0


def build_nearest(encoded: Encoded, corpus: Corpus, features: int) -> Nearest:
    """Index wordings by their features."""
    class_of = np.array([wording.of_class for wording in corpus.wordings], np.int32)
    total = len(class_of)
    seen = np.bincount(encoded.indices, minlength=features)
    rarity = np.log1p(total / (1.0 + seen)).astype(np.float32)
    owners = np.repeat(np.arange(total, dtype=np.int32), np.diff(encoded.starts))
    weights = rarity[encoded.indices]
    norms = np.sqrt(np.maximum(np.bincount(owners, weights**2, total), 1e-6)).astype(np.float32)
    order = np.argsort(encoded.indices, kind="stable")
    starts = np.zeros(features + 1, np.int64)
    np.cumsum(seen, out=starts[1:])
    values = (weights / norms[owners])[order].astype(np.float32)
    return Nearest(rarity, starts, owners[order], values, class_of)


def make_index(corpus: Corpus) -> tuple[dict[str, int], Encoded]:
    """Learn the vocabulary of a corpus and number the features of its wordings, in order."""
    vocabulary, encoded = learn_vocabulary(
        lambda: (features(wording.folded) for wording in corpus.wordings)
    )
    owners = np.repeat(np.arange(len(corpus.wordings)), np.diff(encoded.starts))
    ordered = encoded.indices[np.lexsort((encoded.indices, owners))]
    return vocabulary, replace(encoded, indices=ordered)


def save_index(vocabulary: dict[str, int], encoded: Encoded, path: Path) -> None:
    """Keep an index in a file, each row as the steps from one feature to the next."""
    steps = np.diff(encoded.indices, prepend=np.int32(0))
    filled = encoded.starts[:-1][np.diff(encoded.starts) > 0]
    steps[filled] = encoded.indices[filled]
    write_arrays(
        path,
        names=np.frombuffer("\n".join(vocabulary).encode(), np.uint8),
        steps=steps.astype(np.min_scalar_type(int(steps.max(initial=0)))),
        counts=np.diff(encoded.starts).astype(np.int32),
    )


def load_index(path: Path) -> tuple[dict[str, int], Encoded] | None:
    """Read an index back; None where there is none that can be read."""
    kept = read_arrays(path)
    if not {"names", "steps", "counts"} <= kept.keys():
        return None
    names = kept["names"].tobytes().decode().split("\n")
    counts = kept["counts"].astype(np.int64)
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    summed = np.concatenate([np.zeros(1, np.int64), np.cumsum(kept["steps"], dtype=np.int64)])
    # Sums run on over the rows: what was summed before a row is taken off again.
    indices = summed[1:] - np.repeat(summed[starts[:-1]], counts)
    encoded = Encoded(starts, indices.astype(np.int32), counts.astype(np.int32))
    return {name: at for at, name in enumerate(names)}, encoded
