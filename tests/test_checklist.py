"""The checklist engine: conditions, groups, the safe side, questions, tokens."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from knowledge.checklist import (
    UNCLEAR,
    Checklist,
    Group,
    Relief,
    Truth,
    checklist,
    count_paths,
    pack_answers,
    paths,
    questions_hash,
    truth,
    unpack_answers,
)
from knowledge.model import KnowledgeBase, ServicePackage

TODAY = date(2025, 1, 24)


def a_source(id_: str = "KF", place: str = "开封市", confidence: str = "high") -> dict[str, Any]:
    return {
        "id": id_,
        "title": f"{place}办事指南",
        "place": place,
        "confidence": confidence,
        "checked_on": "2025-01-01",
    }


def a_question(id_: str, *options: str, **more: Any) -> dict[str, Any]:
    return {
        "id": id_,
        "ask": f"{id_}？",
        "options": [{"id": o, "label": o} for o in (options or ("yes", "no"))],
        **more,
    }


def a_material(id_: str, **more: Any) -> dict[str, Any]:
    return {"id": id_, "name": id_, "source": "KF", **more}


def an_entry(**more: Any) -> ServicePackage:
    written = {
        "id": "thing",
        "name": "一件事",
        "short_name": "办事",
        "kind": "item",
        "summary": "办事。",
        "aliases": ["办事"],
        "review_on": "2027-01-01",
        "sources": [a_source(), a_source("HN", "湖南省"), a_source("LOW", "河南省", "low")],
        **more,
    }
    return ServicePackage.model_validate(written)


def listed(entry: ServicePackage, district: str | None = None, **answers: str) -> Checklist:
    base = KnowledgeBase(version="v", entries={entry.id: entry})
    return checklist(base, entry, answers, today=TODAY, district=district)


def group_of(entry: ServicePackage, id_: str, **answers: str) -> Group:
    return next(m.group for m in listed(entry, **answers).materials if m.id == id_)


def test_a_condition_is_open_until_its_question_is_answered() -> None:
    entry = an_entry(questions=[a_question("agent")])

    found = [truth(entry, {"agent": ("yes",)}, a) for a in ({}, {"agent": "yes"}, {"agent": "no"})]

    assert found == [Truth.OPEN, Truth.YES, Truth.NO]


def test_unclear_keeps_both_branches_open() -> None:
    entry = an_entry(
        questions=[a_question("agent")],
        materials=[
            a_material("letter", when={"agent": ["yes"]}),
            a_material("own", when={"agent": ["no"]}),
        ],
    )

    shown = listed(entry, agent=UNCLEAR).materials

    assert [(m.id, m.conditional) for m in shown] == [("letter", True), ("own", True)]
    assert all(m.because[0].unclear for m in shown)


def test_a_condition_on_a_question_that_is_not_asked_is_false() -> None:
    entry = an_entry(
        questions=[a_question("gate"), a_question("inner", when={"gate": ["yes"]})],
    )

    assert truth(entry, {"inner": ("yes",)}, {"gate": "no"}) is Truth.NO
    assert truth(entry, {"inner": ("yes",)}, {}) is Truth.OPEN


def test_an_and_of_conditions_is_false_as_soon_as_one_is() -> None:
    entry = an_entry(questions=[a_question("a"), a_question("b")])

    assert truth(entry, {"a": ("yes",), "b": ("yes",)}, {"b": "no"}) is Truth.NO


def test_an_any_of_group_counts_once_and_optional_papers_never() -> None:
    entry = an_entry(
        materials=[
            a_material("id", any_of="identity"),
            a_material("passport", any_of="identity"),
            a_material("photo", optional=True),
            a_material("form"),
        ]
    )

    assert listed(entry).count == 2


def test_what_only_another_place_demands_stands_apart_and_is_not_counted() -> None:
    entry = an_entry(materials=[a_material("form"), a_material("extra", source="HN")])

    shown = listed(entry)

    assert group_of(entry, "extra") is Group.ELSEWHERE
    assert (shown.count, shown.unconfirmed_count) == (1, 1)


def test_a_paper_confirmed_by_the_office_is_its_own_whatever_the_source() -> None:
    entry = an_entry(materials=[a_material("extra", source="HN", confirmed_by="market")])

    assert group_of(entry, "extra") is Group.REQUIRED


@pytest.mark.parametrize("source", ["HN", "LOW"])
def test_a_relief_not_trusted_here_is_withheld_and_the_paper_required(source: str) -> None:
    exempt = {"by": "shared_data", "how": "调取", "fallback": "带原件", "source": source}
    entry = an_entry(materials=[a_material("form", exempt=exempt)])

    (material,) = listed(entry).materials

    assert material.group is Group.REQUIRED
    assert material.withheld == (Relief.EXEMPT,)
    assert material.exempt is None


def test_a_deferral_without_a_number_of_days_is_not_granted() -> None:
    entry = an_entry(
        materials=[
            a_material("with", deferrable={"days": 5, "source": "KF"}),
            a_material("without", deferrable={"days": None, "source": "KF"}),
        ]
    )

    assert group_of(entry, "with") is Group.DEFERRABLE
    assert group_of(entry, "without") is Group.REQUIRED


def test_a_relief_for_some_waits_for_their_answer() -> None:
    declarable = {"source": "KF", "when": {"firm": ["yes"]}}
    entry = an_entry(
        questions=[a_question("firm")], materials=[a_material("form", declarable=declarable)]
    )

    assert group_of(entry, "form") is Group.REQUIRED
    assert group_of(entry, "form", firm="yes") is Group.DECLARABLE
    assert group_of(entry, "form", firm="no") is Group.REQUIRED


def test_facts_hold_from_their_first_to_their_last_day() -> None:
    entry = an_entry(
        materials=[
            a_material("past", valid_to="2025-01-23"),
            a_material("last_day", valid_to="2025-01-24"),
            a_material("first_day", valid_from="2025-01-24"),
            a_material("future", valid_from="2025-01-25"),
        ]
    )

    assert [m.id for m in listed(entry).materials] == ["last_day", "first_day"]


def test_a_districts_override_replaces_joins_and_removes() -> None:
    override = {
        "districts": ["兰考县"],
        "materials": [a_material("form", name="兰考的表"), a_material("own")],
        "without_materials": ["photo"],
    }
    entry = an_entry(
        materials=[a_material("form"), a_material("photo")],
        overrides=[override],
    )

    city = [m.name for m in listed(entry, "龙亭区").materials]
    lankao = [m.name for m in listed(entry, "兰考县").materials]

    assert (city, lankao) == (["form", "photo"], ["兰考的表", "own"])


def test_the_route_is_unknown_while_an_earlier_one_is_open() -> None:
    routes = [
        {"id": "online", "online": "full", "source": "KF", "when": {"gate": ["yes"]}},
        {"id": "window", "online": "window", "source": "KF"},
    ]
    entry = an_entry(questions=[a_question("gate")], routes=routes)

    chosen = [listed(entry, **a).route for a in ({}, {"gate": "yes"}, {"gate": "no"})]

    assert [route and route.id for route in chosen] == [None, "online", "window"]


def test_only_questions_that_still_change_this_list_stay_live() -> None:
    entry = an_entry(
        questions=[a_question("gate"), a_question("inner", when={"gate": ["yes"]})],
        materials=[
            a_material("a", when={"gate": ["yes"]}),
            a_material("b", when={"inner": ["yes"]}),
        ],
    )

    live = [[q.id for q in listed(entry, **a).live_questions] for a in ({}, {"gate": "no"})]

    assert live == [["gate", "inner"], []]


def test_every_reachable_path_is_enumerated() -> None:
    entry = an_entry(
        questions=[a_question("gate"), a_question("inner", when={"gate": ["yes"]})],
    )

    assert list(paths(entry)) == [
        {"gate": "yes", "inner": "yes"},
        {"gate": "yes", "inner": "no"},
        {"gate": "no"},
    ]
    assert count_paths(entry, 2) == 3


def test_answers_survive_packing() -> None:
    entry = an_entry(questions=[a_question("a"), a_question("b", "x", "y", "z"), a_question("c")])
    answers = {"a": "no", "b": UNCLEAR}

    packed = pack_answers(entry, answers)

    assert packed == "1z-"
    assert unpack_answers(entry, packed) == answers


@pytest.mark.parametrize("packed", ["", "1", "9-", "--é", "----", "Z-"])
def test_packed_answers_that_do_not_fit_are_refused(packed: str) -> None:
    entry = an_entry(questions=[a_question("a"), a_question("b")])

    assert unpack_answers(entry, packed) is None


def test_the_hash_follows_questions_and_options_in_order() -> None:
    one = an_entry(questions=[a_question("a"), a_question("b")])
    other = an_entry(questions=[a_question("b"), a_question("a")])

    assert questions_hash(one) != questions_hash(other)
    assert questions_hash(one) == questions_hash(an_entry(questions=one.questions))
