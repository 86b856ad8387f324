"""Understand a question: which entry, which part of its answer, which situation, or whose door.

The near-exact match and the nearest wording work at once; the ranker joins when it is trained.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import resources
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rapidfuzz import fuzz

from knowledge.normalise import fold
from knowledge.search import training
from knowledge.search.about import about_of
from knowledge.search.corpus import Corpus, bare, lay_out
from knowledge.search.doors import Doors, build_doors
from knowledge.search.features import chinese, features
from knowledge.search.judge import evidence
from knowledge.search.language import language
from knowledge.search.linear import Floats, softmax
from knowledge.search.material import SearchMaterial
from knowledge.search.nearest import Nearest, Neighbour, load_index, make_index, save_index
from knowledge.search.situation import answers_in
from knowledge.search.understanding import Candidate, Outcome, Understanding

NEAREST_WEIGHT = 2.0
UNTRAINED_SHARPNESS = 14.0
SHOWN = 5
NEAR_EXACT = 93.0
SHORTEST_NEAR_EXACT = 5


@dataclass(frozen=True, slots=True)
class Reading:
    """What the witnesses say of one text."""

    folded: str
    row: npt.NDArray[np.int32]
    total: int
    logits: Floats
    nearest: Floats
    neighbours: tuple[Neighbour, ...]
    shares: Floats  # belief over the entries alone
    belief: Floats  # belief over all classes
    order: tuple[int, ...]
    ours: float
    right: float


class Search:
    """Understands questions against one material."""

    def __init__(
        self,
        material: SearchMaterial,
        corpus: Corpus,
        vocabulary: dict[str, int],
        nearest: Nearest,
        cache: Path | None,
    ) -> None:
        self._material = material
        self._corpus = corpus
        self._vocabulary = vocabulary
        self._nearest = nearest
        self._cache = cache
        self._trained = training.load(cache) if cache else None
        self._doors: Doors = build_doors(material.doors)
        self._place = {entry.id: at for at, entry in enumerate(material.entries)}
        self._exact = _exact_owners(corpus)

    @property
    def is_trained(self) -> bool:
        """Tell whether the ranker has its weights."""
        return self._trained is not None

    def train(self) -> None:
        """Train the ranker and take it into use; long, so call it in a worker thread."""
        if self._trained is not None:
            return
        trained = training.train_all(self._corpus, self._vocabulary, self._nearest)
        if self._cache:
            training.save(trained, self._cache)
        self._trained = trained

    def understand(self, question: str, *, last_entry: str | None = None) -> Understanding:
        """Understand one question, against the entry last discussed where there is one."""
        folded = fold(question)
        reading = self.read(folded)
        door = self._doors.trouble(folded)
        if door is not None:
            return self._nothing(question, reading, door, "遇到难处的话：先给求助电话")
        if not bare(folded):
            return self._nothing(question, reading, None, "没有文字")
        exact = self._exactly(folded)
        if exact is not None and exact >= self._corpus.entries:
            if exact < self._corpus.talk:
                at = exact - self._corpus.entries
                return self._nothing(question, reading, at, "与指路牌的一句话相同")
            if exact == self._corpus.outside:
                return self._nothing(
                    question, reading, self._door(reading), "与已知的范围外问题相同"
                )
        elif exact is not None:
            return self._sure(question, reading, exact, "与已有说法相同")
        last = self._place.get(last_entry) if last_entry else None
        if last is not None:
            followed = self._follow(question, reading, last)
            if followed is not None:
                return followed
        return self._alone(question, reading)

    def read(self, folded: str) -> Reading:
        """Ask every witness about a folded text."""
        corpus, trained = self._corpus, self._trained
        names = features(folded)
        vocabulary = self._vocabulary
        row = np.array([vocabulary[one] for one in names if one in vocabulary], np.int32)
        likenesses = self._nearest.likenesses(row, len(names))
        near = self._nearest.by_class(likenesses, corpus.classes)
        ranked = corpus.rank_best(near)
        logits = trained.logits(row) if trained else ranked * np.float32(UNTRAINED_SHARPNESS)
        weighed = logits + ranked * np.float32(NEAREST_WEIGHT)
        shares = softmax(weighed[: corpus.entries])
        order = tuple(int(at) for at in np.argsort(-shares, kind="stable")[:SHOWN])
        if trained and len(row):
            seen = evidence(logits, near, corpus.entries, len(row), len(names))
            ours, right = trained.judge.is_ours(seen), trained.judge.is_right(seen)
        else:
            ours, right = _untrained_verdict(near, corpus.entries)
        neighbours = tuple(self._nearest.best(likenesses, 3))
        return Reading(
            folded,
            row,
            len(names),
            logits,
            near,
            neighbours,
            shares,
            softmax(weighed),
            order,
            ours,
            right,
        )

    def _limits(self) -> tuple[float, float]:
        judge = self._trained.judge if self._trained else None
        return (judge.ours_limit, judge.right_limit) if judge else (0.3, 0.6)

    def _exactly(self, folded: str) -> int | None:
        return self._exact.get(bare(folded))

    def _alone(self, question: str, reading: Reading) -> Understanding:
        ours_limit, right_limit = self._limits()
        near = self._near_exact(reading)
        if near is not None:
            return self._sure(question, reading, near, "与已有说法几乎一样")
        if reading.ours < ours_limit:
            return self._nothing(question, reading, self._door(reading), "不像任何一个事项")
        two = self._two_topics(reading)
        if two:
            return self._several(question, reading, two)
        if reading.right >= right_limit:
            return self._sure(question, reading, reading.order[0], "把握足够")
        return self._answered(question, Outcome.UNSURE, reading, reading.order, "把握不够，先问清")

    def _near_exact(self, reading: Reading) -> int | None:
        """Trust a wording that differs by a slip only."""
        if not reading.neighbours or len(reading.folded) < SHORTEST_NEAR_EXACT:
            return None
        best = reading.neighbours[0]
        known = self._corpus.wordings[best.wording].folded
        if best.of_class >= self._corpus.entries or best.of_class != reading.order[0]:
            return None
        return best.of_class if fuzz.ratio(reading.folded, known) >= NEAR_EXACT else None

    def _follow(self, question: str, reading: Reading, last: int) -> Understanding | None:
        """Understand against the entry last discussed; None where a new topic is named."""
        belief, corpus = reading.belief, self._corpus
        if reading.order[0] == last and reading.ours >= OWN_TOPIC:
            two = self._two_topics(reading)
            if two:
                return self._several(question, reading, two)
            return self._sure(question, reading, last, "说的还是上一个事项", followed=True)
        stays, talk = float(belief[last]), float(belief[-2])
        near_outside = float(reading.nearest[corpus.entries :].max())
        near_inside = max(float(reading.nearest[last]), float(reading.nearest[corpus.talk]))
        if near_outside > NEAR_OUTSIDE and near_outside > near_inside + 0.1:
            return None
        other = next((at for at in reading.order if at != last), last)
        leaves = float(belief[other])
        named = reading.right >= SWITCH_RIGHT and leaves >= SWITCH_BELIEF
        if named and stays * LAST_BONUS + talk * TALK_BONUS < leaves:
            return None
        outside = float(belief[corpus.entries : -2].sum() + belief[-1])
        if outside > SURELY_OUTSIDE and talk < 0.03 and stays < 0.02:
            return None
        return self._sure(question, reading, last, "没有新的话题，接着上一个事项", followed=True)

    def _two_topics(self, reading: Reading) -> tuple[int, ...]:
        """Find two topics on the two sides of a joint; the surer one of the whole stands first.

        Both sides must be certain by themselves, and both topics must be seen in the whole too:
        a side detail of a story rarely passes.
        """
        if reading.total < SHORTEST_PAIR:
            return ()
        best: tuple[float, tuple[int, ...]] = (TWO_SURE, ())
        for left, right in _splits(reading.folded):
            one = self.read(left)
            if one.right <= best[0]:
                continue
            other = self.read(right)
            tops = {one.order[0], other.order[0]}
            if len(tops) == 2 and tops <= set(reading.order[:3]) and other.right > best[0]:
                two = tuple(at for at in reading.order if at in tops)
                best = (min(one.right, other.right), two)
        return best[1]

    def _door(self, reading: Reading) -> int | None:
        """Choose the signpost nearest to a question that is not ours."""
        corpus = self._corpus
        doors = len(self._material.doors)
        if not doors:
            return None
        near = reading.nearest[corpus.entries : corpus.entries + doors]
        kinds = [reading.belief[corpus.ranked[corpus.entries + at]] for at in range(doors)]
        fits = near + np.array(kinds, np.float32) * np.float32(0.3)
        best = int(fits.argmax())
        return best if float(near[best]) > NEAR_DOOR else None

    def _sure(
        self, question: str, reading: Reading, entry: int, why: str, *, followed: bool = False
    ) -> Understanding:
        order = (entry, *(at for at in reading.order if at != entry))
        made = self._answered(question, Outcome.SURE, reading, order, why)
        return replace(made, followed=followed)

    def _several(self, question: str, reading: Reading, two: tuple[int, ...]) -> Understanding:
        order = (*two, *(at for at in reading.order if at not in two))
        return self._answered(question, Outcome.SEVERAL, reading, order, "一句话里有两件事")

    def _nothing(
        self, question: str, reading: Reading, door: int | None, why: str
    ) -> Understanding:
        made = self._answered(question, Outcome.NOTHING, reading, reading.order, why)
        name = self._doors.doors[door].id if door is not None else None
        return replace(made, door=name, answers={})

    def _answered(
        self, question: str, outcome: Outcome, reading: Reading, order: tuple[int, ...], why: str
    ) -> Understanding:
        entries = self._material.entries
        text = chinese(reading.folded)
        about, subject = about_of(f"{reading.folded} {text}" if text != reading.folded else text)
        candidates = self._candidates(reading, order)
        questions = entries[order[0]].questions if order else ()
        return Understanding(
            question=question,
            outcome=outcome,
            candidates=candidates,
            about=about,
            subject=subject,
            answers=answers_in(text, questions),
            explain=(why, *self._reasons(reading, order)),
        )

    def _candidates(self, reading: Reading, order: tuple[int, ...]) -> tuple[Candidate, ...]:
        """Score candidates so that the order shown and the scores agree."""
        scores: list[float] = []
        for at in order:
            own = float(reading.shares[at]) * max(reading.ours, 0.01)
            scores.append(own)
        for at in range(len(scores) - 2, -1, -1):
            scores[at] = max(scores[at], scores[at + 1])
        entries = self._material.entries
        return tuple(
            Candidate(entries[at].id, entries[at].name, round(score, 4))
            for at, score in zip(order, scores, strict=True)
        )

    def _reasons(self, reading: Reading, order: tuple[int, ...]) -> Iterator[str]:
        """Say what decided, in lines for an editor."""
        entries = self._material.entries
        yield f"像本系统事项的把握 {reading.ours:.2f}，第一名正确的把握 {reading.right:.2f}"
        for one in reading.neighbours[:2]:
            wording = self._corpus.wordings[one.wording]
            yield f"最近的说法“{wording.text}”→{self._class_name(one.of_class)}（{one.likeness:.2f}）"
        if self._trained and order:
            named = "、".join(
                f"{name}{weight:+.1f}" for name, weight in self._strongest(reading, order[0])
            )
            yield f"{entries[order[0]].name}的依据：{named}"

    def _class_name(self, of_class: int) -> str:
        corpus = self._corpus
        if of_class < corpus.entries:
            return self._material.entries[of_class].name
        if of_class < corpus.talk:
            return self._material.doors[of_class - corpus.entries].name
        return "追问" if of_class == corpus.talk else "范围外"

    def _strongest(self, reading: Reading, entry: int) -> list[tuple[str, float]]:
        trained = self._trained
        if not trained:
            return []
        columns = trained.column[reading.row]
        kept = columns >= 0
        weights = trained.linear.weights[columns[kept], entry]
        names = self._names
        strongest = np.argsort(-weights)[:6]
        rows = reading.row[kept]
        return [(names[int(rows[at])], float(weights[at])) for at in strongest]

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(self._vocabulary)


# A question after another one: how much the entry before is favoured, and when it is left.
OWN_TOPIC = 0.3
LAST_BONUS = 30.0
TALK_BONUS = 5.0
SWITCH_RIGHT = 0.6
SWITCH_BELIEF = 0.6
SURELY_OUTSIDE = 0.93
NEAR_OUTSIDE = 0.55
SHORTEST_PAIR = 24
TWO_SURE = 0.75
NEAR_DOOR = 0.25


def _exact_owners(corpus: Corpus) -> Mapping[str, int]:
    """Map wordings to their one class; a wording of two classes decides nothing."""
    owners: dict[str, int] = {}
    for wording in corpus.wordings:
        key = bare(wording.folded)
        if key:
            owners[key] = (
                wording.of_class if owners.get(key, wording.of_class) == wording.of_class else -1
            )
    return {key: owner for key, owner in owners.items() if owner >= 0}


_JOINT = re.compile(
    r"[,.;!? ]*(?:"
    + "|".join(map(re.escape, sorted(language().joiners, key=len, reverse=True)))
    + r")|、|\+|\b(?:and|then|plus)\b|[,.;!?](?=[^,]{0,3}[也还又再都两各])|[,.;!?](?=[^,]*(?:都|两样|两件|两边|两个都|分别|一趟))"
)
MOST_SPLITS = 5


def _splits(folded: str) -> Iterator[tuple[str, str]]:
    """Split a text in two at its joints, the middle ones first."""
    joints = [
        (found.start(), found.end())
        for found in _JOINT.finditer(folded)
        if found.start() >= 2 and len(folded) - found.end() >= 2
    ]
    joints.sort(key=lambda joint: abs(joint[0] + joint[1] - len(folded)))
    for start, end in joints[:MOST_SPLITS]:
        yield folded[:start], folded[end:]


def _untrained_verdict(near: Floats, entries: int) -> tuple[float, float]:
    """Judge by likeness alone, while there is no ranker."""
    ours = near[:entries]
    best, outside = float(ours.max(initial=0.0)), float(near[entries:].max(initial=0.0))
    second = float(np.sort(ours)[-2]) if len(ours) > 1 else 0.0
    if outside > best:
        return 0.1, 0.0
    return min(1.0, best / 0.5), min(1.0, best / 0.7) * min(1.0, 0.4 + (best - second) / 0.2)


def _method() -> str:
    """Read the method itself, so that weights of an older one are never taken for its own."""
    here = resources.files("knowledge")
    modules = [here / "normalise.py", *(here / "search").iterdir()]
    return "".join(
        module.read_text("utf-8")
        for module in sorted(modules, key=lambda one: one.name)
        if module.name.endswith(".py")
    )


def build_search(material: SearchMaterial, *, cache_dir: Path | None = None) -> Search:
    """Build a search that answers at once; call `train` to make it good."""
    corpus = lay_out(material)
    key = material.content_hash(_method() + language().source)
    weights = cache_dir / f"search-{key}.npz" if cache_dir else None
    index = cache_dir / f"search-{key}-index.npz" if cache_dir else None
    kept = load_index(index) if index else None
    if kept is None:
        kept = make_index(corpus)
        if index:
            save_index(*kept, index)
    return Search(material, corpus, *kept, weights)


__all__ = ["Search", "build_search"]
