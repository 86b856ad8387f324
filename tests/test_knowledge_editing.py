"""Writing YAML back: only what must change changes, comments and order stay, the checker rules."""

from __future__ import annotations

import io
import shutil
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from bot.settings import SHIPPED_KNOWLEDGE
from bot.views.diagram import diagram
from knowledge.check import check_folder
from knowledge.editing.cells import BadCell, Sort, read, read_days
from knowledge.editing.confirmation import TITLE, export_confirmation, read_confirmation
from knowledge.editing.edits import Act, Edit, from_json, to_json
from knowledge.editing.facts import Part, statements, tally
from knowledge.editing.plan import ChangedMeanwhileError, plan_edits, write_plan
from knowledge.editing.round_trip import Reading, export_sheets, read_sheets
from knowledge.editing.workbook import Spot, mark_cells
from knowledge.editing.yaml_edit import NotThereError, apply_edit
from knowledge.load import load_knowledge
from knowledge.model import KnowledgeBase, Unit

TODAY = date(2026, 11, 22)
ENTRY = """\
# 文件头的话
id: one
name: '引号里的名字'   # 行尾的话
aliases:
  - 第一种说法
  # 下面这条问得多
  - 第二种说法
# 材料之前的话
materials:
  - id: paper
    copies: 1    # 一份就够
    online:
  # 第二份之前的话
  - id: form
    when: {way: [a, b]}
    note: >
      折起来的
      一段话
"""


def edited(act: Act, *path: str | int, value: object = None, text: str = ENTRY) -> str:
    return apply_edit(text, Edit("one.yaml", act, tuple(path), value))  # type: ignore[arg-type]


def changed_lines(new: str, old: str = ENTRY) -> tuple[list[str], list[str]]:
    before, after = old.splitlines(), new.splitlines()
    return [x for x in before if x not in after], [x for x in after if x not in before]


class TestYaml:
    def test_a_number_changes_in_place_and_its_comment_stays(self) -> None:
        new = edited(Act.SET, "materials", "paper", "copies", value=3)

        assert changed_lines(new) == (
            ["    copies: 1    # 一份就够"],
            ["    copies: 3    # 一份就够"],
        )

    def test_a_new_key_stands_before_the_comment_of_the_next_piece(self) -> None:
        new = edited(Act.SET, "materials", "paper", "reason", value="核对: 身份")

        assert "    reason: '核对: 身份'\n  # 第二份之前的话\n  - id: form" in new
        assert changed_lines(new)[0] == []

    def test_an_empty_value_is_filled(self) -> None:
        assert "    online: window\n" in edited(
            Act.SET, "materials", "paper", "online", value="window"
        )

    def test_an_alias_joins_the_list_before_the_next_comment(self) -> None:
        new = edited(Act.ADD, "aliases", value="第三种说法")

        assert "  - 第二种说法\n  - 第三种说法\n# 材料之前的话\n" in new

    def test_what_is_there_is_not_added_again(self) -> None:
        assert edited(Act.ADD, "aliases", value="第二种说法") == ENTRY

    def test_taking_an_alias_away_keeps_the_comments(self) -> None:
        new = edited(Act.REMOVE, "aliases", "第一种说法")

        assert changed_lines(new) == (["  - 第一种说法"], [])

    def test_taking_a_piece_away_keeps_what_stands_before_the_next(self) -> None:
        new = edited(Act.REMOVE, "materials", "paper")

        assert "materials:\n  # 第二份之前的话\n  - id: form\n" in new

    def test_taking_away_what_is_gone_changes_nothing(self) -> None:
        assert edited(Act.REMOVE, "aliases", "没有的") == ENTRY

    def test_a_list_that_was_not_there_begins(self) -> None:
        new = edited(Act.ADD, "editor_notes", value="问过了")

        assert new == ENTRY + "editor_notes:\n  - 问过了\n"

    def test_brackets_go_through_the_round_trip(self) -> None:
        new = edited(Act.ADD, "materials", "form", "when", "way", value="c")

        assert "when: {way: [a, b, c]}" in new
        assert "# 一份就够" in new

    def test_a_piece_with_several_keys_is_added_as_a_block(self) -> None:
        piece = {"id": "third", "checked_on": "2026-11-22", "name": "12345"}

        new = edited(Act.ADD, "materials", value=piece)

        assert new.endswith("  - id: third\n    checked_on: 2026-11-22\n    name: '12345'\n")

    def test_windows_line_ends_stay(self) -> None:
        text = ENTRY.replace("\n", "\r\n")

        new = edited(Act.ADD, "aliases", value="第三种说法", text=text)

        assert new.replace("\r\n", "").count("\n") == 0

    def test_a_place_that_is_missing_is_named(self) -> None:
        with pytest.raises(NotThereError, match="materials/nosuch"):
            edited(Act.SET, "materials", "nosuch", "copies", value=1)

    def test_edits_survive_waiting_in_a_table(self) -> None:
        edits = (Edit("one.yaml", Act.SET, ("limits", 0, "days"), 5),)

        assert from_json(to_json(edits)) == edits

    def test_every_shipped_file_takes_an_edit_and_keeps_every_other_line(self) -> None:
        for path in SHIPPED_KNOWLEDGE.glob("packages/*.yaml"):
            text = path.read_text(encoding="utf-8")

            new = edited(Act.ADD, "aliases", value="一种新说法", text=text)

            assert new.replace("  - 一种新说法\n", "", 1) == text, path.name


