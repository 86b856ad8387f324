"""Find the known wordings nearest to a question, through an inverted index.

It decides near-exact matches, explains itself ("因为您的话和……几乎一样"), stands in while the
ranker is not trained yet, and is one of the witnesses of the refusal.
"""

from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from knowledge.search.corpus import Corpus, Encoded, learn_vocabulary
from knowledge.search.features import features

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


def build_nearest(encoded: Encoded, class_of: npt.NDArray[np.int32], features: int) -> Nearest:
    """Index wordings by their features."""
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


def make_index(corpus: Corpus) -> tuple[dict[str, int], Nearest]:
    """Learn the vocabulary of a corpus and index its wordings."""
    vocabulary, encoded = learn_vocabulary(
        lambda: (features(wording.folded) for wording in corpus.wordings)
    )
    class_of = np.array([wording.of_class for wording in corpus.wordings], np.int32)
    return vocabulary, build_nearest(encoded, class_of, len(vocabulary))


def save_index(vocabulary: dict[str, int], nearest: Nearest, path: Path) -> None:
    """Keep an index in a file; a half-written file never takes the name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial.npz")
    np.savez(
        partial,
        names=np.frombuffer("\n".join(vocabulary).encode(), np.uint8),
        rarity=nearest.rarity,
        starts=nearest.starts,
        wordings=nearest.wordings,
        values=nearest.values,
        class_of=nearest.class_of,
    )
    partial.replace(path)


def load_index(path: Path) -> tuple[dict[str, int], Nearest] | None:
    """Read an index back; None where there is none that can be read."""
    try:
        with np.load(path, allow_pickle=False) as kept:
            names = kept["names"].tobytes().decode().split("\n")
            nearest = Nearest(
                kept["rarity"], kept["starts"], kept["wordings"], kept["values"], kept["class_of"]
            )
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None
    return {name: at for at, name in enumerate(names)}, nearest
