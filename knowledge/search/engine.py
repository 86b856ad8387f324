"""Understand a question: which entry, which part of its answer, which situation, or whose door.

The near-exact match and the nearest wordings work at once; the ranker joins when it is trained.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from rapidfuzz import fuzz

from knowledge.normalise import fold
from knowledge.search import training
from knowledge.search.about import about_of
from knowledge.search.corpus import Corpus, Floats, bare, lay_out
from knowledge.search.doors import build_doors
from knowledge.search.features import chinese
from knowledge.search.follow_up import Turn, turn_of
from knowledge.search.language import language
from knowledge.search.material import SearchMaterial
from knowledge.search.nearest import build_nearest, load_index, make_index, save_index
from knowledge.search.reading import Reader, Reading
from knowledge.search.several import two_topics
from knowledge.search.situation import answers_in
from knowledge.search.temper import without_anger
from knowledge.search.understanding import Candidate, Outcome, Understanding

T = TypeVar("T")

NEAR_EXACT = 93.0
SHORTEST_NEAR_EXACT = 5
DOOR_LIMIT = 0.65
"""Belief and likeness together from which a signpost is shown; a wrong one is worse than none."""
TROUBLE_BELIEF = 0.5
"""From here on a question that is not ours leads to a helpline, rather once too often."""
SURELY_NOT_OURS = 0.15
UNTRAINED_WORRY = 0.5

TALK_BELIEF = 0.3
"""Above it the words name no topic at all, and no signpost would fit."""

REASONS = 6
WARM_UP = "ni hao, hello 您好"
"""Asked once after training, so that the first person does not wait for the tables."""

CLAUSE_ENDS = re.compile(r"[,.;!?、 ]+")
KEPT_FILES = 8
CLEAR_SHARE = 0.8
"""Below it a bare word such as 公积金 still fits two entries, however usual one of them is."""


class Search:
    """Understands questions against one material."""

    def __init__(self, material: SearchMaterial, reader: Reader, cache: Path | None) -> None:
        self.material = material
        self._reader = reader
        self._cache = cache
        self._doors = build_doors(material.doors)
        self._place = {entry.id: at for at, entry in enumerate(material.entries)}
        self._exact = _exact_owners(reader.corpus)

    @property
    def is_trained(self) -> bool:
        """Tell whether the ranker has its weights."""
        return self._reader.trained is not None

    @property
    def corpus(self) -> Corpus:
        """Give the wordings it knows, numbered by class."""
        return self._reader.corpus

    def train(self) -> None:
        """Train the ranker and take it into use; long, so call it in a worker thread."""
        reader = self._reader
        if reader.trained is not None or not training.is_enough(reader.corpus):
            self.understand(WARM_UP)
            return
        trained = training.train_all(reader.corpus, reader.vocabulary, reader.nearest)
        if self._cache:
            training.save(trained, self._cache)
            _forget_old(self._cache.parent)
        self._reader = replace(reader, trained=trained)
        self.understand(WARM_UP)

    def understand(self, question: str, *, last_entry: str | None = None) -> Understanding:
        """Understand one question, against the entry last discussed where there is one."""
        if not self.material.entries:
            return Understanding(question, Outcome.NOTHING, ())
        folded = fold(question)
        reading = self._reader.read(folded)
        door = self._doors.trouble(folded)
        if door is not None:
            return self._nothing(question, reading, door, "遇到难处的话：先给求助电话")
        if not bare(folded):
            return self._nothing(question, reading, None, "没有文字")
        known = self._known_words(question, reading)
        if known is not None:
            return known
        last = self._place.get(last_entry) if last_entry else None
        topic = self._without_paper(reading)
        if last is not None:
            followed = self._after(question, reading, topic, last)
            if followed is not None:
                return followed
        is_named = topic is not reading and topic.ours >= self._reader.limits()[0]
        found = self._alone(question, topic if is_named else self._calmed(reading))
        if found.outcome is Outcome.SURE and topic.ours < self._reader.limits()[0]:
            why = "只提到一样证件，没说办什么事"
            return self._answered(question, Outcome.UNSURE, reading, reading.order, why)
        return found

    def read(self, folded: str) -> Reading:
        """Ask every witness about a folded text."""
        return self._reader.read(folded)

    def likenesses(self, folded: str) -> Floats:
        """Give the likeness of a folded text to every known wording."""
        return self._reader.nearest.likenesses(*self._reader.encode(folded))

    def likenesses_of(self, reading: Reading) -> Floats:
        """Give the likeness of a text already read to every known wording."""
        return self._reader.nearest.likenesses(reading.row, reading.total)

    def telling_words(self, first: int, second: int, count: int) -> tuple[str, ...]:
        """List the words that tell one entry from another, by their places."""
        return self._reader.telling(first, second, count)

    def _known_words(self, question: str, reading: Reading) -> Understanding | None:
        """Decide by a wording known word for word."""
        corpus = self.corpus
        owner = self._exact.get(bare(reading.folded))
        if owner is None or owner == corpus.talk:
            return None
        if owner < corpus.entries:
            return self._sure(question, reading, owner, "与已有说法相同")
        if owner == corpus.outside:
            door = self._door(reading)
            return self._nothing(question, reading, door, "与已知的范围外问题相同")
        door = owner - corpus.entries
        return self._nothing(question, reading, door, "与指路牌的一句话相同")

    def _without_paper(self, reading: Reading) -> Reading:
        """Read the question without the paper it asks about: 结婚证要不要带 is not of marriage."""
        _, paper = about_of(reading.folded)
        if paper is None or paper not in language().papers:
            return reading
        return self._reader.read(reading.folded.replace(paper, " "))

    def _calmed(self, reading: Reading) -> Reading:
        """Read once more without the hard words, where with them it sounds like nothing of ours."""
        limit = self._reader.limits()[0]
        rest = without_anger(reading.folded) if reading.ours < limit else reading.folded
        if rest == reading.folded:
            return reading
        calm = self._reader.read(rest)
        return calm if calm.ours >= limit else reading

    def _after(
        self, question: str, reading: Reading, topic: Reading, last: int
    ) -> Understanding | None:
        """Understand against the entry last discussed; None where a new topic is named."""
        match turn_of(topic, last, self.corpus):
            case Turn.NEW:
                return None
            case Turn.SAME:
                two = two_topics(self._reader, topic)
                if two:
                    return self._several(question, reading, two)
                made = self._sure(question, reading, last, "说的还是上一个事项")
            case Turn.FOLLOWS:
                made = self._sure(question, reading, last, "没有新的话题，接着上一个事项")
        return replace(made, followed=True)

    def _alone(self, question: str, reading: Reading) -> Understanding:
        ours_limit, right_limit = self._reader.limits()
        near = self._near_exact(reading)
        if near is not None:
            return self._sure(question, reading, near, "与已有说法几乎一样")
        if reading.ours < ours_limit:
            return self._nothing(question, reading, self._door(reading), "不像任何一个事项")
        two = two_topics(self._reader, reading)
        told = self._without_situation(reading, two) if two else None
        if told is not None:
            two, reading = (), told
        if two:
            return self._several(question, reading, two)
        clear = float(reading.shares[reading.order[0]]) >= CLEAR_SHARE
        if reading.right >= right_limit and clear:
            return self._sure(question, reading, reading.order[0], "把握足够")
        return self._answered(question, Outcome.UNSURE, reading, reading.order, "把握不够，先问清")

    def _without_situation(self, reading: Reading, two: tuple[int, ...]) -> Reading | None:
        """Read a question without the clauses that only state one topic's situation.

        个体户 in 想开个小饭馆，四十平，个体户 answers a question of the restaurant and is no second
        topic. None where two topics remain without such words.
        """
        clauses = [clause for clause in CLAUSE_ENDS.split(reading.folded) if clause]
        for at in two:
            words = {
                fold(word)
                for question in self.material.entries[at].questions
                for option in question.options
                for word in option.words
            }
            rest = [clause for clause in clauses if clause not in words]
            if rest and len(rest) < len(clauses):
                alone = self._reader.read(",".join(rest))
                if alone.order[0] == at and not two_topics(self._reader, alone):
                    return alone
        return None

    def _near_exact(self, reading: Reading) -> int | None:
        """Trust a wording that differs by a slip only, where the ranker agrees."""
        if not reading.neighbours or len(reading.folded) < SHORTEST_NEAR_EXACT:
            return None
        best = reading.neighbours[0]
        known = self.corpus.wordings[best.wording].folded
        if best.of_class != reading.order[0]:
            return None
        return best.of_class if fuzz.ratio(reading.folded, known) >= NEAR_EXACT else None

    def _door(self, reading: Reading) -> int | None:
        """Choose the signpost nearest to a question that is not ours."""
        corpus, doors = self.corpus, len(self.material.doors)
        if not doors or float(reading.belief[-2]) > TALK_BELIEF:
            return None
        near = reading.nearest[corpus.entries : corpus.entries + doors]
        fits = self._reader.doors(reading) + near
        trouble = list(self._doors.of_trouble())
        if trouble and self._is_worrying(reading, trouble):
            return trouble[int(fits[trouble].argmax())]
        # A grave door that is not nearer than our own entries would only frighten.
        near_ours = float(reading.nearest[: corpus.entries].max())
        is_harmless = self._doors.is_business(reading.folded)
        fits[[at for at in trouble if is_harmless or near[at] <= near_ours]] = 0.0
        best = int(fits.argmax())
        return best if float(fits[best]) > DOOR_LIMIT else None

    def _is_worrying(self, reading: Reading, trouble: list[int]) -> bool:
        """Tell whether a question that no pattern caught still sounds like somebody in danger."""
        corpus = self.corpus
        behind = corpus.entries - corpus.ranked[corpus.entries]
        kinds = {behind + corpus.ranked[corpus.entries + at] for at in trouble}
        belief = float(reading.belief[list(kinds)].sum())
        near = float(reading.nearest[corpus.entries :][trouble].max())
        near_ours = float(reading.nearest[: corpus.entries].max())
        if self._doors.is_business(reading.folded):
            return False
        if not self.is_trained:
            return near > UNTRAINED_WORRY and near > near_ours
        return belief > TROUBLE_BELIEF and (reading.ours < SURELY_NOT_OURS or near > 2 * near_ours)

    def _sure(self, question: str, reading: Reading, entry: int, why: str) -> Understanding:
        order = (entry, *(at for at in reading.order if at != entry))
        return self._answered(question, Outcome.SURE, reading, order, why)

    def _several(self, question: str, reading: Reading, two: tuple[int, ...]) -> Understanding:
        order = (*two, *(at for at in reading.order if at not in two))
        return self._answered(question, Outcome.SEVERAL, reading, order, "一句话里有两件事")

    def _nothing(
        self, question: str, reading: Reading, door: int | None, why: str
    ) -> Understanding:
        made = self._answered(question, Outcome.NOTHING, reading, reading.order, why)
        name = self.material.doors[door].id if door is not None else None
        return replace(made, door=name, answers={})

    def _answered(
        self, question: str, outcome: Outcome, reading: Reading, order: tuple[int, ...], why: str
    ) -> Understanding:
        folded = fold(question)  # the reading may have left a paper out
        about, subject = about_of(folded)
        questions = self.material.entries[order[0]].questions if order else ()
        return Understanding(
            question=question,
            outcome=outcome,
            candidates=self._candidates(reading, order),
            about=about,
            subject=subject,
            answers=answers_in(chinese(folded), questions),
            explain=(why, *self._reasons(reading, order)),
        )

    def _candidates(self, reading: Reading, order: tuple[int, ...]) -> tuple[Candidate, ...]:
        """Score candidates so that the order shown and the scores agree."""
        scores = [float(reading.shares[at]) * max(reading.ours, 0.01) for at in order]
        for at in range(len(scores) - 2, -1, -1):
            scores[at] = max(scores[at], scores[at + 1])
        entries = self.material.entries
        return tuple(
            Candidate(entries[at].id, entries[at].name, round(score, 4))
            for at, score in zip(order, scores, strict=True)
        )

    def _reasons(self, reading: Reading, order: tuple[int, ...]) -> Iterator[str]:
        """Say what decided, in lines for an editor."""
        yield f"是本助手的事项：{reading.ours:.2f}；第一名正确：{reading.right:.2f}"
        for one in reading.neighbours[:2]:
            wording = self.corpus.wordings[one.wording]
            owner = self._class_name(one.of_class)
            yield f"最近的说法“{wording.text}”，属于{owner}，相似 {one.likeness:.2f}"
        for at in order[:1]:
            strongest = self._reader.strongest(reading, at, REASONS)
            named = "、".join(f"{name}{weight:+.1f}" for name, weight in strongest)
            yield f"支持{self.material.entries[at].name}的字和音：{named}"

    def _class_name(self, of_class: int) -> str:
        corpus = self.corpus
        if of_class < corpus.entries:
            return self.material.entries[of_class].name
        if of_class < corpus.talk:
            return f"指路牌“{self.material.doors[of_class - corpus.entries].name}”"
        return "追问" if of_class == corpus.talk else "范围外"


def _exact_owners(corpus: Corpus) -> Mapping[str, int]:
    """Map wordings to their one class; a wording of two classes decides nothing."""
    owners: dict[str, int] = {}
    for wording in corpus.wordings:
        key = bare(wording.folded)
        if key:
            same = owners.get(key, wording.of_class) == wording.of_class
            owners[key] = wording.of_class if same else -1
    return {key: owner for key, owner in owners.items() if owner >= 0}


def _forget_old(folder: Path) -> None:
    """Remove what older contents left behind; a few are kept, since edits are taken back."""
    kept = sorted(folder.glob("search-*.npz"), key=lambda one: one.stat().st_mtime, reverse=True)
    for old in kept[KEPT_FILES:]:
        old.unlink(missing_ok=True)


METHOD = 1
"""Raise it whenever training would come out differently for the same material; a test tells."""


def build_search(
    material: SearchMaterial, *, cache_dir: Path | None = None, shipped: Path | None = None
) -> Search:
    """Build a search that answers at once; call `train` to make it good, where it is not yet.

    Weights are found by their content, first in `shipped`, which is never written to, then in
    `cache_dir`.
    """
    corpus = lay_out(material)
    key = weights_key(material)
    places = [folder for folder in (shipped, cache_dir) if folder]
    kept = _first(load_index(folder / index_name(key)) for folder in places)
    if kept is None:
        kept = make_index(corpus)
        if cache_dir:
            save_index(*kept, cache_dir / index_name(key))
    trained = _first(training.load(folder / weights_name(key)) for folder in places)
    vocabulary, encoded = kept
    nearest = build_nearest(encoded, corpus, len(vocabulary))
    reader = Reader(corpus, vocabulary, tuple(vocabulary), nearest, trained)
    return Search(material, reader, cache_dir / weights_name(key) if cache_dir else None)


def weights_key(material: SearchMaterial) -> str:
    """Digest all that decides how training comes out."""
    return material.content_hash(f"{METHOD} {language().taught()}")


def weights_name(key: str) -> str:
    """Name the file of trained weights."""
    return f"search-{key}.npz"


def index_name(key: str) -> str:
    """Name the file of the index."""
    return f"search-{key}-index.npz"


def _first(found: Iterator[T | None]) -> T | None:
    return next((one for one in found if one is not None), None)