class TestCells:
    @pytest.mark.parametrize(
        ("text", "days"),
        [
            ("5个工作日", (5, Unit.WORKING_DAY)),
            ("30 天", (30, Unit.CALENDAR_DAY)),
            ("3个月", (3, Unit.MONTH)),
            ("当场办", (0, Unit.WORKING_DAY)),
            ("7", (7, None)),
        ],
    )
    def test_days_are_read_as_people_write_them(
        self, text: str, days: tuple[int, Unit | None]
    ) -> None:
        assert read_days(text) == days

    @pytest.mark.parametrize(
        ("sort", "text"),
        [(Sort.WHOLE, "两份"), (Sort.HAND_IN, "都行"), (Sort.YES_NO, "也许"), (Sort.DAY, "明天")],
    )
    def test_a_bad_cell_says_what_to_write(self, sort: Sort, text: str) -> None:
        with pytest.raises(BadCell):
            read(sort, text)


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, KnowledgeBase]:
    """Return a copy of the shipped knowledge, a cache, and the base."""
    folder = tmp_path_factory.mktemp("editing") / "knowledge"
    shutil.copytree(SHIPPED_KNOWLEDGE, folder)
    cache = folder.parent / "cache"
    base, problems = check_folder(folder, today=TODAY, cache_dir=cache)
    assert base is not None, problems
    return folder, cache, base


@pytest.fixture(scope="module")
def exported(shipped: tuple[Path, Path, KnowledgeBase]) -> bytes:
    """Return the shipped knowledge as a workbook."""
    return export_sheets(shipped[2])


@pytest.fixture
def folder(shipped: tuple[Path, Path, KnowledgeBase], tmp_path: Path) -> Path:
    """Return a copy that a test may write to."""
    shutil.copytree(shipped[0], tmp_path / "k")
    return tmp_path / "k"


class Sheets:
    """An exported workbook under the hands of an editor."""

    def __init__(self, content: bytes) -> None:
        self.book: Workbook = load_workbook(io.BytesIO(content))

    def cell(self, sheet: str, key: str, title: str) -> tuple[Worksheet, int, int]:
        page = self.book[sheet]
        titles = {str(c.value): c.column for c in page[2]}
        row = next(
            row[0].row for row in page.iter_rows(min_row=3) if key in [c.value for c in row[:2]]
        )
        return page, row, titles[title]

    def write(self, sheet: str, key: str, title: str, value: object) -> Spot:
        page, row, column = self.cell(sheet, key, title)
        page.cell(row, column).value = value  # type: ignore[assignment,union-attr]
        return Spot(sheet, row, title)

    def saved(self) -> bytes:
        stream = io.BytesIO()
        self.book.save(stream)
        return stream.getvalue()


