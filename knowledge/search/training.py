"""Train the ranker and its judge from the corpus, and keep them in a file by content.

Training is repeatable: the same material gives the same weights.
"""

import random
from array import array
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from knowledge.search import augment
from knowledge.search.corpus import Corpus, Encoded
from knowledge.search.features import features
from knowledge.search.files import read_arrays, write_arrays
from knowledge.search.judge import EVIDENCE, Judge, evidence, fit_judge
from knowledge.search.linear import Linear, Recipe, train
from knowledge.search.nearest import Nearest

SEED = 20250101
HELD_OUT = 4
"""Every fourth wording of a class tests the ranker on which the judge is fitted."""

ENOUGH_EXAMPLES = 350
"""Classes with few wordings are varied more often, up to this many examples."""

RARE = 3
"""A feature of fewer wordings than this gets no weight of its own, unless its class is small."""

SMALL_CLASS = 20
FEWEST_WORDINGS = 30

FULL = Recipe()
TRIAL = Recipe(epochs=3)


@dataclass(frozen=True, slots=True)
class Trained:
    """What training yields; `column` maps a feature to its row of weights, -1 for none."""

    column: npt.NDArray[np.int32]
    linear: Linear
    doors: Linear  # tells the signposts apart, once a question is known to lie outside
    judge: Judge

    def logits(self, row: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
        """Score a row of features against every class."""
        columns = self.column[row]
        return self.linear.logits(columns[columns >= 0])

    def door_logits(self, row: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
        """Score a row of features against every signpost."""
        columns = self.column[row]
        return self.doors.logits(columns[columns >= 0])


@dataclass(frozen=True, slots=True)
class _Examples:
    """Training rows in the ranker's columns, and the full rows that the judge is fitted on."""

    rows: Encoded
    targets: npt.NDArray[np.int16]  # two of the ranker's classes
    doors: npt.NDArray[np.int16]  # the signpost, -1 for none
    held_out: npt.NDArray[np.bool_]
    trials: tuple[tuple[int, npt.NDArray[np.int32], int], ...]  # wording, features, their total


def _rounds(corpus: Corpus) -> list[int]:
    """Say how often each class's wordings are varied."""
    counts = np.bincount([one.of_class for one in corpus.wordings], minlength=corpus.classes)
    counts[corpus.entries :] = ENOUGH_EXAMPLES  # what lies outside needs no balance
    per_wording = augment.VARIANTS
    rounds = [max(1, round(ENOUGH_EXAMPLES / max(count * per_wording, 1))) for count in counts]
    return [min(one, 8) for one in rounds]


def _held_out(corpus: Corpus, chance: random.Random) -> list[bool]:
    """Choose every so many wordings of each class for the trial."""
    order = list(range(len(corpus.wordings)))
    chance.shuffle(order)
    seen = [0] * corpus.classes
    held = [False] * len(order)
    for at in order:
        of_class = corpus.wordings[at].of_class
        seen[of_class] += 1
        held[at] = seen[of_class] % HELD_OUT == 0
    return held


def _make_examples(
    corpus: Corpus, vocabulary: dict[str, int], column: npt.NDArray[np.int32]
) -> _Examples:
    chance = random.Random(SEED)  # noqa: S311  varied wordings, not secrets
    rounds, held = _rounds(corpus), _held_out(corpus, chance)
    columns, starts = array("i"), array("q", [0])
    targets, doors, held_out = array("h"), array("h"), array("b")
    trials: list[tuple[int, npt.NDArray[np.int32], int]] = []
    known = vocabulary.keys()

    def add(names: set[str], first: int, second: int, is_held: bool) -> npt.NDArray[np.int32]:
        # Sorted, since the order of a set differs from one run to the next.
        row = np.sort(np.array([vocabulary[name] for name in known & names], np.int32))
        mapped = column[row]
        columns.frombytes(mapped[mapped >= 0].astype(np.int32).tobytes())
        starts.append(len(columns))
        targets.extend((corpus.ranked[first], corpus.ranked[second]))
        doors.append(first - corpus.entries if corpus.entries <= first < corpus.talk else -1)
        held_out.append(is_held)
        return row

    plain = set(corpus.plain.tolist())
    for at, wording in enumerate(corpus.wordings):
        if wording.of_class in plain:
            # Together they are one class with thousands of wordings: no variants are needed.
            names = features(wording.folded)
            row = add(names, wording.of_class, wording.of_class, held[at])
            if held[at]:
                trials.append((at, row, len(names)))
            continue
        for turn in range(rounds[wording.of_class]):
            for number, names in enumerate(augment.variants(wording.folded, chance)):
                row = add(names, wording.of_class, wording.of_class, held[at])
                if held[at] and not turn and number in TRIED_VARIANTS:
                    trials.append((at, row, len(names)))
    curated = set(corpus.curated.tolist())
    ours = [at for at, one in enumerate(corpus.wordings) if one.of_class in curated]
    for _ in ours:
        first, second = chance.choice(ours), chance.choice(ours)
        one, other = corpus.wordings[first], corpus.wordings[second]
        if one.of_class != other.of_class:
            names = features(augment.join(one.folded, other.folded, chance))
            add(names, one.of_class, other.of_class, held[first] or held[second])
    rows = Encoded(
        np.frombuffer(starts, np.int64),
        np.frombuffer(columns, np.int32),
        np.zeros(len(held_out), np.int32),
    )
    both = np.frombuffer(targets, np.int16).reshape(-1, 2)
    held_rows = np.frombuffer(held_out, np.int8).astype(bool)
    return _Examples(rows, both, np.frombuffer(doors, np.int16), held_rows, tuple(trials))


TRIED_VARIANTS = (0, 1, 2, 6)


def is_enough(corpus: Corpus) -> bool:
    """Tell whether there is enough to learn from; below that the nearest wordings serve."""
    counts = np.bincount([one.of_class for one in corpus.wordings], minlength=corpus.classes)
    return corpus.entries > 1 and int(counts[: corpus.entries].sum()) >= FEWEST_WORDINGS


def train_all(corpus: Corpus, vocabulary: dict[str, int], nearest: Nearest) -> Trained:
    """Train a trial ranker for the judge, then the real one."""
    column = _columns(corpus, nearest)
    count, classes = int(column.max()) + 1, corpus.ranked_classes
    examples = _make_examples(corpus, vocabulary, column)
    shown = np.flatnonzero(~examples.held_out)
    trial = train(examples.rows, examples.targets, shown, (count, classes), TRIAL)
    judge = _judge(corpus, examples, Trained(column, trial, trial, _NO_JUDGE), nearest)
    everything = np.arange(len(examples.held_out))
    linear = train(examples.rows, examples.targets, everything, (count, classes), FULL)
    return Trained(column, linear, _train_doors(corpus, examples, count), judge)


def _train_doors(corpus: Corpus, examples: _Examples, count: int) -> Linear:
    shown = np.flatnonzero(examples.doors >= 0)
    targets = np.stack([examples.doors, examples.doors], axis=1)
    return train(examples.rows, targets, shown, (count, corpus.talk - corpus.entries), TRIAL)


def _columns(corpus: Corpus, nearest: Nearest) -> npt.NDArray[np.int32]:
    """Choose the features that get a weight: the usual ones, and all of small classes."""
    sizes = np.bincount(nearest.class_of, minlength=corpus.classes)
    sizes[corpus.plain] = SMALL_CLASS
    sizes = sizes[nearest.class_of]
    small = np.zeros(len(nearest.starts) - 1, bool)
    owners = np.repeat(np.arange(len(small)), np.diff(nearest.starts))
    small[owners[sizes[nearest.wordings] < SMALL_CLASS]] = True
    chosen = small | (np.diff(nearest.starts) >= RARE)
    return _number(chosen)


def _number(chosen: npt.NDArray[np.bool_]) -> npt.NDArray[np.int32]:
    """Number the chosen features in their order, -1 for the others."""
    return np.where(chosen, np.cumsum(chosen) - 1, -1).astype(np.int32)


_NOTHING = np.zeros(0)
_NO_JUDGE = Judge(_NOTHING, _NOTHING, _NOTHING, _NOTHING, 0.0, 0.0)


def _judge(corpus: Corpus, examples: _Examples, trial: Trained, nearest: Nearest) -> Judge:
    """Fit the judge on wordings that the trial ranker has not seen."""
    hidden = np.array(sorted({at for at, _, _ in examples.trials}), np.intp)
    seen, ours, right = [], [], []
    for at, row, total in examples.trials:
        likenesses = nearest.likenesses(row, total)
        likenesses[hidden] = 0.0
        best = nearest.by_class(likenesses, corpus.classes)
        logits = corpus.spread(trial.logits(row), best)
        seen.append(evidence(logits, best, corpus.entries, len(row), total))
        wanted = corpus.wordings[at].of_class
        ours.append(wanted < corpus.entries)
        right.append(int(logits[: corpus.entries].argmax()) == wanted)
    return fit_judge(np.array(seen), np.array(ours, float), np.array(right, float))


def save(trained: Trained, path: Path) -> None:
    """Write trained weights; a half-written file never takes the name."""
    judge = trained.judge
    write_arrays(
        path,
        # Columns are numbered in the order of the features, so which have one says it all.
        has_column=np.packbits(trained.column >= 0),
        features=np.array([len(trained.column)]),
        weights=trained.linear.weights,
        scales=trained.linear.scales,
        bias=trained.linear.bias,
        door_weights=trained.doors.weights,
        door_scales=trained.doors.scales,
        door_bias=trained.doors.bias,
        centre=judge.centre,
        spread=judge.spread,
        ours=judge.ours,
        right=judge.right,
        limits=np.array([judge.ours_limit, judge.right_limit]),
    )


def load(path: Path) -> Trained | None:
    """Read trained weights back; None where there are none that can be read."""
    kept = read_arrays(path)
    try:
        limits = kept["limits"]
        judge = Judge(
            kept["centre"],
            kept["spread"],
            kept["ours"],
            kept["right"],
            float(limits[0]),
            float(limits[1]),
        )
        chosen = np.unpackbits(kept["has_column"], count=int(kept["features"][0])).astype(bool)
        linear = Linear(kept["weights"], kept["scales"], kept["bias"])
        doors = Linear(kept["door_weights"], kept["door_scales"], kept["door_bias"])
    except KeyError:
        return None
    trained = Trained(_number(chosen), linear, doors, judge)
    return trained if len(judge.centre) == len(EVIDENCE) else None
