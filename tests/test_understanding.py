"""The shipped weights, the golden questions, and labelled questions about doors and parts."""

import csv
import hashlib
import random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.understanding import evaluate as ask_all
from benchmarks.understanding import is_outcome, read_labelled, share
from knowledge.load import load_knowledge
from knowledge.model import KnowledgeBase
from knowledge.normalise import fold
from knowledge.search import augment
from knowledge.search.about import about_of
from knowledge.search.engine import METHOD, Search, build_search, weights_key, weights_name
from knowledge.search.features import features
from knowledge.search.gather import SHIPPED_WEIGHTS, search_material
from knowledge.search.golden import golden_problems, wording_warnings
from knowledge.search.judge import EVIDENCE
from knowledge.search.temper import without_anger
from knowledge.search.training import FULL, TRIAL
from knowledge.search.understanding import Outcome
from knowledge.train import SHIPPED_KNOWLEDGE, write_weights
from tests.search_material import small_material

QUESTIONS = Path(__file__).parent / "questions"
METHOD_FINGERPRINT = "bbd46d8794f2532b"
GRAVE = ("crisis", "emergency")


def rows(name: str) -> list[dict[str, str]]:
    with (QUESTIONS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def base() -> KnowledgeBase:
    loaded, problems = load_knowledge(SHIPPED_KNOWLEDGE)
    assert loaded is not None, problems
    return loaded


@pytest.fixture(scope="module")
def search(base: KnowledgeBase, tmp_path_factory: pytest.TempPathFactory) -> Search:
    built = build_search(
        search_material(base),
        cache_dir=tmp_path_factory.mktemp("search"),
        shipped=SHIPPED_WEIGHTS,
    )
    built.train()
    return built


@pytest.mark.slow
def test_the_shipped_weights_are_those_of_the_shipped_knowledge(base: KnowledgeBase) -> None:
    """Run `make weights` where this fails."""
    built = build_search(search_material(base), shipped=SHIPPED_WEIGHTS)
    files = sorted(SHIPPED_WEIGHTS.glob("*.npz"))

    assert built.is_trained
    assert len(files) == 2
    assert sum(file.stat().st_size for file in files) <= 3 * 2**20


def test_training_is_as_the_method_number_says() -> None:
    """Raise METHOD in engine.py, put the new fingerprint here, and run `make weights`."""
    texts = ("公司想改个名字", "不是注销,是变更", "tuixiu dengji", "护熙丢了", "３６００块補貼")
    chance = random.Random(1)
    # Concepts are left out: the word lists they come from are part of the key themselves.
    shown = [sorted(n for n in features(fold(text)) if "#" not in n) for text in texts]
    changed = [
        change(text, chance)
        for text in texts
        for change in (augment.mishear, augment.misread, augment.slip)
    ]
    content = repr((METHOD, shown, changed, FULL, TRIAL, EVIDENCE))

    assert hashlib.sha256(content.encode()).hexdigest()[:16] == METHOD_FINGERPRINT


def test_weights_written_are_found_again_without_training(tmp_path: Path) -> None:
    material = small_material()
    trained = build_search(material, cache_dir=tmp_path)
    trained.train()

    again = build_search(material, shipped=tmp_path)

    assert again.is_trained
    for question in ("护照丢了要补办", "娃上户口", "今天天气怎么样"):
        assert again.understand(question) == trained.understand(question)


def test_shipped_weights_are_never_written_to(tmp_path: Path) -> None:
    build_search(small_material(), shipped=tmp_path).train()

    assert list(tmp_path.iterdir()) == []


def test_a_situation_question_changes_no_weights() -> None:
    material = small_material()
    bare = replace(
        material, entries=tuple(replace(entry, questions=()) for entry in material.entries)
    )

    assert weights_key(bare) == weights_key(material)


def test_another_alias_needs_other_weights() -> None:
    material = small_material()
    first, *others = material.entries
    changed = replace(first, aliases=(*first.aliases, "新说法"))

    assert weights_key(replace(material, entries=(changed, *others))) != weights_key(material)


@pytest.mark.slow
def test_old_weights_are_cleared_away(tmp_path: Path) -> None:
    old = tmp_path / weights_name("0" * 16)
    old.write_bytes(b"old")

    written = write_weights(SHIPPED_KNOWLEDGE, tmp_path)

    assert sorted(tmp_path.iterdir()) == sorted(written)


def test_every_golden_question_is_understood(base: KnowledgeBase, search: Search) -> None:
    assert [str(one) for one in golden_problems(base, search, SHIPPED_KNOWLEDGE)] == []


def test_a_golden_question_that_is_lost_is_named(base: KnowledgeBase, search: Search) -> None:
    passport = base.entries["passport"].model_copy(update={"golden": ("公司不干了怎么注销",)})
    changed = base.model_copy(update={"entries": {**base.entries, "passport": passport}})

    (problem,) = golden_problems(changed, search, SHIPPED_KNOWLEDGE)

    assert "公司不干了怎么注销" in problem.text
    assert base.entries["deregister"].short_name in problem.text


def test_an_untrained_search_is_not_held_to_golden_questions(base: KnowledgeBase) -> None:
    untrained = build_search(small_material())

    assert golden_problems(base, untrained, SHIPPED_KNOWLEDGE) == ()
    assert wording_warnings(base, untrained, SHIPPED_KNOWLEDGE) == ()


def test_warnings_name_the_file(base: KnowledgeBase, search: Search) -> None:
    for one in wording_warnings(base, search, SHIPPED_KNOWLEDGE):
        assert (SHIPPED_KNOWLEDGE / one.file).exists()


def door_shares(base: KnowledgeBase, search: Search) -> Mapping[str, float]:
    """Give the share of right doors by what is wanted: grave, human, other, or none."""
    kinds = {signpost.id: signpost.kind.value for signpost in base.signposts.values()}
    outcomes: dict[str, list[bool]] = {}
    for row in rows("doors.csv"):
        found = search.understand(row["question"])
        wanted = kinds.get(row["door"], "none")
        if row["door"]:
            is_right = found.door == row["door"]
        else:
            is_right = kinds.get(found.door or "") not in GRAVE
        kind = "grave" if wanted in GRAVE else wanted if wanted in ("human", "none") else "other"
        outcomes.setdefault(kind, []).append(is_right)
    return {kind: sum(right) / len(right) for kind, right in outcomes.items()}


def test_people_are_shown_the_right_door(base: KnowledgeBase, search: Search) -> None:
    shares = door_shares(base, search)

    assert shares["grave"] >= 0.97
    assert shares["human"] == 1
    assert shares["other"] >= 0.9
    assert shares["none"] >= 0.95


def test_the_part_asked_about_is_read() -> None:
    labelled = rows("about.csv")
    found = [about_of(fold(row["question"])) for row in labelled]
    right = [
        (about.value if about else "") == row["about"]
        for row, (about, _) in zip(labelled, found, strict=True)
    ]
    named = [
        subject == row["subject"]
        for row, (_, subject) in zip(labelled, found, strict=True)
        if row["subject"]
    ]

    assert len(labelled) >= 80
    assert sum(right) / len(right) >= 0.95
    assert sum(named) / len(named) >= 0.9


def test_two_things_are_told_from_one(base: KnowledgeBase, search: Search) -> None:
    two = ask_all(search, read_labelled(QUESTIONS / "several.csv"))
    one = [
        search.understand(question).outcome
        for entry in base.entries.values()
        for question in entry.golden
    ]

    assert share(two, lambda row: is_outcome(row, Outcome.SEVERAL)).value >= 0.5
    assert share(two, lambda row: row.top_three).value >= 0.85
    assert sum(outcome is Outcome.SEVERAL for outcome in one) / len(one) <= 0.015


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("什么破系统,办护照要带什么", "办护照要带什么"),
        ("妈的,退休到底要啥", "退休到底要啥"),
        ("破产清算要啥", "破产清算要啥"),
        ("你妈的", "你妈的"),
    ],
)
def test_what_was_asked_in_anger_is_kept(said: str, asked: str) -> None:
    assert without_anger(said) == asked


def test_anger_hides_no_golden_question(base: KnowledgeBase, search: Search) -> None:
    questions = [question for entry in base.entries.values() for question in entry.golden]
    heard = [search.understand(f"什么破系统，{one}").outcome for one in questions]

    assert sum(one is not Outcome.NOTHING for one in heard) / len(heard) >= 0.97