class TestRoundTrip:
    def read(self, sheets: Sheets, shipped: tuple[Path, Path, KnowledgeBase]) -> Reading:
        return read_sheets(sheets.saved(), shipped[2])

    def test_an_unchanged_workbook_asks_for_nothing(
        self, exported: bytes, shipped: tuple[Path, Path, KnowledgeBase]
    ) -> None:
        reading = read_sheets(exported, shipped[2])

        assert (reading.edits, reading.problems, reading.remarks) == ((), {}, [])

    def test_changed_cells_become_edits(
        self, exported: bytes, shipped: tuple[Path, Path, KnowledgeBase]
    ) -> None:
        sheets = Sheets(exported)
        sheets.write("大厅", "citizens_home", "电话", "0371-00000000")
        sheets.write("电话", "health", "电话", "0371-00000001")

        edits = self.read(sheets, shipped).edits

        assert edits == (
            Edit("places.yaml", Act.SET, ("places", "citizens_home", "phone"), "0371-00000000"),
            Edit("departments.yaml", Act.SET, ("health", "phone"), "0371-00000001"),
        )

    def test_a_row_taken_out_is_an_alias_taken_away(
        self, exported: bytes, shipped: tuple[Path, Path, KnowledgeBase]
    ) -> None:
        sheets = Sheets(exported)
        alias = shipped[2].entries["newborn"].aliases[0]
        page = sheets.book["别名"]
        page.delete_rows(next(r[0].row for r in page.iter_rows() if r[2].value == alias))

        assert self.read(sheets, shipped).edits == (
            Edit("packages/newborn.yaml", Act.REMOVE, ("aliases", alias)),
        )

    def test_an_alias_added_by_somebody_else_meanwhile_stays(
        self, exported: bytes, shipped: tuple[Path, Path, KnowledgeBase]
    ) -> None:
        entry = shipped[2].entries["newborn"]
        moved_on = entry.model_copy(update={"aliases": (*entry.aliases, "后来加的说法")})
        entries = {**shipped[2].entries, "newborn": moved_on}

        reading = read_sheets(exported, shipped[2].model_copy(update={"entries": entries}))

        assert reading.edits == ()

    def test_a_cell_that_moved_on_meanwhile_is_not_overwritten(
        self, exported: bytes, shipped: tuple[Path, Path, KnowledgeBase]
    ) -> None:
        sheets = Sheets(exported)
        spot = sheets.write("电话", "health", "电话", "0371-00000001")
        health = shipped[2].departments["health"].model_copy(update={"phone": "0371-00000009"})
        departments = {**shipped[2].departments, "health": health}

        reading = read_sheets(
            sheets.saved(), shipped[2].model_copy(update={"departments": departments})
        )

        assert reading.edits == ()
        assert "重新导出" in reading.problems[spot]

    def test_a_bad_cell_comes_back_red_with_the_reason(
        self, exported: bytes, shipped: tuple[Path, Path, KnowledgeBase]
    ) -> None:
        sheets = Sheets(exported)
        material = shipped[2].entries["newborn"].materials[0].id
        spot = sheets.write("材料", material, "复印件份数", "两份")

        reading = self.read(sheets, shipped)
        marked = load_workbook(io.BytesIO(mark_cells(sheets.saved(), reading.problems)))

        page, row, column = sheets.cell("材料", material, "复印件份数")
        comment = marked[page.title].cell(row, column).comment
        assert list(reading.problems) == [spot]
        assert comment is not None
        assert "整数" in comment.text

    def test_without_the_hidden_sheet_nothing_is_taken_away(
        self, exported: bytes, shipped: tuple[Path, Path, KnowledgeBase]
    ) -> None:
        sheets = Sheets(exported)
        del sheets.book["原样"]
        sheets.book["别名"].delete_rows(3, 5)

        reading = self.read(sheets, shipped)

        assert reading.edits == ()
        assert reading.remarks

    def test_a_new_window_joins_its_hall(
        self, exported: bytes, shipped: tuple[Path, Path, KnowledgeBase], folder: Path
    ) -> None:
        sheets = Sheets(exported)
        row: list[object] = ["hall_longting", "longting-99", "", "新窗口", "否"]
        sheets.book["窗口"].append(row)

        plan = plan_edits(
            folder, self.read(sheets, shipped).edits, today=TODAY, cache_dir=shipped[1]
        )
        write_plan(folder, plan)

        base, _ = load_knowledge(folder)
        assert base is not None
        assert "longting-99" in [w.code for w in base.places["hall_longting"].windows]

    def test_hours_can_begin_where_there_were_none(
        self, exported: bytes, shipped: tuple[Path, Path, KnowledgeBase], folder: Path
    ) -> None:
        sheets = Sheets(exported)
        sheets.write("大厅", "citizens_home", "办公时间", "工作日 9:00-17:00")
        sheets.write("大厅", "citizens_home", "办公时间的依据", "大厅公告")

        plan = plan_edits(
            folder, self.read(sheets, shipped).edits, today=TODAY, cache_dir=shipped[1]
        )

        assert plan.after is not None
        hours = plan.after.places["citizens_home"].hours
        assert hours is not None
        assert (hours.text, hours.source) == ("工作日 9:00-17:00", "大厅公告")

    def test_formulas_stay_text(self, shipped: tuple[Path, Path, KnowledgeBase]) -> None:
        entry = shipped[2].entries["newborn"].model_copy(update={"aliases": ("=1+1",)})
        base = shipped[2].model_copy(update={"entries": {"newborn": entry}})

        page = load_workbook(io.BytesIO(export_sheets(base)))["别名"]

        assert page["C3"].data_type == "s"


