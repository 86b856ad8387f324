"""Decide from several witnesses whether a question is ours at all, and whether the first
candidate can be answered without asking back.

Two small logistic models over the same evidence, fitted on wordings the ranker had not seen.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from knowledge.search.linear import Floats

Doubles = npt.NDArray[np.float64]

EVIDENCE = (
    "ours",  # share of the ranker's belief that lies on entries, as log odds
    "first",  # the first entry's share of that
    "margin",
    "spread",  # entropy over the entries
    "near_ours",
    "near_outside",
    "nearer",
    "near_first",
    "agreed",  # ranker and nearest wording name the same entry
    "covered",  # share of the text's features that are known
    "length",
    "lift",  # the first entry's logit above the best outside one
    "ours_short",
    "near_short",
)


def evidence(logits: Floats, nearest: Floats, entries: int, known: int, features: int) -> Doubles:
    """Collect what speaks for and against; `nearest` holds the best likeness by class."""
    shifted = np.exp(logits - logits.max())
    belief = shifted / shifted.sum()
    ours = float(belief[:entries].sum())
    share = belief[:entries] / max(ours, 1e-9)
    order = np.argsort(-share)[:2]
    first = float(share[order[0]])
    second = float(share[order[1]]) if entries > 1 else 0.0
    spread = float(-(share * np.log(share + 1e-9)).sum())
    near_ours = float(nearest[:entries].max())
    near_outside = float(nearest[entries:].max()) if len(nearest) > entries else 0.0
    outside = float(logits[entries:].max()) if len(logits) > entries else 0.0
    odds = float(np.clip(np.log(ours + 1e-6) - np.log(1 - ours + 1e-6), -9, 9))
    length = float(np.log1p(features))
    short = 1.0 / (1.0 + features / 12.0)
    return np.array(
        [
            odds,
            first,
            first - second,
            spread,
            near_ours,
            near_outside,
            near_ours - near_outside,
            float(nearest[order[0]]),
            float(int(nearest[:entries].argmax()) == order[0]),
            known / max(features, 1),
            length,
            float(np.clip(logits[order[0]] - outside, -12, 12)),
            odds * short,
            near_ours * short,
        ]
    )


@dataclass(frozen=True, slots=True)
class Judge:
    """Two fitted logistic models and the limits from which their word counts."""

    centre: Doubles
    spread: Doubles
    ours: Doubles
    right: Doubles
    ours_limit: float
    right_limit: float

    def is_ours(self, seen: Doubles) -> float:
        """Give the probability that the question is about one of the entries."""
        return float(_probability((seen - self.centre) / self.spread, self.ours))

    def is_right(self, seen: Doubles) -> float:
        """Give the probability that the first candidate is the right one."""
        return float(_probability((seen - self.centre) / self.spread, self.right))


def _probability(seen: Doubles, weights: Doubles) -> Doubles:
    probability: Doubles = 1.0 / (1.0 + np.exp(-(seen @ weights[:-1] + weights[-1])))
    return probability


def _fit(seen: Doubles, wanted: Doubles, weigh: Doubles, ridge: float = 3.0) -> Doubles:
    """Fit a logistic regression by Newton steps."""
    columns = np.hstack([seen, np.ones((len(seen), 1))])
    weights = np.zeros(columns.shape[1])
    penalty = np.full(len(weights), ridge)
    penalty[-1] = 1e-6
    for _ in range(25):
        belief = 1.0 / (1.0 + np.exp(-np.clip(columns @ weights, -30, 30)))
        slope = columns.T @ (weigh * (belief - wanted)) + penalty * weights
        bend = (columns * (weigh * belief * (1 - belief))[:, None]).T @ columns + np.diag(penalty)
        step = np.linalg.solve(bend, slope)
        weights = weights - step
        if np.abs(step).max() < 1e-6:
            break
    return weights


OURS_LIMIT = 0.55
"""The fit weighs both sides alike; a refused question costs its person a little more."""

WRONG_SURE_SHARE = 0.035
OUTSIDE_SURE_SHARE = 0.012
"""Of wordings unseen by a ranker that knew a quarter less; the real one does better."""


def fit_judge(seen: Doubles, is_ours: Doubles, is_right: Doubles) -> Judge:
    """Fit both models on unseen wordings and set the limits by what they may cost."""
    centre, spread = seen.mean(axis=0), seen.std(axis=0) + 1e-6
    scaled = (seen - centre) / spread
    inside = is_ours > 0.5
    balance = np.where(inside, 0.5 / max(inside.sum(), 1), 0.5 / max((~inside).sum(), 1))
    weigh = balance * len(seen)
    ours = _fit(scaled, is_ours, weigh)
    right = _fit(scaled, is_right, weigh)
    right_belief = _probability(scaled, right)
    right_limit = _sure_limit(right_belief, inside, is_right > 0.5)
    return Judge(centre, spread, ours, right, OURS_LIMIT, right_limit)


def _sure_limit(
    belief: Doubles, inside: npt.NDArray[np.bool_], right: npt.NDArray[np.bool_]
) -> float:
    """Find the lowest limit at which both kinds of wrong certainty stay within their share."""
    for limit in np.arange(0.3, 0.995, 0.01):
        sure = belief >= limit
        wrong = (sure & inside & ~right).sum() / max(inside.sum(), 1)
        outside = (sure & ~inside).sum() / max((~inside).sum(), 1)
        if wrong <= WRONG_SURE_SHARE and outside <= OUTSIDE_SURE_SHARE:
            return float(limit)
    return 0.995
