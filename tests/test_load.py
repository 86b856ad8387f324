"""Reading the knowledge folder: every problem at once, each with its file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge.load import load_knowledge, read_folder
from knowledge.problems import Problem, Severity
from knowledge.schema import json_schema

LIBRARY_CARD = """\
# yaml-language-server: $schema=../schema.json
id: library_card
name: 读者证办理
short_name: 借书证
kind: item
summary: 带身份证到图书馆，当场办好。
aliases:
  - 办借书证
  - 想借书咋办证
review_on: 2027-05-22
questions:
  - id: agent
    ask: 本人来办吗？
    options:
      - {id: yes, label: 本人来}
      - {id: no, label: 别人代办}
materials:
  - id: id_card
    source: LIB
    name: 身份证
  - id: letter
    source: LIB
    name: 委托书
    when: {agent: [no]}
sources:
  - id: LIB
    title: 图书馆办证须知
    place: 开封市
    confidence: high
    published_on: 2024-05-01
    checked_on: 2026-11-22
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a knowledge folder with one good entry."""
    (tmp_path / "packages").mkdir()
    write_card(tmp_path)
    return tmp_path


def write_card(folder: Path, *changes: tuple[str, str]) -> None:
    """Write the library card's entry with some texts replaced."""
    text = LIBRARY_CARD
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    (folder / "packages" / "library_card.yaml").write_text(text, encoding="utf-8")


def problems_of(folder: Path) -> tuple[Problem, ...]:
    """Return the problems; with any of them an error there must be no base."""
    base, problems = load_knowledge(folder)
    assert (base is None) == any(p.severity is Severity.ERROR for p in problems)
    return problems


def test_a_good_folder_loads_without_problems(folder: Path) -> None:
    base, problems = load_knowledge(folder)

    assert problems == ()
    assert base is not None
    assert base.entries["library_card"].materials[1].when == {"agent": ("no",)}


def test_all_files_are_read(folder: Path) -> None:
    files = {
        "materials.yaml": "- {id: id_card, name: 身份证}",
        "departments.yaml": "- {id: library, name: 图书馆}",
        "places.yaml": "districts: [{id: gulou, name: 鼓楼区}]\nplaces: [{id: hall, name: 大厅}]",
        "notices.yaml": "- {id: n1, text: 停电, from_on: 2026-11-01, to_on: 2026-11-02}",
        "certificates.yaml": "- {id: card, name: 读者证, confidence: high}",
        "signposts.yaml": "- {id: police, kind: emergency, name: 报警, answer: 打110, phrases: []}",
        "sayings.yaml": "library_card: [我想看书]",
        "out_of_scope.yaml": "weather: [今天下雨吗, 冷不冷]\nsport: [谁赢了]",
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")

    base, problems = load_knowledge(folder)

    assert problems == ()
    assert base is not None
    assert [*base.materials, *base.departments, *base.places] == ["id_card", "library", "hall"]
    assert [base.districts[0].id, base.notices[0].id] == ["gulou", "n1"]
    assert [*base.certificates, *base.signposts] == ["card", "police"]
    assert base.sayings == {"library_card": ("我想看书",)}
    assert base.out_of_scope == ("今天下雨吗", "冷不冷", "谁赢了")


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("short_name: 借书证", "short_nam: 借书证", 4, "“short_name”"),
        ("    name: 委托书", "    name: 委托书\n    copeis: 1", 24, "“copies”"),
        ("kind: item", "kind: thing", 5, "package 或 item"),
        ("review_on: 2027-05-22", "review_on: 明年", 10, "日期"),
        ("    name: 身份证", "    name: 身份证\n    copies: 两份", 21, "整数"),
        ("    name: 身份证", "    name: 身份证\n    optional: 也许", 21, "true 或 false"),
        ("  - 办借书证", "  - 12345", 8, "加引号"),
        ("name: 读者证办理", 'name: ""', 3, "不能空着"),
        ("  - id: letter", "  - id: 委托书", 21, "小写英文字母"),
        ("    confidence: high\n", "", 26, "confidence"),
        ("when: {agent: [no]}", "when: [agent]", 24, "键: 值"),
        ("when: {agent: [no]}", "when: {agent: no}", 24, "列表"),
    ],
)
def test_a_wrong_field_is_explained_at_its_line(
    folder: Path, old: str, new: str, line: int, words: str
) -> None:
    write_card(folder, (old, new))

    problems = problems_of(folder)

    assert {(p.file, p.line) for p in problems} >= {("packages/library_card.yaml", line)}
    assert any(words in p.text for p in problems if p.line == line)
    assert not any("Input" in p.text or "should" in p.text for p in problems)


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("kind: item", "kind:\titem: x", 5, "冒号"),
        ("  - 办借书证", "\t- 办借书证", 8, "制表符"),
        ("name: 读者证办理", 'name: "读者证办理', 3, "引号"),
        ("kind: item", "kind: item\nkind: package", 6, "写了两次（上一次在第 5 行）"),
        ("kind: item", "kind: &k item\naudience: [*x]", 6, "加引号"),
        ("kind: item", "kind: !!python/name:os.system item", 5, "加引号"),
        ("aliases:", "? [a, b]\n: 1\naliases:", 7, "一个词"),
        ("name: 身份证", "name: \x01", 20, "控制字符"),
    ],
)
def test_broken_yaml_names_its_line(
    folder: Path, old: str, new: str, line: int, words: str
) -> None:
    write_card(folder, (old, new))

    problems = problems_of(folder)

    assert any(p.line == line and words in p.text for p in problems), problems


