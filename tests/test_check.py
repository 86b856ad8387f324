"""Rules across entries: each says what is wrong, where, and keeps quiet when nothing is."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from knowledge.check import check_folder, check_knowledge
from knowledge.checks.wording import CATCH_ALL, IDENTITY_NUMBER, MOBILE_NUMBER, width
from knowledge.load import read_folder
from knowledge.problems import Problem, Severity

TODAY = date(2026, 11, 22)
FACT = {"source": "LIB"}


def a_material(material_id: str = "id_card", **changes: Any) -> dict[str, Any]:
    """Return a paper that everyone brings."""
    return {"id": material_id, "name": f"材料{material_id}", **FACT, **changes}


def a_question(question_id: str = "agent", **changes: Any) -> dict[str, Any]:
    """Return a question with the options self and other."""
    options = [{"id": "self", "label": "本人"}, {"id": "other", "label": "代办人"}]
    return {"id": question_id, "ask": "谁来办？", "options": options, **changes}


def an_entry(entry_id: str = "library_card", **changes: Any) -> dict[str, Any]:
    """Return an entry without a fault."""
    return {
        "id": entry_id,
        "name": f"{entry_id}办理",
        "short_name": entry_id[:20],
        "kind": "item",
        "summary": "带身份证来，当场办好。",
        "aliases": [f"{entry_id}说法{n}" for n in "甲乙丙丁戊己庚辛"],
        "review_on": "2027-05-22",
        "materials": [a_material()],
        "steps": [{"id": "apply", "text": "到窗口交材料。", **FACT}],
        "limits": [{"kind": "promised", "days": 3, **FACT}],
        "fees": [{"text": "不收费。", **FACT}],
        "locations": [{"text": "图书馆", **FACT}],
        "legal_basis": [{"title": "公共图书馆法"}],
        "sources": [
            {
                "id": "LIB",
                "title": "办证须知",
                "place": "开封市",
                "confidence": "high",
                "checked_on": "2026-11-22",
            }
        ],
        **changes,
    }


def problems_of(folder: Path, *entries: dict[str, Any], **files: Any) -> tuple[Problem, ...]:
    """Write entries and other files and return what the checker says about them."""
    (folder / "packages").mkdir(exist_ok=True)
    for entry in entries:
        text = yaml.safe_dump(entry, allow_unicode=True, sort_keys=False)
        (folder / "packages" / f"{entry['id']}.yaml").write_text(text, encoding="utf-8")
    for name, contents in files.items():
        text = yaml.safe_dump(contents, allow_unicode=True, sort_keys=False)
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    base, problems = check_folder(folder, today=TODAY)
    assert (base is None) == any(p.severity is Severity.ERROR for p in problems)
    return problems


def the_problem(folder: Path, *entries: dict[str, Any], **files: Any) -> Problem:
    """Return the only problem there is."""
    problems = problems_of(folder, *entries, **files)
    assert len(problems) == 1, problems
    return problems[0]


def line_of(folder: Path, problem: Problem) -> str:
    """Return the text of the line that a problem names."""
    assert problem.line is not None
    return (folder / problem.file).read_text(encoding="utf-8").splitlines()[problem.line - 1]


def test_a_faultless_entry_has_no_problems(tmp_path: Path) -> None:
    assert problems_of(tmp_path, an_entry()) == ()


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"materials": [a_material(source="NOBODY")]}, "NOBODY"),
        ({"materials": [a_material(serves=["nothing"])]}, "nothing"),
        ({"materials": [a_material(name=None, shared="ghost_paper")]}, "ghost_paper"),
        ({"owner": "ghost_office"}, "ghost_office"),
        ({"items": [{"id": "a", "name": "甲", "department": "ghost", **FACT}]}, "ghost"),
        ({"limits": [{"kind": "promised", "days": 1, "item": "none", **FACT}]}, "none"),
        ({"fees": [{"text": "十元", "item": "none", **FACT}]}, "none"),
        ({"routes": [{"id": "r", "papers_after": ["none"], **FACT}]}, "none"),
        ({"locations": [{"place": "ghost_hall", **FACT}]}, "ghost_hall"),
        ({"materials": [a_material(districts=["火星区"])]}, "火星区"),
        ({"renews": ["ghost_permit"]}, "ghost_permit"),
        ({"legal_basis": [{"title": "法", "source": "NOBODY"}]}, "NOBODY"),
        ({"overrides": [{"districts": ["火星区"]}]}, "火星区"),
        (
            {
                "materials": [
                    a_material(
                        exempt={
                            "by": "e_certificate",
                            "how": "亮码",
                            "fallback": "带原件",
                            "after_step": "later",
                            **FACT,
                        }
                    )
                ]
            },
            "later",
        ),
    ],
)
def test_a_reference_to_nothing_is_an_error_at_its_line(
    tmp_path: Path, changes: dict[str, Any], name: str
) -> None:
    problem = the_problem(tmp_path, an_entry(**changes))

    assert problem.severity is Severity.ERROR
    assert name in line_of(tmp_path, problem)


def test_what_a_broken_file_would_define_is_not_called_unknown(tmp_path: Path) -> None:
    entry = an_entry(owner="library", materials=[a_material(shared="id_card")])
    (tmp_path / "departments.yaml").write_text("a: [")
    (tmp_path / "materials.yaml").write_text("a: [")

    problems = problems_of(tmp_path, entry)

    assert {p.file for p in problems} == {"departments.yaml", "materials.yaml"}


@pytest.mark.parametrize(
    ("when", "wrong"),
    [({"agnet": ["other"]}, "agnet"), ({"agent": ["othr"]}, "othr"), ({"agent": []}, "agent")],
)
def test_a_condition_on_nothing_is_an_error_at_its_line(
    tmp_path: Path, when: dict[str, list[str]], wrong: str
) -> None:
    letter = a_material("letter", when=when)

    problem = the_problem(
        tmp_path, an_entry(questions=[a_question()], materials=[a_material(), letter])
    )

    assert problem.severity is Severity.ERROR
    assert wrong in line_of(tmp_path, problem)


def test_a_wrong_option_is_met_with_a_guess(tmp_path: Path) -> None:
    letter = a_material("letter", when={"agent": ["othr"]})

    problem = problems_of(tmp_path, an_entry(questions=[a_question()], materials=[letter]))[0]

    assert "“other”" in problem.text
    assert "othr" in line_of(tmp_path, problem)


def test_conditions_in_overrides_are_checked_too(tmp_path: Path) -> None:
    override = {"districts": ["鼓楼区"], "notes": [{"text": "停办", "when": {"q": ["x"]}, **FACT}]}
    places = {"districts": [{"id": "gulou", "name": "鼓楼区"}]}

    problem = the_problem(tmp_path, an_entry(overrides=[override]), places=places)

    assert "“q”" in problem.text


def test_a_condition_looks_only_at_earlier_questions(tmp_path: Path) -> None:
    questions = [a_question("a", when={"b": ["self"]}), a_question("b", when={"a": ["self"]})]

    problem = the_problem(tmp_path, an_entry(questions=questions))

    assert "前面" in problem.text


def test_a_question_that_changes_nothing_is_an_error(tmp_path: Path) -> None:
    letter = a_material("letter", when={"agent": ["self", "other"]})

    problem = the_problem(
        tmp_path, an_entry(questions=[a_question()], materials=[a_material(), letter])
    )

    assert "不改变结果" in problem.text


def test_a_question_that_only_opens_an_idle_question_is_idle(tmp_path: Path) -> None:
    questions = [a_question("a"), a_question("b", when={"a": ["self"]})]

    problems = problems_of(tmp_path, an_entry(questions=questions))

    assert len(problems) == 2


def test_a_question_that_changes_only_a_relief_is_useful(tmp_path: Path) -> None:
    relief = {"days": 5, "when": {"agent": ["self"]}, **FACT}
    materials = [a_material(deferrable=relief)]

    assert problems_of(tmp_path, an_entry(questions=[a_question()], materials=materials)) == ()


def test_a_condition_that_never_holds_is_an_error(tmp_path: Path) -> None:
    questions = [a_question("a"), a_question("b", when={"a": ["self"]})]
    useful = a_material("useful", when={"b": ["self"]})
    dead = a_material("dead", when={"a": ["other"], "b": ["self"]})
    entry = an_entry(questions=questions, materials=[a_material(), useful, dead])

    problem = the_problem(tmp_path, entry)

    assert "永远不成立" in problem.text


def test_a_question_that_is_never_asked_is_an_error(tmp_path: Path) -> None:
    questions = [
        a_question("a"),
        a_question("b", when={"a": ["self"]}),
        a_question("c", when={"a": ["other"], "b": ["self"]}),
    ]
    useful = a_material("useful", when={"c": ["self"]})

    problems = problems_of(
        tmp_path, an_entry(questions=questions, materials=[a_material(), useful])
    )

    assert any("永远问不到" in p.text for p in problems)


def test_a_situation_without_materials_is_told_in_the_persons_words(tmp_path: Path) -> None:
    letter = a_material("letter", when={"agent": ["other"]})

    problem = the_problem(tmp_path, an_entry(questions=[a_question()], materials=[letter]))

    assert problem.severity is Severity.WARNING
    assert "选“本人”时" in problem.text


def test_situations_hidden_behind_a_condition_are_enumerated(tmp_path: Path) -> None:
    questions = [a_question("a"), a_question("b", when={"a": ["other"]})]
    materials = [
        a_material("x", when={"a": ["self"]}),
        a_material("y", when={"b": ["self"]}),
    ]

    problem = the_problem(tmp_path, an_entry(questions=questions, materials=materials))

    assert "选“代办人，代办人”时" in problem.text


@pytest.mark.parametrize(("questions", "expected"), [(12, 0), (13, 1)])
def test_more_than_5000_paths_are_reported(tmp_path: Path, questions: int, expected: int) -> None:
    names = [f"q{n}" for n in range(questions)]
    materials = [a_material(), *(a_material(f"m{n}", when={n: ["self"]}) for n in names)]

    problems = problems_of(
        tmp_path, an_entry(questions=[a_question(n) for n in names], materials=materials)
    )

    assert len(problems) == expected
    assert all("5000" in p.text for p in problems)


def test_more_than_5000_paths_through_questions_that_open_each_other_end(tmp_path: Path) -> None:
    names = [f"q{n}" for n in range(20)]
    chain = [a_question(names[0])]
    chain += [
        a_question(name, when={before: ["self", "other"]}) for before, name in pairwise(names)
    ]
    materials = [a_material(), *(a_material(f"m{n}", when={n: ["self"]}) for n in names)]

    problem = the_problem(tmp_path, an_entry(questions=chain, materials=materials))

    assert "5000" in problem.text


def test_at_most_two_questions_come_first(tmp_path: Path) -> None:
    names = ["a", "b", "c"]
    questions = [a_question(name, first=True) for name in names]
    materials = [a_material(), *(a_material(f"m{n}", when={n: ["self"]}) for n in names)]

    problem = the_problem(tmp_path, an_entry(questions=questions, materials=materials))

    assert "先问" in problem.text


def test_an_alias_in_two_entries_names_both_lines(tmp_path: Path) -> None:
    twice = an_entry()["aliases"][:7]
    first = an_entry("card_a", aliases=[*(f"a{t}" for t in twice), "办卡，要啥？"])
    second = an_entry("card_b", aliases=["辦卡要啥", *(f"b{t}" for t in twice)])

    problem = the_problem(tmp_path, first, second)

    assert problem.file == "packages/card_b.yaml"
    assert "辦卡要啥" in line_of(tmp_path, problem)
    assert "packages/card_a.yaml 第 14 行" in problem.text


def test_the_same_alias_twice_in_one_entry_is_an_error(tmp_path: Path) -> None:
    aliases = [*an_entry()["aliases"], "Ｃard", "card "]

    problem = the_problem(tmp_path, an_entry(aliases=aliases))

    assert "写了两次" in problem.text


@pytest.mark.parametrize("golden", ["library_card说法甲？", "other_card说法甲"])
def test_a_golden_question_must_not_be_an_alias(tmp_path: Path, golden: str) -> None:
    problem = the_problem(tmp_path, an_entry(golden=[golden]), an_entry("other_card"))

    assert problem.text.startswith("考题")


def test_a_signpost_that_claims_an_alias_is_pointed_out(tmp_path: Path) -> None:
    signpost = {
        "id": "desk",
        "kind": "counter",
        "name": "前台",
        "answer": "请到前台",
        "phrases": ["library_card说法甲"],
    }

    problem = the_problem(tmp_path, an_entry(), signposts=[signpost])

    assert (problem.file, problem.severity) == ("signposts.yaml", Severity.WARNING)


@pytest.mark.parametrize(
    "text",
    ["其他材料", "其它有关材料", "相关证明材料", "户口簿等材料", "有关材料", "其他所需材料"],
)
def test_catch_alls_are_found(text: str) -> None:
    assert CATCH_ALL.search(text)


@pytest.mark.parametrize(
    "text", ["高等材料学", "材料费", "申请材料目录", "其他人的材料", "等三份材料"]
)
def test_honest_words_are_no_catch_alls(text: str) -> None:
    assert CATCH_ALL.search(text) is None


def test_a_catch_all_in_a_material_or_condition_is_an_error(tmp_path: Path) -> None:
    entry = an_entry(
        materials=[a_material(note="以及其他材料")],
        conditions=[{"text": "提交相关材料", **FACT}],
        traps=[{"text": "窗口不能要其他材料", **FACT}],
    )

    problems = problems_of(tmp_path, entry)

    assert [line_of(tmp_path, p).strip() for p in problems] == [
        "note: 以及其他材料",
        "- text: 提交相关材料",
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("41020219900101123X", True),
        ("请看410202199001011234号", True),
        ("410202199013011234", False),
        ("1410202199001011234", False),
    ],
)
def test_identity_numbers_are_found(text: str, found: bool) -> None:
    assert bool(IDENTITY_NUMBER.search(text)) is found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("13800138000", True),
        ("电话138-0013-8000", True),
        ("0371-13800138", False),
        ("037113800138000", False),
        ("12345", False),
    ],
)
def test_mobile_numbers_are_found(text: str, found: bool) -> None:
    assert bool(MOBILE_NUMBER.search(text)) is found


def test_personal_data_is_an_error_in_texts_and_a_warning_in_phones(tmp_path: Path) -> None:
    entry = an_entry(
        editor_notes=["问过张某 13800138000"],
        hotlines=["13800138001"],
    )

    problems = problems_of(tmp_path, entry)

    assert [p.severity for p in problems] == [Severity.ERROR, Severity.WARNING]


@pytest.mark.parametrize(
    ("review_on", "expires_on", "colour"),
    [
        ("2026-11-23", "2026-12-01", ""),
        ("2026-11-22", "2026-12-01", "黄"),
        ("2026-10-01", "2026-11-22", "黄"),
        ("2026-10-01", "2026-11-21", "红"),
    ],
)
def test_dates_past_are_yellow_or_red(
    tmp_path: Path, review_on: str, expires_on: str, colour: str
) -> None:
    problems = problems_of(tmp_path, an_entry(review_on=review_on, expires_on=expires_on))

    assert [p.text[0] for p in problems] == list(colour)
    assert all(p.severity is Severity.WARNING for p in problems)


def test_an_entry_that_expires_before_its_review_is_an_error(tmp_path: Path) -> None:
    problem = the_problem(tmp_path, an_entry(expires_on="2027-05-21"))

    assert problem.severity is Severity.ERROR


def test_confirmed_facts_must_know_their_numbers(tmp_path: Path) -> None:
    confirmed = {"confirmed_by": "图书馆", **FACT}
    entry = an_entry(
        materials=[
            a_material(
                confirmed_by="图书馆", hand_in="copy", deferrable={"late": "退回", **confirmed}
            ),
            a_material("form", confirmed_by="图书馆", hand_in="copy", copies=0),
            a_material("scan", confirmed_by="图书馆", hand_in="upload"),
        ],
        limits=[{"kind": "promised", **confirmed}],
    )

    problems = problems_of(tmp_path, entry)

    assert [("copies" in p.text, "days" in p.text) for p in problems] == [
        (True, False),
        (False, True),
        (False, True),
    ]


def test_gaps_in_a_guide_are_one_warning(tmp_path: Path) -> None:
    problem = the_problem(tmp_path, an_entry(fees=[], legal_basis=[]))

    assert problem.severity is Severity.WARNING
    assert "法律依据、收费" in problem.text


def test_an_any_of_group_has_more_than_one_member(tmp_path: Path) -> None:
    problem = the_problem(tmp_path, an_entry(materials=[a_material(any_of="proof")]))

    assert "proof" in line_of(tmp_path, problem)


def test_an_id_used_twice_inside_an_entry_is_an_error(tmp_path: Path) -> None:
    twice = [a_material(), a_material(name="另一份")]

    problem = the_problem(tmp_path, an_entry(materials=twice))

    assert "用了两次" in problem.text


def test_the_same_paper_twice_is_pointed_out(tmp_path: Path) -> None:
    twice = [a_material(), a_material("again", name="材料id_card")]

    problem = the_problem(tmp_path, an_entry(materials=twice))

    assert problem.severity is Severity.WARNING


def test_a_material_needs_a_name(tmp_path: Path) -> None:
    problem = the_problem(tmp_path, an_entry(materials=[a_material(name=None)]))

    assert "没有名称" in problem.text


def test_texts_too_long_for_a_button_are_errors(tmp_path: Path) -> None:
    question = a_question()
    question["options"][0]["label"] = "一" * 15
    letter = a_material("letter", when={"agent": ["other"]})
    entry = an_entry(short_name="一" * 11, questions=[question], materials=[a_material(), letter])

    problems = problems_of(tmp_path, entry)

    assert len(problems) == 2
    assert line_of(tmp_path, problems[1]).strip().startswith("label")


def test_width_counts_two_half_width_characters_as_one() -> None:
    assert [width("60㎡以下"), width("一二三"), width("abc"), width("")] == [4, 3, 2, 0]


def test_too_few_aliases_are_a_warning(tmp_path: Path) -> None:
    problem = the_problem(tmp_path, an_entry(aliases=["借书"]))

    assert problem.severity is Severity.WARNING


def test_tokens_must_fit_a_button(tmp_path: Path) -> None:
    names = [f"q{n}" for n in range(20)]
    questions = [a_question("q0")]
    questions += [a_question(n, when={"q0": ["self"]}) for n in names[1:]]
    materials = [a_material(), *(a_material(f"m{n}", when={n: ["self"]}) for n in names)]
    entry = an_entry("a" * 32, short_name="长", questions=questions, materials=materials)

    problems = problems_of(tmp_path, entry)

    assert any("64 字节" in p.text for p in problems)


def test_files_beside_the_entries_are_checked(tmp_path: Path) -> None:
    problems = problems_of(
        tmp_path,
        an_entry(),
        places={"places": [{"id": "hall", "name": "大厅", "district": "火星区"}]},
        notices=[
            {
                "id": "n",
                "text": "停电",
                "place": "halls",
                "from_on": "2026-12-02",
                "to_on": "2026-12-01",
            }
        ],
        certificates=[
            {"id": "card", "name": "读者证", "confidence": "high", "renewal_entry": "libary_card"}
        ],
        materials=[{"id": "id_card", "name": "身份证等材料"}],
        sayings={"nobody": ["你好"]},
    )

    assert [p.file for p in problems] == [
        "certificates.yaml",
        "materials.yaml",
        "notices.yaml",
        "notices.yaml",
        "places.yaml",
        "sayings.yaml",
    ]
    assert "“library_card”" in problems[0].text


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ({}, "先问的“matter”"),
        ({"mater": "renew"}, "没有问题“mater”"),
        ({"matter": "renewal"}, "没有选项“renewal”"),
        ({"matter": "renew"}, None),
    ],
)
def test_a_renewals_button_must_open_a_list(
    tmp_path: Path, answers: dict[str, str], says: str | None
) -> None:
    options = [{"id": "new", "label": "头一回办"}, {"id": "renew", "label": "去续"}]
    matter = a_question("matter", options=options, first=True)
    materials = [a_material(), a_material("old", when={"matter": ["renew"]})]
    entry = an_entry(questions=[matter], materials=materials)
    kind = {"id": "card", "name": "读者证", "confidence": "high"}
    kind |= {"renewal_entry": "library_card", "renewal_answers": answers}

    problems = problems_of(tmp_path, entry, certificates=[kind])

    about = [problem.text for problem in problems if problem.file == "certificates.yaml"]
    assert [says in text for text in about if says] == [True] * bool(says)
    assert bool(about) == bool(says)


def test_what_cannot_be_renewed_has_no_days_of_renewal(tmp_path: Path) -> None:
    closes = {"value": 30, "unit": "calendar_day"}
    kind = {"id": "card", "name": "读者证", "confidence": "high", "renewable": False}

    good = problems_of(tmp_path, an_entry(), certificates=[kind])
    bad = problems_of(tmp_path, an_entry(), certificates=[{**kind, "closes": closes}])

    assert [p.text for p in good if p.file == "certificates.yaml"] == []
    assert [p.text for p in bad if p.file == "certificates.yaml"] == [
        "写了不能延续（renewable: false），就不写 opens、closes、renewal_entry"
    ]


def test_a_notice_that_is_over_may_go(tmp_path: Path) -> None:
    notice = {"id": "n", "text": "停电", "from_on": "2026-11-01", "to_on": "2026-11-21"}

    assert "已结束" in the_problem(tmp_path, an_entry(), notices=[notice]).text


def test_a_base_without_files_is_checked_without_lines(tmp_path: Path) -> None:
    problems_of(tmp_path, an_entry(owner="nobody"))
    base = read_folder(tmp_path).readable

    (problem,) = check_knowledge(base, today=TODAY)

    assert problem.line is None