class TestPlan:
    def test_a_clashing_alias_is_never_written(
        self, shipped: tuple[Path, Path, KnowledgeBase], folder: Path
    ) -> None:
        alias = shipped[2].entries["passport"].aliases[0]
        edit = Edit("packages/newborn.yaml", Act.ADD, ("aliases",), alias)

        plan = plan_edits(folder, (edit,), today=TODAY, cache_dir=shipped[1])

        assert not plan.may_write
        assert any(alias in problem.text for problem in plan.errors)

    def test_the_change_is_told_in_words_and_then_stands_in_the_file(
        self, shipped: tuple[Path, Path, KnowledgeBase], folder: Path
    ) -> None:
        edit = Edit("packages/newborn.yaml", Act.SET, ("short_name",), "报户口")

        plan = plan_edits(folder, (edit,), today=TODAY, cache_dir=shipped[1])
        write_plan(folder, plan)

        assert [c.text for c in plan.changed] == ["“短名”由“上户口”改为“报户口”"]
        assert "short_name: 报户口" in (folder / "packages/newborn.yaml").read_text("utf-8")

    def test_a_file_that_changed_meanwhile_is_left_alone(
        self, shipped: tuple[Path, Path, KnowledgeBase], folder: Path
    ) -> None:
        edit = Edit("packages/newborn.yaml", Act.SET, ("short_name",), "报户口")
        plan = plan_edits(folder, (edit,), today=TODAY, cache_dir=shipped[1])
        path = folder / "packages/newborn.yaml"
        path.write_text(path.read_text("utf-8") + "# 有人加了一行\n", "utf-8")

        with pytest.raises(ChangedMeanwhileError):
            write_plan(folder, plan)

    def test_doing_it_twice_changes_nothing_more(
        self, shipped: tuple[Path, Path, KnowledgeBase], folder: Path
    ) -> None:
        edit = Edit("packages/newborn.yaml", Act.ADD, ("aliases",), "俺家娃的户口咋弄哩")
        write_plan(folder, plan_edits(folder, (edit,), today=TODAY, cache_dir=shipped[1]))

        again = plan_edits(folder, (edit,), today=TODAY, cache_dir=shipped[1])

        assert again.contents == {}


