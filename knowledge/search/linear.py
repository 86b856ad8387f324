"""A linear classifier over sparse features in plain numpy: softmax, Adam, dropped features.

Dropping features at random while training is what makes it forgiving of typing errors: no
weight may rest on a single character.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from knowledge.search.corpus import Encoded

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]

LENGTH_POWER = 0.3
"""A row weighs each feature 1 / count ** this: between a sum and a mean."""


@dataclass(frozen=True, slots=True)
class Linear:
    """Trained weights: one row per feature, one column per class.

    They are kept as whole numbers from -127 to 127 with a scale for each class: a quarter of
    the memory and of the file, and no answer of the measured questions differs.
    """

    weights: npt.NDArray[np.int8]
    scales: Floats
    bias: Floats

    def logits(self, row: Ints) -> Floats:
        """Score one text against every class."""
        if not len(row):
            return self.bias
        summed = self.weights[row].sum(axis=0, dtype=np.int32)
        logits: Floats = summed * (self.scales / np.float32(len(row) ** LENGTH_POWER)) + self.bias
        return logits

    def weights_of(self, of_class: int, columns: Ints) -> Floats:
        """Give the weights of some features for one class."""
        weights: Floats = self.weights[columns, of_class] * self.scales[of_class]
        return weights


LARGEST = 127


def rounded(weights: Floats, bias: Floats) -> Linear:
    """Round trained weights to whole numbers."""
    scales = (np.abs(weights).max(axis=0, initial=1e-6) / LARGEST).astype(np.float32)
    return Linear(np.rint(weights / scales).astype(np.int8), scales, bias)


def softmax(logits: Floats) -> Floats:
    """Turn logits into probabilities, along the last axis."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    probabilities: Floats = shifted / shifted.sum(axis=-1, keepdims=True)
    return probabilities


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train."""

    epochs: int = 4
    batch: int = 256
    rate: float = 0.02
    decay: float = 1e-6
    keep: float = 0.6
    seed: int = 7


def train(
    rows: Encoded,
    targets: npt.NDArray[np.int16],
    shown: npt.NDArray[np.intp],
    size: tuple[int, int],
    recipe: Recipe,
) -> Linear:
    """Fit the weights; `targets` holds two classes a row, the same twice or half for each."""
    random = np.random.default_rng(recipe.seed)
    weights = np.zeros(size, np.float32)
    bias = np.zeros(size[1], np.float32)
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    first_bias, second_bias = np.zeros_like(bias), np.zeros_like(bias)
    lengths = np.diff(rows.starts)
    steps = recipe.epochs * (-(-len(shown) // recipe.batch))
    step = 0
    for _ in range(recipe.epochs):
        order = random.permutation(shown)
        for begin in range(0, len(shown), recipe.batch):
            step += 1
            chosen = order[begin : begin + recipe.batch]
            counts = lengths[chosen]
            owner = np.repeat(np.arange(len(chosen)), counts)
            ends = np.cumsum(counts)
            place = np.arange(ends[-1]) + np.repeat(rows.starts[chosen] - ends + counts, counts)
            kept = random.random(len(place), np.float32) < recipe.keep
            owner, columns = owner[kept], rows.indices[place[kept]]
            alive = np.bincount(owner, minlength=len(chosen))
            scale = (1.0 / np.maximum(alive, 1) ** LENGTH_POWER).astype(np.float32)
            logits = _sum_rows(weights[columns], alive) * scale[:, None] + bias
            error = softmax(logits)
            lines = np.arange(len(chosen))
            error[lines, targets[chosen, 0]] -= 0.5
            error[lines, targets[chosen, 1]] -= 0.5
            error /= len(chosen)
            by_column = np.argsort(columns, kind="stable")
            sorted_columns = columns[by_column]
            used, firsts = np.unique(sorted_columns, return_index=True)
            spread = (error * scale[:, None])[owner[by_column]]
            gradient = np.add.reduceat(spread, firsts, axis=0)
            rate = recipe.rate * (1.0 - step / (steps + 1))
            # Adam on the rows that occur in this batch only: the others' moments stand still.
            mean = first[used] * 0.9 + gradient * 0.1
            square = second[used] * 0.99 + gradient * gradient * 0.01
            first[used], second[used] = mean, square
            weights[used] -= rate * (mean / (np.sqrt(square) + 1e-7) + recipe.decay * weights[used])
            error_bias = error.sum(axis=0)
            first_bias = first_bias * 0.9 + error_bias * 0.1
            second_bias = second_bias * 0.99 + error_bias**2 * 0.01
            bias -= rate * 0.3 * first_bias / (np.sqrt(second_bias) + 1e-7)
    return rounded(weights, bias)


def _sum_rows(values: Floats, counts: npt.NDArray[np.int64]) -> Floats:
    summed = np.zeros((len(counts), values.shape[1]), np.float32)
    some = counts > 0
    if some.any():
        firsts = (np.cumsum(counts) - counts)[some]
        summed[some] = np.add.reduceat(values, firsts, axis=0)
    return summed
