"""Ask every witness about one text: the ranker, the nearest wordings, and the judge."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from knowledge.search.corpus import Corpus, Floats
from knowledge.search.features import features
from knowledge.search.judge import evidence
from knowledge.search.linear import softmax
from knowledge.search.nearest import Nearest, Neighbour
from knowledge.search.training import Trained

NEAREST_WEIGHT = np.float32(2.0)
UNTRAINED_SHARPNESS = np.float32(14.0)
UNTRAINED_LIMITS = (0.3, 0.6)
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Reading:
    """What the witnesses say of one text.

    `belief` is over entries, kinds of doors, talk and outside; `shares` over the entries
    alone, and `order` lists the first of them; `ours` and `right` are the judge's.
    """

    folded: str
    row: npt.NDArray[np.int32]
    total: int
    nearest: Floats
    neighbours: tuple[Neighbour, ...]
    belief: Floats
    shares: Floats
    order: tuple[int, ...]
    ours: float
    right: float


@dataclass(frozen=True, slots=True)
class Reader:
    """The witnesses; without training only the nearest wordings speak."""

    corpus: Corpus
    vocabulary: dict[str, int]
    names: tuple[str, ...]  # the vocabulary in order
    nearest: Nearest
    trained: Trained | None

    def limits(self) -> tuple[float, float]:
        """Give the limits of the two verdicts: from where it is ours, and from where sure."""
        judge = self.trained.judge if self.trained else None
        return (judge.ours_limit, judge.right_limit) if judge else UNTRAINED_LIMITS

    def encode(self, folded: str) -> tuple[npt.NDArray[np.int32], int]:
        """Number the known features of a text, and count all of them."""
        names, known = features(folded), self.vocabulary
        return np.array([known[name] for name in known.keys() & names], np.int32), len(names)

    def glance(self, folded: str) -> int:
        """Name the ranker's first class of a text, without asking anybody else."""
        row, _ = self.encode(folded)
        return int(self.trained.logits(row).argmax()) if self.trained else -1

    def read(self, folded: str) -> Reading:
        """Read a folded text."""
        corpus, trained = self.corpus, self.trained
        row, total = self.encode(folded)
        likenesses = self.nearest.likenesses(row, total)
        near = self.nearest.by_class(likenesses, corpus.classes)
        by_kind = corpus.best_of_kind(near)
        logits = (
            corpus.spread(trained.logits(row), near) if trained else by_kind * UNTRAINED_SHARPNESS
        )
        weighed = logits + by_kind * NEAREST_WEIGHT
        shares = softmax(weighed[: corpus.entries])
        order = tuple(int(at) for at in np.argsort(-shares, kind="stable")[:SHOWN])
        ours, right = _likeness_verdict(near, corpus.entries)
        if trained and len(row):
            seen = evidence(logits, near, corpus.entries, len(row), total)
            ours, right = trained.judge.is_ours(seen), trained.judge.is_right(seen)
        neighbours = tuple(self.nearest.best(likenesses, 3))
        return Reading(
            folded, row, total, near, neighbours, softmax(weighed), shares, order, ours, right
        )

    def doors(self, reading: Reading) -> Floats:
        """Give the belief in every signpost, for a question known to lie outside."""
        if self.trained:
            return softmax(self.trained.door_logits(reading.row))
        return np.zeros(self.corpus.talk - self.corpus.entries, np.float32)

    def strongest(self, reading: Reading, entry: int, count: int) -> list[tuple[str, float]]:
        """List the features of a text that speak most for an entry."""
        if not self.trained:
            return []
        columns = self.trained.column[reading.row]
        known = columns >= 0
        weights = self.trained.linear.weights_of(self.corpus.ranked[entry], columns[known])
        rows = reading.row[known]
        top = np.argsort(-weights)[:count]
        return [(self.names[rows[at]], float(weights[at])) for at in top]

    def telling(self, first: int, second: int, count: int) -> tuple[str, ...]:
        """List the words that speak most for one entry against another."""
        if not self.trained:
            return ()
        ranked, column = self.corpus.ranked, self.trained.column
        linear = self.trained.linear
        features = np.flatnonzero(column >= 0)
        places = column[features]
        difference = linear.weights_of(ranked[first], places)
        difference = difference - linear.weights_of(ranked[second], places)
        likely = features[np.argsort(-difference)[: count * 12]]
        words = [name for at in likely if is_word(name := self.names[at])]
        return tuple(words[:count])


def is_word(name: str) -> bool:
    """Tell whether a feature reads as a word: no sounds, gaps or concepts."""
    return len(name) > 1 and not set("'#=?") & set(name)


def _likeness_verdict(near: Floats, entries: int) -> tuple[float, float]:
    """Judge by likeness alone, while there is no ranker."""
    ours = near[:entries]
    best, outside = float(ours.max(initial=0.0)), float(near[entries:].max(initial=0.0))
    if outside > best:
        return 0.1, 0.0
    second = float(np.partition(ours, -2)[-2]) if len(ours) > 1 else 0.0
    return min(1.0, best / 0.5), min(1.0, best / 0.7) * min(1.0, 0.4 + (best - second) / 0.2)