class TestConfirmation:
    def confirm(self, base: KnowledgeBase, part: Part, **cells: object) -> bytes:
        """Answer the first row about a part, signed."""
        sheets = Sheets(export_confirmation(base, "health"))
        page = sheets.book[TITLE]
        titles = {str(c.value): c.column for c in page[2]}
        row = next(
            r
            for r in page.iter_rows(min_row=3)
            if r[2].value == part and str(r[0].value).startswith("newborn/")
        )
        for title, value in {"确认人": "王", **cells}.items():
            page.cell(row[0].row, titles[title]).value = value  # type: ignore[union-attr,assignment]
        return sheets.saved()

    def test_what_is_true_becomes_the_units_own_dated(
        self, shipped: tuple[Path, Path, KnowledgeBase], folder: Path
    ) -> None:
        step = shipped[2].entries["newborn"].steps[0]
        content = self.confirm(shipped[2], Part.STEP, 属实="√", 日期="2026-11-20")

        reading = read_confirmation(content, shipped[2], today=TODAY)
        plan = plan_edits(folder, reading.edits, today=TODAY, cache_dir=shipped[1])

        assert plan.after is not None
        confirmed = plan.after.entries["newborn"].steps[0]
        assert confirmed.confirmed_by == "开封市卫生健康委员会"
        assert confirmed.checked_on == date(2026, 11, 20)
        assert confirmed.source == step.source
        assert tally(plan.after.entries["newborn"]).confirmed == 1

    def test_a_changed_limit_gets_its_number_and_a_source_of_its_own(
        self, shipped: tuple[Path, Path, KnowledgeBase], folder: Path
    ) -> None:
        content = self.confirm(shipped[2], Part.LIMIT, 改为="3个工作日", 依据="卫健委〔2026〕1号")

        reading = read_confirmation(content, shipped[2], today=TODAY)
        plan = plan_edits(folder, reading.edits, today=TODAY, cache_dir=shipped[1])

        assert plan.after is not None, plan.problems
        entry = plan.after.entries["newborn"]
        limit = next(one for one in entry.limits if one.confirmed_by)
        assert (limit.days, limit.unit) == (3, Unit.WORKING_DAY)
        assert entry.source(limit.source).title == "卫健委〔2026〕1号"

    def test_what_is_not_simple_is_noted_for_the_editor(
        self, shipped: tuple[Path, Path, KnowledgeBase]
    ) -> None:
        content = self.confirm(shipped[2], Part.MATERIAL, 改为="要另一种表")

        edits = read_confirmation(content, shipped[2], today=TODAY).edits

        assert [edit.path for edit in edits] == [("editor_notes",)]
        assert "要另一种表" in str(edits[0].value)

    def test_a_material_counts_only_with_its_copies(
        self, shipped: tuple[Path, Path, KnowledgeBase]
    ) -> None:
        content = self.confirm(shipped[2], Part.MATERIAL, 属实="√")

        reading = read_confirmation(content, shipped[2], today=TODAY)

        assert reading.edits == ()
        assert reading.remarks

    @pytest.mark.parametrize(
        ("cells", "said"),
        [
            ({"属实": "√", "改为": "别的"}, "只能选一样"),
            ({"属实": "也许"}, "打勾"),
            ({"属实": "√", "日期": "2027-01-01"}, "日期还没到"),
            ({"属实": "√", "确认人": ""}, "谁确认"),
        ],
    )
    def test_a_row_that_cannot_be_taken_says_why(
        self, shipped: tuple[Path, Path, KnowledgeBase], cells: dict[str, object], said: str
    ) -> None:
        content = self.confirm(shipped[2], Part.STEP, **cells)

        reading = read_confirmation(content, shipped[2], today=TODAY)

        assert reading.edits == ()
        assert any(said in text for text in reading.problems.values())

    def test_a_unit_gets_only_what_it_answers_for(
        self, shipped: tuple[Path, Path, KnowledgeBase]
    ) -> None:
        entry = shipped[2].entries["newborn"]

        of_hukou = {
            s.departments
            for s in statements(shipped[2], entry)
            if s.part is Part.MATERIAL and getattr(s.fact, "serves", ()) == ("hukou",)
        }

        assert of_hukou == {frozenset({"public_security"})}


def test_a_diagram_names_every_question_and_option(
    shipped: tuple[Path, Path, KnowledgeBase],
) -> None:
    for entry in shipped[2].entries.values():
        drawn = diagram(shipped[2], entry)

        assert drawn.startswith("flowchart TD\n")
        for question in entry.questions:
            assert f"q_{question.id}{{" in drawn
            for option in question.options:
                assert f"| a_{question.id}_{option.id}\n" in drawn + "\n"