def test_a_file_that_refers_to_itself_is_refused(folder: Path) -> None:
    write_card(folder, ("aliases:\n", "editor_notes: &a [*a]\naliases:\n"))

    assert any("互相引用" in p.text for p in problems_of(folder))


def test_endless_brackets_are_refused(folder: Path) -> None:
    write_card(folder, ("kind: item", "kind: " + "[" * 5000))

    assert problems_of(folder)


def test_a_file_in_another_encoding_is_told_apart(folder: Path) -> None:
    path = folder / "packages" / "library_card.yaml"
    path.write_bytes(LIBRARY_CARD.encode("gb18030"))

    (problem,) = problems_of(folder)

    assert problem.line == 3
    assert "UTF-8" in problem.text


def test_a_byte_order_mark_does_no_harm(folder: Path) -> None:
    path = folder / "packages" / "library_card.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + LIBRARY_CARD.encode())

    assert problems_of(folder) == ()


def test_problems_of_all_files_are_told_at_once(folder: Path) -> None:
    write_card(folder, ("kind: item", "kind: thing"), ("short_name: 借书证\n", ""))
    (folder / "materials.yaml").write_text("- {id: id_card}\n- {id: x, name: 二, c: 1}\n")
    (folder / "departments.yaml").write_text("a: [")

    files = [problem.file for problem in problems_of(folder)]

    assert files.count("packages/library_card.yaml") == 2
    assert files.count("materials.yaml") == 2
    assert files.count("departments.yaml") == 1


def test_an_id_used_twice_in_a_list_is_an_error(folder: Path) -> None:
    (folder / "materials.yaml").write_text("- {id: a, name: 甲}\n- {id: a, name: 乙}\n")

    (problem,) = problems_of(folder)

    assert (problem.line, problem.severity) == (2, Severity.ERROR)


def test_an_entry_must_be_named_like_its_file(folder: Path) -> None:
    write_card(folder, ("id: library_card", "id: reader_card"))

    (problem,) = problems_of(folder)

    assert problem.line == 2
    assert "reader_card" in problem.text


def test_an_empty_file_is_an_error(folder: Path) -> None:
    (folder / "packages" / "empty.yaml").write_text("# nothing yet\n")

    (problem,) = problems_of(folder)

    assert problem.file == "packages/empty.yaml"


def test_a_missing_folder_and_a_folder_without_entries_are_errors(tmp_path: Path) -> None:
    assert problems_of(tmp_path / "nowhere")
    assert problems_of(tmp_path)


def test_misnamed_files_are_pointed_out(folder: Path) -> None:
    (folder / "material.yaml").write_text("[]")
    (folder / "packages" / "card.yml").write_text("{}")

    problems = problems_of(folder)

    assert [p.file for p in problems] == ["material.yaml", "packages/card.yml"]
    assert {p.severity for p in problems} == {Severity.WARNING}


def test_the_version_follows_contents_and_not_layout(folder: Path) -> None:
    first = read_folder(folder).readable.version
    write_card(folder, ("kind: item", "# a remark\nkind:   'item'"))
    laid_out = read_folder(folder).readable.version
    write_card(folder, ("name: 委托书", "name: 授权委托书"))
    changed = read_folder(folder).readable.version

    assert len(first) == 12
    assert laid_out == first
    assert changed != first


def test_a_cached_load_gives_the_same(folder: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"

    cold = load_knowledge(folder, cache_dir=cache)
    warm = load_knowledge(folder, cache_dir=cache)

    assert warm == cold
    assert len(list(cache.iterdir())) == 1


def test_the_cache_follows_edits_and_keeps_nothing_old(folder: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    load_knowledge(folder, cache_dir=cache)
    write_card(folder, ("name: 读者证办理", "name: 读者证换发"))

    base, _ = load_knowledge(folder, cache_dir=cache)

    assert base is not None
    assert base.entries["library_card"].name == "读者证换发"
    assert len(list(cache.iterdir())) == 1


def test_a_spoilt_cache_is_not_believed(folder: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cold = load_knowledge(folder, cache_dir=cache)
    (kept,) = cache.iterdir()
    kept.write_text(kept.read_text(encoding="utf-8").replace("委托书", "别的书"), encoding="utf-8")

    assert load_knowledge(folder, cache_dir=cache) == cold


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(
    folder: Path, tmp_path: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")

    base, problems = load_knowledge(folder, cache_dir=blocked / "cache")

    assert base is not None
    assert problems == ()


def test_every_field_of_the_json_schema_is_described_in_chinese() -> None:
    schema = json_schema()

    definitions = [schema, *schema["$defs"].values()]
    rules = [rule for each in definitions for rule in each.get("properties", {}).values()]
    words = [each["description"] for each in definitions] + [r["description"] for r in rules]
    bare = [text for text in words if not any("\u4e00" <= c <= "\u9fff" for c in text)]

    assert len(rules) > 100
    assert bare == []


def test_the_json_schema_refuses_unknown_keys() -> None:
    schema = json_schema()

    assert schema["additionalProperties"] is False
    assert schema["$defs"]["Material"]["additionalProperties"] is False
