"""Train the ranker and its judge from the corpus, and keep them in a file by content.

Training is repeatable: the same material gives the same weights.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from knowledge.search import augment
from knowledge.search.corpus import Corpus, Encoded, encode
from knowledge.search.features import features
from knowledge.search.judge import EVIDENCE, Judge, evidence, fit_judge
from knowledge.search.linear import Linear, Recipe, train
from knowledge.search.nearest import Nearest

SEED = 20250101
HELD_OUT = 4
"""Every fourth wording of a class tests the ranker on which the judge is fitted."""

ENOUGH_EXAMPLES = 500
"""Classes with few wordings are varied more often, up to this many examples."""

RARE = 12
"""A feature in fewer examples than this gets no weight of its own."""

FULL = Recipe()
TRIAL = Recipe(epochs=4)


@dataclass(frozen=True, slots=True)
class Trained:
    """What training yields; `column` maps a feature to its row of weights, -1 for none."""

    column: npt.NDArray[np.int32]
    linear: Linear
    judge: Judge

    def logits(self, row: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
        """Score a row of features against every class."""
        columns = self.column[row]
        return self.linear.logits(columns[columns >= 0])


@dataclass(frozen=True, slots=True)
class _Examples:
    rows: Encoded
    targets: tuple[tuple[int, ...], ...]
    origins: tuple[int, ...]  # the wording varied; -1 for joined ones
    held_out: tuple[bool, ...]


def _rounds(corpus: Corpus) -> list[int]:
    """Say how often each class's wordings are varied."""
    counts = np.bincount([one.of_class for one in corpus.wordings], minlength=corpus.classes)
    per_wording = len(augment.CHANGES) + 2
    rounds = [max(1, round(ENOUGH_EXAMPLES / max(count * per_wording, 1))) for count in counts]
    return [min(one, 8) for one in rounds]


def _make_examples(corpus: Corpus, vocabulary: dict[str, int]) -> _Examples:
    chance = random.Random(SEED)  # noqa: S311  varied wordings, not secrets
    rounds = _rounds(corpus)
    targets: list[tuple[int, ...]] = []
    origins: list[int] = []
    held_out: list[bool] = []
    order = list(range(len(corpus.wordings)))
    chance.shuffle(order)
    seen_of_class = [0] * corpus.classes
    held = [False] * len(order)
    for at in order:
        of_class = corpus.wordings[at].of_class
        seen_of_class[of_class] += 1
        held[at] = seen_of_class[of_class] % HELD_OUT == 0

    def rows() -> Iterator[set[str]]:
        for at, wording in enumerate(corpus.wordings):
            for _ in range(rounds[wording.of_class]):
                for names in augment.variants(wording.folded, chance):
                    targets.append((wording.of_class,))
                    origins.append(at)
                    held_out.append(held[at])
                    yield names
        ours = [at for at, one in enumerate(corpus.wordings) if one.of_class < corpus.entries]
        for _ in range(len(ours)):
            first, second = chance.choice(ours), chance.choice(ours)
            one, other = corpus.wordings[first], corpus.wordings[second]
            if one.of_class == other.of_class:
                continue
            targets.append((one.of_class, other.of_class))
            origins.append(-1)
            held_out.append(held[first] or held[second])
            yield features(augment.join(one.folded, other.folded, chance))

    encoded = encode(rows(), vocabulary)
    return _Examples(encoded, tuple(targets), tuple(origins), tuple(held_out))


def _only(rows: Encoded, chosen: npt.NDArray[np.intp], column: npt.NDArray[np.int32]) -> Encoded:
    """Keep the chosen rows and the features that have a column."""
    parts = [column[rows.row(int(at))] for at in chosen]
    kept = [part[part >= 0] for part in parts]
    starts = np.zeros(len(kept) + 1, np.int64)
    np.cumsum([len(part) for part in kept], out=starts[1:])
    return Encoded(starts, np.concatenate(kept).astype(np.int32), rows.totals[chosen])


def train_all(corpus: Corpus, vocabulary: dict[str, int], nearest: Nearest) -> Trained:
    """Train a trial ranker for the judge, then the real one."""
    examples = _make_examples(corpus, vocabulary)
    seen = np.bincount(examples.rows.indices, minlength=len(vocabulary))
    column = np.where(seen >= RARE, np.cumsum(seen >= RARE) - 1, -1).astype(np.int32)
    columns = int(column.max()) + 1
    held = np.array(examples.held_out)
    shown = np.flatnonzero(~held)
    trial = train(
        _only(examples.rows, shown, column),
        [examples.targets[at] for at in shown],
        columns,
        corpus.classes,
        TRIAL,
    )
    judge = _judge(corpus, examples, Trained(column, trial, _NO_JUDGE), nearest)
    everything = np.arange(len(held))
    linear = train(
        _only(examples.rows, everything, column), examples.targets, columns, corpus.classes, FULL
    )
    return Trained(column, linear, judge)


_NO_JUDGE = Judge(*(np.zeros(0) for _ in range(4)), 0.0, 0.0)


def _judge(corpus: Corpus, examples: _Examples, trial: Trained, nearest: Nearest) -> Judge:
    """Fit the judge on wordings that the trial ranker has not seen."""
    held_wordings = {at for at, held in zip(examples.origins, examples.held_out, strict=True) if held}
    hidden = np.array(sorted(held_wordings - {-1}), np.intp)
    seen, ours, right = [], [], []
    taken: dict[int, int] = {}
    for at, origin in enumerate(examples.origins):
        if not examples.held_out[at] or origin < 0:
            continue
        taken[origin] = taken.get(origin, 0) + 1
        if taken[origin] not in (1, 2, 5, 9):
            continue
        row, total = examples.rows.row(at), int(examples.rows.totals[at])
        likenesses = nearest.likenesses(row, total)
        likenesses[hidden] = 0.0
        logits = trial.logits(row)
        best = nearest.by_class(likenesses, corpus.classes)
        seen.append(evidence(logits, best, corpus.entries, len(row), total))
        wanted = examples.targets[at][0]
        ours.append(wanted < corpus.entries)
        right.append(int(logits[: corpus.entries].argmax()) == wanted)
    return fit_judge(np.array(seen), np.array(ours, float), np.array(right, float))


def save(trained: Trained, path: Path) -> None:
    """Write trained weights; a half-written file never takes the name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial.npz")
    judge = trained.judge
    np.savez(
        partial,
        column=trained.column,
        weights=trained.linear.weights.astype(np.float16),
        bias=trained.linear.bias,
        centre=judge.centre,
        spread=judge.spread,
        ours=judge.ours,
        right=judge.right,
        limits=np.array([judge.ours_limit, judge.right_limit]),
    )
    partial.replace(path)


def load(path: Path) -> Trained | None:
    """Read trained weights back; None where there are none that can be read."""
    try:
        with np.load(path, allow_pickle=False) as kept:
            limits = kept["limits"]
            judge = Judge(
                kept["centre"], kept["spread"], kept["ours"], kept["right"], float(limits[0]), float(limits[1])
            )
            linear = Linear(kept["weights"].astype(np.float32), kept["bias"])
            trained = Trained(kept["column"], linear, judge)
    except (OSError, ValueError, KeyError, EOFError):
        return None
    return trained if len(trained.judge.centre) == len(EVIDENCE) else None
