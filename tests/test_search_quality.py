"""The shipped knowledge answers labelled questions it never saw; gates a little below the aim."""

import pytest

from benchmarks.understanding import (
    KNOWLEDGE,
    MULTI,
    OWN_QUESTIONS,
    Labelled,
    Scored,
    evaluate,
    is_outcome,
    read_labelled,
    share,
)
from knowledge.load import load_knowledge
from knowledge.search.engine import build_search
from knowledge.search.gather import SHIPPED_WEIGHTS, search_material
from knowledge.search.understanding import Outcome

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def scored() -> list[Scored]:
    base, _ = load_knowledge(KNOWLEDGE)
    assert base is not None
    known = {*base.entries, "out_of_scope"}

    def is_asked(row: Labelled) -> bool:
        return known.issuperset(row.expected)

    rows = [row for row in read_labelled(OWN_QUESTIONS) if is_asked(row)]
    search = build_search(search_material(base), shipped=SHIPPED_WEIGHTS)
    search.train()
    return evaluate(search, rows)


def test_the_right_entry_stands_first(scored: list[Scored]) -> None:
    single = [r for r in scored if not r.labelled.is_outside and r.labelled.kind != MULTI]

    assert share(single, lambda r: r.first).value >= 0.94
    assert share(single, lambda r: r.top_three).value >= 0.98


def test_sure_is_seldom_wrong(scored: list[Scored]) -> None:
    single = [r for r in scored if not r.labelled.is_outside and r.labelled.kind != MULTI]

    wrong = share(single, lambda r: is_outcome(r, Outcome.SURE) and not r.first)

    assert wrong.value <= 0.03


def test_what_is_not_ours_is_refused_and_the_rest_is_not(scored: list[Scored]) -> None:
    outside = [r for r in scored if r.labelled.is_outside]
    inside = [r for r in scored if not r.labelled.is_outside]

    assert share(outside, lambda r: is_outcome(r, Outcome.NOTHING)).value >= 0.91
    assert share(outside, lambda r: is_outcome(r, Outcome.SURE)).value <= 0.03
    assert share(inside, lambda r: not is_outcome(r, Outcome.NOTHING)).value >= 0.96


@pytest.mark.parametrize(("kind", "least"), [("followup", 0.88), ("switch", 0.91), (MULTI, 0.93)])
def test_conversations_are_followed(scored: list[Scored], kind: str, least: float) -> None:
    rows = [r for r in scored if r.labelled.kind == kind]

    good = share(rows, lambda r: r.top_three if kind == MULTI else r.first)

    assert good.value >= least


def test_two_things_are_told_from_one(scored: list[Scored]) -> None:
    two = [r for r in scored if r.labelled.kind == MULTI]
    one = [r for r in scored if not r.labelled.is_outside and r.labelled.kind != MULTI]

    assert share(two, lambda r: is_outcome(r, Outcome.SEVERAL)).value >= 0.68
    assert share(one, lambda r: is_outcome(r, Outcome.SEVERAL)).value <= 0.015
